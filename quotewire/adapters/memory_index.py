"""An index in the memory of one process: gone when it ends. For tries, tests and a pipeline that only alerts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from threading import RLock
from typing import TypeVar

from quotewire.adapters.index_fields import (
    FACET_SIZE,
    ArticleFields,
    QuoteFields,
    article_excerpt,
    article_fields,
    articles_of,
    headline_end,
    reason_to_reject,
    standing,
)
from quotewire.adapters.words import Phrase, contains, name_words, phrases
from quotewire.ports import (
    ArticleHit,
    ArticlePage,
    ArticleQuery,
    Facet,
    HealthSample,
    Outcome,
    Prepared,
    QuoteHit,
    QuotePage,
    QuoteQuery,
    Stored,
)
from schemas.records import Alert, EnrichedArticle

_Item = TypeVar("_Item")

_TITLE_WEIGHT = 4.0
_SATURATION = 1.2
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class MemoryIndex:
    """Index in memory. Safe for any number of threads."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._articles: dict[str, ArticleFields] = {}
        self._articles_by_word: defaultdict[str, set[str]] = defaultdict(set)
        self._alerts: dict[str, Alert] = {}
        self._health: dict[tuple[str, str], HealthSample] = {}

    def setup(self) -> Sequence[Prepared]:
        """Nothing needs to be set up."""
        return []

    def close(self) -> None:
        """Nothing is held but memory, which goes with the object."""

    # --- writing

    def put_articles(self, articles: Sequence[EnrichedArticle]) -> Sequence[Outcome]:
        """See `quotewire.ports.Index.put_articles`."""
        with self._lock:
            return [self._put_article(article) for article in articles]

    def _put_article(self, article: EnrichedArticle) -> Outcome:
        if reason := reason_to_reject(article):
            return Outcome(article.id, "rejected", reason)
        known = self._articles.get(article.id)
        if known and (status := standing(article, known.article.revision, known.article.enriched)):
            return Outcome(article.id, status)
        if known:
            for word in {*known.title_words, *known.text_words}:
                self._articles_by_word[word].discard(article.id)
        fields = article_fields(article)
        self._articles[article.id] = fields
        for word in {*fields.title_words, *fields.text_words}:
            self._articles_by_word[word].add(article.id)
        return Outcome(article.id, "stored", first=known is None)

    def put_alerts(self, alerts: Sequence[Alert]) -> Sequence[Outcome]:
        """See `quotewire.ports.Index.put_alerts`."""
        with self._lock:
            return [self._put_alert(alert) for alert in alerts]

    def _put_alert(self, alert: Alert) -> Outcome:
        if reason := reason_to_reject(alert):
            return Outcome(alert.id, "rejected", reason)
        known = self._alerts.get(alert.id)
        if known and known.revision >= alert.revision:
            return Outcome(alert.id, "unchanged" if known.revision == alert.revision else "older")
        self._alerts[alert.id] = alert
        return Outcome(alert.id, "stored")

    # --- reading

    def article(self, article_id: str) -> EnrichedArticle | None:
        """See `quotewire.ports.Index.article`."""
        with self._lock:
            fields = self._articles.get(article_id)
            return fields.article if fields else None

    def stored(self, article_ids: Collection[str]) -> Mapping[str, Stored]:
        """See `quotewire.ports.Index.stored`."""
        with self._lock:
            found = {each: self._articles.get(each) for each in article_ids}
            return {each: Stored(fields.article.revision) for each, fields in found.items() if fields}

    def stored_alerts(self, alert_ids: Collection[str]) -> Mapping[str, int]:
        """See `quotewire.ports.Index.stored_alerts`."""
        with self._lock:
            return {each: self._alerts[each].revision for each in alert_ids if each in self._alerts}

    def put_health(self, samples: Sequence[HealthSample]) -> None:
        """See `quotewire.ports.Index.put_health`."""
        with self._lock:
            for sample in samples:
                known = self._health.get((sample.kind, sample.name))
                if known is None or known.time <= sample.time:
                    self._health[sample.kind, sample.name] = sample

    def health(self) -> Sequence[HealthSample]:
        """See `quotewire.ports.Index.health`."""
        with self._lock:
            return [self._health[key] for key in sorted(self._health)]

    def counts(self) -> Mapping[str, int]:
        """See `quotewire.ports.Index.counts`."""
        with self._lock:
            quotes = sum(len(fields.quotes) for fields in self._articles.values())
            return {"articles": len(self._articles), "quotes": quotes, "alerts": len(self._alerts)}

    def alert(self, alert_id: str) -> Alert | None:
        """See `quotewire.ports.Index.alert`."""
        with self._lock:
            return self._alerts.get(alert_id)

    def alerts(
        self, *, name: str | None = None, article: str | None = None, offset: int = 0, limit: int = 20
    ) -> Sequence[Alert]:
        """See `quotewire.ports.Index.alerts`."""
        with self._lock:
            found = [
                alert
                for alert in self._alerts.values()
                if name in (None, alert.name) and (article is None or article in articles_of(alert))
            ]
        found.sort(key=lambda alert: alert.id)
        found.sort(key=lambda alert: alert.raised, reverse=True)
        return _page(found, offset, limit)

    def search(self, query: ArticleQuery) -> ArticlePage:
        """See `quotewire.ports.Index.search`."""
        asked = phrases(query.words)
        with self._lock:
            found = list(self._found(query, asked))
            scores = self._scores(found, asked)
        found.sort(key=_newest_first)
        if asked and not query.newest_first:
            found.sort(key=lambda fields: -scores[fields.article.id])
        hits = tuple(
            _article_hit(fields, asked, scores[fields.article.id]) for fields in _page(found, query.offset, query.limit)
        )
        return ArticlePage(len(found), hits, _facets(found))

    def _found(self, query: ArticleQuery, asked: list[Phrase]) -> Iterator[ArticleFields]:
        if query.words.strip() and not asked:
            return
        candidates: Iterable[str] = self._articles
        if asked:
            candidates = set.intersection(
                *(self._articles_by_word.get(word, set()) for phrase in asked for word in phrase)
            )
        within = _day_filter(query.first_day, query.last_day)
        for fields in map(self._articles.__getitem__, candidates):
            if (
                query.feed in (None, fields.article.feed)
                and (query.entity is None or query.entity in fields.entities)
                and (query.speaker is None or query.speaker in fields.speakers)
                and within(fields.day)
                and all(contains(fields.title_words, p) or contains(fields.text_words, p) for p in asked)
            ):
                yield fields

    def _scores(self, found: list[ArticleFields], asked: list[Phrase]) -> dict[str, float]:
        """BM25 without a correction for length, a word in the title counting as four.

        Robertson and Zaragoza, “The Probabilistic Relevance Framework: BM25 and Beyond”, 2009.
        """
        wanted = {word for phrase in asked for word in phrase}
        total = len(self._articles)
        weights = {}
        for word in wanted:
            having = len(self._articles_by_word.get(word, ()))
            weights[word] = math.log(1 + (total - having + 0.5) / (having + 0.5))
        scores = {}
        for fields in found:
            score = 0.0
            for word, weight in weights.items():
                times = fields.text_words.count(word) + _TITLE_WEIGHT * fields.title_words.count(word)
                score += weight * times * (_SATURATION + 1) / (times + _SATURATION)
            scores[fields.article.id] = score
        return scores

    def quotes(self, query: QuoteQuery) -> QuotePage:
        """See `quotewire.ports.Index.quotes`."""
        with self._lock:
            articles = sorted(self._articles.values(), key=_newest_first)
        matches = _quote_filter(query)
        within = _day_filter(query.first_day, query.last_day)
        found = [
            (fields, quote)
            for fields in articles
            if query.article in (None, fields.article.id) and within(fields.day)
            for quote in fields.quotes
            if matches(quote)
        ]
        return QuotePage(
            len(found), tuple(_quote_hit(fields, quote) for fields, quote in _page(found, query.offset, query.limit))
        )


