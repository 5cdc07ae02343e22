"""The stream in one SQLite file: topics, consumer groups and atomic commits for several processes on one machine.

A commit is one transaction that adds the outputs and moves the group's offsets, so a stage between topics is exactly
once by construction. Beside the file stands a folder, named as the file with `-members` added, that holds the lock
files of live members. How a group shares its partitions out: `quotewire.adapters.sqlite_subscription`. What goes when:
`quotewire.adapters.sqlite_retention`.
"""

from __future__ import annotations

import random
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from quotewire.adapters.sqlite import BUSY_TIMEOUT, Database
from quotewire.adapters.sqlite_retention import prune
from quotewire.adapters.sqlite_subscription import SqliteSubscription, check_no_member
from quotewire.adapters.sqlite_topics import (
    LAYOUTS,
    append,
    beginning_of,
    committed_by,
    create_topics,
    offset_at,
    partitions_of,
    records_from,
)
from quotewire.adapters.stream_rules import MAXIMUM_BYTES, MAXIMUM_POLLED_BYTES, MachineClock
from quotewire.ports import Clock, Message, PartitionPosition, Prepared, StreamRecord, Unavailable
from schemas.topics import Topic

_log = structlog.get_logger()

PRUNE_INTERVAL = 60.0
"""Seconds between two looks of one process for records that may go."""

_READ_AT_ONCE = 200


class SqliteStream:
    """A stream in a SQLite file; see `quotewire.ports.Stream` for what it promises.

    `busy_timeout` is how many seconds a call waits for another writer before it raises Unavailable. The file is opened
    at the first call; every method but those of one subscription may be called by any thread.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        clock: Clock | None = None,
        busy_timeout: float = BUSY_TIMEOUT,
        maximum_bytes: int = MAXIMUM_BYTES,
    ) -> None:
        self.path = Path(path)
        self._clock = clock or MachineClock()
        self._busy_timeout = busy_timeout
        self._maximum_bytes = maximum_bytes
        self._database = Database(self.path, LAYOUTS, busy_timeout=busy_timeout)
        self._locks = self.path.with_name(self.path.name + "-members")
        self._subscriptions: weakref.WeakSet[SqliteSubscription] = weakref.WeakSet()
        self._pruning = threading.Lock()
        self._prune_at = self._next_prune()

    def create_topics(self, topics: Iterable[Topic]) -> Sequence[Prepared]:
        """See `quotewire.ports.Stream`."""
        with self._database.writing() as connection:
            return create_topics(connection, list(topics))

    def missing_topics(self, topics: Iterable[Topic]) -> Sequence[str]:
        """See `quotewire.ports.Stream`."""
        with self._database.reading() as connection:
            there = {name for (name,) in connection.execute("SELECT name FROM topics")}
        return [topic.name for topic in topics if topic.name not in there]

    def publish(self, messages: Sequence[Message]) -> None:
        """See `quotewire.ports.Stream`. Here all messages are published or none."""
        if messages:
            with self._database.writing() as connection:
                append(connection, messages, self._clock.now(), self._maximum_bytes)
            self._prune_now_and_then()

    def subscribe(self, topics: Sequence[str], group: str) -> SqliteSubscription:
        """See `quotewire.ports.Stream`. The group is joined at the first poll."""
        subscription = SqliteSubscription(
            Database(self.path, LAYOUTS, busy_timeout=self._busy_timeout),
            self._locks,
            topics,
            group,
            self._clock,
            self._maximum_bytes,
            self._prune_now_and_then,
        )
        self._subscriptions.add(subscription)
        return subscription

    def read(
        self, topic: str, start: Mapping[int, int] | None = None, end: Mapping[int, int] | None = None
    ) -> Iterator[StreamRecord]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        with self._database.reading() as connection:
            partitions = partitions_of(connection, topic)
        for partition in partitions:
            offset = (start or {}).get(partition.number, 0)
            last = min((end or {}).get(partition.number, partition.next), partition.next)
            while offset < last:
                size = 0
                records: list[StreamRecord] = []
                with self._database.reading() as connection:
                    for record in records_from(connection, partition, offset, _READ_AT_ONCE):
                        records.append(record)
                        size += len(record.value)
                        if size > MAXIMUM_POLLED_BYTES:
                            break
                if not records:
                    break
                offset = records[-1].offset + 1
                yield from (record for record in records if record.offset < last)

    def ends(self, topic: str) -> Mapping[int, int]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        with self._database.reading() as connection:
            return {partition.number: partition.next for partition in partitions_of(connection, topic)}

    def positions(self, topic: str, group: str) -> Sequence[PartitionPosition]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        with self._database.reading() as connection:
            partitions = partitions_of(connection, topic)
            committed = committed_by(connection, group, partitions)
            positions = []
            for partition in partitions:
                beginning = beginning_of(connection, partition)
                at = committed.get(partition.id, beginning)
                positions.append(PartitionPosition(topic, partition.number, beginning, partition.next, at))
            return positions

    def offsets_at(self, topic: str, time: datetime) -> Mapping[int, int]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created, and Unavailable."""
        with self._database.reading() as connection:
            return {
                partition.number: offset_at(connection, partition, time)
                for partition in partitions_of(connection, topic)
            }

    def move(self, topic: str, group: str, offsets: Mapping[int, int]) -> None:
        """See `quotewire.ports.Stream`. An offset past the end means the end.

        Raises KeyError for a topic or partition that was never created.
        """
        with self._database.writing() as connection:
            partitions = {partition.number: partition for partition in partitions_of(connection, topic)}
            check_no_member(connection, self._locks, group)
            for number, offset in offsets.items():
                if number not in partitions:
                    raise KeyError(f"topic {topic!r} has no partition {number}")
                partition = partitions[number]
                connection.execute(
                    "INSERT INTO positions (consumer_group, partition, committed) VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET committed = excluded.committed",
                    (group, partition.id, min(max(offset, 0), partition.next)),
                )

    def close(self) -> None:
        """See `quotewire.ports.Stream`. Closes what subscriptions are still open."""
        for subscription in list(self._subscriptions):
            subscription.close()
        self._database.close()

    def _next_prune(self) -> float:
        # Spread out, so that the processes of one machine do not all look at the same moment.
        return time.monotonic() + PRUNE_INTERVAL * random.uniform(0.5, 1.5)  # noqa: S311

    def prune(self) -> int:
        """Delete some of what may go, as `publish` and `commit` do now and then; how many. Raises Unavailable."""
        return prune(self._database, self._clock.now())

    def _prune_now_and_then(self) -> None:
        if time.monotonic() < self._prune_at or not self._pruning.acquire(blocking=False):
            return
        try:
            # What is left over goes with the next call.
            if not self.prune():
                self._prune_at = self._next_prune()
        except Unavailable as error:
            # The records of whoever called are safe already; this can wait.
            self._prune_at = self._next_prune()
            _log.warning("old records stay for now", reason=str(error))
        finally:
            self._pruning.release()
