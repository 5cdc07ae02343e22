"""An index of its own in the real Elasticsearch, and articles for it."""

from __future__ import annotations

import contextlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from elasticsearch import Elasticsearch

from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions
from quotewire.adapters.elasticsearch_index import ElasticsearchIndex
from quotewire.ports import QuoteQuery
from schemas.records import EnrichedArticle, Quote, Span
from tests.real_stack.elasticsearch_server import ElasticsearchServer

MARCH = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
APRIL = MARCH + timedelta(hours=1)


def article(name: str = "a1", revision: int = 1, published: datetime = MARCH, quotes: int = 2) -> EnrichedArticle:
    said = tuple(
        Quote(id=f"q{n}", kind="direct", spans=(Span(start=0, end=4),), text=f"Said {n} in {revision}", confidence=1)
        for n in range(quotes)
    )
    return EnrichedArticle(id=name, revision=revision, published=published, text="Said so.", quotes=said)


class Parts:
    """An index of its own with what a test needs to look behind it."""

    def __init__(self, server: ElasticsearchServer) -> None:
        self.server = server
        self.prefix = f"test-{uuid.uuid4().hex[:12]}"
        self.index = ElasticsearchIndex(server.address, ElasticsearchOptions(prefix=self.prefix, answer=10))
        self.client = Elasticsearch(server.address, request_timeout=30, max_retries=0)

    def statuses(self, *articles: EnrichedArticle) -> list[str]:
        return [outcome.status for outcome in self.index.put_articles(articles)]

    def documents(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """The period and the source of each document of a kind."""
        self.client.indices.refresh(index=f"{self.prefix}-*")
        alias = f"{self.prefix}-{kind}"
        hits = self.client.search(index=alias, size=1000, sort=["revision"])["hits"]["hits"]
        return [(hit["_index"].removeprefix(f"{alias}-"), hit["_source"]) for hit in hits]

    def said(self) -> list[str]:
        self.client.indices.refresh(index=f"{self.prefix}-*")
        return [hit.quote.text for hit in self.index.quotes(QuoteQuery(limit=100)).hits]

    def close(self) -> None:
        names = list(self.client.indices.get(index=f"{self.prefix}-*"))
        self.client.indices.delete(index=names)
        for kind in ("articles", "quotes", "alerts", "locations"):
            with contextlib.suppress(Exception):
                self.client.indices.delete_index_template(name=f"{self.prefix}-{kind}")
        self.client.close()
        self.index.close()
