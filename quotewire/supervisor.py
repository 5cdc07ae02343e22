"""The processes of `quotewire run`: started, watched, started again when they die, stopped together.

Where an adapter lives in memory, what runs must share it: then the parts are threads of this process.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from quotewire.observing import PartState
from quotewire.part_status import PartStatus, said_by, unsay
from quotewire.ports import ConfigurationError, Unavailable
from quotewire.running import EXIT_CONFIGURATION, EXIT_DEAD_LETTERS, run_part
from quotewire.stages import STAGES
from quotewire.wiring import Wiring
from quotewire.worker import TooManyDeadLetters

FIRST_RESTART = 0.2
LONGEST_RESTART = 5.0
"""Seconds before a part that died is started again: doubled at each death, up to the longest."""
HEALTHY_AFTER = 20.0
"""Seconds after which a running part counts as well again."""
CRASH_LOOP = 5
"""Deaths in a row, none of them after a time in which it was well, after which a part is not healthy."""
STOP_PATIENCE = 180.0
"""Seconds that a part has to finish what it has in hand before it is ended; an article of a megabyte takes 80."""

_TICK = 0.05
_log = structlog.get_logger()


class Part(Protocol):
    """A running part of the pipeline."""

    def status(self) -> int | None:
        """Its exit status, or None while it runs."""
        ...

    def stop(self) -> None:
        """Ask it to finish what it has in hand and end."""
        ...

    def kill(self) -> None:
        """End it at once, where that is possible."""
        ...


class ProcessPart:
    """A part in a process of its own."""

    def __init__(self, kind: str, name: str, folder: Path | None, *, once: bool = False) -> None:
        arguments = [sys.executable, "-m", "quotewire.running", kind, "--name", name]
        arguments += ["--once"] if once else []
        arguments += ["--metrics", str(folder)] if folder else []
        # A session of its own: Ctrl-C reaches the supervisor alone, which stops the parts in order. The pipe ends with
        # the supervisor, however that ends.
        self._process = subprocess.Popen(  # noqa: S603 - the program's own interpreter and module
            arguments, stdin=subprocess.PIPE, start_new_session=True
        )

    def status(self) -> int | None:
        """Its exit status, negative for a signal."""
        return self._process.poll()

    def stop(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()


class ThreadPart:
    """A part in a thread, for adapters in memory."""

    def __init__(self, kind: str, name: str, folder: Path | None, wiring: Wiring, *, once: bool = False) -> None:
        self._kind, self._wiring, self._once = kind, wiring, once
        self._part_status = PartStatus(folder, name)
        self._stop = threading.Event()
        self._status: int | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            run_part(self._kind, self._wiring, self._stop, once=self._once, status=self._part_status)
        except ConfigurationError as error:
            print(f"quotewire: {self._kind}: {error}", file=sys.stderr)
            self._status = EXIT_CONFIGURATION
        except TooManyDeadLetters as error:
            _log.critical("too many dead letters", reason=str(error))
            self._status = EXIT_DEAD_LETTERS
        except Exception:
            _log.exception("part died", part=self._kind)
            self._status = 1
        else:
            self._status = 0

    def status(self) -> int | None:
        """Its exit status as a process would have it."""
        return self._status

    def stop(self) -> None:
        """Set its stop event."""
        self._stop.set()

    def kill(self) -> None:
        """A thread cannot be ended; it ends with this process."""


class _Supervised:
    """A part with what is known of its deaths; its kind is what it does, its name unlike any other's."""

    def __init__(self, kind: str, name: str, start: Callable[[], Part], *, ends: bool) -> None:
        self.kind, self.name = kind, name
        self._ends = ends
        self._start = start
        self._pause = FIRST_RESTART
        self._started = time.monotonic()
        self._next_start: float | None = None
        self._early_deaths = 0
        self.restarts = 0
        self.part = start()
        self.finished = False

    def tend(self) -> int | None:
        """Start it again where it died; its exit status where it must not be started again."""
        now = time.monotonic()
        if self.finished:
            return None
        if self._next_start is not None:
            if now >= self._next_start:
                self._start_again(now)
            return None
        status = self.part.status()
        if status is None:
            return None
        if status == 0 and self._ends:
            self.finished = True
            return None
        if status in (EXIT_CONFIGURATION, EXIT_DEAD_LETTERS):
            return status
        if now - self._started > HEALTHY_AFTER:
            self._pause, self._early_deaths = FIRST_RESTART, 0
        self._early_deaths += 1
        _log.error("part ended and is started again", part=self.name, status=status, seconds=round(self._pause, 1))
        self._put_off(now)
        return None

    def _start_again(self, now: float) -> None:
        try:
            self.part = self._start()
        except (OSError, RuntimeError) as error:
            # What this machine lacks for now, memory most often, is no reason to end the other parts.
            _log.error("part could not be started", part=self.name, reason=str(error), seconds=round(self._pause, 1))
            self._put_off(now)
        else:
            self._started, self._next_start = now, None
            self.restarts += 1

    def _put_off(self, now: float) -> None:
        self._next_start = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_RESTART)

    @property
    def running(self) -> bool:
        return self._next_start is None and self.part.status() is None

    @property
    def crash_looping(self) -> bool:
        """Whether it has died so often, each time before it counted as well, and has not been well since."""
        well = self.running and time.monotonic() - self._started > HEALTHY_AFTER
        return self._early_deaths >= CRASH_LOOP and not well


