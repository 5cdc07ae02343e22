"""The audit: accounts for every article that the poller found, up to the index, and for every alert.

What the poller remembers is the ledger. An article that the index has in that revision, or a newer one, has come the
whole way. Only what is not there is looked for: among the dead letters, then on the topics, with how far each group has
come. So an audit costs look-ups by id, and reads of the topics no more than it must; `thorough` also holds every
article that the topics keep against the index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal, TypeVar

import orjson

from quotewire.alert_memory import forgotten
from quotewire.batch import article_of
from quotewire.dead_letters import dead_letters
from quotewire.ports import FeedStore, Index, Stored, Stream, StreamRecord
from schemas.records import DeadLetter
from schemas.topics import ALERTS, ENRICHED, RAW, STORIES, Topic

PATH: tuple[tuple[Topic, str], ...] = ((RAW, "enrich"), (ENRICHED, "index"))
"""The topics that an article passes on its way to the index, each with the group that takes it further."""

State = Literal["indexed", "superseded", "under way", "dead", "expired", "missing"]
"""What became of an article: the index has it, or a newer revision; a stage has still to process it; a stage has buried
it; the topics no longer keep what would tell; or it is nowhere."""

_Item = TypeVar("_Item")

_AT_ONCE = 1_000
_BEFORE = timedelta(hours=1)
"""How long before an article was first seen its record is looked for, at the most: clocks of machines differ."""


@dataclass(frozen=True, slots=True)
class Article:
    """An article that was found, and the revision that it is accounted for in."""

    id: str
    revision: int
    feed: str

    @property
    def seen(self) -> datetime:
        """When this revision was first seen: that is what a revision is."""
        return datetime.fromtimestamp(min(self.revision, 4_102_444_800_000) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an article or alert, and why. `stage` is where it is or was lost; `feed` of an alert is empty."""

    kind: Literal["article", "alert"]
    id: str
    feed: str
    revision: int
    state: State
    stage: str = ""
    reason: str = ""

    def __str__(self) -> str:
        of_feed = f" of {self.feed}" if self.feed else ""
        return f"{self.kind} {self.id}{of_feed}, revision {self.revision}, at {self.stage or '?'}: {self.reason}"


@dataclass(slots=True)
class Audit:
    """What an audit has found. `twice` names what exists more than once, or is not whole."""

    found: int = 0
    feeds: int = 0
    copies: int = 0
    """Articles that more than one feed had."""
    states: Counter[State] = field(default_factory=Counter)
    """Articles by what became of them."""
    under_way: Counter[str] = field(default_factory=Counter)
    """Articles that a stage has still to process, by stage."""
    findings: list[Finding] = field(default_factory=list)
    """All that is neither indexed nor under way."""
    alerts_raised: int = 0
    alerts_indexed: int = 0
    alerts_under_way: int = 0
    twice: list[str] = field(default_factory=list)

    @property
    def published(self) -> int:
        """Articles that the poller has published."""
        return self.found - self._stopped_at("poll") - self._stopped_at("")

    @property
    def enriched(self) -> int:
        """Articles that were enriched."""
        return self.published - self._stopped_at("enrich")

    def _stopped_at(self, stage: str) -> int:
        found = sum(finding.kind == "article" and finding.stage == stage for finding in self.findings)
        return self.under_way[stage] + found

    @property
    def missing(self) -> list[Finding]:
        """What should be somewhere and is nowhere."""
        return [finding for finding in self.findings if finding.state == "missing"]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and nothing is there twice."""
        return not self.missing and not self.twice


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
    letters = _Letters(dead_letters(stream))
    unseen = _hold_against(index, list(articles.values()), result)
    if unseen:
        _Tracing(stream, index, letters, now, result).account_for(unseen)
    _account_for_alerts(stream, index, letters, result)
    if thorough:
        _account_for_looks(stream, letters, result)
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
            fields = _fields(record)
            feed = fields.get("feed")
            address = feed.get("url") if isinstance(feed, dict) else feed
            if isinstance(article := fields.get("id"), str):
                yield Article(article, _revision(fields), str(address or ""))


def _hold_against(index: Index, articles: Sequence[Article], result: Audit) -> list[Article]:
    """Count what the index has; the articles that it does not have."""
    unseen = []
    for some in _some_at_a_time(articles):
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


class _Letters:
    """The dead letters by the article that each is about."""

    def __init__(self, letters: Sequence[DeadLetter]) -> None:
        self._by_article: dict[str, list[DeadLetter]] = {}
        self._of_alerts: dict[str, list[DeadLetter]] = {}
        for letter in letters:
            record = StreamRecord(
                letter.topic, letter.partition, letter.offset, letter.key, letter.value, letter.buried
            )
            self._by_article.setdefault(article_of(record), []).append(letter)
            if letter.topic == ALERTS.name:
                self._of_alerts.setdefault(letter.key, []).append(letter)

    def of(self, article: Article) -> DeadLetter | None:
        """The newest letter about an article; one about an older revision says nothing of this one."""
        for letter in reversed(self._by_article.get(article.id, [])):
            fields = _fields_of(letter.value)
            if letter.topic != ALERTS.name and ("revision" not in fields or _revision(fields) >= article.revision):
                return letter
        return None

    def of_alert(self, alert: str) -> DeadLetter | None:
        """The newest letter about an alert."""
        return next(iter(reversed(self._of_alerts.get(alert, []))), None)

    def replays_of_alert(self, alert: str) -> int:
        """How often an alert was published again, by hand, after it had been buried."""
        return sum(letter.replayed is not None for letter in self._of_alerts.get(alert, []))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record stands, and whether its group has passed it."""

    passed: bool


