"""The index in Elasticsearch; see docs/decisions/ for what was chosen and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from quotewire.adapters import elasticsearch_searches as searches
from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions, connect, refusals
from quotewire.adapters.elasticsearch_documents import stored_alert, stored_article
from quotewire.adapters.elasticsearch_health import newest_health, put_health
from quotewire.adapters.elasticsearch_setup import ALERTS, ARTICLES, QUOTES, Names, set_up
from quotewire.adapters.elasticsearch_stored import some_at_a_time, stored
from quotewire.adapters.elasticsearch_writes import Writer
from quotewire.ports import ArticlePage, ArticleQuery, HealthSample, Outcome, Prepared, QuotePage, QuoteQuery, Stored
from schemas.records import Alert, EnrichedArticle


class ElasticsearchIndex:
    """Index in Elasticsearch; see `quotewire.ports.Index` for what it promises. Any thread may call any method.

    `address` is https://HOST[:PORT], several with a comma between. The server is first asked when a method needs it.
    What was written is found within a second, and by id at once. Raises ConfigurationError where the address or an
    option cannot work.
    """

    def __init__(self, address: str, options: ElasticsearchOptions | None = None) -> None:
        options = options or ElasticsearchOptions()
        self._client = connect(address, options)
        self._names = Names(options.prefix)
        self._writer = Writer(self._client, self._names)
        self._address = address

    def setup(self) -> Sequence[Prepared]:
        """See `quotewire.ports.Index.setup`."""
        with refusals(self._address):
            return set_up(self._client, self._names)

    def put_articles(self, articles: Sequence[EnrichedArticle]) -> Sequence[Outcome]:
        """See `quotewire.ports.Index.put_articles`."""
        with refusals(self._address):
            return self._writer.put_articles(articles)

    def put_alerts(self, alerts: Sequence[Alert]) -> Sequence[Outcome]:
        """See `quotewire.ports.Index.put_alerts`."""
        with refusals(self._address):
            return self._writer.put_alerts(alerts)

    def article(self, article_id: str) -> EnrichedArticle | None:
        """See `quotewire.ports.Index.article`."""
        with refusals(self._address):
            location = self._writer.locations([article_id]).get(article_id)
            if location is None:
                return None
            (found,) = self._client.mget(index=self._names.index(ARTICLES, location.period), ids=[article_id])["docs"]
        return stored_article(found["_source"]) if found.get("found") else None

    def search(self, query: ArticleQuery) -> ArticlePage:
        """See `quotewire.ports.Index.search`."""
        return searches.article_page(query, self._search(ARTICLES, searches.article_search(query)))

    def quotes(self, query: QuoteQuery) -> QuotePage:
        """See `quotewire.ports.Index.quotes`."""
        return searches.quote_page(self._search(QUOTES, searches.quote_search(query)))

    def alert(self, alert_id: str) -> Alert | None:
        """See `quotewire.ports.Index.alert`."""
        if not alert_id:
            return None
        with refusals(self._address):
            (found,) = self._client.mget(index=self._names.index(ALERTS), ids=[alert_id])["docs"]
        return stored_alert(found["_source"]) if found.get("found") else None

    def alerts(
        self, *, name: str | None = None, article: str | None = None, offset: int = 0, limit: int = 20
    ) -> Sequence[Alert]:
        """See `quotewire.ports.Index.alerts`."""
        answer = self._search(ALERTS, searches.alert_search(name, article, offset, limit))
        return [stored_alert(hit["_source"]) for hit in answer["hits"]["hits"]]

    def stored(self, article_ids: Collection[str]) -> Mapping[str, Stored]:
        """See `quotewire.ports.Index.stored`."""
        found: dict[str, Stored] = {}
        with refusals(self._address):
            for some in some_at_a_time(article_ids):
                found |= stored(self._client, self._names, self._writer.locations(some))
        return found

    def stored_alerts(self, alert_ids: Collection[str]) -> Mapping[str, int]:
        """See `quotewire.ports.Index.stored_alerts`."""
        found: dict[str, int] = {}
        with refusals(self._address):
            for some in some_at_a_time(alert_ids):
                answer = self._client.mget(index=self._names.index(ALERTS), ids=some, source=["revision"])
                found |= {item["_id"]: item["_source"]["revision"] for item in answer["docs"] if item.get("found")}
        return found

    def put_health(self, samples: Sequence[HealthSample]) -> None:
        """See `quotewire.ports.Index.put_health`."""
        with refusals(self._address):
            put_health(self._client, self._names, samples)

    def health(self) -> Sequence[HealthSample]:
        """See `quotewire.ports.Index.health`. Of very many feeds, those that were last stored."""
        with refusals(self._address):
            return newest_health(self._client, self._names)

    def counts(self) -> Mapping[str, int]:
        """See `quotewire.ports.Index.counts`."""
        with refusals(self._address):
            return {
                kind: int(self._client.count(index=self._names.alias(kind))["count"])
                for kind in (ARTICLES, QUOTES, ALERTS)
            }

    def close(self) -> None:
        """See `quotewire.ports.Index.close`."""
        self._client.close()

    def _search(self, kind: str, body: dict[str, Any]) -> Mapping[str, Any]:
        with refusals(self._address):
            # Words are weighed by how rare they are in all indices, not in the one of a quiet month.
            answer: Mapping[str, Any] = self._client.search(
                index=self._names.alias(kind), body=body, search_type="dfs_query_then_fetch"
            ).body
        return answer
