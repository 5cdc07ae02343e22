"""Whether articles stand in Elasticsearch as they should: each whole, and once over all months."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from elasticsearch import Elasticsearch

from quotewire.adapters.elasticsearch_setup import ARTICLES, QUOTES, Names
from quotewire.adapters.elasticsearch_writes import Location
from quotewire.ports import Stored

_AT_ONCE = 500
_MOST_COPIES = 3
"""Documents of one article that are counted."""
_SETTLING = 1.5
"""Seconds after which searches see what was written before: a refresh comes every second."""


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


def _problems(client: Elasticsearch, names: Names, locations: Mapping[str, Location]) -> dict[str, str]:
    ids = list(locations)
    if not ids:
        return {}
    hits = client.search(
        index=names.alias(ARTICLES), query={"terms": {"id": ids}}, size=_MOST_COPIES * len(ids), source=False
    )["hits"]["hits"]
    copies = Counter(hit["_id"] for hit in hits)
    answer = client.search(
        index=names.alias(QUOTES),
        query={"terms": {"article": ids}},
        size=0,
        aggs={"articles": {"terms": {"field": "article", "size": len(ids)}}},
    )
    quotes = {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["articles"]["buckets"]}
    problems = {}
    for each, at in locations.items():
        if copies[each] != 1:
            problems[each] = f"{copies[each]} documents"
        elif quotes.get(each, 0) != at.quotes:
            problems[each] = f"{quotes.get(each, 0)} of its {at.quotes} quotes"
    return problems
