"""Writing to Elasticsearch, so that a newer revision always wins and nothing of an older one stays.

Revision and time of enrichment make the document's external version, so what is older is refused by the server itself,
but only within one index; and an edit may move an article to another month. So a small index of locations says for each
article which revision is stored, where, and with how many quotes. It is asked first and written last: what it names is
complete, and whatever was begun and not finished is written over when the same revision comes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson
from elasticsearch import Elasticsearch

from quotewire.adapters.elasticsearch_connection import described, is_for_now
from quotewire.adapters.elasticsearch_documents import (
    alert_document,
    article_document,
    quote_document,
    quote_id,
    unsplit_fields,
)
from quotewire.adapters.elasticsearch_setup import ALERTS, ARTICLES, LOCATIONS, QUOTES, Names, period_of
from quotewire.adapters.index_fields import ArticleFields, reason_to_reject, standing
from quotewire.ports import Outcome
from schemas.records import Alert, EnrichedArticle

_MOST_BYTES = 4 * 1024 * 1024
"""Of one bulk request, if it holds more than one document: far below what a small server takes at once."""

_NEWER_IS_THERE = 409
_NOT_THERE = 404


@dataclass(frozen=True, slots=True)
class Location:
    """Where an article is stored, in which revision, from which enrichment, and with how many quotes."""

    revision: int
    period: str
    quotes: int
    enriched: datetime | None = None

    @classmethod
    def read(cls, source: Mapping[str, Any]) -> Location:
        """The location that a document holds."""
        enriched = source.get("enriched")
        moment = datetime.fromisoformat(enriched) if enriched else None
        return cls(source["revision"], source["period"], source["quotes"], moment)

    def document(self) -> dict[str, Any]:
        """As locations.json maps it."""
        enriched = self.enriched.isoformat() if self.enriched else None
        return {"revision": self.revision, "period": self.period, "quotes": self.quotes, "enriched": enriched}


@dataclass(frozen=True, slots=True)
class _Operation:
    """One line or two of a bulk request, encoded, and the article or alert it belongs to."""

    owner: str
    lines: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.lines))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of an operation. `unchanged`: the server has a version that is not older."""

    owner: str
    status: int
    kind: str = ""
    reason: str = ""

    def outcome(self) -> Outcome | None:
        """What it means for a document that was to be written; None where it was."""
        if is_for_now(self.status, self.kind):
            return Outcome(self.owner, "unavailable", self.reason)
        if self.status >= 400 and self.status not in (_NEWER_IS_THERE, _NOT_THERE):
            return Outcome(self.owner, "rejected", self.reason)
        return None


@dataclass(frozen=True, slots=True)
class _Write:
    """An article that is to be written."""

    fields: ArticleFields
    period: str
    article: _Operation
    quotes: tuple[_Operation, ...]
    before: Location | None

    @property
    def location(self) -> Location:
        article = self.fields.article
        return Location(article.revision, self.period, len(self.quotes), article.enriched)


