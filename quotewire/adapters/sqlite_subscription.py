"""One member of a consumer group on a SQLite stream.

Members share a group's partitions out among themselves: whoever polls looks who is alive, computes who should hold what
(every member computes the same), gives up what is another's, and takes what is its own and free. There is no
coordinator. A partition passes on only when its holder polls (so a batch in hand is finished and committed, however
slow) or is dead (its lock file tells, at once, however it died). So an ordinary rebalance never costs a batch, and
`commit` checks in its own transaction that the partitions are still this member's and stand where it found them.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from quotewire.adapters.sqlite import Database
from quotewire.adapters.sqlite_topics import Partition, append, beginning_of, partitions_of, records_from
from quotewire.adapters.stream_rules import MAXIMUM_POLLED_BYTES, share_out
from quotewire.life_lock import LifeLock, is_alive
from quotewire.ports import Clock, Message, Rebalanced, StreamRecord, Unavailable

_log = structlog.get_logger()

_LOOK_FOR_RECORDS = 0.04
"""Seconds between two looks whether anybody wrote to the file: a read of shared memory, some microseconds."""

_LOOK_FOR_THE_DEAD = 0.25
"""Seconds between two looks, while nothing is written, whether another member has died."""


@dataclass
class _Held:
    """A partition that this member holds: where it was committed, and the offset after the last record polled."""

    committed: int
    polled: int


@dataclass(frozen=True)
class _Group:
    """A group as it stands in the file: its members' locks and topics, and its partitions' committed and holder."""

    partitions: Mapping[int, Partition]
    locks: Mapping[int, str]
    topics: Mapping[int, Sequence[str]]
    positions: Mapping[int, tuple[int, int | None]]


class SqliteSubscription:
    """A member of a consumer group; see the module, and `quotewire.ports.Subscription` for what it promises."""

    def __init__(
        self,
        database: Database,
        locks: Path,
        topics: Sequence[str],
        group: str,
        clock: Clock,
        maximum_bytes: int,
        after_commit: Callable[[], None],
    ) -> None:
        self._database = database
        self._locks = locks
        self._topics = tuple(topics)
        self._group = group
        self._clock = clock
        self._maximum_bytes = maximum_bytes
        self._after_commit = after_commit
        self._member: int | None = None
        self._lock: LifeLock | None = None
        self._held: dict[int, _Held] = {}
        self._lost_polled = False
        self._turn = 0
        self._seen_version = -1
        self._closed = False

    # --- the port ---------------------------------------------------------------------------------------------------

    def poll(self, limit: int, timeout: float) -> Sequence[StreamRecord]:
        """See `quotewire.ports.Subscription`. Raises KeyError too, for a topic that was never created."""
        self._check_open()
        deadline = time.monotonic() + timeout
        while True:
            records = self._look(limit)
            if records or not self._wait(deadline):
                return records

    def commit(self, outputs: Sequence[Message] = ()) -> None:
        """See `quotewire.ports.Subscription`. Raises KeyError and Rejected too, as `Stream.publish`."""
        self._check_open()
        if self._lost_polled:
            raise Rebalanced(f"another member of group {self._group} holds partitions that were polled")
        moved = {partition: held for partition, held in self._held.items() if held.polled != held.committed}
        if not moved and not outputs:
            return
        with self._database.writing() as connection:
            for partition, held in moved.items():
                changed = connection.execute(
                    "UPDATE positions SET committed = ?"
                    " WHERE consumer_group = ? AND partition = ? AND holder = ? AND committed = ?",
                    (held.polled, self._group, partition, self._member, held.committed),
                )
                if changed.rowcount != 1:
                    raise Rebalanced(f"another member of group {self._group} holds partitions that were polled")
            append(connection, outputs, self._clock.now(), self._maximum_bytes)
        for held in moved.values():
            held.committed = held.polled
        self._after_commit()

    def rewind(self) -> None:
        """See `quotewire.ports.Subscription`."""
        # The next poll reads the committed offsets anew: this member may be wrong about them where a commit failed.
        self._held.clear()
        self._lost_polled = False

    def close(self) -> None:
        """See `quotewire.ports.Subscription`."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._member is not None:
                with self._database.writing() as connection:
                    remove_members(connection, self._locks, [self._member])
        except Exception as error:
            # The others will find the lock released.
            _log.warning("left the group without saying so", group=self._group, reason=str(error))
        finally:
            if self._lock is not None:
                self._lock.release()
            with contextlib.suppress(sqlite3.Error):
                self._database.close()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("this subscription is closed")

    # --- looking ----------------------------------------------------------------------------------------------------

    def _look(self, limit: int) -> Sequence[StreamRecord]:
        with self._database.connection() as connection:
            # Before anything is read: what is written from now on must be noticed.
            self._seen_version = _version(connection)
        with self._database.reading() as connection:
            group = self._read_group(connection)
            if self._is_settled(group):
                return self._fetch(connection, group, limit)
        self._settle()
        with self._database.reading() as connection:
            return self._fetch(connection, self._read_group(connection), limit)

    def _wait(self, deadline: float) -> bool:
        """Whether to look again: True when something was written or some time passed, False at the deadline."""
        look_again = time.monotonic() + _LOOK_FOR_THE_DEAD
        while (now := time.monotonic()) < deadline:
            time.sleep(min(_LOOK_FOR_RECORDS, deadline - now))
            with self._database.connection() as connection:
                if _version(connection) != self._seen_version:
                    return True
            if time.monotonic() >= look_again:
                return True
        return False

    def _fetch(self, connection: sqlite3.Connection, group: _Group, limit: int) -> list[StreamRecord]:
        self._adopt(group)
        held = sorted(self._held)
        # Each poll begins with the next partition, so that a long one does not keep the others waiting.
        self._turn += 1
        start = self._turn % len(held) if held else 0
        fetched: list[StreamRecord] = []
        size = 0
        for partition in held[start:] + held[:start]:
            position = self._held[partition]
            rest = limit - len(fetched)
            for record in records_from(connection, group.partitions[partition], position.polled, rest):
                fetched.append(record)
                position.polled = record.offset + 1
                size += len(record.value)
                if len(fetched) >= limit or size >= MAXIMUM_POLLED_BYTES:
                    return fetched
        return fetched

    # --- the group --------------------------------------------------------------------------------------------------

    def _read_group(self, connection: sqlite3.Connection) -> _Group:
        members = connection.execute(
            "SELECT id, lock, topics FROM members WHERE consumer_group = ?", (self._group,)
        ).fetchall()
        topics = {member: tuple(json.loads(names)) for member, _, names in members}
        names = sorted({*self._topics, *(name for names in topics.values() for name in names)})
        positions = connection.execute(
            "SELECT partition, committed, holder FROM positions WHERE consumer_group = ?", (self._group,)
        )
        return _Group(
            partitions={partition.id: partition for name in names for partition in partitions_of(connection, name)},
            locks={member: lock for member, lock, _ in members},
            topics=topics,
            positions={partition: (committed, holder) for partition, committed, holder in positions},
        )

    def _is_settled(self, group: _Group) -> bool:
        """Whether the file needs no change: nobody to add or bury, no partition to take or to give up."""
        if self._member is None or self._member not in group.locks or self._dead(group):
            return False
        mine = self._share(group, self._member)
        held = {partition for partition, (_, holder) in group.positions.items() if holder == self._member}
        takeable = {partition for partition in mine if group.positions.get(partition, (0, None))[1] is None}
        return held <= mine and not takeable

    def _dead(self, group: _Group) -> list[int]:
        return [
            member
            for member, lock in group.locks.items()
            if member != self._member and not is_alive(self._locks / lock)
        ]

    def _share(self, group: _Group, member: int) -> set[int]:
        ids = {(partition.topic, partition.number): partition.id for partition in group.partitions.values()}
        return {ids[name] for name, taker in share_out(ids, group.topics).items() if taker == member}

    def _settle(self) -> None:
        """Bring the group in the file in order: bury, join, give up, take."""
        member, lock = self._member, self._lock
        try:
            with self._database.writing() as connection:
                group = self._read_group(connection)
                remove_members(connection, self._locks, self._dead(group))
                if member is None or member not in group.locks:
                    member, lock = self._join(connection)
                self._take_and_give_up(connection, self._read_group(connection), member)
        except BaseException:
            if lock is not None and lock is not self._lock:
                lock.release()
            raise
        if lock is not self._lock and self._lock is not None:
            self._lock.release()
        # Only now: a number that was rolled back is given to somebody else.
        self._member, self._lock = member, lock

    def _take_and_give_up(self, connection: sqlite3.Connection, group: _Group, member: int) -> None:
        mine = self._share(group, member)
        for partition in mine - group.positions.keys():
            beginning = beginning_of(connection, group.partitions[partition])
            connection.execute("INSERT INTO positions VALUES (?, ?, ?, ?)", (self._group, partition, beginning, member))
        for partition, (_, holder) in group.positions.items():
            if (holder is None and partition in mine) or (holder == member and partition not in mine):
                connection.execute(
                    "UPDATE positions SET holder = ? WHERE consumer_group = ? AND partition = ?",
                    (member if partition in mine else None, self._group, partition),
                )

    def _adopt(self, group: _Group) -> None:
        """Take over what the file says this member holds; what was polled of anything else is lost to it."""
        before, self._held = self._held, {}
        for partition, (committed, holder) in group.positions.items():
            if holder == self._member:
                held = before.get(partition)
                if held is not None and held.committed == committed:
                    self._held[partition] = before.pop(partition)
                else:
                    self._held[partition] = _Held(committed, committed)
        if any(held.polled != held.committed for held in before.values()):
            self._lost_polled = True

    def _join(self, connection: sqlite3.Connection) -> tuple[int, LifeLock]:
        self._locks.mkdir(exist_ok=True)
        self._sweep(connection)
        lock = LifeLock(self._locks / uuid.uuid4().hex)
        added = connection.execute(
            "INSERT INTO members (consumer_group, topics, lock) VALUES (?, ?, ?)",
            (self._group, json.dumps(self._topics), lock.path.name),
        )
        assert added.lastrowid is not None
        return added.lastrowid, lock

    def _sweep(self, connection: sqlite3.Connection) -> None:
        """Remove what members left that died between making their lock and the end of their transaction."""
        # Locks are made inside write transactions only, so nobody is making one now.
        known = {lock for (lock,) in connection.execute("SELECT lock FROM members")}
        for file in self._locks.iterdir():
            if file.name not in known and not is_alive(file):
                file.unlink(missing_ok=True)


def remove_members(connection: sqlite3.Connection, locks: Path, members: Collection[int]) -> None:
    """Take members out of their groups, inside a write transaction; what they held becomes free."""
    for member in members:
        for (lock,) in connection.execute("DELETE FROM members WHERE id = ? RETURNING lock", (member,)).fetchall():
            (locks / lock).unlink(missing_ok=True)
        connection.execute("UPDATE positions SET holder = NULL WHERE holder = ?", (member,))


def check_no_member(connection: sqlite3.Connection, locks: Path, group: str) -> None:
    """Raise Unavailable where a group has live members; take the dead ones out, inside a write transaction."""
    members = connection.execute("SELECT id, lock FROM members WHERE consumer_group = ?", (group,)).fetchall()
    if any(is_alive(locks / lock) for _, lock in members):
        raise Unavailable(f"group {group} is at work: stop the stage first")
    remove_members(connection, locks, [member for member, _ in members])


def _version(connection: sqlite3.Connection) -> int:
    """A number that changes whenever another connection has committed to the file."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
