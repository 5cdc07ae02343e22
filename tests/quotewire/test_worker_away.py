"""A worker while its servers, its disk or its processor are away: what it waits for, and what it loses not."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.sqlite import connect, writing
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.ports import Unavailable
from quotewire.worker import Backoff, Worker
from schemas.records import RawArticle
from schemas.topics import RAW, TOPICS
from tests.quotewire.worker_parts import (
    FixedClock,
    Obedient,
    Silent,
    enriched_ids,
    lag,
    letters,
    make,
    message,
    titled,
)


def test_while_a_server_is_away_the_same_records_are_tried_until_it_is_back(stream: MemoryStream) -> None:
    stop = threading.Event()
    tries: list[list[str]] = []

    def away_for_a_while(batch: Sequence[RawArticle]) -> None:
        tries.append([article.id for article in batch])
        if len(tries) < 4:
            raise Unavailable("the server is away")
        stop.set()

    stream.publish([message("one"), message("one")])
    with capture_logs() as logs:
        make(stream, Obedient(away_for_a_while)).run(stop)
    assert tries == [["one", "one"]] * 4
    assert enriched_ids(stream) == ["one", "one"]
    assert [entry["event"] for entry in logs if entry["event"] in ("waiting", "going on")] == ["waiting", "going on"]
    assert next(entry for entry in logs if entry["event"] == "waiting")["reason"] == "the server is away"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE])
def test_a_machine_that_is_unwell_is_no_fault_of_the_records(stream: MemoryStream, number: int) -> None:
    def fail(_batch: Sequence[RawArticle]) -> None:
        raise OSError(number, "out of something")

    stream.publish([message("one")])
    worker = make(stream, Obedient(fail))
    with pytest.raises(Unavailable, match="out of something"):
        worker.step(0)
    assert lag(stream) == 1
    assert letters(stream) == []


class Loading(Obedient):
    """Raises at each loading what the next of its troubles is, if there is any left."""

    def __init__(self, *troubles: Exception) -> None:
        super().__init__()
        self.troubles = list(troubles)
        self.loaded: list[int] = []

    def prepare(self) -> None:
        if self.troubles:
            raise self.troubles.pop()
        self.loaded.append(len(self.batches))


def test_a_processor_loads_once_before_its_first_batch(stream: MemoryStream) -> None:
    loading = Loading()
    worker = make(stream, loading)
    worker.step(0)
    assert loading.loaded == []
    for _ in range(2):
        stream.publish(titled(""))
        worker.step(0)
    assert loading.loaded == [0]


@pytest.mark.parametrize("trouble", [Unavailable("the server is away"), OSError(errno.ENOSPC, "the disk is full")])
def test_what_is_away_while_a_processor_loads_is_waited_for(stream: MemoryStream, trouble: Exception) -> None:
    stream.publish(titled("", ""))
    loading = Loading(trouble)
    worker = make(stream, loading)
    with pytest.raises(Unavailable, match=r"is away|is full"):
        worker.step(0)
    assert lag(stream) == 2
    assert worker.step(0) == 2
    assert loading.loaded == [0]
    assert sorted(enriched_ids(stream)) == ["article 0", "article 1"]


@pytest.mark.parametrize("fault", [ValueError("no such thing"), OSError(errno.ENOENT, "no such file")])
def test_a_fault_in_loading_is_no_fault_of_the_records(stream: MemoryStream, fault: Exception) -> None:
    stream.publish(titled(""))
    with pytest.raises(type(fault), match="no such"):
        make(stream, Loading(fault)).step(0)
    assert lag(stream) == 1
    assert letters(stream) == []


def test_a_stop_ends_the_waiting(stream: MemoryStream) -> None:
    def away(_batch: Sequence[RawArticle]) -> None:
        raise Unavailable("away for a year")

    stop = threading.Event()
    stream.publish([message("one")])
    worker = Worker(
        stage="enrich",
        stream=stream,
        topics=[RAW.name],
        processor=Obedient(away),
        clock=FixedClock(),
        backoff=Backoff(first=3600, longest=3600),
    )
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    time.sleep(0.1)
    stop.set()
    thread.join(2)
    assert not thread.is_alive()
    assert lag(stream) == 1


def test_waiting_doubles_up_to_the_longest_and_is_never_the_same_for_all() -> None:
    backoff = Backoff(first=1, longest=30)
    for failures, most in [(1, 1), (2, 2), (3, 4), (6, 30), (5000, 30)]:
        waits = {backoff.seconds(failures) for _ in range(50)}
        assert len(waits) > 1
        assert most / 2 <= min(waits) <= max(waits) <= most


def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    stream = SqliteStream(tmp_path / "stream.db", busy_timeout=0.05)
    stream.create_topics(TOPICS.values())
    stream.publish(titled("", "", ""))
    stop, waited = threading.Event(), threading.Event()

    class Waiting(Silent):
        def waiting(self, stage: str, reason: str, seconds: float) -> None:
            assert "locked" in reason
            assert "stream.db" in reason
            waited.set()

    worker = make(stream, observer=Waiting())
    worker.step(0)
    stream.publish(titled("", "", ""))
    other = connect(tmp_path / "stream.db")
    thread = threading.Thread(target=worker.run, args=(stop,))
    with writing(other):
        thread.start()
        assert waited.wait(10)
        assert thread.is_alive()
    while lag(stream):
        time.sleep(0.01)
    stop.set()
    thread.join()
    other.close()
    assert len(enriched_ids(stream)) == 6
    stream.close()
