"""What leaves a SQLite stream, when, and how its room on the disk is given back.

A topic's records go once they are older than its retention and every group that was ever a member of it has committed
them. A compacted topic instead keeps the newest record of each key for ever, and loses the others once every group has
committed them. So a group that no longer runs keeps its records: lag shows it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from quotewire.adapters.sqlite import Database
from quotewire.adapters.sqlite_topics import Partition, beginning_of, first_id, offset_at

CHUNK = 1000
"""Records deleted in one transaction: other writers wait no longer than this takes."""

_COMPACT_AFTER = 1000
"""A partition is compacted when this many records came since the last time, and as many as were left by it."""

_FREE_PAGES = 1024
"""Free pages that are left for what comes next, instead of being given back; so is a quarter of the file."""


def prune(database: Database, now: datetime) -> int:
    """Delete up to `CHUNK` records of each partition that may go, and give back room; how many were deleted."""
    with database.reading() as connection:
        partitions = [
            (Partition(*row[:4]), bool(row[4]), timedelta(seconds=row[5]), row[6])
            for row in connection.execute(
                "SELECT p.id, p.topic, p.number, p.next, t.compacted, t.retention, p.compacted"
                " FROM partitions p JOIN topics t ON t.name = p.topic"
            )
        ]
    deleted = 0
    for partition, compacted, retention, last_compacted in partitions:
        if compacted:
            deleted += _compact(database, partition, last_compacted)
        else:
            deleted += _prune_old(database, partition, now - retention)
    _give_back(database)
    return deleted


def _prune_old(database: Database, partition: Partition, cutoff: datetime) -> int:
    with database.reading() as connection:
        # Cheap, and most often the answer: nothing to do, and nobody has to wait for it.
        if _goes_before(connection, partition, cutoff) <= beginning_of(connection, partition):
            return 0
    with database.writing() as connection:
        end = first_id(partition.id, _goes_before(connection, partition, cutoff))
        return connection.execute(
            "DELETE FROM records WHERE id IN (SELECT id FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)",
            (first_id(partition.id), end, CHUNK),
        ).rowcount


def _goes_before(connection: sqlite3.Connection, partition: Partition, cutoff: datetime) -> int:
    return min(offset_at(connection, partition, cutoff), _committed_by_all(connection, partition))


def _committed_by_all(connection: sqlite3.Connection, partition: Partition) -> int:
    (least,) = connection.execute(
        "SELECT min(committed) FROM positions WHERE partition = ?", (partition.id,)
    ).fetchone()
    return partition.next if least is None else int(least)


def _compact(database: Database, partition: Partition, last: int) -> int:
    with database.reading() as connection:
        superseded = _superseded(connection, partition, last)
    if superseded is None:
        return 0
    for start in range(0, len(superseded), CHUNK):
        with database.writing() as connection:
            # A group may have been set back for a replay meanwhile.
            end = first_id(partition.id, _committed_by_all(connection, partition))
            connection.executemany(
                "DELETE FROM records WHERE id = ? AND id < ?",
                [(record_id, end) for record_id in superseded[start : start + CHUNK]],
            )
    with database.writing() as connection:
        connection.execute("UPDATE partitions SET compacted = ? WHERE id = ?", (partition.next, partition.id))
    return len(superseded)


def _superseded(connection: sqlite3.Connection, partition: Partition, last: int) -> Sequence[int] | None:
    """The keys of the records that a newer one of the same key replaces; None where it is too early to look."""
    fresh = partition.next - last
    if fresh < _COMPACT_AFTER:
        return None
    bounds = (first_id(partition.id), partition.end_id)
    (kept,) = connection.execute("SELECT count(*) FROM records WHERE id >= ? AND id < ?", bounds).fetchone()
    if fresh < kept - fresh:
        return None
    rows = connection.execute(
        "SELECT id FROM records WHERE id >= ? AND id < ? EXCEPT"
        " SELECT max(id) FROM records WHERE id >= ? AND id < ? GROUP BY key ORDER BY 1",
        (bounds[0], first_id(partition.id, _committed_by_all(connection, partition)), *bounds),
    )
    return [record_id for (record_id,) in rows]


def _give_back(database: Database) -> None:
    with database.connection() as connection:
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        surplus = free - max(_FREE_PAGES, pages // 4)
        if surplus > 0:
            # Not execute: it takes one step only, one page, of a statement that gives no columns.
            connection.executescript(f"PRAGMA incremental_vacuum({min(surplus, 10 * CHUNK)})")
