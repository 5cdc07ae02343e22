"""The notify stage: alerts into the outbox, once for each sink that wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from consumers.notify.routing import wants
from quotewire.alert_ports import Notice, Outbox, Sink
from quotewire.ports import Clock, Rejected
from schemas.records import Alert, TopicRecord

OLDEST_NEWS = timedelta(days=30)
"""An alert raised longer ago is no news to anybody."""

BEFORE_KNOWN = timedelta(hours=1)
"""A sink that is new is told of alerts raised so long before, too: of those raised while all this was started."""


class Notifying:
    """For each alert a notice to each sink that wants it, at the first revision that it wants.

    A sink is told of an alert once, whatever is read again: the outbox knows for longer than an alert is news. `sinks`
    is asked before each batch.
    """

    def __init__(self, sinks: Callable[[], Sequence[Sink]], outbox: Outbox, clock: Clock) -> None:
        self._sinks = sinks
        self._outbox = outbox
        self._clock = clock

    def prepare(self) -> None:
        """Nothing to load."""

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Sequence[TopicRecord] | Rejected]:
        """Nothing for each record: all notices are in the outbox. Raises Unavailable where that cannot be written."""
        sinks, now = self._sinks(), self._clock.now()
        known = self._outbox.know([sink.name for sink in sinks], now)
        news_since = {name: max(since - BEFORE_KNOWN, now - OLDEST_NEWS) for name, since in known.items()}
        self._outbox.add(
            [
                Notice(sink.name, alert, now)
                for alert in batch
                if isinstance(alert, Alert)
                for sink in sinks
                if alert.raised >= news_since[sink.name] and wants(sink, alert)
            ]
        )
        return [[] for _ in batch]
