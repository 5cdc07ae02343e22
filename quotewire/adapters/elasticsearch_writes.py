"""Writing to Elasticsearch, so that a newer revision always wins and nothing of an older one stays.

Revision and time of enrichment make the document's external version, so what is older is refused by the server itself,
but only within one index; and an edit may move an article to another month. So a small index of locations says for each
article which revision is stored, where, and with how many quotes. It is asked first and written last, if nobody else
has written it meanwhile: what it names was complete, and whatever was begun and not finished is written over when the
same revision comes again. So is what was lost since: an article that the locations name is looked at before it is
passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from elasticsearch import Elasticsearch

from quotewire.adapters.elasticsearch_bulk import Answer, Operation, bulk
from quotewire.adapters.elasticsearch_documents import (
    alert_document,
    article_document,
    quote_documents,
    quote_id,
    unsplit_fields,
)
from quotewire.adapters.elasticsearch_setup import ALERTS, ARTICLES, LOCATIONS, QUOTES, Names, period_of
from quotewire.adapters.elasticsearch_stored import Location, Place, amiss
from quotewire.adapters.index_fields import reason_to_reject, standing
from quotewire.ports import Outcome
from schemas.records import Alert, EnrichedArticle


@dataclass(frozen=True, slots=True)
class _Write:
    """An article that is to be written; `strays` are documents of it that may be where they should not."""

    article: EnrichedArticle
    version: Mapping[str, Any]
    period: str
    whole: Operation
    quotes: tuple[Operation, ...]
    before: Location | None
    strays: Sequence[Place]

    @property
    def location(self) -> Location:
        return Location(self.article.revision, self.period, len(self.quotes), self.article.enriched)

    @property
    def quotes_here(self) -> int:
        """How many quotes there may be in its period, those of the revision before counted."""
        before = self.before
        return max(len(self.quotes), before.quotes if before and before.period == self.period else 0)


class Writer:
    """Writes to the indices of one prefix. Raises the client's errors, and ConfigurationError as `bulk` does."""

    def __init__(self, client: Elasticsearch, names: Names) -> None:
        self._client = client
        self._names = names

    def locations(self, ids: Sequence[str]) -> dict[str, Location]:
        """Where articles are stored; of those that are."""
        if not ids:
            return {}
        found = self._client.mget(index=self._names.index(LOCATIONS), ids=list(ids))
        return {item["_id"]: Location.read(item) for item in found["docs"] if item.get("found")}

    # --- articles ---------------------------------------------------------------------------------------------------

    def put_articles(self, articles: Sequence[EnrichedArticle]) -> list[Outcome]:
        """An outcome for each. Revisions of one article are written one after another, all else at once."""
        outcomes: dict[int, Outcome] = {}
        left = list(enumerate(articles))
        while left:
            turn: dict[str, tuple[int, EnrichedArticle]] = {}
            for number, article in left:
                turn.setdefault(article.id, (number, article))
            taken = {number for number, _ in turn.values()}
            for (number, _), outcome in zip(
                turn.values(), self._put([article for _, article in turn.values()]), strict=True
            ):
                outcomes[number] = outcome
            left = [(number, article) for number, article in left if number not in taken]
        return [outcomes[number] for number in range(len(articles))]

    def _put(self, articles: Sequence[EnrichedArticle]) -> list[Outcome]:
        """As put_articles, for articles of different ids."""
        known = self.locations([article.id for article in articles if not reason_to_reject(article)])
        outcomes = {
            article.id: outcome
            for article in articles
            if (outcome := _outcome_without_write(article, known.get(article.id))) is not None
        }
        should_be_there = {each: known[each] for each in outcomes if outcomes[each].status == "unchanged"}
        lost = amiss(self._client, self._names, should_be_there)
        writes: dict[str, _Write] = {}
        for article in articles:
            if article.id in outcomes and article.id not in lost:
                continue
            prepared = self._prepared(article, known.get(article.id), lost.get(article.id, ()))
            if isinstance(prepared, Outcome):
                outcomes[article.id] = prepared
            else:
                outcomes.pop(article.id, None)
                writes[article.id] = prepared
        while writes:
            writes = self._written(writes, outcomes)
        return [
            outcomes.get(article.id, Outcome(article.id, "stored", first=article.id not in known))
            for article in articles
        ]

    def _written(self, writes: dict[str, _Write], outcomes: dict[str, Outcome]) -> dict[str, _Write]:
        """Write, and note what comes of it where that is not `stored`; what is to be written once more, since another
        writer has stored an older revision meanwhile.
        """
        for step in (self._article_operations, self._quote_operations, self._location_operations):
            under_way, overtaken = writes, list[str]()
            writes = dict(writes)
            for answer in self._bulk(operation for write in under_way.values() for operation in step(write)):
                if (outcome := answer.outcome()) is not None:
                    before = outcomes.get(answer.owner)
                    if before is None or before.status != "unavailable":  # what may yet be taken is not rejected
                        outcomes[answer.owner] = outcome
                    writes.pop(answer.owner, None)
                elif answer.newer_is_there and step == self._article_operations:
                    outcomes[answer.owner] = Outcome(answer.owner, "older")
                    writes.pop(answer.owner, None)
                elif answer.newer_is_there and step == self._location_operations:
                    overtaken.append(answer.owner)
            if step != self._article_operations:
                refused = [each for each in under_way if each in outcomes and outcomes[each].status == "rejected"]
                outcomes |= self._withdrawn([under_way[each] for each in refused])
        return self._overtaken([writes[each] for each in overtaken], outcomes)

    def _overtaken(self, writes: Sequence[_Write], outcomes: dict[str, Outcome]) -> dict[str, _Write]:
        """Of what was written while another writer stored the same article: take back what is older, write once more
        what is newer, knowing now what the other left.
        """
        stored = self.locations([write.article.id for write in writes])
        again = {}
        for write in writes:
            article, at = write.article, stored.get(write.article.id)
            status = standing(article, at.revision, at.enriched) if at else ""
            if at is None or not status:
                again[article.id] = replace(write, before=at)
            elif status == "older":
                outcomes[article.id] = Outcome(article.id, "older")
                moved = at.period != write.period
                stale = range(0 if moved else at.quotes, len(write.quotes))
                self._bulk(self._deletions(write, write.period, stale, article=moved))
        return again

    def _prepared(self, article: EnrichedArticle, before: Location | None, strays: Sequence[Place]) -> _Write | Outcome:
        fields = unsplit_fields(article)
        now = datetime.now(UTC)
        period = period_of(fields.dated, now)
        version, first = _version(article), quote_id(article.id)
        articles, quotes = self._names.index(ARTICLES, period), self._names.index(QUOTES, period)
        try:
            whole = article_document(fields, now, new=before is None)
            return _Write(
                article,
                version,
                period,
                Operation.write(article.id, articles, article.id, version, whole),
                tuple(
                    Operation.write(article.id, quotes, f"{first}-{number}", version, document)
                    for number, document in enumerate(quote_documents(fields, whole["record"]["quotes"]))
                ),
                before,
                strays,
            )
        except (TypeError, UnicodeEncodeError) as error:
            return Outcome(article.id, "rejected", f"it cannot be written as JSON: {error}")

    def _article_operations(self, write: _Write) -> Iterator[Operation]:
        yield write.whole

    def _quote_operations(self, write: _Write) -> Iterator[Operation]:
        """Its quotes; and that goes which only the revision before had, or which stands where it should not."""
        yield from write.quotes
        before = write.before
        if before is not None:
            moved = before.period != write.period
            stale = range(0 if moved else len(write.quotes), before.quotes)
            yield from self._deletions(write, before.period, stale, article=moved)
        own = {(operation.index, operation.document) for operation in (write.whole, *write.quotes)}
        for place in write.strays:
            if place not in own:
                yield Operation.delete(write.article.id, *place, dict(write.version))

    def _location_operations(self, write: _Write) -> Iterator[Operation]:
        """Where no other writer has stored the article since it was asked for."""
        article, index = write.article, self._names.index(LOCATIONS)
        unchanged = _as_found(write.before) if write.before else {"op_type": "create"}
        yield Operation.write(article.id, index, article.id, unchanged, write.location.document())

    def _withdrawn(self, writes: Sequence[_Write]) -> dict[str, Outcome]:
        """Delete all there is of articles of which a part was refused: none is found without its quotes, or they
        without it. What remains to be told: where that could not be done now, the article is to come again.
        """
        deletions: list[Operation] = []
        for write in writes:
            owner = write.article.id
            deletions += self._deletions(write, write.period, range(write.quotes_here), article=True)
            if write.before is not None:
                location = self._names.index(LOCATIONS)
                deletions.append(Operation.delete(owner, location, owner, _as_found(write.before)))
        outcomes = [answer.outcome() for answer in self._bulk(deletions)]
        return {outcome.id: outcome for outcome in outcomes if outcome is not None and outcome.status == "unavailable"}

    def _deletions(self, write: _Write, period: str, quotes: Iterable[int], *, article: bool) -> Iterator[Operation]:
        owner, first, version = write.article.id, quote_id(write.article.id), dict(write.version)
        index = self._names.index(QUOTES, period)
        yield from (Operation.delete(owner, index, f"{first}-{number}", version) for number in quotes)
        if article:
            yield Operation.delete(owner, self._names.index(ARTICLES, period), owner, version)

    # --- alerts -----------------------------------------------------------------------------------------------------

    def put_alerts(self, alerts: Sequence[Alert]) -> list[Outcome]:
        """An outcome for each; the server refuses what is not newer than what is there."""
        outcomes: list[Outcome | None] = []
        operations = []
        index = self._names.index(ALERTS)
        for alert in alerts:
            reason = reason_to_reject(alert)
            outcomes.append(Outcome(alert.id, "rejected", reason) if reason else None)
            if not reason:
                version = {"version": alert.revision, "version_type": "external"}
                operations.append(Operation.write(alert.id, index, alert.id, version, alert_document(alert)))
        answers = self._bulk(operations)
        stored = self._alert_revisions([answer.owner for answer in answers if answer.newer_is_there])
        left = iter(answers)
        return [
            outcome or _alert_outcome(next(left), alert, stored)
            for outcome, alert in zip(outcomes, alerts, strict=True)
        ]

    def _alert_revisions(self, ids: Sequence[str]) -> dict[str, int]:
        if not ids:
            return {}
        found = self._client.mget(index=self._names.index(ALERTS), ids=list(ids), source=["revision"])
        return {item["_id"]: item["_source"]["revision"] for item in found["docs"] if item.get("found")}

    def _bulk(self, operations: Iterable[Operation]) -> list[Answer]:
        return bulk(self._client, list(operations))


