"""`quotewire run`: the pipeline."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from quotewire.cli.output import FAILED, MISUSED, err, fail, out
from quotewire.cli.summary import Snapshot, print_summary
from quotewire.health_reports import HealthReports
from quotewire.monitoring import Monitor
from quotewire.ports import Unavailable
from quotewire.settings import Settings, load, variable
from quotewire.stages import STAGES
from quotewire.stop_signals import heed_stop_signals
from quotewire.supervisor import Supervisor
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring

_ALL = ("poll", "websub", *STAGES, "web")
_WITHOUT_END = ("websub", "web")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(
    stages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STAGE]...",
            help=f"Any of: {', '.join(_ALL)}; where none is given all, websub only where its address is set.",
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Poll every due feed once, process everything, print a summary and exit.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="With --once: the summary as JSON.")] = False,
) -> None:
    """Run the pipeline, or some of its stages, as supervised processes.

    SIGTERM or Ctrl-C lets every stage finish what it has in hand; a second one stops at once. Nothing is lost either
    way.

    **Examples**

    `quotewire run` — everything, until stopped

    `quotewire run --once` — what is in the feeds now, then exit

    `quotewire run enrich` — only enrichment, beside a pipeline that runs already
    """
    unknown = sorted(set(stages or ()) - set(_ALL))
    if unknown:
        fail(f"there is no stage {', '.join(unknown)}; the stages are {', '.join(_ALL)}", MISUSED)
    endless = sorted(set(stages or ()) & set(_WITHOUT_END)) if once else []
    if endless:
        fail(f"{endless[0]} has no end: leave it out with --once", MISUSED)
    settings = load()
    if (once or err.is_terminal) and "log_level" not in settings.model_fields_set:
        # Somebody looks on, who is told by the summary or the page; the stages' processes inherit this.
        os.environ[variable("log_level")] = "warning"
        settings = load()
    chosen = _chosen(stages, settings, once=once)
    configure_logging(settings.log_level, settings.log_format)
    with contextlib.ExitStack() as stack:
        wiring = stack.enter_context(Wiring(settings))
        # A single round has an end, after which nobody could ask for metrics.
        folder = None if once or not settings.metrics_port else _folder(stack)
        supervisor = Supervisor(wiring, _processes(chosen, settings, once=once), folder)
        monitor = stack.enter_context(Monitor(wiring, supervisor.states, folder)) if folder else None
        heed_stop_signals(supervisor.stop, again=supervisor.kill.set)
        if not _opened(wiring, None if once else chosen, supervisor, monitor):
            raise typer.Exit(FAILED if once else 0)
        _check(wiring, chosen)
        if monitor:
            monitor.watch()
        stack.enter_context(wiring.sample_site() if "poll" in chosen else contextlib.nullcontext())
        if not once:
            if "poll" in chosen:
                stack.enter_context(HealthReports(wiring))
            err.print(f"Running {', '.join(chosen)}; data in {settings.data}. Ctrl-C stops.")
            raise typer.Exit(supervisor.run())
        before = Snapshot.take(wiring)
        status = _run_once(supervisor)
        if status:
            raise typer.Exit(status)
        print_summary(before, Snapshot.take(wiring), as_json=json)
        if supervisor.stop.is_set():
            out.print("Stopped before everything was processed; the rest is kept for the next run.")
            raise typer.Exit(FAILED)


def _folder(stack: contextlib.ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quotewire-", ignore_cleanup_errors=True)))


def _chosen(stages: Sequence[str] | None, settings: Settings, *, once: bool) -> list[str]:
    """The parts to run: those that are named, else all that have something to do."""
    if stages:
        return [name for name in _ALL if name in stages]
    left_out = set(_WITHOUT_END) if once else set() if settings.websub_callback else {"websub"}
    return [name for name in _ALL if name not in left_out]


def _check(wiring: Wiring, chosen: Sequence[str]) -> None:
    """Find the user's mistakes before any process starts: each is then said once."""
    if "poll" in chosen:
        wiring.feed_sources()
    if "websub" in chosen:
        wiring.callback()
    if "enrich" in chosen:
        wiring.check_model()
    if "alerts" in chosen:
        wiring.tracked_names()
    if "notify" in chosen:
        wiring.sinks()


def _opened(wiring: Wiring, parts: Sequence[str] | None, supervisor: Supervisor, monitor: Monitor | None) -> bool:
    """Open the adapters that these parts need, without parts every one; a server that is away is waited for, as the
    parts will. False where told to stop.
    """
    waiting = ""
    while not supervisor.stop.is_set():
        try:
            wiring.open_all() if parts is None else wiring.open_for(parts)
        except Unavailable as error:
            if not waiting:
                err.print(f"Waiting: {error}")
            waiting = str(error)
        else:
            waiting = ""
        if monitor:
            monitor.waits = waiting
        if not waiting:
            return True
        supervisor.stop.wait(1)
    return False


def _processes(chosen: Sequence[str], settings: Settings, *, once: bool) -> list[str]:
    # A single round has an end, which one poller sees and several would have to agree on.
    many = {"enrich": settings.enrichers, "poll": 1 if once else settings.pollers}
    return [name for name in chosen for _ in range(many.get(name, 1))]


def _run_once(supervisor: Supervisor) -> int:
    if not err.is_terminal:
        return supervisor.run_once()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("polling", total=None)
        most = 0

        def show(left: int) -> None:
            nonlocal most
            most = max(most, left)
            bar.update(task, description=f"processing, {left} to go", total=most, completed=most - left)

        return supervisor.run_once(show)
