"""What ops are told through the index: lag, dead letters, feeds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from producers.opml import FeedSource, write_opml
from quotewire.health_reports import HealthReports
from quotewire.ports import FeedRecord, HealthSample, Message
from quotewire.settings import Settings
from quotewire.wiring import Wiring
from schemas.codec import encode
from schemas.records import DeadLetter
from schemas.topics import DEAD_LETTERS, RAW

FINE, BROKEN = "https://fine.example.org/feed", "https://broken.example.org/feed"


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    feeds = tmp_path / "feeds.opml"
    write_opml(feeds, [FeedSource(FINE, "Fine", (), ""), FeedSource(BROKEN, "Broken", (), "")])
    memory = {"stream": "memory://", "index": "memory://", "feed_store": "memory://"}
    with Wiring(Settings(data=tmp_path, feeds=feeds, **memory)) as wiring:  # type: ignore[arg-type]
        yield wiring


def told(samples: list[HealthSample]) -> dict[tuple[str, str], float]:
    return {(sample.kind, sample.name): sample.value for sample in samples}


def test_a_report_says_what_is_to_be_done_and_how_the_feeds_are(wiring: Wiring) -> None:
    wiring.feed_store.save(FeedRecord(FINE, state="fresh"), [])
    wiring.feed_store.save(FeedRecord(BROKEN, state="failing", reason="no answer", failures=3), [])
    wiring.stream.publish([Message(RAW.name, "a", b"1"), Message(RAW.name, "b", b"2")])
    reports = HealthReports(wiring)
    first = reports.report()
    assert told(first) == {
        ("stage", "enrich"): 2,
        ("stage", "alerts"): 0,
        ("stage", "notify"): 0,
        ("stage", "index"): 0,
        ("dead-letters", "all"): 0,
        ("feeds", "failing"): 1,
        ("feeds", "fresh"): 1,
        ("feed", FINE): 0,
        ("feed", BROKEN): 3,
    }
    [broken] = [sample for sample in first if sample.name == BROKEN]
    assert (broken.state, broken.reason, broken.title) == ("failing", "no answer", "Broken")
    assert told(list(wiring.index.health())) == told(first)


def test_only_feeds_that_need_a_look_or_changed_are_told_again(wiring: Wiring) -> None:
    wiring.feed_store.save(FeedRecord(FINE, state="fresh"), [])
    wiring.feed_store.save(FeedRecord(BROKEN, state="failing"), [])
    reports = HealthReports(wiring)
    reports.report()
    assert [sample.name for sample in reports.report() if sample.kind == "feed"] == [BROKEN]
    wiring.feed_store.save(FeedRecord(FINE, state="quiet"), [])
    wiring.feed_store.save(FeedRecord(BROKEN, state="fresh"), [])
    assert {sample.name: sample.state for sample in reports.report() if sample.kind == "feed"} == {
        FINE: "quiet",
        BROKEN: "fresh",
    }
    assert [sample for sample in reports.report() if sample.kind == "feed"] == []


def test_dead_letters_that_were_replayed_are_not_counted(wiring: Wiring) -> None:
    now = wiring.clock.now()

    def bury(number: int, *, replayed: bool) -> None:
        letter = DeadLetter(
            id=f"letter-{number}",
            stage="enrich",
            topic="raw",
            partition=0,
            offset=number,
            key="k",
            value=b"dg==",
            reason="broken",
            buried=now,
            replayed=now if replayed else None,
        )
        wiring.stream.publish([Message(DEAD_LETTERS.name, letter.id, encode(letter))])

    reports = HealthReports(wiring)
    bury(1, replayed=False)
    bury(2, replayed=False)
    assert told(reports.report())["dead-letters", "all"] == 2
    bury(2, replayed=True)
    assert told(reports.report())["dead-letters", "all"] == 1


def test_reports_come_by_themselves(wiring: Wiring) -> None:
    with HealthReports(wiring, every=0.05):
        for _ in range(200):
            if wiring.index.health():
                break
            wiring.clock.now()
            time.sleep(0.02)
    assert wiring.index.health()