class Writer:
    """Writes to the indices of one prefix. Raises the client's errors."""

    def __init__(self, client: Elasticsearch, names: Names) -> None:
        self._client = client
        self._names = names

    def locations(self, ids: Sequence[str]) -> dict[str, Location]:
        """Where articles are stored; of those that are."""
        if not ids:
            return {}
        found = self._client.mget(index=self._names.index(LOCATIONS), ids=list(ids))
        return {item["_id"]: Location.read(item["_source"]) for item in found["docs"] if item.get("found")}

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
        outcomes: dict[str, Outcome] = {}
        writes: dict[str, _Write] = {}
        for article in articles:
            prepared = self._prepared(article, known.get(article.id))
            if isinstance(prepared, Outcome):
                outcomes[article.id] = prepared
            else:
                writes[article.id] = prepared
        for step in (self._article_operations, self._quote_operations, self._location_operations):
            for answer in self._bulk([operation for write in writes.values() for operation in step(write)]):
                if (outcome := answer.outcome()) is not None:
                    before = outcomes.get(answer.owner)
                    if before is None or before.status != "unavailable":  # what may yet be taken is not rejected
                        outcomes[answer.owner] = outcome
                    writes.pop(answer.owner, None)
                elif answer.status == _NEWER_IS_THERE and step != self._quote_operations:
                    outcomes[answer.owner] = Outcome(answer.owner, "older")
                    if step == self._location_operations:
                        self._take_back(writes[answer.owner])
                    writes.pop(answer.owner, None)
        return [outcomes.get(article.id, Outcome(article.id, "stored")) for article in articles]

    def _prepared(self, article: EnrichedArticle, before: Location | None) -> _Write | Outcome:
        if reason := reason_to_reject(article):
            return Outcome(article.id, "rejected", reason)
        if before is not None and (status := standing(article, before.revision, before.enriched)):
            return Outcome(article.id, status)
        fields = unsplit_fields(article)
        now = datetime.now(UTC)
        period = period_of(fields.dated, now)
        try:
            whole = self._index(
                ARTICLES, period, article, article.id, article_document(fields, now, new=before is None)
            )
            quotes = tuple(
                self._index(QUOTES, period, article, quote_id(article.id, number), quote_document(fields, number))
                for number in range(len(fields.quotes))
            )
        except (TypeError, UnicodeEncodeError) as error:
            return Outcome(article.id, "rejected", f"it cannot be written as JSON: {error}")
        return _Write(fields, period, whole, quotes, before)

    def _article_operations(self, write: _Write) -> Iterator[_Operation]:
        yield write.article

    def _quote_operations(self, write: _Write) -> Iterator[_Operation]:
        """Its quotes; and that goes which only the revision before had."""
        yield from write.quotes
        before = write.before
        if before is not None:
            moved = before.period != write.period
            stale = range(0 if moved else len(write.quotes), before.quotes)
            yield from self._deletions(write, before.period, stale, article=moved)

    def _location_operations(self, write: _Write) -> Iterator[_Operation]:
        article = write.fields.article
        action = {"_index": self._names.index(LOCATIONS), "_id": article.id, **_version(article)}
        yield _Operation(article.id, (orjson.dumps({"index": action}), orjson.dumps(write.location.document())))

    def _take_back(self, write: _Write) -> None:
        """Another writer stored a newer one meanwhile, without knowing of what was written here."""
        article = write.fields.article
        stored = self.locations([article.id]).get(article.id)
        if stored is None or stored == write.location:
            return  # the same record, by a writer that was thought dead: the same documents
        moved = stored.period != write.period
        stale = range(0 if moved else stored.quotes, len(write.quotes))
        for _ in self._bulk(list(self._deletions(write, write.period, stale, article=moved))):
            pass

    def _index(
        self, kind: str, period: str, article: EnrichedArticle, document_id: str, document: dict[str, Any]
    ) -> _Operation:
        action = {"_index": self._names.index(kind, period), "_id": document_id, **_version(article)}
        return _Operation(article.id, (orjson.dumps({"index": action}), orjson.dumps(document)))

    def _deletions(self, write: _Write, period: str, quotes: Iterable[int], *, article: bool) -> Iterator[_Operation]:
        of = write.fields.article
        documents = [(QUOTES, quote_id(of.id, number)) for number in quotes] + ([(ARTICLES, of.id)] if article else [])
        for kind, document_id in documents:
            action = {"_index": self._names.index(kind, period), "_id": document_id, **_version(of)}
            yield _Operation(of.id, (orjson.dumps({"delete": action}),))

    # --- alerts -----------------------------------------------------------------------------------------------------

    def put_alerts(self, alerts: Sequence[Alert]) -> list[Outcome]:
        """An outcome for each; the server refuses what is not newer than what is there."""
        outcomes: list[Outcome | None] = []
        operations = []
        for alert in alerts:
            reason = reason_to_reject(alert)
            outcomes.append(Outcome(alert.id, "rejected", reason) if reason else None)
            if not reason:
                place = {"_index": self._names.index(ALERTS), "_id": alert.id}
                action = {"index": {**place, "version": alert.revision, "version_type": "external"}}
                operations.append(_Operation(alert.id, (orjson.dumps(action), orjson.dumps(alert_document(alert)))))
        answers = list(self._bulk(operations))
        stored = self._alert_revisions([answer.owner for answer in answers if answer.status == _NEWER_IS_THERE])
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

    # --- bulk -------------------------------------------------------------------------------------------------------

    def _bulk(self, operations: Sequence[_Operation]) -> Iterator[_Answer]:
        """Send operations, several at a time; an answer for each, in order."""
        for part in _parts(operations):
            lines = [line for operation in part for line in operation.lines]
            # The client's types know only mappings; lines that are encoded already it sends as they are.
            sent = self._client.bulk(operations=cast(Any, lines))
            for operation, item in zip(part, sent["items"], strict=True):
                (result,) = item.values()
                kind, reason = described(result["error"]) if "error" in result else ("", "")
                yield _Answer(operation.owner, result["status"], kind, reason)


_ENRICHED_BITS = 21
_ENRICHED_UNIT = 2.0
"""Of the 63 bits of a version, 42 are the revision in milliseconds; 21 are the time from there to the enrichment, in
steps of two seconds: 48 days, which is longer than any topic keeps what could be enriched again."""


def _version(article: EnrichedArticle) -> dict[str, Any]:
    """A number that grows with the revision and, within one, with the time of enrichment."""
    since = 0.0 if article.enriched is None else article.enriched.timestamp() - article.revision / 1000
    units = min(max(0, int(since / _ENRICHED_UNIT)), 2**_ENRICHED_BITS - 1)
    return {"version": article.revision << _ENRICHED_BITS | units, "version_type": "external_gte"}


def _alert_outcome(answer: _Answer, alert: Alert, stored: Mapping[str, int]) -> Outcome:
    if (outcome := answer.outcome()) is not None:
        return outcome
    if answer.status != _NEWER_IS_THERE:
        return Outcome(alert.id, "stored")
    return Outcome(alert.id, "older" if stored.get(alert.id, 0) > alert.revision else "unchanged")


def _parts(operations: Sequence[_Operation]) -> Iterator[list[_Operation]]:
    part: list[_Operation] = []
    size = 0
    for operation in operations:
        if part and size + operation.size > _MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(operation)
        size += operation.size
    if part:
        yield part
