"""Reports of health, written to the index now and then, from which Kibana draws the dashboard of ops.

The supervisor that polls writes them: it has the feeds, and every stage's lag can be asked from anywhere.
"""

from __future__ import annotations

import threading
from collections import Counter
from types import TracebackType
from typing import Self

import structlog

from quotewire.dead_letters import dead_letters
from quotewire.ports import ConfigurationError, HealthSample, Unavailable
from quotewire.stages import STAGES
from quotewire.wiring import Wiring
from schemas.topics import DEAD_LETTERS

EVERY = 60.0
"""Seconds between two reports."""

_FIRST_AFTER = 5.0
_PATIENCE = 5.0
"""Seconds that the end waits for a report under way; a server that hangs would hold it up."""

_WELL = frozenset({"fresh", "quiet", "new"})
"""States of feeds that need no look; docs/feeds.md says what they mean."""

_log = structlog.get_logger()


class HealthReports:
    """Writes a report every `every` seconds while the context is open."""

    def __init__(self, wiring: Wiring, every: float = EVERY) -> None:
        self._wiring = wiring
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="health reports", daemon=True)
        self._told: dict[str, HealthSample] = {}
        self._letters = (-1, 0)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(_PATIENCE)

    def report(self) -> list[HealthSample]:
        """Write one report: lag of the stages, dead letters, feeds by state, and each feed that is not well or has
        changed. What was written. Raises Unavailable and ConfigurationError.
        """
        now = self._wiring.clock.now()
        feeds = self._feeds()
        states = Counter(sample.state for sample in feeds)
        samples = [HealthSample(now, "stage", name, lag) for name, lag in self._lags().items()]
        samples.append(HealthSample(now, "dead-letters", "all", self._dead_letters()))
        samples += [HealthSample(now, "feeds", state, count) for state, count in sorted(states.items())]
        samples += [sample for sample in feeds if sample.state not in _WELL or not self._known(sample)]
        self._wiring.index.put_health(samples)
        self._told = {sample.name: sample for sample in feeds}
        return samples

    def _lags(self) -> dict[str, int]:
        stream = self._wiring.stream
        return {
            name: sum(at.lag for topic in stage.topics for at in stream.positions(topic.name, name))
            for name, stage in STAGES.items()
        }

    def _dead_letters(self) -> int:
        """How many were not replayed; they are read only where there are more than at the last report."""
        end = sum(at.end for at in self._wiring.stream.positions(DEAD_LETTERS.name, "health"))
        if end != self._letters[0]:
            self._letters = (end, sum(1 for letter in dead_letters(self._wiring.stream) if not letter.replayed))
        return self._letters[1]

    def _feeds(self) -> list[HealthSample]:
        now, records = self._wiring.clock.now(), self._wiring.feed_store.feeds()
        return [
            HealthSample(
                now,
                "feed",
                view.url,
                records[view.url].failures if view.url in records else 0,
                view.state,
                view.reason,
                view.title,
            )
            for view in self._wiring.feed_views()
        ]

    def _known(self, sample: HealthSample) -> bool:
        told = self._told.get(sample.name)
        return told is not None and (told.value, told.state, told.reason) == (sample.value, sample.state, sample.reason)

    def _go_on(self) -> None:
        pause = min(_FIRST_AFTER, self._every)
        while not self._ended.wait(pause):
            pause = self._every
            try:
                self.report()
            except (ConfigurationError, Unavailable) as error:
                _log.warning("no report of health this time", reason=str(error))
            except Exception:
                _log.exception("no report of health this time")
