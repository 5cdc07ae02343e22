"""`quotewire healthcheck`: is what runs here ready? For a container's health check, and for people."""

from __future__ import annotations

import typer

from quotewire.cli.output import fail, out
from quotewire.readiness import problem
from quotewire.settings import load


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(healthcheck)


def healthcheck() -> None:
    """Ask the pipeline that runs here whether it is ready; the exit status is 1 where it is not.

    It is ready when every part has its servers and waits for none. In a container this is the health check.

    **Example**: `quotewire healthcheck`
    """
    if found := problem(load()):
        fail(found)
    out.print("ready")
