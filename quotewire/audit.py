"""The audit: accounts for every article that the poller found, up to the index, and for every alert.

What the poller remembers is the ledger. An article that the index has in that revision, or a newer one, has come the
whole way. Only what is not there is looked for: among the dead letters, then on the topics, with how far each group has
come. So an audit costs look-ups by id, and reads of the topics no more than it must; `thorough` also holds every
article that the topics keep against the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from quotewire.audit_alerts import account_for_alerts, account_for_looks
from quotewire.audit_parts import (
    Article,
    Audit,
    Finding,
    Letters,
    State,
    burial,
    fields_of,
    passed_by,
    revision_in,
    some_at_a_time,
)
from quotewire.dead_letters import dead_letters
from quotewire.ports import FeedStore, Index, Stored, Stream, StreamRecord
from schemas.topics import ENRICHED, RAW, Topic

PATH: tuple[tuple[Topic, str], ...] = ((RAW, "enrich"), (ENRICHED, "index"))
"""The topics that an article passes on its way to the index, each with the group that takes it further."""

_BEFORE = timedelta(hours=1)
"""How long before an article was first seen its record is looked for, at the most: clocks of machines differ."""


def audit(stream: Stream, index: Index, store: FeedStore, now: datetime, *, thorough: bool = False) -> Audit:
    """Account for everything. Raises Unavailable.

    It may run while everything else does: what arrives meanwhile is not missed. `thorough` reads every topic whole.
    """
    result = Audit()
    articles = _found(store, result)
    if thorough:
        for article in _published(stream):
            known = articles.get(article.id)
            if known is None or known.revision < article.revision:
                articles[article.id] = article
    result.found = len(articles)
    letters = Letters(dead_letters(stream))
    unseen = _hold_against(index, list(articles.values()), result)
    if unseen:
        _Tracing(stream, index, letters, now, result).account_for(unseen)
    account_for_alerts(stream, index, letters, result)
    if thorough:
        account_for_looks(stream, letters, result)
    return result


def _found(store: FeedStore, result: Audit) -> dict[str, Article]:
    """The ledger: each article once, in its newest revision."""
    articles: dict[str, Article] = {}
    feeds, copies = set(), set()
    for found in store.found():
        feeds.add(found.feed)
        known = articles.get(found.article)
        if known is not None:
            copies.add(found.article)
        if known is None or known.revision < found.revision:
            articles[found.article] = Article(found.article, found.revision, found.feed)
    result.feeds, result.copies = len(feeds), len(copies)
    return articles


def _published(stream: Stream) -> Iterator[Article]:
    """Every article that the topics keep. A record that cannot be read is accounted for by its dead letter."""
    for topic, _ in PATH:
        for record in stream.read(topic.name):
            fields = fields_of(record)
            feed = fields.get("feed")
            address = feed.get("url") if isinstance(feed, dict) else feed
            if isinstance(article := fields.get("id"), str):
                yield Article(article, revision_in(fields), str(address or ""))


def _hold_against(index: Index, articles: Sequence[Article], result: Audit) -> list[Article]:
    """Count what the index has; the articles that it does not have."""
    unseen = []
    for some in some_at_a_time(articles):
        there = index.stored([article.id for article in some])
        for article in some:
            state = _held(article, there.get(article.id), result)
            if state is None:
                unseen.append(article)
            else:
                result.states[state] += 1
    return unseen


def _held(article: Article, stored: Stored | None, result: Audit) -> State | None:
    if stored is not None and stored.problem:
        result.twice.append(f"article {article.id} of {article.feed}: {stored.problem} in the index")
    if stored is None or stored.revision < article.revision:
        return None
    return "indexed" if stored.revision == article.revision else "superseded"


# --- what the index does not have -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """The last record of an article on a topic, and whether its group has passed it."""

    record: StreamRecord
    passed: bool


class _Tracing:
    """Looks for articles on the topics of their way, last topic first."""

    def __init__(self, stream: Stream, index: Index, letters: Letters, now: datetime, result: Audit) -> None:
        self._stream = stream
        self._index = index
        self._letters = letters
        self._now = now
        self._result = result

    def account_for(self, articles: Sequence[Article]) -> None:
        """Find out what became of each of these."""
        wanted = {article.id: article for article in articles}
        since = min(article.seen for article in articles) - _BEFORE
        # How far the groups are is asked before the records are read: what they do meanwhile is not taken for a loss.
        passed = {topic.name: passed_by(self._stream, topic, group) for topic, group in PATH}
        places = {topic.name: self._places(topic, wanted, since, passed[topic.name]) for topic, _ in PATH}
        kept = {topic.name: _kept_since(self._stream, topic, self._now) for topic, _ in PATH}
        verdicts = [self._verdict(article, places, kept) for article in articles]
        # What was on its way may have arrived; only what is still not there is missing.
        doubtful = [article for article, finding in zip(articles, verdicts, strict=True) if finding.state == "missing"]
        arrived: dict[str, Stored] = {}
        for some in some_at_a_time(doubtful):
            arrived |= self._index.stored([article.id for article in some])
        for article, finding in zip(articles, verdicts, strict=True):
            state = _held(article, arrived.get(article.id), self._result) or finding.state
            self._result.states[state] += 1
            if state == "under way":
                self._result.under_way[finding.stage] += 1
            elif state == finding.state:
                self._result.findings.append(finding)

    def _places(
        self, topic: Topic, wanted: Mapping[str, Article], since: datetime, passed: Callable[[StreamRecord], bool]
    ) -> dict[str, _Place]:
        """Where each article's last record of the wanted revision, or a newer one, stands."""
        places = {}
        for record in self._stream.read(topic.name, self._stream.offsets_at(topic.name, since)):
            article = wanted.get(record.key)
            if article is not None and revision_in(fields_of(record)) >= article.revision:
                places[article.id] = _Place(replace(record, value=b""), passed(record))
        return places

    def _verdict(
        self, article: Article, places: Mapping[str, Mapping[str, _Place]], kept: Mapping[str, datetime | None]
    ) -> Finding:
        def finding(state: State, stage: str = "", reason: str = "") -> Finding:
            return Finding("article", article.id, article.feed, article.revision, state, stage, reason)

        on_its_way = [(topic, group, places[topic.name].get(article.id)) for topic, group in PATH]
        for _, group, place in reversed(on_its_way):
            if place is not None and not place.passed:
                return finding("under way", group)
        for topic, group, place in reversed(on_its_way):
            letter = self._letters.of(article, group) if place is None else self._letters.at(place.record, group)
            if letter is not None:
                return finding("dead", group, burial(letter))
            if place is not None:
                following = _after(topic)
                if following is not None and _gone(article, kept[following.name]):
                    return finding("expired", group, f"{following.name} no longer keeps what would tell")
                return finding("missing", group, f"it was taken from {topic.name}, and nothing came of it")
        if _gone(article, kept[RAW.name]):
            return finding("expired", reason=f"{RAW.name} no longer keeps what would tell")
        return finding("missing", "poll", f"it was found, and is not on {RAW.name}")


def _after(topic: Topic) -> Topic | None:
    topics = [each for each, _ in PATH]
    following = topics[topics.index(topic) + 1 :]
    return following[0] if following else None


def _gone(article: Article, kept_since: datetime | None) -> bool:
    return kept_since is not None and article.seen < kept_since


def _kept_since(stream: Stream, topic: Topic, now: datetime) -> datetime | None:
    """Since when a topic keeps everything; None where it has lost nothing yet.

    What is younger than its retention it keeps, however few records a partition has left.
    """
    positions = stream.positions(topic.name, "audit")
    ends = {at.partition: at.end for at in positions}
    since = []
    for at in positions:
        if at.beginning > 0:
            oldest = next(iter(stream.read(topic.name, {**ends, at.partition: at.beginning})), None)
            since.append(min(oldest.time if oldest else now, now - topic.retention))
    return max(since, default=None)
