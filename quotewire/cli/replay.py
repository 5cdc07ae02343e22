"""`quotewire replay`: a stage processes again what it has processed before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from quotewire.cli.output import MISUSED, fail, out
from quotewire.replaying import Start, forget_alerts, set_back
from quotewire.settings import load
from quotewire.stages import STAGES
from quotewire.wiring import Wiring


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    stage: Annotated[str, typer.Option(help=f"Any of: {', '.join(STAGES)}.")],
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="TIME|OFFSET",
            help="`beginning`; 90m, 2h or 3d ago; 2026-03-22 or 2026-03-22T06:30; an offset; PARTITION:OFFSET,…",
        ),
    ],
    alert_again: Annotated[
        bool, typer.Option("--alert-again", help="Raise alerts again, also those that were raised before.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many records that would be.")] = False,
) -> None:
    """Let a stage process records again; it must not be running, and does so when it is started next.

    Nothing is there twice afterwards: articles are replaced in the index, and no alert is raised again unless
    --alert-again asks for that.

    **Examples**

    `quotewire replay --stage enrich --from 3d` — read the last three days again, after a new model was installed

    `quotewire replay --stage index --from beginning` — fill a new index
    """
    if stage not in STAGES:
        fail(f"there is no stage {stage}; the stages are {', '.join(STAGES)}", MISUSED)
    if alert_again and stage == "index":
        fail("the stage index raises no alerts: leave --alert-again out, or replay the stage alerts", MISUSED)
    try:
        begin = Start.read(start, datetime.now(UTC))
    except (ValueError, OverflowError):
        fail(f"--from {start}: give beginning, 2h, 2026-03-22T06:30, an offset, or PARTITION:OFFSET", MISUSED)
    with Wiring(load()) as wiring:
        try:
            if alert_again and not dry_run:
                forget_alerts(wiring.stream, STAGES["alerts"], begin, wiring.clock.now())
            again = set_back(wiring.stream, STAGES[stage], begin, dry_run=dry_run)
        except (KeyError, ValueError) as error:
            fail(f"--from {start}: {error.args[0]}", MISUSED)
    counts = ", ".join(f"{count} records of {topic}" for topic, count in again.items())
    out.print(f"The stage {stage} {'would process' if dry_run else 'will process'} {counts} again.")
