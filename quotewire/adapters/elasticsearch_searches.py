"""How Elasticsearch is asked: queries as it takes them, and its answers as pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from quotewire.adapters.elasticsearch_documents import ARTICLE_HIT_FIELDS, article_hit, quote_hit
from quotewire.adapters.index_fields import FACET_SIZE
from quotewire.adapters.words import name_words, phrases
from quotewire.ports import ArticlePage, ArticleQuery, Facet, QuotePage, QuoteQuery

LARGEST_WINDOW = 100_000
"""How deep a list can be paged: index.max_result_window in elasticsearch_layout/settings.json."""

_MOST_PHRASES = 100
"""Of a search; a text that someone pasted in would otherwise have more clauses than the server allows."""

_CANDIDATES = 500
"""Values of a facet that each index puts forward, so that counts over several indices are right."""

_QUOTED = re.compile('["“”„«]([^"“”„«»]*)["“”«»]')

_NEWEST_FIRST = {"dated": {"order": "desc", "missing": "_last"}}

_NOTHING: dict[str, Any] = {"match_none": {}}


def article_search(query: ArticleQuery) -> dict[str, Any]:
    """The body of a search for articles."""
    filters = [
        {"term": {field: value}}
        for field, value in (("feed", query.feed), ("entities", query.entity), ("speakers", query.speaker))
        if value is not None
    ]
    filters += _days(query.first_day, query.last_day)
    asked = _chunks(query.words)
    must = [_phrase(chunk, ["title^4", "text"]) for chunk in asked]
    if query.words.strip() and not asked:
        must = [_NOTHING]
    sort: list[Any] = [_NEWEST_FIRST, {"id": "asc"}]
    if asked and not query.newest_first:
        sort.insert(0, {"_score": "desc"})
    return {
        "query": {"bool": {"must": must, "filter": filters}},
        "sort": sort,
        "track_scores": True,
        "track_total_hits": True,
        "_source": list(ARTICLE_HIT_FIELDS),
        **_window(query.offset, query.limit),
        "aggs": {
            "feed": {
                **_terms("feed"),
                "aggs": {
                    "newest": {
                        "top_hits": {"size": 1, "sort": [_NEWEST_FIRST, {"id": "asc"}], "_source": ["outlet"]},
                    }
                },
            },
            "entity": _terms("entities"),
            "speaker": _terms("speakers"),
            "day": {"terms": {"field": "day", "size": FACET_SIZE, "order": {"_key": "desc"}}},
        },
    }


def article_page(query: ArticleQuery, answer: Mapping[str, Any]) -> ArticlePage:
    """The page that answers a search for articles."""
    asked = phrases(query.words)
    hits = tuple(article_hit(hit["_source"], asked, hit["_score"] or 0.0) for hit in answer["hits"]["hits"])
    buckets = {name: found["buckets"] for name, found in answer["aggregations"].items()}
    facets = {
        "feed": tuple(Facet(bucket["key"], bucket["doc_count"], _label(bucket)) for bucket in buckets["feed"]),
        "entity": tuple(Facet(bucket["key"], bucket["doc_count"]) for bucket in buckets["entity"]),
        "speaker": tuple(Facet(bucket["key"], bucket["doc_count"]) for bucket in buckets["speaker"]),
        "day": tuple(Facet(bucket["key_as_string"], bucket["doc_count"]) for bucket in buckets["day"]),
    }
    return ArticlePage(answer["hits"]["total"]["value"], hits, facets)


def quote_search(query: QuoteQuery) -> dict[str, Any]:
    """The body of a search for quotes."""
    filters: list[dict[str, Any]] = [
        {"term": {field: value}}
        for field, value in (("article", query.article), ("kind", query.kind))
        if value is not None
    ]
    filters += _days(query.first_day, query.last_day)
    if query.speaker.strip():
        filters.append(_all_in_one_name(query.speaker))
    if query.about.strip():
        filters += [_phrase(chunk, ["text"]) for chunk in _chunks(query.about)] or [_NOTHING]
    return {
        "query": {"bool": {"filter": filters}},
        "sort": [_NEWEST_FIRST, {"article": "asc"}, {"position": "asc"}],
        "track_total_hits": True,
        "_source": ["record", "article", "title", "url", "outlet", "dated"],
        **_window(query.offset, query.limit),
    }


def quote_page(answer: Mapping[str, Any]) -> QuotePage:
    """The page that answers a search for quotes."""
    hits = answer["hits"]
    return QuotePage(hits["total"]["value"], tuple(quote_hit(hit["_source"]) for hit in hits["hits"]))


def alert_search(name: str | None, article: str | None, offset: int, limit: int) -> dict[str, Any]:
    """The body of a search for alerts."""
    filters = [
        {"term": {field: value}} for field, value in (("name", name), ("articles", article)) if value is not None
    ]
    return {
        "query": {"bool": {"filter": filters}},
        "sort": [{"raised": "desc"}, {"id": "asc"}],
        "_source": ["record"],
        **_window(offset, limit),
    }


# --- parts ----------------------------------------------------------------------------------------------------------


def _chunks(query: str) -> list[str]:
    """What a search asks for: each phrase in quotation marks and each other word, as written, once.

    The division is that of `quotewire.adapters.words.phrases`; the words themselves are for the server to analyse.
    """
    pieces: list[str] = []
    end = 0
    for match in _QUOTED.finditer(query):
        pieces += [*query[end : match.start()].split(), match.group(1)]
        end = match.end()
    pieces += query[end:].split()
    found: dict[Sequence[object], str] = {}
    for piece in dict.fromkeys(pieces):
        if asked := phrases(f'"{piece}"'):
            found.setdefault(tuple(asked), piece)
        if len(found) == _MOST_PHRASES:
            break
    return list(found.values())


def _phrase(chunk: str, fields: list[str]) -> dict[str, Any]:
    """Words that follow one another in one of the fields; signs that are no words ask for nothing."""
    return {"multi_match": {"query": chunk, "type": "phrase", "fields": fields, "zero_terms_query": "all"}}


def _all_in_one_name(speaker: str) -> dict[str, Any]:
    """All words in the name of one and the same speaker.

    A quote's speakers are the values of one field, between which the server leaves a gap of 100 words.
    """
    wanted = " ".join(dict.fromkeys(name_words(speaker)))
    if not wanted:
        return _NOTHING
    return {"intervals": {"speakers.words": {"match": {"query": wanted, "ordered": False, "max_gaps": 50}}}}


def _days(first: date | None, last: date | None) -> list[dict[str, Any]]:
    if first is None and last is None:
        return []
    ends = {"gte": first.isoformat() if first else None, "lte": last.isoformat() if last else None}
    return [{"range": {"day": {name: day for name, day in ends.items() if day}}}]


def _window(offset: int, limit: int) -> dict[str, int]:
    start = max(0, offset)
    if start >= LARGEST_WINDOW:
        return {"from": 0, "size": 0}
    return {"from": start, "size": min(max(0, limit), LARGEST_WINDOW - start)}


def _terms(field: str) -> dict[str, Any]:
    order = [{"_count": "desc"}, {"_key": "asc"}]
    return {"terms": {"field": field, "size": FACET_SIZE, "shard_size": _CANDIDATES, "order": order}}


def _label(bucket: Mapping[str, Any]) -> str:
    (newest,) = bucket["newest"]["hits"]["hits"]
    return str(newest["_source"]["outlet"])
