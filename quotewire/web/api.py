"""The JSON twin of each page, under /api. The schema is at /api/openapi.json."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException

from quotewire.feed_views import FeedView
from quotewire.ports import ArticlePage, QuotePage
from quotewire.web.parameters import AskedArticles, AskedQuotes
from quotewire.web.sources import FromSources
from schemas.records import EnrichedArticle

router = APIRouter(prefix="/api")


@router.get("/search")
def search(sources: FromSources, asked: AskedArticles) -> ArticlePage:
    """Articles found, by relevance or newest first, with facets over all of them."""
    return sources.index.search(asked.query())


@router.get("/articles/{article_id:path}")
def article(sources: FromSources, article_id: str) -> EnrichedArticle:
    """An article with its text, entities and quotes."""
    found = sources.index.article(article_id)
    if found is None:
        raise HTTPException(404, f"There is no article “{article_id}”.")
    return found


@router.get("/quotes")
def quotes(sources: FromSources, asked: AskedQuotes) -> QuotePage:
    """Quotes found, newest first."""
    return sources.index.quotes(asked.query())


@router.get("/feeds")
def feeds(sources: FromSources) -> list[FeedView]:
    """The feeds that are followed, and how each of them fares."""
    return list(sources.feeds())
