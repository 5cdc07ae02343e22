"""The stream in memory: for one process, gone with it; with the meaning of the durable ones.

Members share a group's partitions out as on the SQLite stream: a partition passes on when its holder polls, closes, or
is garbage; `commit` checks that what was polled is still its own.
"""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Literal

from quotewire.adapters.stream_rules import (
    MAXIMUM_BYTES,
    MAXIMUM_POLLED_BYTES,
    MachineClock,
    PartitionId,
    partition_of,
    prepared_topic,
    share_out,
    unknown_topic,
)
from quotewire.ports import Clock, Message, PartitionPosition, Prepared, Rebalanced, StreamRecord, Unavailable
from schemas.topics import Topic

_LOOK_FOR_THE_DEAD = 0.25
"""Seconds between two looks whether another member is garbage; everything else wakes whoever waits."""

_COMPACT_AFTER = 1000

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_offset = attrgetter("offset")
_time = attrgetter("time")


@dataclass
class _Partition:
    records: list[StreamRecord] = field(default_factory=list)
    next: int = 0
    newest: datetime = _LONG_AGO
    last_compacted: int = 0

    @property
    def beginning(self) -> int:
        return self.records[0].offset if self.records else self.next

    def index_of(self, offset: int) -> int:
        return bisect_left(self.records, offset, key=_offset)


@dataclass
class _Group:
    members: weakref.WeakValueDictionary[int, MemorySubscription] = field(default_factory=weakref.WeakValueDictionary)
    committed: dict[PartitionId, int] = field(default_factory=dict)
    holders: dict[PartitionId, int] = field(default_factory=dict)


