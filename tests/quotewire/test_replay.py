"""Replay: records are processed again from where it is said; nothing is there twice, and no alert again unasked."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.ports import Message, Stream, Unavailable
from quotewire.replaying import Start, set_back
from quotewire.stages import STAGES
from schemas.topics import ALERTS, ENRICHED, RAW, TOPICS
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import BRIDGE, NewsSite, numbered
from tests.quotewire.newsroom import SetClock
from tests.quotewire.worker_parts import message

NOW = datetime(2026, 3, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("beginning", Start(offset=0)),
        ("17", Start(offset=17)),
        (" 0:5,3:12 ", Start(offsets={0: 5, 3: 12})),
        ("90m", Start(time=NOW - timedelta(minutes=90))),
        ("3d", Start(time=NOW - timedelta(days=3))),
        ("2026-03-21T10:00Z", Start(time=datetime(2026, 3, 21, 10, tzinfo=UTC))),
        ("2026-03-21T10:00+02:00", Start(time=datetime(2026, 3, 21, 8, tzinfo=UTC))),
        ("2026-03-21", Start(time=datetime(2026, 3, 21).astimezone())),
    ],
)
def test_where_to_begin(text: str, start: Start) -> None:
    assert Start.read(text, NOW) == start


@pytest.mark.parametrize("text", ["", "yesterday", "3", "3y", "1:", ":2", "1:2,", "-5", "2026-13-01", "9" * 30 + "d"])
def test_what_says_nothing_is_refused(text: str) -> None:
    if text == "3":
        assert Start.read(text, NOW) == Start(offset=3)
    else:
        with pytest.raises((ValueError, OverflowError)):
            Start.read(text, NOW)


@pytest.fixture(params=["memory", "sqlite"])
def stream(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stream]:
    """Thirty articles on `raw`, an hour apart, all of them enriched."""
    clock = SetClock()
    memory = request.param == "memory"
    made = MemoryStream(clock=clock) if memory else SqliteStream(tmp_path / "stream.db", clock=clock)
    with contextlib.closing(made) as stream:
        stream.create_topics(TOPICS.values())
        for number in range(30):
            stream.publish([message(f"a{number}")])
            clock.time += timedelta(hours=1)
        with contextlib.closing(stream.subscribe([RAW.name], "enrich")) as member:
            while member.poll(100, 0.05):
                member.commit()
        yield stream


def lag(stream: Stream) -> int:
    return sum(at.lag for at in stream.positions(RAW.name, "enrich"))


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (Start(offset=0), 30),
        (Start(offset=10_000), 0),
        (Start(time=SetClock().time), 30),
        (Start(time=SetClock().time + timedelta(hours=20)), 10),
        (Start(time=SetClock().time + timedelta(days=9)), 0),
        (Start(offsets={0: 0}), None),
    ],
)
def test_a_group_is_set_back(stream: Stream, start: Start, again: int | None) -> None:
    if again is None:
        again = next(at.end for at in stream.positions(RAW.name, "enrich") if at.partition == 0)
    assert set_back(stream, STAGES["enrich"], start, dry_run=True) == {RAW.name: again}
    assert lag(stream) == 0
    assert set_back(stream, STAGES["enrich"], start) == {RAW.name: again}
    assert lag(stream) == again


def test_a_group_is_never_set_ahead(stream: Stream) -> None:
    set_back(stream, STAGES["enrich"], Start(offset=0))
    set_back(stream, STAGES["enrich"], Start(time=SetClock().time + timedelta(days=9)))
    assert lag(stream) == 30


def test_a_partition_that_there_is_not_is_named(stream: Stream) -> None:
    with pytest.raises(KeyError, match="raw has partitions 0 to 5, no 9"):
        set_back(stream, STAGES["enrich"], Start(offsets={9: 0}))


def test_while_the_stage_runs_it_is_refused(stream: Stream) -> None:
    with contextlib.closing(stream.subscribe([RAW.name], "enrich")) as member:
        member.poll(1, 0.05)
        with pytest.raises(Unavailable, match="stop every `quotewire run` that has the stage enrich"):
            set_back(stream, STAGES["enrich"], Start(offset=0))
    assert lag(stream) == 0


# --- the whole way --------------------------------------------------------------------------------------------------


def topic_keys(installation: Installation, topic: str) -> Counter[str]:
    with contextlib.closing(SqliteStream(installation.folder / "data" / "stream.db")) as stream:
        return Counter(record.key for record in stream.read(topic))


def test_what_is_replayed_is_there_once_and_alerted_once_unless_asked(tmp_path: Path) -> None:
    with NewsSite([BRIDGE, *numbered(3)]) as site:
        installation = Installation(tmp_path, [site.feed], [{"name": "Ilse Brandt"}])
        installation.ok("run", "--once")
        before = {query: installation.json(query) for query in ("alerts", "quotes")}
        counts = installation.json("status")["index"]
        assert counts["alerts"] > 0
        alerts = topic_keys(installation, ALERTS.name)

        for stage, records in (
            ("enrich", "4 records of raw"),
            ("alerts", "4 records of enriched"),
            ("index", f"4 records of enriched, {len(alerts)} records of alerts"),
        ):
            said = installation.ok("replay", "--stage", stage, "--from", "1h")
            assert said == f"The stage {stage} will process {records} again.\n"
        done = installation.json("run", "--once")
        assert (done["new_articles"], done["new_quotes"], done["new_alerts"], done["dead_letters"]) == (0, 0, 0, 0)
        assert topic_keys(installation, ALERTS.name) == alerts
        assert set(topic_keys(installation, ENRICHED.name).values()) == {2}
        assert {query: installation.json(query) for query in before} == before
        assert installation.json("audit", "--thorough")["complete"]

        assert installation.run("replay", "--stage", "alerts", "--from", "5", "--alert-again").returncode == 2
        installation.ok("replay", "--stage", "alerts", "--from", "1h", "--alert-again")
        assert installation.json("run", "--once")["new_alerts"] == 0, "in the index they are the same alerts"
        assert all(count == 2 for count in topic_keys(installation, ALERTS.name).values())
        assert installation.json("audit", "--thorough")["complete"]
        assert installation.json("status")["index"] == counts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--stage", "web", "--from", "1h"), "there is no stage web"),
        (("--stage", "enrich", "--from", "soon"), "--from soon: give beginning, 2h"),
        (("--stage", "index", "--from", "1h", "--alert-again"), "the stage index raises no alerts"),
        (("--stage", "enrich", "--from", "77:0"), "no 77"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    done = Installation(tmp_path, []).run("replay", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_message_that_is_no_article_is_replayed_as_any_other(stream: Stream) -> None:
    stream.publish([Message(RAW.name, "rubbish", b"\x00")])
    assert lag(stream) == 1
    assert set_back(stream, STAGES["enrich"], Start(offset=0)) == {RAW.name: 30}
    assert lag(stream) == 31
