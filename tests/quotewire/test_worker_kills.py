"""Processes that are killed at any moment, and disks that are full: nothing is lost and nothing comes out twice."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quotewire.adapters.sqlite import connect, writing
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.worker import Backoff, Unobserved, Worker
from schemas.codec import decode
from schemas.records import EnrichedArticle, RawArticle
from schemas.topics import DEAD_LETTERS, ENRICHED, RAW, TOPICS, Topic
from tests.quotewire.worker_parts import FixedClock, Obedient, enriched_ids, lag, letters, message

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "stream.db"


@pytest.fixture
def stream(database: Path) -> Iterator[SqliteStream]:
    with contextlib.closing(SqliteStream(database)) as stream:
        stream.create_topics(TOPICS.values())
        yield stream


@pytest.fixture
def start(database: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.quotewire.worker_process", str(database), *options]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def assert_exactly_once(stream: SqliteStream) -> None:
    """Every raw article came out once, in the order of its key, and the group's offsets say so."""
    assert _revisions(stream, ENRICHED) == _revisions(stream, RAW)
    assert lag(stream) == 0
    assert list(stream.read(DEAD_LETTERS.name)) == []
    for position in stream.positions(RAW.name, "enrich"):
        assert position.committed == position.end


def _revisions(stream: SqliteStream, topic: Topic) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for record in stream.read(topic.name):
        article = decode(topic, record.value)
        assert isinstance(article, RawArticle | EnrichedArticle)
        found[article.id].append(article.revision)
    return found


