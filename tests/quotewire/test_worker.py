from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.ports import ConfigurationError, Message, Rejected
from quotewire.worker import Result, TooManyDeadLetters, Worker
from schemas.records import DeadLetter, RawArticle, TopicRecord
from schemas.topics import ENRICHED, RAW, TOPICS
from tests.quotewire.worker_parts import (
    NOON,
    FixedClock,
    Obedient,
    Silent,
    Unprepared,
    drain,
    enriched,
    enriched_ids,
    lag,
    letters,
    make,
    message,
    titled,
)

# --- what becomes of records ----------------------------------------------------------------------------------------


def test_outputs_go_to_the_topic_of_their_kind_under_its_key(stream: MemoryStream) -> None:
    stream.publish(titled("", "twice", "none"))
    worker = make(stream)
    assert worker.step(0) == 3
    assert sorted(enriched_ids(stream)) == ["article 0", "article 1", "article 1"]
    assert lag(stream) == 0
    assert worker.step(0) == 0


def test_a_rejected_record_is_buried_as_it_came(stream: MemoryStream) -> None:
    sent = message("bad", "reject")
    stream.publish([sent, message("good")])
    make(stream).step(0)
    (letter,) = letters(stream)
    (record,) = (record for record in stream.read(RAW.name) if record.key == "bad")
    assert letter == DeadLetter.model_construct(
        id=f"enrich:raw:{record.partition}:{record.offset}",
        stage="enrich",
        topic="raw",
        partition=record.partition,
        offset=record.offset,
        key="bad",
        value=sent.value,
        reason="bad is not to be processed",
        buried=NOON,
    )
    assert enriched_ids(stream) == ["good"]
    assert lag(stream) == 0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff\x00 no text", "not JSON"),
        (b"[1, 2]", "expected a JSON object"),
        (b'{"schema_version": 99}', "schema version 99"),
        (b'{"schema_version": 1, "id": "x"}', "Field required"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_bytes_that_are_no_record_are_buried(stream: MemoryStream, value: bytes, reason: str) -> None:
    stream.publish([Message(RAW.name, "damaged", value), message("good")])
    make(stream).step(0)
    (letter,) = letters(stream)
    assert reason in letter.reason
    assert letter.value == value
    assert enriched_ids(stream) == ["good"]


def test_a_record_that_raises_alone_is_buried_and_the_others_of_its_batch_are_not(stream: MemoryStream) -> None:
    stream.publish(titled("", "raise", "", ""))
    with capture_logs() as logs:
        make(stream).step(0)
    (letter,) = letters(stream)
    assert letter.reason == "unexpected ValueError: no idea what to do with article 1"
    assert sorted(enriched_ids(stream)) == ["article 0", "article 2", "article 3"]
    (entry,) = (entry for entry in logs if entry["log_level"] == "error")
    assert entry["article"] == "article 1"
    assert isinstance(entry["exc_info"], ValueError)


def test_a_batch_that_fails_only_as_a_whole_is_processed_one_by_one(stream: MemoryStream) -> None:
    def at_most_one(batch: Sequence[RawArticle]) -> None:
        if len(batch) > 1:
            raise RuntimeError("too much at once")

    stream.publish(titled("", "", ""))
    make(stream, Obedient(at_most_one)).step(0)
    assert letters(stream) == []
    assert len(enriched_ids(stream)) == 3


def test_a_processor_that_gives_the_wrong_number_of_results_is_not_believed(stream: MemoryStream) -> None:
    class Forgetful(Unprepared):
        def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
            return [[] for _ in batch[1:]]

    stream.publish(titled("", ""))
    make(stream, Forgetful()).step(0)
    assert [letter.reason for letter in letters(stream)] == ["unexpected ValueError: 0 results for 1 records"] * 2


def test_an_output_that_cannot_be_encoded_buries_only_its_record(stream: MemoryStream) -> None:
    class HalfAnEmoji(Unprepared):
        def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
            articles = [record for record in batch if isinstance(record, RawArticle)]
            return [
                [enriched(article).model_copy(update={"text": "\ud83d"} if article.id == "article 1" else {})]
                for article in articles
            ]

    stream.publish(titled("", "", ""))
    make(stream, HalfAnEmoji()).step(0)
    assert [letter.key for letter in letters(stream)] == ["article 1"]
    assert sorted(enriched_ids(stream)) == ["article 0", "article 2"]


def test_a_reason_that_cannot_be_encoded_or_is_endless_is_no_obstacle(stream: MemoryStream) -> None:
    class Rambling(Unprepared):
        def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
            return [Rejected("\ud83d " + "so long " * 10_000) for _ in batch]

    stream.publish([message("one")])
    make(stream, Rambling()).step(0)
    (letter,) = letters(stream)
    assert letter.reason.startswith("? so long")
    assert len(letter.reason) < 5000


def test_an_output_too_large_for_the_stream_buries_only_its_record() -> None:
    class Verbose(Unprepared):
        def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
            articles = [record for record in batch if isinstance(record, RawArticle)]
            return [
                [enriched(article).model_copy(update={"text": "x" * (100_000 if article.id == "article 1" else 1)})]
                for article in articles
            ]

    stream = MemoryStream(maximum_bytes=50_000)
    stream.create_topics(TOPICS.values())
    stream.publish(titled("", "", ""))
    drain(make(stream, Verbose()), stream)
    (letter,) = letters(stream)
    assert letter.key == "article 1"
    assert "50,000" in letter.reason
    assert sorted(enriched_ids(stream)) == ["article 0", "article 2"]


def test_a_record_too_large_to_be_buried_is_buried_without_its_bytes() -> None:
    stream = MemoryStream(maximum_bytes=50_000)
    stream.create_topics(TOPICS.values())
    stream.publish([Message(RAW.name, "damaged", b"?" * 49_000), message("good")])
    drain(make(stream), stream)
    (letter,) = letters(stream)
    assert letter.value == b""
    assert "49,000 bytes" in letter.reason
    assert enriched_ids(stream) == ["good"]


def test_one_refusal_too_many_in_a_row_stops_the_worker_and_commits_nothing_of_the_batch(stream: MemoryStream) -> None:
    stream.publish([message("same key", "reject") for _ in range(12)])
    worker = make(stream, batch=4, max_consecutive_dead_letters=9)
    with pytest.raises(TooManyDeadLetters, match=r"10 records in a row.*same key is not to be processed"):
        worker.run(lambda: lag(stream) == 0)
    assert len(letters(stream)) == 8
    assert lag(stream) == 4


def test_a_success_in_between_forgives_refusals(stream: MemoryStream) -> None:
    stream.publish([message("same key", title) for title in (["reject"] * 3 + [""]) * 5])
    drain(make(stream, batch=4, max_consecutive_dead_letters=3), stream)
    assert len(letters(stream)) == 15
    assert len(enriched_ids(stream)) == 5


@settings(max_examples=60)
@given(
    titles=st.lists(st.sampled_from(["", "", "reject", "raise", "none", "twice", "away", "damaged"]), max_size=30),
    batch=st.integers(1, 8),
)
def test_whatever_happens_to_records_each_has_its_fate_exactly_once_and_in_order(titles: list[str], batch: int) -> None:
    stream = MemoryStream()
    stream.create_topics(TOPICS.values())
    sent = [
        Message(RAW.name, f"key {n % 3}", b"?") if title == "damaged" else message(f"key {n % 3}", title)
        for n, title in enumerate(titles)
    ]
    stream.publish(sent)
    drain(make(stream, batch=batch), stream)
    copies = {"": 1, "away": 1, "twice": 2}
    for key in ("key 0", "key 1", "key 2"):
        mine = [title for n, title in enumerate(titles) if f"key {n % 3}" == key]
        assert enriched_ids(stream).count(key) == sum(copies.get(title, 0) for title in mine)
        dead = [sent for sent, title in zip(sent, titles, strict=True) if title in ("reject", "raise", "damaged")]
        assert [letter.value for letter in letters(stream) if letter.key == key] == [
            buried.value for buried in dead if buried.key == key
        ]


# --- the loop -------------------------------------------------------------------------------------------------------


def test_a_stop_lets_the_batch_in_hand_be_finished_and_takes_no_other(stream: MemoryStream) -> None:
    stop = threading.Event()
    stream.publish([message("same key") for _ in range(10)])
    make(stream, Obedient(lambda _: stop.set()), batch=4).run(stop)
    assert len(enriched_ids(stream)) == 4
    assert lag(stream) == 6
    # The group was left: another member gets the rest at once.
    assert make(stream).step(0) == 6


def test_partitions_that_passed_on_are_forgotten(tmp_path: Path) -> None:
    with contextlib.closing(SqliteStream(tmp_path / "stream.db")) as stream:
        stream.create_topics(TOPICS.values())
        stream.publish([message(f"article {n}") for n in range(30)])
        other = stream.subscribe([RAW.name], "enrich")
        taken: list[str] = []

        def taken_for_dead(_batch: Sequence[RawArticle]) -> None:
            for lock in (tmp_path / "stream.db-members").iterdir():
                lock.unlink()
            taken.extend(record.key for record in other.poll(100, 0))

        worker = make(stream, Obedient(taken_for_dead))
        with capture_logs() as logs:
            assert worker.step(0) == 0
        assert [entry["event"] for entry in logs] == ["partitions passed on"]
        assert len(taken) == 30
        assert enriched_ids(stream) == []
        other.commit()
        worker.close()
        assert lag(stream) == 0


def test_the_users_mistake_ends_the_run(stream: MemoryStream) -> None:
    def misconfigured(_batch: Sequence[RawArticle]) -> None:
        raise ConfigurationError("the watchlist is no YAML: mend line 3")

    stream.publish([message("one")])
    with pytest.raises(ConfigurationError, match="line 3"):
        make(stream, Obedient(misconfigured)).run(lambda: False)
    assert lag(stream) == 1


def test_a_topic_that_there_is_not_is_the_users_mistake(stream: MemoryStream) -> None:
    with pytest.raises(ConfigurationError, match=r"'cooked'.*raw, enriched"):
        Worker(stage="cook", stream=stream, topics=["cooked"], processor=Obedient(), clock=FixedClock())


def test_an_observer_is_told(stream: MemoryStream) -> None:
    stream.publish(titled("", "twice", "reject"))
    observer = Silent()
    make(stream, observer=observer).step(0)
    (report,) = observer.reports
    assert (report.stage, report.records, report.outputs, report.dead_letters) == ("enrich", 3, 3, 1)
    assert 0 <= report.seconds < 5
    assert report.oldest == min(record.time for record in stream.read(RAW.name))
    assert [letter.key for letter in observer.letters] == ["article 2"]


def test_two_stages_read_the_same_topic(stream: MemoryStream) -> None:
    stream.publish(titled("", ""))
    for group in ("one", "other"):
        make(stream, group=group).step(0)
        assert lag(stream, group) == 0
    assert len(list(stream.read(ENRICHED.name))) == 4
