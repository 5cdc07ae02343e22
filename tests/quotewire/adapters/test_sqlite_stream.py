"""What only the stream in a file promises: other processes, deaths, retention on the disk."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotewire.adapters.sqlite import connect, writing
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.ports import ConfigurationError, Message, Unavailable
from schemas.topics import RAW, TOPICS

ROOT = Path(__file__).parents[3]

MEMBER = """
import sys
from quotewire.adapters.sqlite_stream import SqliteStream
member = SqliteStream(sys.argv[1]).subscribe(["raw"], "group")
records = member.poll(1000, 5)
print(len(records), flush=True)
sys.stdin.readline()
member.commit()
print("committed", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[SqliteStream]:
    with contextlib.closing(SqliteStream(tmp_path / "stream.db", busy_timeout=1)) as stream:
        stream.create_topics(TOPICS.values())
        yield stream


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", MEMBER, str(tmp_path / "stream.db")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def publish(stream: SqliteStream, count: int) -> None:
    stream.publish([Message(RAW.name, f"key {n}", f"{n}".encode()) for n in range(count)])


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def proceed(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def members_folder(stream: SqliteStream) -> Path:
    return stream.path.with_name("stream.db-members")


def test_the_records_outlive_the_process(stream: SqliteStream) -> None:
    publish(stream, 10)
    stream.close()
    with contextlib.closing(SqliteStream(stream.path)) as again:
        assert len(list(again.read(RAW.name))) == 10


def test_a_member_in_another_process_shares_the_partitions(
    stream: SqliteStream, other_process: subprocess.Popen[str]
) -> None:
    publish(stream, 60)
    assert line(other_process) == "60"
    member = stream.subscribe([RAW.name], "group")
    assert member.poll(100, 0.5) == [], "taken from a member that has them in hand"
    proceed(other_process)
    assert line(other_process) == "committed"
    publish(stream, 60)
    # The other one does not poll any more, so it has not given anything up yet.
    assert member.poll(100, 0.5) == []
    other_process.kill()
    other_process.wait()
    assert len(member.poll(100, 5)) == 60


def test_what_a_killed_member_had_in_hand_comes_again_at_once(
    stream: SqliteStream, other_process: subprocess.Popen[str]
) -> None:
    publish(stream, 60)
    assert line(other_process) == "60"
    member = stream.subscribe([RAW.name], "group")
    threading.Timer(0.5, other_process.kill).start()
    started = time.monotonic()
    assert len(member.poll(100, 20)) == 60
    assert time.monotonic() - started < 5
    member.commit()
    member.close()
    assert list(members_folder(stream).iterdir()) == []


def test_a_dead_member_does_not_hold_up_a_move(stream: SqliteStream, other_process: subprocess.Popen[str]) -> None:
    publish(stream, 60)
    assert line(other_process) == "60"
    with pytest.raises(Unavailable, match="group"):
        stream.move(RAW.name, "group", {0: 0})
    other_process.kill()
    other_process.wait()
    stream.move(RAW.name, "group", {0: 0})


def test_a_forked_child_does_not_keep_its_dead_parents_partitions(stream: SqliteStream, tmp_path: Path) -> None:
    publish(stream, 60)
    # The member forks and dies; its child lives on for a while, with all that it inherited.
    program = MEMBER.replace("sys.stdin.readline()", "import os, time; os.fork() and os._exit(0); time.sleep(5)", 1)
    process = subprocess.Popen([sys.executable, "-c", program, str(stream.path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"60\n"
    process.wait()
    member = stream.subscribe([RAW.name], "group")
    assert len(member.poll(100, 5)) == 60
    process.stdout.close()


def test_a_poll_notices_what_another_connection_publishes_within_a_tenth_of_a_second(stream: SqliteStream) -> None:
    member = stream.subscribe([RAW.name], "group")
    member.poll(1, 0)
    delays = []
    for _ in range(5):
        published: list[float] = []

        def publish_one(times: list[float] = published) -> None:
            publish(stream, 1)
            times.append(time.monotonic())

        timer = threading.Timer(0.05, publish_one)
        timer.start()
        assert len(member.poll(1, 10)) == 1
        delays.append(time.monotonic() - published[0] if published else 0.0)
        timer.join()
    assert min(delays) < 0.1


def test_an_idle_poll_costs_next_to_nothing(stream: SqliteStream) -> None:
    member = stream.subscribe([RAW.name], "group")
    member.poll(1, 0)
    before = time.process_time()
    member.poll(1, 1)
    assert time.process_time() - before < 0.1


def test_a_long_partition_does_not_keep_the_others_waiting(stream: SqliteStream) -> None:
    publish(stream, 12)
    stream.publish([Message(RAW.name, "long", b"") for _ in range(500)])
    member = stream.subscribe([RAW.name], "group")
    seen = {record.key for _ in range(6) for record in member.poll(10, 0)}
    assert {f"key {n}" for n in range(12)} <= seen


def test_a_poll_is_bounded_in_bytes(stream: SqliteStream) -> None:
    stream.publish([Message(RAW.name, "key", bytes(20_000_000)) for _ in range(3)])
    member = stream.subscribe([RAW.name], "group")
    assert [len(member.poll(10, 0)) for _ in range(3)] == [2, 1, 0]


def test_a_subscription_may_be_closed_while_the_file_is_locked(stream: SqliteStream) -> None:
    publish(stream, 60)
    member = stream.subscribe([RAW.name], "group")
    member.poll(100, 0)
    other = connect(stream.path)
    with writing(other):
        member.close()
    other.close()
    assert len(stream.subscribe([RAW.name], "group").poll(100, 1)) == 60


def test_a_closed_subscription_cannot_be_used(stream: SqliteStream) -> None:
    member = stream.subscribe([RAW.name], "group")
    member.close()
    with pytest.raises(RuntimeError, match="closed"):
        member.poll(1, 0)
    with pytest.raises(RuntimeError, match="closed"):
        member.commit()


def test_what_is_left_of_a_member_killed_while_joining_is_swept_away(stream: SqliteStream) -> None:
    members_folder(stream).mkdir()
    (members_folder(stream) / "left").touch()
    member = stream.subscribe([RAW.name], "group")
    member.poll(1, 0)
    assert len(list(members_folder(stream).iterdir())) == 1
    assert not (members_folder(stream) / "left").exists()


def test_a_join_that_failed_is_made_good_with_the_next_poll(stream: SqliteStream) -> None:
    publish(stream, 60)
    stream.close()
    quick = SqliteStream(stream.path, busy_timeout=0.05)
    member = quick.subscribe([RAW.name], "group")
    other = connect(stream.path)
    with writing(other), pytest.raises(Unavailable, match="locked"):
        member.poll(100, 0)
    other.close()
    assert len(member.poll(100, 0)) == 60
    quick.close()


def test_a_topic_that_is_not_there_cannot_be_polled(stream: SqliteStream) -> None:
    with pytest.raises(KeyError, match="cooked"):
        stream.subscribe(["cooked"], "group").poll(1, 0)


def test_a_file_of_a_newer_program_is_left_alone(stream: SqliteStream) -> None:
    stream.close()
    connection = connect(stream.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigurationError, match="layout 99"):
        stream.publish([Message(RAW.name, "key", b"")])


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    stream = SqliteStream(tmp_path / "later.db")
    stream.subscribe([RAW.name], "group").close()
    stream.close()
    assert list(tmp_path.iterdir()) == []
