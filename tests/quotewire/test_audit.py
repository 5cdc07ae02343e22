"""The audit: whatever happens to an article, it says where it is; and what is lost or there twice is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.audit import PATH
from quotewire.dead_letters import dead_letters, replay
from quotewire.ports import Message
from quotewire.replaying import Start, set_back
from quotewire.stages import STAGES
from schemas.records import EnrichedArticle
from schemas.topics import DEAD_LETTERS, ENRICHED, RAW
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import BRIDGE, NewsSite, numbered
from tests.quotewire.newsroom import FEED, OTHER, Everything, Newsroom, Nothing, Refusing, states


def test_the_way_of_an_article_is_that_of_the_stages() -> None:
    for topic, group in PATH:
        assert topic in STAGES[group].topics


def test_nothing_at_all_is_complete(newsroom: Newsroom) -> None:
    result = newsroom.audit(thorough=True)
    assert result.complete
    assert (result.found, states(result)) == (0, {})


@pytest.mark.parametrize("thorough", [False, True])
def test_on_its_way_it_is_told_where(newsroom: Newsroom, thorough: bool) -> None:
    newsroom.find("a", "b", "c")
    newsroom.find("a", feed=OTHER)
    for published, enriched, under_way, state in (
        (3, 0, {"enrich": 3}, {"under way": 3}),
        (3, 3, {"index": 3}, {"under way": 3}),
        (3, 3, {}, {"indexed": 3}),
    ):
        result = newsroom.audit(thorough=thorough)
        assert result.complete
        assert (result.found, result.feeds, result.copies) == (3, 2, 1)
        assert (result.published, result.enriched) == (published, enriched)
        assert (dict(result.under_way), states(result)) == (under_way, state)
        newsroom.work("index" if enriched else "enrich")


def test_a_dead_article_is_accounted_for_by_its_letter(newsroom: Newsroom) -> None:
    newsroom.find("bad", title="reject")
    newsroom.find("good")
    newsroom.work("enrich")
    newsroom.work("index")
    result = newsroom.audit()
    assert result.complete
    assert states(result) == {"indexed": 1, "dead": 1}
    [finding] = result.findings
    assert (finding.id, finding.feed, finding.stage) == ("bad", FEED, "enrich")
    assert "bad is not to be processed" in finding.reason
    assert "enrich:raw:" in finding.reason

    [letter] = dead_letters(newsroom.stream)
    replay(newsroom.stream, letter, newsroom.clock)
    assert newsroom.audit().under_way == {"enrich": 1}
    newsroom.work("enrich")
    assert states(newsroom.audit()) == {"indexed": 1, "dead": 1}


def test_what_no_stage_can_read_is_dead_too(newsroom: Newsroom) -> None:
    newsroom.find("a", publish=False)
    newsroom.stream.publish([Message(RAW.name, "a", b"\xff not JSON")])
    newsroom.work("enrich")
    assert states(newsroom.audit(thorough=True)) == {"dead": 1}


def test_a_letter_of_an_older_revision_does_not_excuse_a_newer_one(newsroom: Newsroom) -> None:
    newsroom.find("a", title="reject")
    newsroom.work("enrich")
    newsroom.clock.time += timedelta(hours=1)
    newsroom.find("a")
    newsroom.work("enrich", Nothing())
    assert states(newsroom.audit()) == {"missing": 1}


def test_a_letter_that_was_replayed_does_not_excuse_what_became_of_that(newsroom: Newsroom) -> None:
    newsroom.find("a", title="reject")
    newsroom.work("enrich")
    [letter] = dead_letters(newsroom.stream)
    replay(newsroom.stream, letter, newsroom.clock)
    newsroom.work("enrich", Nothing())
    assert [(finding.id, finding.stage) for finding in newsroom.audit().missing] == [("a", "enrich")]


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("stage", ["enrich", "alerts"])
def test_a_letter_of_another_stage_does_not_excuse_the_index(newsroom: Newsroom, stage: str, thorough: bool) -> None:
    newsroom.find("a", title="reject")
    newsroom.work("enrich", Everything() if stage == "alerts" else None)
    if stage == "alerts":
        newsroom.work("alerts", Refusing())
    else:
        # Set back, with a better version of the program; its letter stays.
        set_back(newsroom.stream, STAGES["enrich"], Start(offset=0))
        newsroom.work("enrich", Everything())
    assert [letter.stage for letter in dead_letters(newsroom.stream)] == [stage]
    newsroom.work("index", Nothing())
    assert [(finding.id, finding.stage) for finding in newsroom.audit(thorough=thorough).missing] == [("a", "index")]


@pytest.mark.parametrize("thorough", [False, True])
def test_a_letter_excuses_the_record_that_is_buried_and_no_later_one(newsroom: Newsroom, thorough: bool) -> None:
    newsroom.find("a")
    newsroom.work("enrich")
    newsroom.work("index", Refusing())
    assert states(newsroom.audit(thorough=thorough)) == {"dead": 1}
    set_back(newsroom.stream, STAGES["enrich"], Start(offset=0))
    newsroom.work("enrich")
    assert states(newsroom.audit(thorough=thorough)) == {"under way": 1}
    newsroom.work("index", Nothing())
    assert states(newsroom.audit(thorough=thorough)) == {"missing": 1}


def test_what_was_found_and_never_published_is_missing(newsroom: Newsroom) -> None:
    newsroom.find("there")
    newsroom.find("lost", publish=False)
    result = newsroom.audit()
    assert not result.complete
    [finding] = result.missing
    assert (finding.id, finding.feed, finding.stage) == ("lost", FEED, "poll")
    assert (result.found, result.published) == (2, 1)


@pytest.mark.parametrize("stage", ["enrich", "index"])
def test_what_a_stage_took_and_made_nothing_of_is_missing(newsroom: Newsroom, stage: str) -> None:
    newsroom.find("a")
    newsroom.work("enrich", Nothing() if stage == "enrich" else None)
    newsroom.work("index", Nothing())
    result = newsroom.audit()
    [finding] = result.missing
    assert (finding.id, finding.feed, finding.stage) == ("a", FEED, stage)
    assert str(finding).startswith(f"article a of {FEED}, revision {newsroom.revision}, at {stage}: ")


def test_an_older_revision_is_superseded_and_an_edit_that_was_lost_is_missing(newsroom: Newsroom) -> None:
    newsroom.find("a", "b")
    newsroom.work("enrich")
    newsroom.work("index")
    newsroom.clock.time += timedelta(hours=1)
    newsroom.index.put_articles([EnrichedArticle(id="a", revision=newsroom.revision, text="Edited elsewhere")])
    assert states(newsroom.audit()) == {"indexed": 1, "superseded": 1}
    newsroom.find("b")
    newsroom.work("enrich", Nothing())
    assert [finding.id for finding in newsroom.audit().missing] == ["b"]


def test_what_the_topics_no_longer_keep_is_not_called_missing(newsroom: Newsroom) -> None:
    newsroom.find(*[f"old{number}" for number in range(30)])
    newsroom.work("enrich", Nothing())
    for _ in range(6):
        newsroom.clock.time += timedelta(days=5)
        newsroom.find(*[f"new{number}" for number in range(30)])
        newsroom.work("enrich")
        newsroom.work("index")
        if isinstance(newsroom.stream, SqliteStream):
            while newsroom.stream.prune():
                pass
    result = newsroom.audit(thorough=True)
    assert result.complete
    assert states(result) == {"indexed": 30, "expired": 30}


def test_what_is_young_is_missing_however_few_records_its_topic_has_left(newsroom: Newsroom) -> None:
    """A partition whose records have all aged out says nothing of what is younger than that."""
    newsroom.find("old")
    newsroom.work("enrich")
    newsroom.work("index")
    newsroom.clock.time += RAW.retention + timedelta(days=1)
    newsroom.find("lost", publish=False)
    newsroom.clock.time += timedelta(hours=1)
    if isinstance(newsroom.stream, SqliteStream):
        while newsroom.stream.prune():
            pass
    else:
        newsroom.stream.publish([Message(RAW.name, name, b"") for name in "abcdefghijklm"])
        newsroom.work("enrich")
    emptied = [at for at in newsroom.stream.positions(RAW.name, "audit") if at.beginning > 0]
    assert emptied
    assert [finding.id for finding in newsroom.audit().missing] == ["lost"]


def test_the_topics_show_what_the_ledger_has_lost(newsroom: Newsroom) -> None:
    newsroom.find("a", "b")
    newsroom.work("enrich", Nothing())
    newsroom.store.forget(FEED)
    assert newsroom.audit().found == 0
    assert {finding.id: finding.feed for finding in newsroom.audit(thorough=True).missing} == {"a": FEED, "b": FEED}


def test_what_arrives_while_the_audit_looks_is_not_missing(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    newsroom.find("a")
    newsroom.work("enrich")
    look, looks = newsroom.index.stored, 0

    def late(ids: Sequence[str]) -> object:
        nonlocal looks
        looks += 1
        seen = look(ids)
        if looks == 1:
            newsroom.work("index")
        return seen

    monkeypatch.setattr(newsroom.index, "stored", late)
    assert states(newsroom.audit()) == {"indexed": 1}


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_names_what_is_missing(tmp_path: Path) -> None:
    with NewsSite([BRIDGE, *numbered(3)]) as site:
        installation = Installation(tmp_path, [site.feed], [{"name": "Ilse Brandt"}])
        installation.ok("run", "--once")
        printed = installation.ok("audit")
        assert "Found: 4 articles in 1 feeds" in printed
        assert "Nothing is missing and nothing is there twice." in printed
        view = installation.json("audit", "--thorough")
        assert (view["complete"], view["indexed"], view["alerts_raised"]) == (True, 4, view["alerts_indexed"])

        (installation.folder / "data" / "index.db").unlink()
        for left in installation.folder.glob("data/index.db-*"):
            left.unlink()
        done = installation.run("audit")
        assert done.returncode == 1
        lost = [line for line in done.stdout.splitlines() if line.startswith("MISSING: article")]
        assert len(lost) == 4
        assert all(site.feed in line and " at index: " in line for line in lost)
        assert DEAD_LETTERS.name not in done.stdout
        assert ENRICHED.name in done.stdout
