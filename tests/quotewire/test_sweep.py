"""The sweep: every mention without an alert has its reason, and one without a good reason is missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from consumers.alerts.marks import FalsePositive
from consumers.alerts.matcher import Matcher
from consumers.alerts.stage import Alerting
from consumers.alerts.state import AlertState
from consumers.stories.embedding import WordLlamaEmbedder
from quotewire import sweep as sweeping
from quotewire.adapters.memory_inbox import MemoryInbox
from quotewire.adapters.memory_index import MemoryIndex
from quotewire.adapters.memory_stream import MemoryStream
from quotewire.latency import latency
from quotewire.ports import Message, TrackedName
from quotewire.sweep import Sweep, Watchlist
from schemas.codec import encode
from schemas.records import Alert, EnrichedArticle, Entity, Mention, StoryMember
from schemas.topics import ENRICHED, TOPICS, topic_of

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=6)


class Clock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


def article(
    identity: str, name: str = "Ada Lindqvist", about: str = "sailed to Karlsund", **fields: object
) -> EnrichedArticle:
    text = f"{name} {about}\n{name} told the harbour board about it on Monday, she {about}."
    mentions = [Mention(start=at, end=at + len(name), text=name) for at in (0, text.index("\n") + 1)]
    given = {
        "id": identity,
        "revision": 1,
        "title": text.partition("\n")[0],
        "outlet": "The Vessby Courier",
        "published": EARLIER,
        "fetched": EARLIER,
        "enriched": EARLIER,
        "language": "en",
        "text": text,
        "entities": (Entity(id="e1", name=name, label="PERSON", mentions=tuple(mentions)),),
    }
    return EnrichedArticle.model_validate(given | fields)


class Newsroom:
    """A pipeline after its stages: what they have published and indexed of some articles."""

    def __init__(self) -> None:
        self.stream, self.index, self.inbox = MemoryStream(), MemoryIndex(), MemoryInbox()
        self.stream.create_topics(TOPICS.values())
        self.names = [TrackedName("Ada Lindqvist"), TrackedName("Bo Falk")]
        self.marks: list[FalsePositive] = []
        self.changed = NOW - timedelta(days=30)
        self._state = AlertState()

    def publish(self, articles: Sequence[EnrichedArticle]) -> None:
        self.index.put_articles(articles)
        self.stream.publish([Message(ENRICHED.name, each.id, encode(each)) for each in articles])

    def look_through(
        self,
        *articles: EnrichedArticle,
        lose: Callable[[Alert | StoryMember], bool] = lambda _: False,
        index: bool = True,
        at: datetime = EARLIER,
        tracked: Sequence[TrackedName] | None = None,
    ) -> None:
        """As the stage alerts does, but that some of what it writes is lost."""
        self.publish(articles)
        matcher = Matcher(self.names if tracked is None else tracked, self.marks)
        stage = Alerting(lambda: matcher, lambda: self._state, WordLlamaEmbedder(), Clock(at))
        for made in stage.process(articles):
            assert not isinstance(made, Exception)
            for record in made:
                assert isinstance(record, Alert | StoryMember)
                if lose(record):
                    continue
                self._state.learn(record)
                self.stream.publish([Message(topic_of(record).name, record.id, encode(record))])
                if isinstance(record, Alert) and index:
                    self.index.put_alerts([record])
        subscription = self.stream.subscribe([ENRICHED.name], "alerts")
        while subscription.poll(100, 0):
            pass
        subscription.commit()
        subscription.close()

    def sweep(self, now: datetime = NOW, days: int = 2) -> Sweep:
        plain = Matcher(self.names)
        watched = Watchlist(self.names, self.changed, Matcher(self.names, self.marks), plain)
        return sweeping.sweep(self.stream, self.index, self.inbox, watched, now, days)


@pytest.fixture
def newsroom() -> Newsroom:
    return Newsroom()


def is_alert(record: Alert | StoryMember) -> bool:
    return isinstance(record, Alert)


def test_nothing_is_missed_where_everything_was_alerted(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"), article("b"), article("c", "Bo Falk", "resigned"), article("d", "Nobody"))
    found = newsroom.sweep()
    assert (found.articles, found.mentions, found.alerted, found.not_alerted) == (4, 3, 3, [])


def test_an_alert_that_was_lost_is_missed(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"), article("b", "Bo Falk", "resigned"), lose=is_alert)
    found = newsroom.sweep()
    assert [(one.name, one.article, one.reason) for one in found.missing] == [
        ("Ada Lindqvist", "a", sweeping.MISSING_ALERT),
        ("Bo Falk", "b", sweeping.MISSING_ALERT),
    ]
    assert "Ada Lindqvist" in found.missing[0].sentence


def test_an_alert_that_the_index_lost_is_missed(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"), index=False)
    assert [one.reason for one in newsroom.sweep().missing] == [sweeping.MISSING_INDEX]


def test_growth_that_was_lost_is_missed(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"))
    newsroom.look_through(article("b"), lose=is_alert)
    assert [(one.article, one.reason) for one in newsroom.sweep().missing] == [("b", sweeping.MISSING_ARTICLE)]


def test_an_article_that_nobody_looked_through_is_missed(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"), lose=lambda _: True)
    assert [one.reason for one in newsroom.sweep().missing] == [sweeping.MISSING_STORY]


def test_what_is_under_way_is_not_missed(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"))
    newsroom.publish([article("b", "Bo Falk", "resigned")])
    found = newsroom.sweep()
    assert (found.missing, found.reasons) == ([], {sweeping.UNDER_WAY: 1})


def test_a_name_that_was_added_later_is_not_missed(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"), tracked=[])
    newsroom.changed = NOW
    found = newsroom.sweep()
    assert (found.missing, found.reasons) == ([], {sweeping.ADDED_LATER: 1})


def test_a_name_that_an_earlier_sweep_knew_is_held_to_account_though_the_file_has_changed(newsroom: Newsroom) -> None:
    newsroom.sweep(now=EARLIER - timedelta(hours=1))
    newsroom.look_through(article("a"), lose=is_alert)
    newsroom.changed = NOW
    newsroom.names.append(TrackedName("Somebody Else"))
    assert [one.reason for one in newsroom.sweep().missing] == [sweeping.MISSING_ALERT]


def test_a_name_that_has_raised_an_alert_before_was_tracked_then(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"), at=EARLIER - timedelta(hours=1))
    newsroom.look_through(article("z", about="bought a mill in Ohio"), lose=is_alert)
    newsroom.changed = NOW
    assert [one.article for one in newsroom.sweep().missing] == ["z"]


def test_what_is_like_one_marked_false_is_not_missed(newsroom: Newsroom) -> None:
    newsroom.marks = [
        FalsePositive("Ada Lindqvist", "old", words=frozenset({"sailed", "karlsund"})),
        FalsePositive("Ada Lindqvist", "older", words=frozenset({"sailed", "karlsund", "harbour", "board"})),
    ]
    newsroom.look_through(article("a"))
    found = newsroom.sweep()
    assert (found.missing, found.reasons) == ([], {sweeping.MARKED_FALSE: 1})


def test_what_was_enriched_again_may_not_have_matched_before(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a", "Nobody"))
    newsroom.index = MemoryIndex()
    newsroom.index.put_articles([article("a", enriched=NOW)])
    found = newsroom.sweep()
    assert (found.missing, found.reasons) == ([], {sweeping.ENRICHED_AGAIN: 1})


def test_a_paused_name_is_left_out(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a"), lose=is_alert)
    newsroom.names = [TrackedName("Ada Lindqvist", paused=True)]
    assert newsroom.sweep().mentions == 0


def test_an_article_found_now_that_is_dated_long_ago_is_swept_too(newsroom: Newsroom) -> None:
    newsroom.look_through(article("a", published=NOW - timedelta(days=20)), lose=is_alert)
    assert [one.article for one in newsroom.sweep().missing] == ["a"]


def test_what_is_older_than_the_period_is_left_out(newsroom: Newsroom) -> None:
    old = NOW - timedelta(days=9)
    newsroom.look_through(article("a", published=old, fetched=old, enriched=old), lose=is_alert, at=old)
    assert newsroom.sweep().articles == 0


def test_latency_is_that_of_the_article_that_raised_the_alert(newsroom: Newsroom) -> None:
    newsroom.look_through(
        article("a", fetched=EARLIER - timedelta(seconds=5), published=EARLIER - timedelta(seconds=65))
    )
    took = latency(newsroom.index.alerts())
    assert took.published is not None
    assert took.seen is not None
    assert (took.published.p50, took.published.p99, took.seen.p95, took.seen.alerts) == (65, 65, 5, 1)


def test_words_of_a_name_that_are_no_mention_are_listed_with_the_reason_and_not_missed(newsroom: Newsroom) -> None:
    newsroom.names.append(TrackedName("Karlsund", type="person", near=("wolf",)))
    newsroom.look_through(article("a1"))
    found = newsroom.sweep()
    assert (found.alerted, found.missing) == (1, [])
    assert [(one.name, one.article) for one in found.unmatched] == [("Karlsund", "a1")]
    assert "sailed to Karlsund" in found.unmatched[0].sentence
    assert found.unmatched_reasons == {found.unmatched[0].reason: 1}
