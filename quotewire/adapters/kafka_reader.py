"""Reading topics of Kafka outside any group, to the end as it is now."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from quotewire.adapters.kafka_connection import KafkaConnection, milliseconds, refusals
from quotewire.ports import Unavailable

_POLL = 0.005
"""Seconds of one poll. kafka-python goes on polling until they are over also where it got past offsets that hold no
record, as ends of transactions are; so each poll is short, and waiting is done between them."""

_HELD = 0.01
"""Seconds for which the broker holds a fetch that finds nothing: a reader can ask for nothing else until then."""

_LONGEST_PAUSE = 0.5
"""Seconds between polls at a transaction that is under way."""

_LOOK = 3.0
"""Seconds for which a look at the next record waits for a transaction that is under way."""


class KafkaReaders:
    """Consumers without a group, lent out one at a time. Any thread may call any method."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._whole = _Lending(connection, partition_bytes=4 * 1024 * 1024)
        # Enough for the ends of transactions; of a larger batch Kafka gives the first one all the same.
        self._looking = _Lending(connection, partition_bytes=4 * 1024)

    def close(self) -> None:
        """Close those that nobody uses; the others when they come back."""
        self._whole.close()
        self._looking.close()

    def records(self, partition: TopicPartition, start: int, end: int) -> Iterator[Any]:
        """The committed records from `start` on and before `end`, as kafka-python gives them.

        Waits for transactions that are under way before `end`. Raises Unavailable where nothing moves for longer than
        the broker lets a transaction live.
        """
        if start >= end:
            return
        options = self._connection.options
        patience = options.transaction + options.answer
        with self._whole.lent({partition: start}) as reader:
            position, waiting = start, _Waiting()
            while position < end:
                with self._refusals(partition):
                    found = reader.poll(timeout_ms=milliseconds(_POLL), max_records=500)
                    now_at = self._position(reader, partition)
                for record in found.get(partition, ()):
                    if record.offset >= end:
                        return
                    yield record
                if now_at > position:
                    position, waiting = now_at, _Waiting()
                elif waiting.seconds > patience:
                    raise Unavailable(
                        f"Kafka at {self._connection.where}: {partition.topic}, partition {partition.partition} could"
                        f" not be read from {position} to {end} in {patience:.0f} seconds"
                    )
                elif waiting.pause() >= _LONGEST_PAUSE:
                    self._connection.reach()

    def next_records(
        self, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """For each partition the offset of the first committed record from its start on, else its end.

        Ends of transactions take up offsets too, and aborted records do: nobody ever gets those. A transaction under
        way is waited for a moment only: where it still is then, its first offset is the answer. Raises Unavailable.
        """
        found = dict(starts)
        left = [partition for partition in starts if starts[partition] < ends[partition]]
        if not left:
            return found
        with self._looking.lent({partition: starts[partition] for partition in left}) as reader:
            waiting = _Waiting()
            while left and waiting.seconds < _LOOK:
                moved = False
                with self._refusals(left[0]):
                    reader.assign(left)  # what is found leaves: paused, its data would stand in the others' way
                    polled = reader.poll(timeout_ms=milliseconds(_POLL), max_records=1)
                    for partition in left:
                        records = polled.get(partition)
                        stands = records[0].offset if records else self._position(reader, partition)
                        moved = moved or bool(records) or stands > found[partition]
                        found[partition] = min(max(stands, found[partition]), ends[partition])
                left = [each for each in left if each not in polled and found[each] < ends[each]]
                if left and not moved:
                    waiting.pause()
        return found

    def _position(self, reader: Any, partition: TopicPartition) -> int:
        position = reader.position(partition, timeout_ms=milliseconds(self._connection.options.answer))
        return -1 if position is None else int(position)

    def _refusals(self, partition: TopicPartition) -> AbstractContextManager[None]:
        return refusals(f"Kafka at {self._connection.where}, reading {partition.topic}")


class _Waiting:
    """Pauses that grow, from none at all."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._pause = 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def pause(self) -> float:
        """Wait, longer than the last time; for how many seconds."""
        time.sleep(self._pause)
        waited, self._pause = self._pause, min(_LONGEST_PAUSE, 2 * self._pause or _POLL)
        return waited


class _Lending:
    """Consumers that are used one after another. Each is kept for its topic: a change takes it a tenth of a second."""

    def __init__(self, connection: KafkaConnection, partition_bytes: int) -> None:
        self._connection = connection
        self._partition_bytes = partition_bytes
        self._lock = threading.Lock()
        self._idle: dict[str, Any] = {}
        self._closed = False

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, {}
        for reader in idle.values():
            reader.close()

    @contextmanager
    def lent(self, starts: Mapping[TopicPartition, int]) -> Iterator[Any]:
        """A consumer that reads these partitions of one topic from these offsets on."""
        (topic,) = {partition.topic for partition in starts}
        with self._lock:
            reader = self._idle.pop(topic, None)
        if reader is None:
            reader = self._connection.client(
                KafkaConsumer,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                metrics_enabled=False,
                fetch_max_wait_ms=milliseconds(_HELD),
                retry_backoff_ms=10,
                max_partition_fetch_bytes=self._partition_bytes,
            )
        try:
            with refusals(f"Kafka at {self._connection.where}, reading {topic}"):
                reader.assign(list(starts))
                for partition, start in starts.items():
                    reader.seek(partition, start)
            yield reader
        finally:
            with self._lock:
                keep = not self._closed and topic not in self._idle
                if keep:
                    self._idle[topic] = reader
            if not keep:
                reader.close()