class MemoryStream:
    """A stream in memory; see `quotewire.ports.Stream` for what it promises. Any thread may call any method."""

    def __init__(self, *, clock: Clock | None = None, maximum_bytes: int = MAXIMUM_BYTES) -> None:
        self._clock = clock or MachineClock()
        self._maximum_bytes = maximum_bytes
        self._topics: dict[str, Topic] = {}
        self._partitions: dict[PartitionId, _Partition] = {}
        self._groups: dict[str, _Group] = {}
        self._numbers = itertools.count(1)
        self._changed = threading.Condition(threading.RLock())

    def create_topics(self, topics: Iterable[Topic]) -> Sequence[Prepared]:
        """See `quotewire.ports.Stream`."""
        prepared = []
        with self._changed:
            for topic in topics:
                there = self._topics.get(topic.name)
                if there is None:
                    self._topics[topic.name] = topic
                    self._partitions |= {(topic.name, number): _Partition() for number in range(topic.partitions)}
                    prepared.append(prepared_topic(topic, "created"))
                    continue
                kept = replace(there, retention=max(there.retention, topic.retention), compacted=topic.compacted)
                self._topics[topic.name] = kept
                done: Literal["changed", "unchanged"] = "unchanged" if kept == there else "changed"
                prepared.append(prepared_topic(topic, done, there.partitions, kept.retention))
        return prepared

    def missing_topics(self, topics: Iterable[Topic]) -> Sequence[str]:
        """See `quotewire.ports.Stream`."""
        with self._changed:
            return [topic.name for topic in topics if topic.name not in self._topics]

    def publish(self, messages: Sequence[Message]) -> None:
        """See `quotewire.ports.Stream`. Here all messages are published or none."""
        with self._changed:
            self._append(messages)
            self._changed.notify_all()

    def subscribe(self, topics: Sequence[str], group: str) -> MemorySubscription:
        """See `quotewire.ports.Stream`. The group is joined at the first poll."""
        return MemorySubscription(self, topics, group)

    def read(
        self, topic: str, start: Mapping[int, int] | None = None, end: Mapping[int, int] | None = None
    ) -> Iterator[StreamRecord]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        with self._changed:
            found = []
            for number, partition in self._of(topic):
                first, last = (start or {}).get(number, 0), (end or {}).get(number, partition.next)
                found += partition.records[partition.index_of(first) : partition.index_of(last)]
        yield from found

    def ends(self, topic: str) -> Mapping[int, int]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        with self._changed:
            return {number: partition.next for number, partition in self._of(topic)}

    def positions(self, topic: str, group: str) -> Sequence[PartitionPosition]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        with self._changed:
            committed = self._groups[group].committed if group in self._groups else {}
            return [
                PartitionPosition(
                    topic,
                    number,
                    partition.beginning,
                    partition.next,
                    committed.get((topic, number), partition.beginning),
                )
                for number, partition in self._of(topic)
            ]

    def offsets_at(self, topic: str, time: datetime) -> Mapping[int, int]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        with self._changed:
            found = {}
            for number, partition in self._of(topic):
                index = bisect_left(partition.records, time, key=_time)
                found[number] = partition.records[index].offset if index < len(partition.records) else partition.next
            return found

    def move(self, topic: str, group: str, offsets: Mapping[int, int]) -> None:
        """See `quotewire.ports.Stream`. An offset past the end means the end.

        Raises KeyError for a topic or partition that was never created.
        """
        with self._changed:
            partitions = dict(self._of(topic))
            if any(number not in partitions for number in offsets):
                raise KeyError(f"topic {topic!r} has only partitions 0 to {len(partitions) - 1}")
            found = self._groups.setdefault(group, _Group())
            if len(found.members):
                raise Unavailable(f"group {group} is at work: stop the stage first")
            for number, offset in offsets.items():
                found.committed[topic, number] = min(max(offset, 0), partitions[number].next)

    def close(self) -> None:
        """See `quotewire.ports.Stream`. Closes what subscriptions are still open; the records stay."""
        for group in list(self._groups.values()):
            for subscription in list(group.members.values()):
                subscription.close()

    # --- for subscriptions, with the lock held ----------------------------------------------------------------------

    def _of(self, topic: str) -> list[tuple[int, _Partition]]:
        if topic not in self._topics:
            raise unknown_topic(topic)
        return [(number, self._partitions[topic, number]) for number in range(self._topics[topic].partitions)]

    def _append(self, messages: Sequence[Message]) -> None:
        placed = []
        for message in messages:
            if message.topic not in self._topics:
                raise unknown_topic(message.topic)
            number = partition_of(message, self._topics[message.topic].partitions, self._maximum_bytes)
            placed.append((message, number))
        now = self._clock.now()
        for message, number in placed:
            partition = self._partitions[message.topic, number]
            # A clock that is set back must not break the order of times, by which offsets_at searches.
            partition.newest = max(partition.newest, now)
            partition.records.append(
                StreamRecord(message.topic, number, partition.next, message.key, message.value, partition.newest)
            )
            partition.next += 1
        for topic, number in {(message.topic, number) for message, number in placed}:
            self._prune(self._topics[topic], number, now)

    def _prune(self, topic: Topic, number: int, now: datetime) -> None:
        """Drop what the topic need not keep and every group has committed; as quotewire.adapters.sqlite_retention."""
        partition = self._partitions[topic.name, number]
        name = (topic.name, number)
        committed = [group.committed[name] for group in self._groups.values() if name in group.committed]
        processed = partition.index_of(min(committed, default=partition.next))
        if not topic.compacted:
            old = bisect_left(partition.records, now - topic.retention, key=_time)
            del partition.records[: min(old, processed)]
        elif partition.next - partition.last_compacted >= max(_COMPACT_AFTER, len(partition.records) // 2):
            newest = {record.key: record.offset for record in partition.records}
            partition.records[:processed] = [
                record for record in partition.records[:processed] if newest[record.key] == record.offset
            ]
            partition.last_compacted = partition.next


class MemorySubscription:
    """A member of a consumer group; see `quotewire.ports.Subscription` for what it promises."""

    def __init__(self, stream: MemoryStream, topics: Sequence[str], group: str) -> None:
        self.topics = tuple(topics)
        self._stream = stream
        self._group = group
        self._number = next(stream._numbers)
        self._polled: dict[PartitionId, int] = {}
        self._lost_polled = False
        self._turn = 0
        self._closed = False

    def poll(self, limit: int, timeout: float) -> Sequence[StreamRecord]:
        """See `quotewire.ports.Subscription`. Raises KeyError too, for a topic that was never created."""
        deadline = time.monotonic() + timeout
        with self._stream._changed:
            while True:
                self._check_open()
                self._settle()
                records = self._fetch(limit)
                left = deadline - time.monotonic()
                if records or left <= 0:
                    return records
                self._stream._changed.wait(min(left, _LOOK_FOR_THE_DEAD))

    def commit(self, outputs: Sequence[Message] = ()) -> None:
        """See `quotewire.ports.Subscription`. Raises KeyError and Rejected too, as `Stream.publish`."""
        with self._stream._changed:
            self._check_open()
            group = self._joined()
            if self._lost_polled or any(group.holders.get(name) != self._number for name in self._polled):
                raise Rebalanced(f"another member of group {self._group} holds partitions that were polled")
            self._stream._append(outputs)
            group.committed.update(self._polled)
            self._polled.clear()
            self._stream._changed.notify_all()

    def rewind(self) -> None:
        """See `quotewire.ports.Subscription`."""
        self._polled.clear()
        self._lost_polled = False

    def close(self) -> None:
        """See `quotewire.ports.Subscription`."""
        with self._stream._changed:
            self._closed = True
            group = self._stream._groups.get(self._group)
            if group is not None and group.members.pop(self._number, None) is not None:
                self._free(group)
                self._stream._changed.notify_all()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("this subscription is closed")

    def _joined(self) -> _Group:
        return self._stream._groups.setdefault(self._group, _Group())

    def _free(self, group: _Group) -> None:
        for name in [name for name, holder in group.holders.items() if holder not in group.members]:
            del group.holders[name]

    def _settle(self) -> None:
        group = self._joined()
        for topic in self.topics:
            self._stream._of(topic)
        group.members[self._number] = self
        self._free(group)
        subscribed = {number: member.topics for number, member in group.members.items()}
        names = {name for name in self._stream._partitions if any(name[0] in topics for topics in subscribed.values())}
        shares = share_out(names, subscribed)
        for name in [name for name, holder in group.holders.items() if holder == self._number]:
            if shares.get(name) != self._number:
                del group.holders[name]
                self._lost_polled = self._lost_polled or name in self._polled
                self._polled.pop(name, None)
                self._stream._changed.notify_all()
        for name, member in shares.items():
            if member == self._number and name not in group.holders:
                group.holders[name] = member
                group.committed.setdefault(name, self._stream._partitions[name].beginning)

    def _fetch(self, limit: int) -> list[StreamRecord]:
        group = self._joined()
        held = sorted(name for name, holder in group.holders.items() if holder == self._number)
        # Each poll begins with the next partition, so that a long one does not keep the others waiting.
        self._turn += 1
        start = self._turn % len(held) if held else 0
        fetched: list[StreamRecord] = []
        size = 0
        for name in held[start:] + held[:start]:
            partition = self._stream._partitions[name]
            index = partition.index_of(self._polled.get(name, group.committed[name]))
            for record in partition.records[index : index + limit - len(fetched)]:
                if size >= MAXIMUM_POLLED_BYTES:
                    return fetched
                fetched.append(record)
                self._polled[name] = record.offset + 1
                size += len(record.value)
        return fetched
