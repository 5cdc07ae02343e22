"""The inbox in memory: for one process, gone with it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from quotewire.alert_ports import Mark, MarkedState


class MemoryInbox:
    """See `quotewire.alert_ports.Inbox`; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: dict[str, Mark] = {}
        self._entries: dict[str, tuple[str, datetime]] = {}

    def mark(self, marks: Sequence[Mark]) -> None:
        """See `quotewire.alert_ports.Inbox.mark`."""
        with self._lock:
            self._marks |= {mark.alert: mark for mark in marks}

    def unmark(self, alerts: Collection[str]) -> None:
        """See `quotewire.alert_ports.Inbox.unmark`."""
        with self._lock:
            for alert in alerts:
                self._marks.pop(alert, None)

    def marks(self, alerts: Collection[str]) -> Mapping[str, Mark]:
        """See `quotewire.alert_ports.Inbox.marks`."""
        with self._lock:
            return {alert: self._marks[alert] for alert in alerts if alert in self._marks}

    def marked(
        self, state: MarkedState, *, name: str | None = None, offset: int = 0, limit: int = 20
    ) -> Sequence[Mark]:
        """See `quotewire.alert_ports.Inbox.marked`."""
        with self._lock:
            found = [mark for mark in self._marks.values() if mark.state == state and name in (None, mark.name)]
        found.sort(key=lambda mark: mark.alert)
        found.sort(key=lambda mark: mark.marked, reverse=True)
        return found[offset : offset + limit]

    def counts(self) -> Mapping[str, int]:
        """See `quotewire.alert_ports.Inbox.counts`."""
        with self._lock:
            return dict(Counter(mark.state for mark in self._marks.values()))

    def tracked_since(self, entries: Mapping[str, str], moment: datetime) -> Mapping[str, datetime]:
        """See `quotewire.alert_ports.Inbox.tracked_since`."""
        with self._lock:
            known = self._entries
            self._entries = {
                name: known[name] if name in known and known[name][0] == digest else (digest, moment)
                for name, digest in entries.items()
            }
            return {name: since for name, (_, since) in self._entries.items()}

    def close(self) -> None:
        """See `quotewire.alert_ports.Inbox.close`."""
