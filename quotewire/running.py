"""One part of the pipeline in one process: a stage between topics, the poller, or the page.

The supervisor starts `python -m quotewire.running NAME` for each part. SIGTERM, Ctrl-C and the end of standard input
(the supervisor has died) make it finish what it has in hand and stop; a signal a second later ends it at once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import structlog
import uvloop

from quotewire import metrics
from quotewire import settings as settings_module
from quotewire.observing import Observers
from quotewire.part_status import PartStatus
from quotewire.ports import ConfigurationError, Unavailable
from quotewire.stages import SERVICES, STAGES, Stage
from quotewire.stop_signals import heed_stop_signals
from quotewire.telemetry import configure_logging
from quotewire.uncollected import collect_seldom
from quotewire.wiring import Wiring
from quotewire.worker import TooManyDeadLetters, Worker

EXIT_CONFIGURATION = 2
"""Exit status: a setting or a file is wrong; starting again would not help."""
EXIT_DEAD_LETTERS = 4
"""Exit status: too many dead letters in a row; starting again would only bury more."""
RETRY_SECONDS = 2.0
"""How long a part that found a server away at its start waits before it starts again."""

_LOOK_SECONDS = 0.05
_SAME_STOP_SECONDS = 1.0
"""A supervisor passes a stop on sooner than that, and ends a part for good by SIGKILL."""
_log = structlog.get_logger()


def run_part(
    name: str, wiring: Wiring, stop: threading.Event, *, once: bool = False, status: PartStatus | None = None
) -> None:
    """Run a part until `stop` is set; the poller with `once` polls every due feed once and returns.

    `status` is told how the part is. A server that is away is waited for. Raises ConfigurationError and
    TooManyDeadLetters.
    """
    status = status or PartStatus(None, name)
    while not stop.is_set():
        try:
            if name in STAGES:
                _run_stage(name, wiring, stop, status)
            elif name == "poll":
                uvloop.run(_poll(wiring, stop, status, once=once))
            elif name == "websub":
                uvloop.run(_take_pushes(wiring, stop, status))
            else:
                _serve(wiring, stop, status)
            return
        except Unavailable as error:
            status.waits(str(error))
            _log.warning("waiting for a server", part=name, reason=str(error))
            stop.wait(RETRY_SECONDS)


def _run_stage(name: str, wiring: Wiring, stop: threading.Event, status: PartStatus) -> None:
    stage = STAGES[name]
    worker = Worker(
        stage=name,
        stream=wiring.stream,
        topics=[topic.name for topic in stage.topics],
        processor=stage.make(wiring),
        batch=stage.batches * wiring.settings.batch,
        clock=wiring.clock,
        observer=Observers([wiring.metrics, status]),
        journal=wiring.journal_folder,
        max_consecutive_dead_letters=wiring.settings.dead_letter_limit,
    )
    _log.info("stage started")
    with _beside(stage, wiring) as failed:
        worker.run(lambda: stop.is_set() or failed())
    _log.info("stage stopped")


@contextlib.contextmanager
def _beside(stage: Stage, wiring: Wiring) -> Iterator[Callable[[], bool]]:
    """What works beside a stage, while the context is open; gives whether it has failed, and then raises that."""
    ended, failures = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            if stage.beside is not None:
                stage.beside(wiring, ended)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work, name=f"beside {stage.name}", daemon=True)
    thread.start()
    try:
        yield lambda: bool(failures)
    finally:
        ended.set()
        thread.join()
    if failures:
        raise failures[0]


async def _poll(wiring: Wiring, stop: threading.Event, status: PartStatus, *, once: bool) -> None:
    def waiting(reason: str | None) -> None:
        status.waits(reason) if reason else status.is_ready()

    async with _awaited(stop) as stopped, wiring.poller(waiting) as poller:
        status.is_ready()
        if not once:
            await poller.run(stopped)
            return
        # What is cut short here is not remembered, so the next poll finds it again.
        rounds = {asyncio.create_task(poller.poll_due()), asyncio.create_task(stopped.wait())}
        done, pending = await asyncio.wait(rounds, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            task.result()


async def _take_pushes(wiring: Wiring, stop: threading.Event, status: PartStatus) -> None:
    host, port = wiring.settings.websub_host, wiring.settings.websub_port

    def ready(bound: int) -> None:
        status.is_ready()
        _log.info("hubs are answered", host=host, port=bound)

    async with _awaited(stop) as stopped:
        await wiring.callback().serve(host, port, stopped, ready)


@contextlib.asynccontextmanager
async def _awaited(stop: threading.Event) -> AsyncIterator[asyncio.Event]:
    """An event of this loop that is set when `stop` is, or soon after."""
    stopped = asyncio.Event()

    async def look() -> None:
        # Not a thread that waits for it: that could not be ended, and there would be one more with each start.
        while not stop.is_set():  # noqa: ASYNC110 - it is set by threads
            await asyncio.sleep(_LOOK_SECONDS)
        stopped.set()

    looking = asyncio.create_task(look())
    try:
        yield stopped
    finally:
        looking.cancel()


def _serve(wiring: Wiring, stop: threading.Event, status: PartStatus) -> None:
    from quotewire.web.server import serve

    def ready(address: str) -> None:
        status.is_ready()
        print(f"The page is at {address}", flush=True)

    serve(wiring.page(), wiring.settings.web_host, wiring.settings.web_port, stop, ready=ready)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one part as this process; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m quotewire.running")
    parser.add_argument("part", choices=[*STAGES, *SERVICES])
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--name", help="the part's name among the supervisor's parts")
    parser.add_argument("--metrics", type=Path, help="folder for metrics and status; none for none")
    chosen = parser.parse_args(arguments)
    stop = threading.Event()
    heed_stop_signals(stop, again=lambda: os._exit(1), same_within=_SAME_STOP_SECONDS)
    threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    try:
        settings = settings_module.load()
        configure_logging(settings.log_level, settings.log_format, stage=chosen.part)
        name = chosen.name or chosen.part
        if chosen.metrics:
            metrics.share(chosen.metrics, name)
        if chosen.part == "poll":
            collect_seldom()
        with Wiring(settings) as wiring:
            run_part(chosen.part, wiring, stop, once=chosen.once, status=PartStatus(chosen.metrics, name))
    except ConfigurationError as error:
        print(f"quotewire: {chosen.part}: {error}", file=sys.stderr)
        return EXIT_CONFIGURATION
    except TooManyDeadLetters as error:
        _log.critical("too many dead letters", reason=str(error))
        return EXIT_DEAD_LETTERS
    return 0


def _stop_at_end_of_input(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
