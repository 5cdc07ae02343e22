"""The JSON twin of each page, under /api. The schema is at /api/openapi.json."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from quotewire.feed_views import FeedView
from quotewire.ports import ArticlePage, QuotePage
from quotewire.web.parameters import PER_PAGE, AskedArticles, AskedPage, AskedQuotes
from quotewire.web.sources import FromSources
from schemas.records import Alert, EnrichedArticle

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


@router.get("/alerts")
def alerts(
    sources: FromSources, page: AskedPage, name: Annotated[str, Query(description="A tracked name.")] = ""
) -> list[Alert]:
    """Alerts, newest first."""
    return list(sources.index.alerts(name=name or None, offset=(page - 1) * PER_PAGE, limit=PER_PAGE))


@router.get("/feeds")
def feeds(sources: FromSources) -> list[FeedView]:
    """The feeds that are followed, and how each of them fares."""
    return list(sources.feeds())
