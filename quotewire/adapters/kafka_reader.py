"""Reading topics of Kafka outside any group, to the end as it is now."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from quotewire.adapters.kafka_connection import KafkaConnection, milliseconds, refusals
from quotewire.ports import Unavailable

_POLL = 0.5
"""Seconds of one poll; it returns as soon as there is something."""

_SPARE = 4
"""Readers that are kept for the next who reads."""


class KafkaReaders:
    """Consumers without a group, lent out one at a time. Any thread may call any method."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._idle: list[Any] = []
        self._closed = False

    def close(self) -> None:
        """Close those that nobody uses; the others when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()

    @contextmanager
    def _lent(self) -> Iterator[Any]:
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        if reader is None:
            reader = self._connection.client(
                KafkaConsumer,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                max_partition_fetch_bytes=4 * 1024 * 1024,
            )
        try:
            yield reader
        finally:
            with self._lock:
                keep = not self._closed and len(self._idle) < _SPARE
                if keep:
                    self._idle.append(reader)
            if not keep:
                reader.close()

    def records(self, partition: TopicPartition, start: int, end: int) -> Iterator[Any]:
        """The committed records from `start` on and before `end`, as kafka-python gives them.

        Waits for transactions that are under way before `end`. Raises Unavailable where nothing moves for longer than
        the broker lets a transaction live.
        """
        if start >= end:
            return
        options = self._connection.options
        patience = options.transaction + options.answer
        with self._lent() as reader:
            with refusals(f"Kafka at {self._connection.where}, reading {partition.topic}"):
                reader.assign([partition])
                reader.seek(partition, start)
            position, moved = start, time.monotonic()
            while position < end:
                with refusals(f"Kafka at {self._connection.where}, reading {partition.topic}"):
                    found = reader.poll(timeout_ms=milliseconds(_POLL), max_records=500)
                    now_at = reader.position(partition, timeout_ms=milliseconds(options.answer))
                for record in found.get(partition, ()):
                    if record.offset >= end:
                        return
                    yield record
                if now_at is not None and now_at > position:
                    position, moved = now_at, time.monotonic()
                elif time.monotonic() - moved > patience:
                    raise Unavailable(
                        f"Kafka at {self._connection.where}: {partition.topic}, partition {partition.partition} could"
                        f" not be read from {position} to {end} in {patience:.0f} seconds"
                    )
                elif not found:
                    self._connection.reach()

    def next_record(self, partition: TopicPartition, start: int, end: int) -> int:
        """The offset of the first committed record from `start` on, else `end`.

        Ends of transactions take up offsets too, and aborted records do: nobody ever gets those.
        """
        records = self.records(partition, start, end)
        try:
            return next((int(record.offset) for record in records), end)
        finally:
            records.close()  # type: ignore[attr-defined] # it is a generator: give the reader back now
