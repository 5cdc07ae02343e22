"""What the embedded streams keep and what they let go; on the disk, that room is given back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.ports import Message, StreamRecord
from schemas.records import Alert, RawArticle
from schemas.topics import Topic

KEPT_A_WEEK = Topic("week", RawArticle, lambda record: record.id, 1, timedelta(days=7))
COMPACTED = Topic("compacted", Alert, lambda record: record.id, 1, timedelta(days=7), compacted=True)

Embedded = MemoryStream | SqliteStream


class SetClock:
    def __init__(self) -> None:
        self.time = datetime(2031, 5, 17, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def pass_days(self, days: float) -> None:
        self.time += timedelta(days=days)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=["memory", "sqlite"])
def stream(request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> Iterator[Embedded]:
    made = MemoryStream(clock=clock) if request.param == "memory" else SqliteStream(tmp_path / "stream.db", clock=clock)
    with contextlib.closing(made) as stream:
        stream.create_topics([KEPT_A_WEEK, COMPACTED])
        yield stream


def publish(stream: Embedded, topic: Topic, *values: str, key: str = "key") -> None:
    stream.publish([Message(topic.name, key, value.encode()) for value in values])
    if isinstance(stream, SqliteStream):
        while stream.prune():
            pass


def kept(stream: Embedded, topic: Topic = KEPT_A_WEEK) -> list[str]:
    return [record.value.decode() for record in stream.read(topic.name)]


def process_all(stream: Embedded, group: str, topic: Topic = KEPT_A_WEEK) -> list[StreamRecord]:
    records: list[StreamRecord] = []
    with contextlib.closing(stream.subscribe([topic.name], group)) as member:
        while batch := member.poll(5000, 0):
            records += batch
            member.commit()
    return records


def test_records_go_after_the_topics_retention_and_offsets_are_not_given_again(
    stream: Embedded, clock: SetClock
) -> None:
    publish(stream, KEPT_A_WEEK, "first", "second")
    clock.pass_days(4)
    publish(stream, KEPT_A_WEEK, "third")
    assert kept(stream) == ["first", "second", "third"]
    clock.pass_days(4)
    publish(stream, KEPT_A_WEEK, "fourth")
    assert kept(stream) == ["third", "fourth"]
    (position,) = stream.positions(KEPT_A_WEEK.name, "new group")
    assert (position.beginning, position.committed, position.end) == (2, 2, 4)
    assert [record.value for record in process_all(stream, "new group")] == [b"third", b"fourth"]


def test_what_a_known_group_has_still_to_process_stays(stream: Embedded, clock: SetClock) -> None:
    publish(stream, KEPT_A_WEEK, "first")
    process_all(stream, "quick")
    process_all(stream, "slow")
    publish(stream, KEPT_A_WEEK, "second")
    process_all(stream, "quick")
    clock.pass_days(100)
    publish(stream, KEPT_A_WEEK, "third")
    assert kept(stream) == ["second", "third"]
    assert [record.value for record in process_all(stream, "slow")] == [b"second", b"third"]
    publish(stream, KEPT_A_WEEK, "fourth")
    process_all(stream, "quick")
    clock.pass_days(8)
    process_all(stream, "slow")
    publish(stream, KEPT_A_WEEK, "fifth")
    assert kept(stream) == ["fifth"]


def test_a_group_that_was_moved_back_keeps_what_it_is_to_process_again(stream: Embedded, clock: SetClock) -> None:
    publish(stream, KEPT_A_WEEK, "first", "second")
    process_all(stream, "group")
    stream.move(KEPT_A_WEEK.name, "group", {0: 1})
    clock.pass_days(30)
    publish(stream, KEPT_A_WEEK, "third")
    assert [record.value for record in process_all(stream, "group")] == [b"second", b"third"]


def test_a_clock_set_back_does_not_confuse_the_order_of_times(stream: Embedded, clock: SetClock) -> None:
    publish(stream, KEPT_A_WEEK, "first")
    noted = clock.time
    clock.pass_days(-3)
    publish(stream, KEPT_A_WEEK, "second")
    clock.pass_days(4)
    publish(stream, KEPT_A_WEEK, "third")
    times = [record.time for record in stream.read(KEPT_A_WEEK.name)]
    assert times == sorted(times)
    assert stream.offsets_at(KEPT_A_WEEK.name, noted) == {0: 0}
    assert stream.offsets_at(KEPT_A_WEEK.name, noted + timedelta(hours=1)) == {0: 2}


def test_a_compacted_topic_keeps_the_newest_of_each_key_for_ever(stream: Embedded, clock: SetClock) -> None:
    stream.publish([Message(COMPACTED.name, f"key {n}", b"only") for n in range(50)])
    for n in range(60):
        publish(stream, COMPACTED, *(f"{n} {m}" for m in range(100)), key="changing")
    clock.pass_days(1000)
    publish(stream, COMPACTED, *["newer"] * 20, "newest", key="changing")
    records = list(stream.read(COMPACTED.name))
    assert [record.key for record in records[:50]] == [f"key {n}" for n in range(50)]
    assert records[-1].value == b"newest"
    assert len(records) < 2500
    for moment, offset in [(records[0].time, records[0].offset), (clock.time, records[-21].offset)]:
        assert stream.offsets_at(COMPACTED.name, moment) == {0: offset}
    assert [record.offset for record in process_all(stream, "group", COMPACTED)] == [r.offset for r in records]


def test_compaction_takes_nothing_that_a_known_group_has_still_to_process(stream: Embedded) -> None:
    publish(stream, COMPACTED, "before")
    process_all(stream, "slow", COMPACTED)
    for n in range(30):
        publish(stream, COMPACTED, *(f"{n} {m}" for m in range(100)))
    assert len(process_all(stream, "slow", COMPACTED)) == 3000


def test_room_on_the_disk_is_given_back(tmp_path: Path, clock: SetClock) -> None:
    with contextlib.closing(SqliteStream(tmp_path / "stream.db", clock=clock)) as stream:
        stream.create_topics([KEPT_A_WEEK])
        for _ in range(30):
            stream.publish([Message(KEPT_A_WEEK.name, "key", bytes(10_000)) for _ in range(100)])
        stream.close()
        full = (tmp_path / "stream.db").stat().st_size
        assert full > 30_000_000
        clock.pass_days(8)
        publish(stream, KEPT_A_WEEK, "new")
        stream.close()
        assert (tmp_path / "stream.db").stat().st_size < full / 3
        assert kept(stream) == ["new"]


def test_pruning_happens_by_itself(tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quotewire.adapters.sqlite_stream.PRUNE_INTERVAL", 0.0)
    with contextlib.closing(SqliteStream(tmp_path / "stream.db", clock=clock)) as stream:
        stream.create_topics([KEPT_A_WEEK])
        stream.publish([Message(KEPT_A_WEEK.name, "key", b"old")])
        clock.pass_days(8)
        stream.publish([Message(KEPT_A_WEEK.name, "key", b"new")])
        assert kept(stream) == ["new"]
