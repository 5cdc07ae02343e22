"""A trial of the alerts stage: what some articles would raise, with nothing published and nothing remembered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice

from consumers.alerts.forms import forms_of
from consumers.alerts.matcher import Matcher
from consumers.alerts.stage import Alerting
from consumers.alerts.state import AlertState
from consumers.stories.fingerprint import Embedder
from quotewire.ports import ArticleQuery, Index, TrackedName
from schemas.records import Alert, EnrichedArticle, StoryMember

_BATCH = 64
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_PAGE = 200
_MOST_PER_FORM = 2_000
_FEW = 20
MOST_ARTICLES = 10_000
"""So many articles are looked through whole: some ten seconds."""


class _LateClock:
    """A clock that stands after every article: none of them is dated in its future."""

    def __init__(self, articles: Sequence[EnrichedArticle]) -> None:
        self._now = max([datetime.now(UTC), *(article.published for article in articles if article.published)])

    def now(self) -> datetime:
        return self._now


def in_order(articles: Sequence[EnrichedArticle]) -> list[EnrichedArticle]:
    """Articles as a pipeline would have got them: by their dates; one without a date stays behind the one before it."""
    dated: list[tuple[datetime, int, EnrichedArticle]] = []
    last = min(
        (article.published for article in articles if article.published), default=datetime(2000, 1, 1, tzinfo=UTC)
    )
    for number, article in enumerate(articles):
        last = article.published or last
        dated.append((last, number, article.model_copy(update={"published": last})))
    return [article for _, _, article in sorted(dated, key=lambda entry: entry[:2])]


def outputs(articles: Sequence[EnrichedArticle], matcher: Matcher, embedder: Embedder) -> Iterator[StoryMember | Alert]:
    """What the stage would write of some articles that come in the order of their dates."""
    state = AlertState()
    stage = Alerting(lambda: matcher, lambda: state, embedder, _LateClock(articles))
    left = iter(in_order(articles))
    while batch := list(islice(left, _BATCH)):
        for made in stage.process(batch):
            assert not isinstance(made, Exception)
            for record in made:
                assert isinstance(record, StoryMember | Alert)
                state.learn(record)
                yield record


def alerts(articles: Sequence[EnrichedArticle], matcher: Matcher, embedder: Embedder) -> list[Alert]:
    """The alerts that some articles would raise, each as it has grown, in the order in which they were raised."""
    grown: dict[str, Alert] = {}
    for record in outputs(articles, matcher, embedder):
        if isinstance(record, Alert):
            grown[record.id] = record
    return list(grown.values())


@dataclass(frozen=True, slots=True)
class Looked:
    """What of an index was looked through: the articles that mention a name, of how many, and since when all."""

    articles: tuple[EnrichedArticle, ...]
    count: int
    whole_since: date | None = None
    """None where all articles of the days were looked through."""

    def __str__(self) -> str:
        articles = f"{self.count:,} article{'' if self.count == 1 else 's'}"
        if self.whole_since is None:
            return f"{articles} looked through"
        return f"{articles} looked through: all since {self.whole_since}, of older ones those with words of the names"


def look_through(
    index: Index, matcher: Matcher, names: Sequence[TrackedName], days: int, now: datetime, most: int = MOST_ARTICLES
) -> Looked:
    """The articles of the last days that mention one of some names, by the matcher of these; Raises Unavailable.

    Spellings that are only alike (Umierov) no index finds, so it looks through all articles, the newest first. When
    these are `most`, it looks at those of the days before in which the index finds the words of a name, which it does
    for a few names only.
    """
    first_day = (now - timedelta(days=days)).date()
    # An article may be dated a little ahead of the clock.
    day, seen, found = now.date() + timedelta(days=1), set[str](), list[EnrichedArticle]()

    def look(ids: Iterable[str]) -> None:
        for identity in ids:
            if identity not in seen:
                seen.add(identity)
                article = index.article(identity)
                if article is not None and matcher.matches(article):
                    found.append(article)

    while day >= first_day:
        look(islice(_ids(index, ArticleQuery(first_day=day, last_day=day, newest_first=True)), most - len(seen)))
        if len(seen) >= most:
            break
        day -= timedelta(days=1)
    else:
        return Looked(tuple(found), len(seen))
    for words in _words_of(names) if len(names) <= _FEW else ():
        query = ArticleQuery(words=words, first_day=first_day, last_day=day, newest_first=True)
        look(islice(_ids(index, query), _MOST_PER_FORM))
    return Looked(tuple(found), len(seen), day + timedelta(days=1))


def _ids(index: Index, query: ArticleQuery) -> Iterator[str]:
    for offset in count(0, _PAGE):
        page = index.search(replace(query, offset=offset, limit=_PAGE))
        yield from (hit.id for hit in page.hits)
        if offset + _PAGE >= page.total:
            return


def _words_of(names: Iterable[TrackedName]) -> Iterator[str]:
    """What to search for: every form of each name, its words in any order, so that middle names may stand between."""
    yield from dict.fromkeys(form.written.replace('"', " ") for tracked in names for form in forms_of(tracked))
