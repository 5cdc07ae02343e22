"""What all parts of the index's contract use."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from quotewire.ports import ArticleHit, ArticlePage, ArticleQuery, Index, QuoteQuery
from schemas.records import EnrichedArticle

# The index stays from example to example, as one in use would; and one suite serves many adapters.
properties = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def ids(page: ArticlePage) -> list[str]:
    return [hit.id for hit in page.hits]


def shown(hit: ArticleHit) -> str:
    return "".join(fragment.text for fragment in hit.excerpt)


def marked(hit: ArticleHit) -> list[str]:
    return [fragment.text for fragment in hit.excerpt if fragment.marked]


class IndexContract:
    """What all parts of the contract use."""

    def settle(self, index: Index) -> None:
        """Make what was written visible to searches, where that takes a moment."""

    def put(self, index: Index, *articles: EnrichedArticle) -> list[str]:
        outcomes = index.put_articles(articles)
        assert [outcome.id for outcome in outcomes] == [article.id for article in articles]
        self.settle(index)
        return [outcome.status for outcome in outcomes]

    def found(self, index: Index, words: str = "", **fields: object) -> list[str]:
        return sorted(ids(index.search(ArticleQuery(words=words, **fields))))  # type: ignore[arg-type]

    def said(self, index: Index, **fields: object) -> list[str]:
        page = index.quotes(QuoteQuery(**fields))  # type: ignore[arg-type]
        assert page.total == len(page.hits)
        return [hit.quote.text for hit in page.hits]
