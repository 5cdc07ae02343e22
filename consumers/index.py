"""The index stage: enriched articles and alerts into the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quotewire.ports import Index, Outcome, Rejected, Unavailable
from schemas.records import Alert, EnrichedArticle, TopicRecord


class Indexing:
    """Writes what it gets to the index. Repeating a batch changes nothing: writes are idempotent by id and revision.

    `observe` is told what became of each write, for metrics.
    """

    def __init__(
        self,
        index: Index,
        observe: Callable[[Sequence[EnrichedArticle | Alert], Sequence[Outcome]], None] = lambda *_: None,
    ) -> None:
        self._index = index
        self._observe = observe

    def prepare(self) -> None:
        """Nothing to load."""

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Sequence[TopicRecord] | Rejected]:
        """Nothing for each record that is in the index now, Rejected for one that the index will never take.

        Raises Unavailable where the index could not take some of them now: the whole batch is to be repeated.
        """
        articles = [record for record in batch if isinstance(record, EnrichedArticle)]
        alerts = [record for record in batch if isinstance(record, Alert)]
        article_outcomes = self._index.put_articles(articles) if articles else ()
        self._observe(articles, article_outcomes)
        alert_outcomes = self._index.put_alerts(alerts) if alerts else ()
        self._observe(alerts, alert_outcomes)
        of_articles, of_alerts = iter(article_outcomes), iter(alert_outcomes)
        outcomes = [next(of_articles if isinstance(record, EnrichedArticle) else of_alerts) for record in batch]
        for outcome in outcomes:
            if outcome.status == "unavailable":
                raise Unavailable(f"the index could not take {outcome.id} now: {outcome.reason}")
        return [_result(outcome) for outcome in outcomes]


def _result(outcome: Outcome) -> Sequence[TopicRecord] | Rejected:
    return Rejected(f"the index refused it: {outcome.reason}") if outcome.status == "rejected" else []
