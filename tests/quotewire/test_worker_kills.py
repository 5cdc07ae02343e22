"""Processes that are killed at any moment, and disks that are full: nothing is lost and nothing comes out twice."""

from __future__ import annotations

import contextlib
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

from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.worker import Backoff, Worker
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
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


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


@pytest.mark.slow
def test_sixty_kills_at_random_moments_lose_nothing_and_repeat_nothing(stream: SqliteStream, start: Start) -> None:
    seeded = random.Random(20310517)
    workers = [start(), start()]
    published = 0
    progress = []
    for _kill in range(60):
        stream.publish([message(f"article {n % 97}", revision=n) for n in range(published, published + 60)])
        published += 60
        time.sleep(seeded.uniform(0.0, 0.4))
        progress.append(lag(stream))
        victim = seeded.randrange(2)
        workers[victim].kill()
        workers[victim].wait()
        workers[victim] = start()
    wait_until(lambda: lag(stream) == 0)
    for worker in workers:
        stop(worker)
    assert len(enriched_ids(stream)) == published
    assert_exactly_once(stream)
    # The kills met workers at work, not idle or still starting.
    assert sum(left > 0 for left in progress) > 30
    assert len(set(progress)) > 30
    assert list(stream.path.with_name("stream.db-members").iterdir()) == []


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
    assert time.monotonic() - killed < 5
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


def test_a_record_that_kills_every_process_is_buried_after_the_third_and_the_others_come_out(
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
            assert deaths <= 3
        else:
            stop(process)
    assert deaths == 3
    (letter,) = letters(stream)
    assert letter.key == "article 11"
    assert letter.reason == "the process died 3 times while processing it"
    assert sorted(enriched_ids(stream)) == sorted(f"article {n}" for n in range(30) if n != 11)
    assert [file.suffix for file in (database.parent / "journal").iterdir()] == [".lock"]


def test_a_disk_that_is_full_is_waited_for(stream: SqliteStream, database: Path) -> None:
    stop_event, waited = threading.Event(), threading.Event()
    stream.publish([message(f"article {n}", "x" * 3000) for n in range(200)])

    class Watching:
        def committed(self, report: object) -> None:
            pass

        def buried(self, letter: object) -> None:
            pass

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
