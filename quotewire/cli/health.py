"""`quotewire healthcheck`: is what runs here ready? For a container's health check, and for people."""

from __future__ import annotations

import http.client

import typer

from quotewire.cli.output import fail, out
from quotewire.settings import load

_PATIENCE = 5.0
"""Seconds: /readyz answers at once or never."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(healthcheck)


def healthcheck() -> None:
    """Ask the pipeline that runs here whether it is ready; the exit status is 1 where it is not.

    It is ready when every part has its servers and waits for none. In a container this is the health check.

    **Example**: `quotewire healthcheck`
    """
    settings = load()
    host, port = _EVERYWHERE.get(settings.metrics_host, settings.metrics_host), settings.metrics_port
    if not port:
        fail("not known: QUOTEWIRE_METRICS_PORT is 0, so nothing can be asked")
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        fail(f"not ready: nothing answers at {host}:{port} ({error}); is `quotewire run` running?")
    finally:
        connection.close()
    if answer.status != 200:
        fail("not ready: " + "; ".join(said.splitlines()))
    out.print("ready")
