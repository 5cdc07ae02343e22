"""The pages for people. What an address may hold stands in `quotewire.web.parameters`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from quotewire.ports import ArticlePage, ArticleQuery, Facet, QuoteHit
from quotewire.web.article_view import article_view, speaker_name, style
from quotewire.web.chart import chart
from quotewire.web.mentions import mentions
from quotewire.web.pagers import Pager
from quotewire.web.parameters import (
    LAST_PAGE,
    PER_PAGE,
    QUOTES_PER_PAGE,
    ArticleSearch,
    AskedArticles,
    AskedQuotes,
    QuoteSearch,
)
from quotewire.web.rendering import page
from quotewire.web.sources import FromSources

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

CHARTED_QUOTES = 1_000
"""The newest quotes that the chart of a speaker counts."""

ALERTS_IN_ARTICLE = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to follow: what it says, where it leads, how many there are, and their percentage of the most."""

    text: str
    address: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that is on, and the address without it."""

    kind: str
    text: str
    without: str


# --- articles


@router.get("/")
def search(sources: FromSources, asked: AskedArticles) -> HTMLResponse:
    """Articles found, with facets to narrow them down."""
    found = sources.index.search(asked.query())
    return page(
        "search.html",
        here="search",
        asked=asked,
        found=found,
        counts=sources.index.counts(),
        facets=_facets(asked, found),
        filters=_filters(asked, found),
        pager=_pager(asked, found.total, PER_PAGE),
        chart=mentions(sources.index, asked) if asked.entity is not None else None,
        relevance=asked.changed(newest_first=False).address(),
        newest=asked.changed(newest_first=True).address(),
        narrowed_only_by_words=ArticleSearch(words=asked.words).address(),
    )


def _facets(asked: ArticleSearch, found: ArticlePage) -> list[tuple[str, list[Choice]]]:
    """The facets that can still narrow the search, each with its heading."""
    facets: list[tuple[str, list[Choice]]] = []
    if asked.feed is None:
        facets.append(
            ("Outlet", [_choice(f, asked.changed(feed=f.value), found, "feed") for f in found.facets["feed"]])
        )
    if asked.speaker is None:
        choices = [_choice(f, asked.changed(speaker=f.value), found, "speaker") for f in found.facets["speaker"]]
        facets.append(("Quoted", choices))
    if asked.entity is None:
        choices = [_choice(f, asked.changed(entity=f.value), found, "entity") for f in found.facets["entity"]]
        facets.append(("Mentioned", choices))
    if asked.first is None or asked.first != asked.last:
        choices = []
        for facet in found.facets["day"]:
            day = date.fromisoformat(facet.value)
            choices.append(_choice(facet, asked.changed(first=day, last=day), found, "day"))
        facets.append(("Day", choices))
    return [(heading, choices) for heading, choices in facets if choices]


def _choice(facet: Facet, search_with: ArticleSearch, found: ArticlePage, kind: str) -> Choice:
    largest = max(other.count for other in found.facets[kind])
    text = f"{date.fromisoformat(facet.value):%a %d %b %Y}" if kind == "day" else facet.label or facet.value
    return Choice(text, search_with.address(), facet.count, round(100 * facet.count / largest, 1))


def _filters(asked: ArticleSearch, found: ArticlePage) -> list[Filter]:
    """The filters that are on."""
    filters = []
    if asked.feed is not None:
        labels = [facet.label for facet in found.facets["feed"] if facet.value == asked.feed]
        filters.append(Filter("Outlet", (labels and labels[0]) or asked.feed, asked.changed(feed=None).address()))
    if asked.speaker is not None:
        filters.append(Filter("Quoted", asked.speaker, asked.changed(speaker=None).address()))
    if asked.entity is not None:
        filters.append(Filter("Mentioned", asked.entity, asked.changed(entity=None).address()))
    if asked.first is not None and asked.first == asked.last:
        filters.append(Filter("Day", str(asked.first), asked.changed(first=None, last=None).address()))
    else:
        if asked.first is not None:
            filters.append(Filter("From", str(asked.first), asked.changed(first=None).address()))
        if asked.last is not None:
            filters.append(Filter("To", str(asked.last), asked.changed(last=None).address()))
    return filters


def _pager(asked: ArticleSearch | QuoteSearch, total: int, per_page: int) -> Pager:
    pages = min(LAST_PAGE, max(1, -(-total // per_page)))
    number = asked.page
    return Pager(
        number=number,
        pages=pages,
        previous=asked.changed(page=min(number - 1, pages)).address() if number > 1 else None,
        following=asked.changed(page=number + 1).address() if number < pages else None,
    )


@router.get("/articles/{article_id:path}")
def article(sources: FromSources, article_id: str) -> HTMLResponse:
    """One article with everything found in it."""
    found = sources.index.article(article_id)
    if found is None:
        return page(
            "message.html",
            status=404,
            here="",
            title="No such article",
            message="There is no article at this address: it was never indexed, or its address was cut short.",
        )
    alerts = sources.index.alerts(article=article_id, limit=ALERTS_IN_ARTICLE)
    return page(
        "article.html", here="", view=article_view(found, alerts), speaker_name=speaker_name, entity_style=style
    )


# --- quotes


@router.get("/speakers")
def speakers(sources: FromSources, asked: AskedQuotes) -> HTMLResponse:
    """What somebody said over time; without a name and words, who is quoted most."""
    if not asked.anything:
        most = sources.index.search(ArticleQuery(limit=0)).facets["speaker"]
        choices = [
            Choice(f.value, QuoteSearch(name=f.value).address(), f.count, round(100 * f.count / most[0].count, 1))
            for f in most
        ]
        return page("speakers.html", here="speakers", asked=asked, most=choices)
    found = sources.index.quotes(asked.query())
    charted = sources.index.quotes(asked.changed(page=1).query(CHARTED_QUOTES)).hits
    return page(
        "quotes.html",
        here="speakers",
        asked=asked,
        found=found,
        days=[(day, list(hits)) for day, hits in groupby(found.hits, key=_day_of)],
        chart=chart(day for hit in charted if (day := _day_of(hit)) is not None),
        charted=len(charted),
        names=_names(charted),
        kinds=[(kind, asked.changed(kind=kind).address()) for kind in (None, "direct", "mixed", "indirect")],
        pager=_pager(asked, found.total, QUOTES_PER_PAGE),
        speaker_name=speaker_name,
    )


def _day_of(hit: QuoteHit) -> date | None:
    return hit.published.date() if hit.published else None


def _names(hits: Sequence[QuoteHit]) -> list[tuple[str, str, int]]:
    """The speakers among quotes with their addresses, most quoted first."""
    names = Counter(name for hit in hits if (name := speaker_name(hit.quote)))
    return [(name, QuoteSearch(name=name).address(), times) for name, times in names.most_common(12)]


# --- feeds


@router.get("/feeds")
def feeds(sources: FromSources) -> HTMLResponse:
    """The feeds that are followed, those that fail first."""
    views = [(feed, _standing(feed.state)) for feed in sources.feeds()]
    views.sort(key=lambda view: (_STANDINGS.index(view[1]), (view[0].title or view[0].url).casefold()))
    return page(
        "feeds.html",
        here="feeds",
        feeds=views,
        standings=[(s, times) for s in _STANDINGS if (times := sum(standing == s for _, standing in views))],
        now=sources.now(),
    )


_STANDINGS = ("failing", "odd", "waiting", "fine")
"""How feeds stand, in the order in which somebody should look at them."""


def _standing(state: str) -> str:
    return {"new": "waiting", "fresh": "fine", "quiet": "fine", "empty": "odd", "moved": "odd"}.get(state, "failing")