class Supervisor:
    """Runs parts of the pipeline until told to stop.

    `parts` names what each part does, once for each process of it. `folder` is where parts keep their metrics and
    status, None for nowhere. `stop` asks for a clean stop; `kill` for one at once. Both are set by signals.
    """

    def __init__(self, wiring: Wiring, parts: Sequence[str], folder: Path | None = None) -> None:
        self._wiring = wiring
        self._parts = parts
        self._folder = folder
        self._supervised: Sequence[_Supervised] = ()
        self.stop = threading.Event()
        self.kill = threading.Event()

    def states(self) -> list[PartState]:
        """How each part is now; none before they run. For any thread."""
        return [
            PartState(
                name=one.name,
                up=one.running,
                restarts=one.restarts,
                crash_looping=one.crash_looping,
                said=said_by(self._folder, one.name) if self._folder else None,
            )
            for one in self._supervised
        ]

    def run(self) -> int:
        """Run until stopped; the exit status."""
        return self._supervise(once=False, done=lambda _: False)

    def run_once(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Poll every due feed once, wait until every stage has processed all there is, stop; the exit status.

        `progress` is told from time to time how many records are still to be processed.
        """

        def done(supervised: Sequence[_Supervised]) -> bool:
            if not all(one.finished for one in supervised if one.kind == "poll"):
                return False
            left = self._left()
            progress(left)
            return left == 0

        return self._supervise(once=True, done=done)

    def _supervise(self, *, once: bool, done: Callable[[Sequence[_Supervised]], bool]) -> int:
        supervised = [
            # Only a poll that is to happen once ends by itself; whatever else ends was ended by somebody.
            _Supervised(kind, name, self._starter(kind, name, once=once), ends=once and kind == "poll")
            for kind, name in _named(self._parts)
        ]
        self._supervised = supervised
        status = 0
        try:
            while not (self.stop.is_set() or self.kill.is_set()):
                failed = [code for one in supervised if (code := one.tend()) is not None]
                if failed:
                    status = failed[0]
                    break
                if done(supervised):
                    break
                self.stop.wait(_TICK)
        finally:
            self._stop_all(supervised)
        return status

    def _starter(self, kind: str, name: str, *, once: bool) -> Callable[[], Part]:
        polls_once = once and kind == "poll"

        def start() -> Part:
            if self._folder:
                unsay(self._folder, name)
            if self._wiring.in_memory:
                return ThreadPart(kind, name, self._folder, self._wiring, once=polls_once)
            return ProcessPart(kind, name, self._folder, once=polls_once)

        return start

    def _left(self) -> int:
        """How many records the stages have still to process; 0 only where nothing more can come of them.

        Stages are asked in the order of an article's path. A stage's outputs are committed with its offsets, so once it
        has no lag, all it will ever write is there when the next one is asked.
        """
        left = 0
        with contextlib.suppress(Unavailable):
            for name, stage in STAGES.items():
                if name in self._parts:
                    for topic in stage.topics:
                        left += sum(at.lag for at in self._wiring.stream.positions(topic.name, name))
            return left
        return 1

    def _stop_all(self, supervised: Sequence[_Supervised]) -> None:
        running = [one for one in supervised if one.running]
        for one in running:
            one.part.stop()
        patience = time.monotonic() + STOP_PATIENCE
        while any(one.running for one in running):
            if self.kill.is_set() or time.monotonic() > patience:
                for one in running:
                    if one.running:
                        _log.warning("part ended at once", part=one.name)
                        one.part.kill()
                return
            time.sleep(_TICK)


def _named(parts: Sequence[str]) -> list[tuple[str, str]]:
    """Each part with a name of its own: enrich, enrich-2, enrich-3."""
    counts: Counter[str] = Counter()
    named = []
    for kind in parts:
        counts[kind] += 1
        named.append((kind, kind if counts[kind] == 1 else f"{kind}-{counts[kind]}"))
    return named
