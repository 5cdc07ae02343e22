"""How topics lie in a SQLite file, and how records are added to them and found in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

from quotewire.adapters.stream_rules import partition_of, prepared_topic, unknown_topic
from quotewire.ports import Message, Prepared, StreamRecord
from schemas.topics import Topic

LAYOUTS = (
    """
    CREATE TABLE topics (
        name TEXT PRIMARY KEY,
        retention INTEGER NOT NULL,            -- seconds
        compacted INTEGER NOT NULL             -- 0 or 1
    ) WITHOUT ROWID;
    CREATE TABLE partitions (
        id INTEGER PRIMARY KEY,
        topic TEXT NOT NULL REFERENCES topics (name),
        number INTEGER NOT NULL,
        next INTEGER NOT NULL DEFAULT 0,       -- the offset that the next record will get
        newest INTEGER NOT NULL DEFAULT 0,     -- the time of the last record: times never go back in a partition
        compacted INTEGER NOT NULL DEFAULT 0,  -- what `next` was when the partition was last compacted
        UNIQUE (topic, number)
    );
    CREATE TABLE records (
        id INTEGER PRIMARY KEY,                -- partition and offset, as first_id says
        time INTEGER NOT NULL,                 -- microseconds since 1970
        key TEXT NOT NULL,
        value BLOB NOT NULL
    );
    CREATE TABLE members (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
        consumer_group TEXT NOT NULL,
        topics TEXT NOT NULL,                  -- a JSON list
        lock TEXT NOT NULL                     -- the file that is locked as long as the member lives
    );
    CREATE TABLE positions (
        consumer_group TEXT NOT NULL,
        partition INTEGER NOT NULL REFERENCES partitions (id),
        committed INTEGER NOT NULL,            -- the offset of the next record to process
        holder INTEGER,                        -- the member that has the partition
        PRIMARY KEY (consumer_group, partition)
    ) WITHOUT ROWID;
    CREATE INDEX positions_by_partition ON positions (partition, committed);
    """,
)

_OFFSETS = 1 << 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def first_id(partition: int, offset: int = 0) -> int:
    """The key of the record at an offset of a partition (its id in the table, not its number).

    One number for both lets the table itself be sorted by partition and offset, so that neither appending nor polling
    needs a second index. There is room for a million million offsets in each of eight million partitions.
    """
    return partition * _OFFSETS + offset


def offset_of(record_id: int) -> int:
    """The offset within its partition of the record with this key."""
    return record_id % _OFFSETS


def to_microseconds(time: datetime) -> int:
    """A moment as it is stored."""
    return (time - _EPOCH) // _MICROSECOND


def from_microseconds(time: int) -> datetime:
    """A stored moment."""
    return _EPOCH + time * _MICROSECOND


@dataclass(frozen=True)
class Partition:
    """One partition as it stands in the file."""

    id: int
    topic: str
    number: int
    next: int

    @cached_property
    def end_id(self) -> int:
        """One past the key of the last record."""
        return first_id(self.id, self.next)


def create_topics(connection: sqlite3.Connection, topics: Sequence[Topic]) -> list[Prepared]:
    """Create what is missing of these topics, and keep those that are there as long; what was done about each."""
    prepared = []
    for topic in topics:
        wanted = (int(topic.retention.total_seconds()), int(topic.compacted))
        there = connection.execute("SELECT retention, compacted FROM topics WHERE name = ?", (topic.name,)).fetchone()
        if there is None:
            connection.execute("INSERT INTO topics VALUES (?, ?, ?)", (topic.name, *wanted))
            connection.executemany(
                "INSERT INTO partitions (topic, number) VALUES (?, ?)",
                [(topic.name, number) for number in range(topic.partitions)],
            )
            prepared.append(prepared_topic(topic, "created"))
            continue
        kept = (max(there[0], wanted[0]), wanted[1])
        done: Literal["changed", "unchanged"] = "unchanged" if kept == tuple(there) else "changed"
        if done == "changed":
            connection.execute("UPDATE topics SET retention = ?, compacted = ? WHERE name = ?", (*kept, topic.name))
        partitions = len(partitions_of(connection, topic.name))
        prepared.append(prepared_topic(topic, done, partitions, timedelta(seconds=kept[0])))
    return prepared


def partitions_of(connection: sqlite3.Connection, topic: str) -> list[Partition]:
    """The partitions of a topic, by number. Raises KeyError where it was never created."""
    rows = connection.execute(
        "SELECT id, topic, number, next FROM partitions WHERE topic = ? ORDER BY number", (topic,)
    ).fetchall()
    if not rows:
        raise unknown_topic(topic)
    return [Partition(*row) for row in rows]


def append(connection: sqlite3.Connection, messages: Sequence[Message], now: datetime, maximum_bytes: int) -> None:
    """Add messages to their topics, inside a write transaction. Raises KeyError and Rejected as `Stream.publish`."""
    known: dict[str, list[Partition]] = {}
    sorted_out: dict[Partition, list[Message]] = {}
    for message in messages:
        if message.topic not in known:
            known[message.topic] = partitions_of(connection, message.topic)
        partitions = known[message.topic]
        partition = partitions[partition_of(message, len(partitions), maximum_bytes)]
        sorted_out.setdefault(partition, []).append(message)
    for partition, its_messages in sorted_out.items():
        _append_to(connection, partition, its_messages, to_microseconds(now))


def _append_to(connection: sqlite3.Connection, partition: Partition, messages: Sequence[Message], now: int) -> None:
    # A clock that is set back must not break the order of times, by which offsets_at searches.
    (time,) = connection.execute(
        "UPDATE partitions SET next = next + ?, newest = max(newest, ?) WHERE id = ? RETURNING newest",
        (len(messages), now, partition.id),
    ).fetchone()
    connection.executemany(
        "INSERT INTO records (id, time, key, value) VALUES (?, ?, ?, ?)",
        [(partition.end_id + n, time, message.key, message.value) for n, message in enumerate(messages)],
    )


def records_from(
    connection: sqlite3.Connection, partition: Partition, offset: int, limit: int
) -> Iterator[StreamRecord]:
    """Up to `limit` records of a partition from an offset on, in order."""
    rows = connection.execute(
        "SELECT id, time, key, value FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (first_id(partition.id, offset), first_id(partition.id + 1), limit),
    )
    for record_id, time, key, value in rows:
        yield StreamRecord(partition.topic, partition.number, offset_of(record_id), key, value, from_microseconds(time))


def beginning_of(connection: sqlite3.Connection, partition: Partition) -> int:
    """The offset of the oldest record kept; the end where there is none."""
    (oldest,) = connection.execute(
        "SELECT min(id) FROM records WHERE id >= ? AND id < ?", (first_id(partition.id), partition.end_id)
    ).fetchone()
    return partition.next if oldest is None else offset_of(oldest)


def offset_at(connection: sqlite3.Connection, partition: Partition, time: datetime) -> int:
    """The offset of the first record at or after a moment, else the end; by halving, as times never go back."""
    low, high, wanted = beginning_of(connection, partition), partition.next, to_microseconds(time)
    while low < high:
        middle = (low + high) // 2
        found = connection.execute(
            "SELECT id, time FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT 1",
            (first_id(partition.id, middle), first_id(partition.id, high)),
        ).fetchone()
        if found is None or found[1] >= wanted:
            high = middle
        else:
            low = offset_of(found[0]) + 1
    # Where compaction left a gap the search ends before the record that it found.
    following = next(records_from(connection, partition, low, 1), None)
    return partition.next if following is None else following.offset


def committed_by(connection: sqlite3.Connection, group: str, partitions: Sequence[Partition]) -> Mapping[int, int]:
    """For each partition (by id) in which the group has a position, the committed offset."""
    rows = connection.execute("SELECT partition, committed FROM positions WHERE consumer_group = ?", (group,))
    wanted = {partition.id for partition in partitions}
    return {partition: committed for partition, committed in rows if partition in wanted}
