"""The sweep holds the index against the alerts: which articles mention a tracked name and stand in no alert of it, and
why?

An article that matches the watchlist as it is now is in an alert, or there is a reason that it is not, or something
was missed. What the alerts stage has looked through, and when, stands on the topic `stories`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from consumers.alerts.growth import MOST_ARTICLES, alert_id
from consumers.alerts.matcher import Matcher
from quotewire.alert_ports import Inbox
from quotewire.ports import ArticleQuery, Index, Stream, TrackedName
from quotewire.unmatched import NamesInText, Unmatched
from schemas.codec import Malformed, decode
from schemas.records import Alert, EnrichedArticle, StoryMember, TopicRecord
from schemas.topics import ALERTS, ENRICHED, STORIES, Topic

UNDER_WAY = "under way: the stage alerts has still to look through it"
ADDED_LATER = "the entry was added or changed after the article was looked through"
MARKED_FALSE = "like an alert that was marked false"
ENRICHED_AGAIN = "it was enriched again after it was looked through, and may not have matched then"
COUNTED = f"its alert lists {MOST_ARTICLES} articles and counts it only"
MISSING_INDEX = "the alert was raised, but the index has not got it"
MISSING_ARTICLE = "the story's alert for this name does not have the article"
MISSING_ALERT = "it was looked through and raised nothing"
MISSING_STORY = "the stage alerts never looked through it"

_MISSING = (MISSING_INDEX, MISSING_ARTICLE, MISSING_ALERT, MISSING_STORY)
MOST_UNMATCHED = 2_000
"""Words of names that are no mentions which one sweep lists: each is asked for its reason, which takes its time."""
_PAGE = 200
_SLACK = timedelta(hours=1)
"""How long before an article was first seen its records are looked for: clocks of machines differ."""


@dataclass(frozen=True, slots=True)
class NotAlerted:
    """An article that mentions a tracked name and stands in no alert of it."""

    name: str
    article: str
    title: str
    outlet: str
    sentence: str
    reason: str

    @property
    def missing(self) -> bool:
        """Whether that has no good reason."""
        return self.reason in _MISSING


@dataclass(slots=True)
class Sweep:
    """What a sweep has found. `mentions` counts each article once for each tracked name that it mentions."""

    since: datetime
    articles: int = 0
    mentions: int = 0
    alerted: int = 0
    not_alerted: list[NotAlerted] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)
    """Where the words of a name stand that the matcher takes for no mention; the first so many."""

    @property
    def missing(self) -> list[NotAlerted]:
        """What was missed."""
        return [found for found in self.not_alerted if found.missing]

    @property
    def reasons(self) -> Mapping[str, int]:
        """How often each reason holds, the most frequent first."""
        return dict(Counter(found.reason for found in self.not_alerted).most_common())

    @property
    def unmatched_reasons(self) -> Mapping[str, int]:
        """How often each reason holds for which words of a name are no mention, the most frequent first."""
        return dict(Counter(found.reason for found in self.unmatched).most_common())


@dataclass(frozen=True, slots=True)
class Watchlist:
    """The watchlist that is swept: its entries, when their file was last changed, and matchers of them that mind what
    was marked false, and that do not.
    """

    names: Sequence[TrackedName]
    changed: datetime
    matcher: Matcher
    without_marks: Matcher


def sweep(stream: Stream, index: Index, inbox: Inbox, watched: Watchlist, now: datetime, days: int) -> Sweep:
    """Sweep the articles that were published or found within the last days. Raises Unavailable.

    It may run while everything else does. What entries are there is noted in the inbox, so that the next sweep knows
    since when.
    """
    since = now - timedelta(days=days)
    digests = {tracked.name: tracked.digest for tracked in watched.names}
    known = inbox.tracked_since(digests, min(watched.changed, now))
    looking, in_text = _Looking(stream, index, since, known), NamesInText(watched.names)
    result = Sweep(since)
    for article in _articles(index, looking.ids, since, now):
        result.articles += 1
        named = {match.tracked.name for match in watched.matcher.matches(article)}
        matches = watched.without_marks.matches(article)
        if len(result.unmatched) < MOST_UNMATCHED:
            result.unmatched += in_text.unmatched(article, {match.tracked.name for match in matches})
        for match in matches:
            name = match.tracked.name
            result.mentions += 1
            reason = looking.reason(name, article, marked_false=name not in named)
            if reason is None:
                result.alerted += 1
            else:
                words = " ".join(article.text[max(0, match.mention.start - 60) : match.mention.end + 60].split())
                result.not_alerted.append(NotAlerted(name, article.id, article.title, article.outlet, words, reason))
    return result


def _articles(index: Index, looked_through: Sequence[str], since: datetime, now: datetime) -> Iterator[EnrichedArticle]:
    """Each article once: those of these days, and those looked through in them that are dated earlier."""
    seen: set[str] = set()
    for identity in (*_of_days(index, since, now), *looked_through):
        if identity not in seen:
            seen.add(identity)
            article = index.article(identity)
            if article is not None:
                yield article


def _of_days(index: Index, since: datetime, now: datetime) -> Iterator[str]:
    day = since.date()
    while day <= now.date():
        for offset in range(0, 100_000, _PAGE):
            query = ArticleQuery(first_day=day, last_day=day, newest_first=True, offset=offset, limit=_PAGE)
            page = index.search(query)
            yield from (hit.id for hit in page.hits)
            if offset + _PAGE >= page.total:
                break
        day += timedelta(days=1)


class _Looking:
    """What the topics tell: which articles were looked through, when and for which story; which alerts were raised."""

    def __init__(self, stream: Stream, index: Index, since: datetime, known: Mapping[str, datetime]) -> None:
        self._index = index
        self._known = known
        self._story: dict[str, str] = {}
        self._first: dict[str, datetime] = {}
        self._last: dict[str, datetime] = {}
        self._raised: set[str] = set()
        # What was looked through before is asked for too: an article of the period may have come a little earlier.
        start = since - timedelta(days=1)
        for record in stream.read(STORIES.name, stream.offsets_at(STORIES.name, start)):
            member = _decoded(STORIES, record.value)
            if isinstance(member, StoryMember):
                self._story[member.id] = member.story
                self._first.setdefault(member.id, member.joined)
                self._last[member.id] = member.joined
        self._under_way = {
            record.key
            for at in stream.positions(ENRICHED.name, "alerts")
            if at.lag
            for record in stream.read(ENRICHED.name, {at.partition: at.committed})
        }
        earliest: dict[str, datetime] = {}
        for record in stream.read(ALERTS.name, stream.offsets_at(ALERTS.name, start)):
            alert = _decoded(ALERTS, record.value)
            if isinstance(alert, Alert):
                self._raised.add(alert.id)
                earliest[alert.name] = min(alert.raised, earliest.get(alert.name, alert.raised))
        self._earliest = earliest
        self.ids = [identity for identity, joined in self._last.items() if joined >= since]

    def reason(self, name: str, article: EnrichedArticle, *, marked_false: bool) -> str | None:
        """Why an article that mentions a name stands in no alert of it; None where it stands in one."""
        if self._index.alerts(name=name, article=article.id, limit=1):
            return None
        if article.id in self._under_way:
            return UNDER_WAY
        if marked_false:
            return MARKED_FALSE
        first = self._first.get(article.id)
        if first is None:
            seen = article.enriched or article.fetched
            return ADDED_LATER if seen is not None and self._tracked_since(name) > seen else MISSING_STORY
        identity = alert_id(self._story[article.id], name)
        alert = self._index.alert(identity)
        if alert is not None and alert.more_articles:
            return COUNTED
        if self._tracked_since(name) > first:
            return ADDED_LATER
        if article.enriched is not None and article.enriched > self._last[article.id] + _SLACK:
            return ENRICHED_AGAIN
        if alert is not None:
            return MISSING_ARTICLE
        return MISSING_INDEX if identity in self._raised else MISSING_ALERT

    def _tracked_since(self, name: str) -> datetime:
        """Since when a name is known to be tracked: it was, at the latest, when it first raised an alert."""
        known = self._known[name]
        return min(known, self._earliest.get(name, known))


def _decoded(topic: Topic, value: bytes) -> TopicRecord | None:
    try:
        return decode(topic, value)
    except Malformed:
        return None
