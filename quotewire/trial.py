"""A trial of the alerts stage: what some articles would raise, with nothing published and nothing remembered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

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


def indexed_articles(index: Index, names: Iterable[TrackedName], days: int, now: datetime) -> list[EnrichedArticle]:
    """The articles of the last days in which the index finds some form of one of these names; Raises Unavailable."""
    first_day = (now - timedelta(days=days)).date()
    ids: dict[str, None] = {}
    for form in dict.fromkeys(form.written for tracked in names for form in forms_of(tracked) if not form.inflected):
        for offset in range(0, _MOST_PER_FORM, _PAGE):
            query = ArticleQuery(
                words=f'"{form.replace(chr(34), " ")}"',
                first_day=first_day,
                newest_first=True,
                offset=offset,
                limit=_PAGE,
            )
            page = index.search(query)
            ids |= dict.fromkeys(hit.id for hit in page.hits)
            if offset + _PAGE >= page.total:
                break
    found = (index.article(identity) for identity in ids)
    return [article for article in found if article is not None]