class Nursery:
    """Starts workers within a millisecond, as children of a process that has imported everything."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def test_sixty_kills_at_random_moments_lose_nothing_and_repeat_nothing(stream: SqliteStream, start: Start) -> None:
    # Batches take about as long to process as to commit, so that kills meet both.
    nursery = Nursery(start("--nursery", "--batch", "4", "--slowness", "0.0003"))
    seeded = random.Random(20310517)
    workers = [nursery.start(), nursery.start()]
    published = 0
    left_by_killed = []
    for kill in range(60):
        stream.publish([message(f"article {n % 97}", revision=n) for n in range(published, published + 100)])
        published += 100
        time.sleep(seeded.uniform(0.0, 0.1))
        os.kill(workers[kill % 2], signal.SIGKILL)
        left_by_killed.append(lag(stream))
        workers[kill % 2] = nursery.start()
    wait_until(lambda: lag(stream) == 0)
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
    members = stream.path.with_name("stream.db-members")
    wait_until(lambda: list(members.iterdir()) == [])
    assert len(enriched_ids(stream)) == published
    assert_exactly_once(stream)
    assert sum(left > 0 for left in left_by_killed) >= 50, "too many kills met idle workers"


def test_the_partitions_of_a_killed_member_pass_on_at_once(stream: SqliteStream, start: Start) -> None:
    slow = start("--slowness", "1000", "--batch", "100")
    wait_until_ready(slow)
    stream.publish([message(f"article {n}") for n in range(40)])
    wait_until(lambda: _polled_by_somebody(stream))
    quick = start()
    wait_until_ready(quick)
    time.sleep(0.3)
    assert lag(stream) == 40, "a member that is slow was robbed"
    slow.kill()
    slow.wait()
    killed = time.monotonic()
    wait_until(lambda: lag(stream) == 0)
    assert time.monotonic() - killed < 10
    stop(quick)
    assert_exactly_once(stream)


def _polled_by_somebody(stream: SqliteStream) -> bool:
    members = stream.path.with_name(stream.path.name + "-members")
    return members.exists() and any(members.iterdir())


def test_a_publisher_that_is_killed_leaves_what_it_was_told_is_safe(stream: SqliteStream, database: Path) -> None:
    program = (
        "import sys; from quotewire.adapters.sqlite_stream import SqliteStream;"
        "from tests.quotewire.worker_parts import message\n"
        "stream = SqliteStream(sys.argv[1])\n"
        "for batch in range(100_000):\n"
        "    stream.publish([message(f'batch {batch}') for _ in range(10)])\n"
        "    print(batch, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(database)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(50):
        process.stdout.readline()
    process.kill()
    told = 50 + len([line for line in process.stdout.read().splitlines() if line])
    process.wait()
    process.stdout.close()
    found = Counter(record.key for record in stream.read(RAW.name))
    assert {f"batch {n}" for n in range(told)} <= found.keys()
    assert set(found.values()) == {10}


def test_a_record_that_kills_every_process_is_buried_after_the_fifth_and_the_others_come_out(
    stream: SqliteStream, start: Start, database: Path
) -> None:
    stream.publish([message(f"article {n}", "kill" if n == 11 else "") for n in range(30)])
    deaths = 0
    while lag(stream):
        process = start("--journal", str(database.parent / "journal"))
        wait_until(lambda running=process: running.poll() is not None or lag(stream) == 0)  # type: ignore[misc]
        if lag(stream):
            assert process.returncode == -signal.SIGKILL
            deaths += 1
            assert deaths <= 5
        else:
            stop(process)
    assert deaths == 5
    (letter,) = letters(stream)
    assert letter.key == "article 11"
    assert letter.reason == "the process died 5 times while processing it"
    assert sorted(enriched_ids(stream)) == sorted(f"article {n}" for n in range(30) if n != 11)
    assert [file.suffix for file in (database.parent / "journal").iterdir()] == [".lock"]


def test_a_death_while_committing_is_no_fault_of_the_records(
    stream: SqliteStream, start: Start, database: Path
) -> None:
    journal = database.parent / "journal"
    stream.publish([message("article")])
    other = connect(database)

    def in_hand() -> bool:
        return any(file.stat().st_size for file in journal.glob("*.worker"))

    for _ in range(3):
        process = start("--journal", str(journal), "--slowness", "0.5")
        wait_until(in_hand)
        with writing(other):
            # Sooner than it would find the file locked, and forget the batch.
            wait_until(lambda: not in_hand(), seconds=5)
            process.kill()
            process.wait()
    other.close()
    assert lag(stream) == 1
    process = start("--journal", str(journal))
    wait_until(lambda: lag(stream) == 0)
    assert_exactly_once(stream)


def test_a_death_while_loading_is_no_fault_of_the_records(stream: SqliteStream, start: Start, database: Path) -> None:
    journal = ("--journal", str(database.parent / "journal"))
    stream.publish([message(f"article {n}") for n in range(5)])
    for _ in range(6):
        process = start(*journal, "--loading", "60")
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "loading\n"]
        process.kill()
        process.wait()
    start(*journal)
    wait_until(lambda: lag(stream) == 0)
    assert letters(stream) == []
    assert_exactly_once(stream)


def test_a_disk_that_is_full_is_waited_for(stream: SqliteStream, database: Path) -> None:
    stop_event, waited = threading.Event(), threading.Event()
    stream.publish([message(f"article {n}", "x" * 3000) for n in range(200)])

    class Watching(Unobserved):
        def waiting(self, stage: str, reason: str, seconds: float) -> None:
            assert "stream.db" in reason
            waited.set()

    worker = Worker(
        stage="enrich",
        stream=stream,
        topics=[RAW.name],
        processor=Obedient(),
        clock=FixedClock(),
        observer=Watching(),
        backoff=Backoff(first=0.02, longest=0.05),
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    thread = threading.Thread(target=worker.run, args=(stop_event,))
    # No file of this process may grow beyond what the log of the database has already.
    log = database.with_name(database.name + "-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 50_000, hard))
    try:
        thread.start()
        assert waited.wait(20)
        assert lag(stream) > 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    wait_until(lambda: lag(stream) == 0)
    stop_event.set()
    thread.join()
    assert_exactly_once(stream)
