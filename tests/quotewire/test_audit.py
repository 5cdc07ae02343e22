"""The audit: whatever happens to an article, it says where it is; and what is lost or there twice is named."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers.index import Indexing
from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.adapters.memory_index import MemoryIndex
from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.sqlite_feed_store import SqliteFeedStore
from quotewire.adapters.sqlite_index import SqliteIndex
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.audit import PATH, audit
from quotewire.audit_parts import Audit
from quotewire.dead_letters import dead_letters, replay
from quotewire.ports import FeedRecord, FeedStore, Index, Message, SeenEntry, Stream
from quotewire.stages import STAGES
from quotewire.worker import Processor, Result, Worker
from schemas.codec import encode
from schemas.records import EnrichedArticle, Entry, FeedReference, Fingerprint, RawArticle, StoryMember, TopicRecord
from schemas.topics import ALERTS, DEAD_LETTERS, ENRICHED, RAW, STORIES, TOPICS
from tests.contracts.index_samples import make_alert
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import BRIDGE, NewsSite, numbered
from tests.quotewire.worker_parts import Obedient

NO_PRINT = Fingerprint(minhash=b"", vector=b"")
FEED, OTHER = "https://herald.example/feed", "https://gazette.example/feed"


class SetClock:
    def __init__(self) -> None:
        self.time = datetime(2031, 5, 17, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Nothing:
    """A stage that swallows what it gets: the fault that an audit is for."""

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
        return [[] for _ in batch]


class Newsroom:
    """A pipeline that takes each step when it is told to."""

    def __init__(self, stream: Stream, index: Index, store: FeedStore, clock: SetClock) -> None:
        self.stream, self.index, self.store, self.clock = stream, index, store, clock
        stream.create_topics(TOPICS.values())
        index.setup()

    @property
    def revision(self) -> int:
        return int(self.clock.time.timestamp() * 1000)

    def find(self, *names: str, feed: str = FEED, publish: bool = True, title: str = "") -> None:
        """Articles are found in a feed, published, and remembered."""
        now = self.clock.now()
        reference = FeedReference(url=feed)
        for name in names:
            entry = Entry(title=title)
            article = RawArticle(id=name, revision=self.revision, feed=reference, entry=entry, fetched=now)
            if publish:
                self.stream.publish([Message(RAW.name, name, encode(article))])
        seen = [
            SeenEntry(f"{kind}:{name}", name, "hash", self.revision, 0, now)
            for name in names
            for kind in ("guid", "url")
        ]
        self.store.save(FeedRecord(feed), seen)

    def work(self, stage: str, processor: Processor | None = None) -> None:
        """A stage processes what there is."""
        topics = [topic.name for topic in STAGES[stage].topics]
        default: Processor = Obedient() if stage == "enrich" else Indexing(self.index)
        worker = Worker(
            stage=stage, stream=self.stream, topics=topics, processor=processor or default, clock=self.clock, batch=100
        )
        with contextlib.closing(worker):
            while worker.step(0.05):
                pass

    def audit(self, *, thorough: bool = False) -> Audit:
        return audit(self.stream, self.index, self.store, self.clock.now(), thorough=thorough)


@pytest.fixture(params=["memory", "sqlite"])
def newsroom(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Newsroom]:
    clock = SetClock()
    stream: Stream
    index: Index
    store: FeedStore
    if request.param == "memory":
        stream, index, store = MemoryStream(clock=clock), MemoryIndex(), MemoryFeedStore()
    else:
        stream = SqliteStream(tmp_path / "stream.db", clock=clock)
        index, store = SqliteIndex(tmp_path / "index.db"), SqliteFeedStore(tmp_path / "feeds.db")
    with contextlib.closing(stream), contextlib.closing(index), contextlib.closing(store):
        yield Newsroom(stream, index, store, clock)


def states(result: Audit) -> dict[str, int]:
    return {state: count for state, count in result.states.items() if count}


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


def test_what_was_not_looked_through_for_alerts_is_missing_there(newsroom: Newsroom) -> None:
    newsroom.find("a", "b")
    newsroom.work("enrich")
    newsroom.work("index")
    assert newsroom.audit(thorough=True).complete, "the stage has still to come to them"
    looked = StoryMember(
        id="a",
        revision=newsroom.revision,
        story="a",
        dated=newsroom.clock.now(),
        joined=newsroom.clock.now(),
        fingerprint=NO_PRINT,
    )
    newsroom.stream.publish([Message(STORIES.name, "a", encode(looked))])
    newsroom.work("alerts", Nothing())
    [finding] = newsroom.audit(thorough=True).missing
    assert (finding.id, finding.feed, finding.stage) == ("b", "", "alerts")


# --- alerts ---------------------------------------------------------------------------------------------------------


def raise_alerts(newsroom: Newsroom, *names: str) -> None:
    newsroom.stream.publish([Message(ALERTS.name, name, encode(make_alert(name))) for name in names])


def test_alerts_are_accounted_for(newsroom: Newsroom) -> None:
    raise_alerts(newsroom, "x", "y")
    result = newsroom.audit()
    assert (result.complete, result.alerts_raised, result.alerts_indexed, result.alerts_under_way) == (True, 2, 0, 2)
    newsroom.work("index")
    assert newsroom.audit().alerts_indexed == 2
    raise_alerts(newsroom, "lost")
    newsroom.work("index", Nothing())
    [finding] = newsroom.audit().missing
    assert (finding.kind, finding.id, finding.stage) == ("alert", "lost", "index")


def test_an_alert_of_an_older_schema_is_accounted_for(newsroom: Newsroom) -> None:
    """Its revision was the article's then; the index has it as it is read today."""
    old = (Path(__file__).parents[1] / "schemas" / "old_records" / "alerts.v1.json").read_bytes()
    newsroom.stream.publish([Message(ALERTS.name, "aa11", old)])
    newsroom.work("index")
    assert newsroom.audit().alerts_indexed == 1
    assert newsroom.audit().complete


def test_an_alert_raised_twice_is_named(newsroom: Newsroom) -> None:
    raise_alerts(newsroom, "x", "x", "y")
    newsroom.work("index")
    result = newsroom.audit()
    assert not result.complete
    [twice] = result.twice
    assert "alert x" in twice


def test_an_alert_sent_through_again_by_hand_is_not_twice(newsroom: Newsroom) -> None:
    raise_alerts(newsroom, "x" * 513)
    newsroom.work("index")
    [letter] = dead_letters(newsroom.stream)
    assert [finding.state for finding in newsroom.audit().findings] == ["dead"]
    replay(newsroom.stream, letter, newsroom.clock)
    assert newsroom.audit().complete


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
