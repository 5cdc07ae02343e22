"""What was alerted before: read from the alerts topic itself, so it survives any restart and needs no other store."""

from __future__ import annotations

from collections.abc import Collection

from quotewire.ports import Stream
from schemas.topics import ALERTS


class RaisedAlerts:
    """The ids of all alerts on the alerts topic.

    Asked before each batch, it reads what came since the last time. The alerts stage commits its alerts together with
    its offsets, and whoever takes over a partition does so after that commit; so what is on the topic is all that was
    raised for the records before the batch.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._ids: set[str] = set()
        self._next: dict[int, int] = {}

    def among(self, ids: Collection[str]) -> Collection[str]:
        """Those of `ids` that were raised before. Raises Unavailable."""
        if not ids:
            return set()
        for record in self._stream.read(ALERTS.name, self._next):
            self._ids.add(record.key)
            self._next[record.partition] = record.offset + 1
        return self._ids.intersection(ids)
