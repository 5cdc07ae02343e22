"""The outbox in memory: for one process, gone with it."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from quotewire.alert_ports import Delivery, Notice

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryOutbox:
    """See `quotewire.alert_ports.Outbox`; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delivering = threading.Lock()
        self._known: dict[str, datetime] = {}
        self._waiting: dict[str, Notice] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._planned: set[str] = set()
        """Keys of notices that a delivery is planned for."""

    def know(self, sinks: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """See `quotewire.alert_ports.Outbox.know`."""
        with self._lock:
            return {sink: self._known.setdefault(sink, now) for sink in sinks}

    def add(self, notices: Sequence[Notice]) -> int:
        """See `quotewire.alert_ports.Outbox.add`."""
        with self._lock:
            new = {notice.key: notice for notice in reversed(notices) if not self._has(notice.key)}
            self._waiting |= dict(reversed(new.items()))
            return len(new)

    def _has(self, key: str) -> bool:
        return key in self._waiting or key in self._planned

    def waiting(self, sink: str, limit: int | None = None) -> Sequence[Notice]:
        """See `quotewire.alert_ports.Outbox.waiting`."""
        with self._lock:
            found = [notice for notice in self._waiting.values() if notice.sink == sink]
        return sorted(found, key=lambda notice: notice.created)[:limit]

    def waiting_since(self, sink: str) -> datetime | None:
        """See `quotewire.alert_ports.Outbox.waiting_since`."""
        with self._lock:
            return min((notice.created for notice in self._waiting.values() if notice.sink == sink), default=None)

    def plan(self, deliveries: Sequence[Delivery]) -> None:
        """See `quotewire.alert_ports.Outbox.plan`."""
        with self._lock:
            for delivery in deliveries:
                self._deliveries[delivery.key] = delivery
                for notice in delivery.notices:
                    self._waiting.pop(notice.key, None)
                    self._planned.add(notice.key)

    def open(self, sink: str) -> Sequence[Delivery]:
        """See `quotewire.alert_ports.Outbox.open`."""
        found = [delivery for delivery in self._all() if delivery.sink == sink and delivery.state == "open"]
        return sorted(found, key=lambda delivery: (delivery.tried or _LONG_AGO, delivery.planned))

    def note(self, delivery: Delivery) -> None:
        """See `quotewire.alert_ports.Outbox.note`."""
        with self._lock:
            if delivery.key in self._deliveries:
                self._deliveries[delivery.key] = delivery

    def told(self, sink: str, since: datetime) -> Sequence[datetime]:
        """See `quotewire.alert_ports.Outbox.told`."""
        return sorted(
            delivery.tried
            for delivery in self._all()
            if delivery.sink == sink and delivery.state == "delivered" and delivery.tried and delivery.tried >= since
        )

    def failed(self) -> Sequence[Delivery]:
        """See `quotewire.alert_ports.Outbox.failed`."""
        found = [delivery for delivery in self._all() if delivery.state == "failed"]
        return sorted(found, key=lambda delivery: (delivery.tried or _LONG_AGO, delivery.planned))

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """See `quotewire.alert_ports.Outbox.counts`."""
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        deliveries = self._all()
        with self._lock:
            for notice in self._waiting.values():
                counts[notice.sink]["waiting"] += 1
        for delivery in deliveries:
            state = "waiting" if delivery.state == "open" else delivery.state
            counts[delivery.sink][state] += len(delivery.notices)
        return {sink: dict(counted) for sink, counted in counts.items()}

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """See `quotewire.alert_ports.Outbox.alone`."""
        held = self._delivering.acquire(blocking=False)
        try:
            yield held
        finally:
            if held:
                self._delivering.release()

    def forget(self, before: datetime) -> int:
        """See `quotewire.alert_ports.Outbox.forget`."""
        forgotten = 0
        with self._lock:
            for delivery in list(self._deliveries.values()):
                if delivery.state != "open" and (delivery.tried or delivery.planned) < before:
                    del self._deliveries[delivery.key]
                    self._planned -= {notice.key for notice in delivery.notices}
                    forgotten += len(delivery.notices)
        return forgotten

    def close(self) -> None:
        """See `quotewire.alert_ports.Outbox.close`."""

    def _all(self) -> list[Delivery]:
        with self._lock:
            return list(self._deliveries.values())