class _Tracing:
    """Looks for articles on the topics of their way, last topic first."""

    def __init__(self, stream: Stream, index: Index, letters: _Letters, now: datetime, result: Audit) -> None:
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
        passed = {topic.name: _passed(self._stream, topic, group) for topic, group in PATH}
        places = {topic.name: self._places(topic, wanted, since, passed[topic.name]) for topic, _ in PATH}
        kept = {topic.name: _kept_since(self._stream, topic, self._now) for topic, _ in PATH}
        verdicts = [self._verdict(article, places, kept) for article in articles]
        # What was on its way may have arrived; only what is still not there is missing.
        doubtful = [article for article, finding in zip(articles, verdicts, strict=True) if finding.state == "missing"]
        arrived: dict[str, Stored] = {}
        for some in _some_at_a_time(doubtful):
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
            if article is not None and _revision(_fields(record)) >= article.revision:
                places[article.id] = _Place(passed(record))
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
        letter = self._letters.of(article)
        if letter is not None:
            return finding("dead", letter.stage, f"{letter.reason} (dead letter {letter.id})")
        for topic, group, place in reversed(on_its_way):
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


def _passed(stream: Stream, topic: Topic, group: str) -> Callable[[StreamRecord], bool]:
    """Whether a group has passed a record."""
    committed = {at.partition: at.committed for at in stream.positions(topic.name, group)}
    return lambda record: record.offset < committed[record.partition]


def _kept_since(stream: Stream, topic: Topic, now: datetime) -> datetime | None:
    """Since when a topic keeps everything; None where it has lost nothing yet."""
    positions = stream.positions(topic.name, "audit")
    ends = {at.partition: at.end for at in positions}
    since = []
    for at in positions:
        if at.beginning > 0:
            oldest = next(iter(stream.read(topic.name, {**ends, at.partition: at.beginning})), None)
            since.append(oldest.time if oldest else now)
    return max(since, default=None)


# --- alerts ---------------------------------------------------------------------------------------------------------


def _account_for_alerts(stream: Stream, index: Index, letters: _Letters, result: Audit) -> None:
    """Hold every alert that the topic keeps against the index, and its revisions against each other."""
    passed = _passed(stream, ALERTS, "index")
    asked_again = forgotten(stream, ALERTS)
    times: Counter[tuple[str, int]] = Counter()
    newest: dict[str, tuple[int, bool]] = {}
    for record in stream.read(ALERTS.name):
        fields = _fields(record)
        revision = _revision(fields)
        if record.offset >= asked_again[record.partition].stop:
            times[record.key, revision] += 1
        if revision >= newest.get(record.key, (-1, False))[0]:
            newest[record.key] = revision, passed(record)
    result.twice += [
        f"alert {alert}: raised {count} times in revision {revision}"
        for (alert, revision), count in times.items()
        if count > 1 + letters.replays_of_alert(alert)
    ]
    result.alerts_raised = len(newest)
    for some in _some_at_a_time(list(newest)):
        stored = index.stored_alerts(some)
        for alert in some:
            revision, is_passed = newest[alert]
            if stored.get(alert, -1) >= revision:
                result.alerts_indexed += 1
            elif not is_passed:
                result.alerts_under_way += 1
            elif (letter := letters.of_alert(alert)) is not None:
                result.findings.append(Finding("alert", alert, "", revision, "dead", letter.stage, letter.reason))
            else:
                reason = f"the alert was taken from {ALERTS.name}, and is not in the index"
                result.findings.append(Finding("alert", alert, "", revision, "missing", "index", reason))


def _account_for_looks(stream: Stream, letters: _Letters, result: Audit) -> None:
    """Hold every enriched article that the alerts stage has passed against what it says to have looked through."""
    passed = _passed(stream, ENRICHED, "alerts")
    wanted: dict[str, Article] = {}
    for record in stream.read(ENRICHED.name):
        if passed(record) and (fields := _fields(record)):
            article = Article(record.key, _revision(fields), str(fields.get("feed") or ""))
            if article.revision >= wanted.get(record.key, article).revision:
                wanted[record.key] = article
    for record in stream.read(STORIES.name):
        asked = wanted.get(record.key)
        if asked is not None and _revision(_fields(record)) >= asked.revision:
            del wanted[record.key]
    for article in wanted.values():
        letter = letters.of(article)
        if letter is None or letter.stage != "alerts":
            reason = f"it was taken from {ENRICHED.name}, and not looked through for alerts"
            result.findings.append(
                Finding("article", article.id, article.feed, article.revision, "missing", "alerts", reason)
            )


# --- records --------------------------------------------------------------------------------------------------------


def _fields(record: StreamRecord) -> dict[str, object]:
    return _fields_of(record.value)


def _fields_of(value: bytes) -> dict[str, object]:
    """The fields of a record, unchecked: nothing where it is none."""
    try:
        fields = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _revision(fields: Mapping[str, object]) -> int:
    revision = fields.get("revision", 0)
    return revision if isinstance(revision, int) else 0


def _some_at_a_time(items: Collection[_Item]) -> Iterator[list[_Item]]:
    waiting = iter(items)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