def _as_found(location: Location) -> dict[str, Any]:
    """The condition that a location is as it was found."""
    number, term = location.place
    return {"if_seq_no": number, "if_primary_term": term}


def _outcome_without_write(article: EnrichedArticle, stored: Location | None) -> Outcome | None:
    if reason := reason_to_reject(article):
        return Outcome(article.id, "rejected", reason)
    if stored is not None and (status := standing(article, stored.revision, stored.enriched)):
        return Outcome(article.id, status)
    return None


_ENRICHED_BITS = 21
_ENRICHED_UNIT = 2.0
"""Of the 63 bits of a version, 42 are the revision in milliseconds; 21 are the time from there to the enrichment, in
steps of two seconds: 48 days, which is longer than any topic keeps what could be enriched again."""


def _version(article: EnrichedArticle) -> dict[str, Any]:
    """A number that grows with the revision and, within one, with the time of enrichment."""
    since = 0.0 if article.enriched is None else article.enriched.timestamp() - article.revision / 1000
    units = min(max(0, int(since / _ENRICHED_UNIT)), 2**_ENRICHED_BITS - 1)
    return {"version": article.revision << _ENRICHED_BITS | units, "version_type": "external_gte"}


def _alert_outcome(answer: Answer, alert: Alert, stored: Mapping[str, int]) -> Outcome:
    if (outcome := answer.outcome()) is not None:
        return outcome
    if not answer.newer_is_there:
        return Outcome(alert.id, "stored")
    return Outcome(alert.id, "older" if stored.get(alert.id, 0) > alert.revision else "unchanged")