def _page(items: Sequence[_Item], offset: int, limit: int) -> Sequence[_Item]:
    offset, limit = max(0, offset), max(0, limit)
    return items[offset : offset + limit]


def _newest_first(fields: ArticleFields) -> tuple[bool, float, str]:
    """Sorts articles newest first, the undated last, those of one moment by id."""
    if fields.dated is None:
        return True, 0.0, fields.article.id
    return False, -(fields.dated - _BEGINNING).total_seconds(), fields.article.id


def _day_filter(first: date | None, last: date | None) -> Callable[[date | None], bool]:
    """Whether a day lies within both ends; no day lies within any."""

    def within(day: date | None) -> bool:
        if first is None and last is None:
            return True
        return day is not None and (first is None or first <= day) and (last is None or day <= last)

    return within


def _quote_filter(query: QuoteQuery) -> Callable[[QuoteFields], bool]:
    speaker, about = set(name_words(query.speaker)), phrases(query.about)
    nothing = (query.speaker.strip() and not speaker) or (query.about.strip() and not about)

    def matches(fields: QuoteFields) -> bool:
        return (
            not nothing
            and query.kind in (None, fields.quote.kind)
            and (not speaker or any(speaker.issubset(name_words(name)) for name in fields.speakers))
            and all(contains(fields.words, phrase) for phrase in about)
        )

    return matches


def _article_hit(fields: ArticleFields, asked: list[Phrase], score: float) -> ArticleHit:
    article = fields.article
    return ArticleHit(
        id=article.id,
        title=article.title,
        url=article.url,
        feed=article.feed,
        outlet=article.outlet,
        published=fields.dated,
        excerpt=article_excerpt(article.text, headline_end(article), asked),
        quotes=len(article.every_quote),
        score=score,
    )


def _quote_hit(fields: ArticleFields, quote: QuoteFields) -> QuoteHit:
    article = fields.article
    return QuoteHit(
        quote=quote.quote,
        article=article.id,
        title=article.title,
        url=article.url,
        outlet=article.outlet,
        published=fields.dated,
    )


def _facets(found: Sequence[ArticleFields]) -> dict[str, tuple[Facet, ...]]:
    feeds: Counter[str] = Counter()
    entities: Counter[str] = Counter()
    speakers: Counter[str] = Counter()
    days: Counter[str] = Counter()
    outlets: dict[str, str] = {}
    for fields in sorted(found, key=_newest_first):
        if fields.article.feed is not None:
            feeds[fields.article.feed] += 1
            outlets.setdefault(fields.article.feed, fields.article.outlet)
        if fields.day is not None:
            days[fields.day.isoformat()] += 1
        entities.update(fields.entities)
        speakers.update(fields.speakers)
    newest_days = sorted(days.items(), reverse=True)[:FACET_SIZE]
    return {
        "feed": tuple(Facet(feed, count, outlets[feed]) for feed, count in _most_first(feeds)),
        "entity": tuple(Facet(*counted) for counted in _most_first(entities)),
        "speaker": tuple(Facet(*counted) for counted in _most_first(speakers)),
        "day": tuple(Facet(*counted) for counted in newest_days),
    }


def _most_first(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda counted: (-counted[1], counted[0]))[:FACET_SIZE]
