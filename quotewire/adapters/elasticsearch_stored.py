"""Whether articles stand in Elasticsearch as they should: each whole, and once over all months."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch

from quotewire.adapters.elasticsearch_setup import ARTICLES, QUOTES, Names
from quotewire.ports import Stored

Place = tuple[str, str]
"""An index and the id of a document in it."""

_AT_ONCE = 500
_MOST_COPIES = 3
"""Documents of one article that are counted."""
_SETTLING = 1.5
"""Seconds after which searches see what was written before: a refresh comes every second."""
_MOST_DOCUMENTS = 10_000
"""What a search gives without a scroll."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where an article is stored, in which revision, from which enrichment, and with how many quotes.

    `place` is the sequence number and primary term of its document, by which a writer sees whether another one changed
    it meanwhile.
    """

    revision: int
    period: str
    quotes: int
    enriched: datetime | None = None
    place: tuple[int, int] = field(default=(0, 0), compare=False)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Location:
        """The location in a document as `mget` gives it."""
        source = document["_source"]
        enriched = source.get("enriched")
        moment = datetime.fromisoformat(enriched) if enriched else None
        place = document["_seq_no"], document["_primary_term"]
        return cls(source["revision"], source["period"], source["quotes"], moment, place)

    def document(self) -> dict[str, Any]:
        """As locations.json maps it."""
        enriched = self.enriched.isoformat() if self.enriched else None
        return {"revision": self.revision, "period": self.period, "quotes": self.quotes, "enriched": enriched}


def some_at_a_time(ids: Collection[str]) -> Iterator[list[str]]:
    """As many ids as one request asks for."""
    waiting = iter(ids)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some


def stored(client: Elasticsearch, names: Names, locations: Mapping[str, Location]) -> dict[str, Stored]:
    """How articles are stored, of which these are the locations. Raises the client's errors.

    Asked by id, so that what was written a moment ago counts; what a search shows otherwise is looked at again after
    that moment.
    """
    if not locations:
        return {}
    docs = [{"_index": names.index(ARTICLES, at.period), "_id": each} for each, at in locations.items()]
    there = {item["_id"] for item in client.mget(docs=docs, source=False)["docs"] if item.get("found")}
    found = {each: at for each, at in locations.items() if each in there}
    problems = _problems(client, names, found)
    if problems:
        time.sleep(_SETTLING)
        problems = _problems(client, names, {each: found[each] for each in problems})
    return {each: Stored(at.revision, problems.get(each, "")) for each, at in found.items()}


def amiss(client: Elasticsearch, names: Names, locations: Mapping[str, Location]) -> dict[str, list[Place]]:
    """Of articles of which these are the locations those that do not stand there, or not whole; with every document of
    theirs that a search finds, wherever. Raises the client's errors.
    """
    found = stored(client, names, locations)
    places: dict[str, list[Place]] = {each: [] for each in locations if each not in found or found[each].problem}
    if places:
        for kind, name in ((ARTICLES, "id"), (QUOTES, "article")):
            query = {"terms": {name: list(places)}}
            hits = client.search(
                index=names.alias(kind),
                query=query,
                size=_MOST_DOCUMENTS,
                source_includes=[name],
                ignore_unavailable=True,
            )["hits"]["hits"]
            for hit in hits:
                places[hit["_source"][name]].append((hit["_index"], hit["_id"]))
    return places


def _problems(client: Elasticsearch, names: Names, locations: Mapping[str, Location]) -> dict[str, str]:
    ids = list(locations)
    if not ids:
        return {}
    hits = client.search(
        index=names.alias(ARTICLES),
        query={"terms": {"id": ids}},
        size=_MOST_COPIES * len(ids),
        source=False,
        ignore_unavailable=True,
    )["hits"]["hits"]
    copies = Counter(hit["_id"] for hit in hits)
    answer = client.search(
        index=names.alias(QUOTES),
        query={"terms": {"article": ids}},
        size=0,
        aggs={"articles": {"terms": {"field": "article", "size": len(ids)}}},
        ignore_unavailable=True,
    ).body
    counted = answer.get("aggregations", {}).get("articles", {}).get("buckets", ())  # none where there is no index
    quotes = {bucket["key"]: bucket["doc_count"] for bucket in counted}
    problems = {}
    for each, at in locations.items():
        if copies[each] != 1:
            problems[each] = f"{copies[each]} documents"
        elif quotes.get(each, 0) != at.quotes:
            problems[each] = f"{quotes.get(each, 0)} of its {at.quotes} quotes"
    return problems
