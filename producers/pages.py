"""The article's own page: whether it is wanted, and how it is had."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from producers.answers import FetchProblem
from producers.fetch import ACCEPT_PAGE, Fetching
from producers.robots import Robots
from producers.urls import without_credentials
from producers.walls import wall
from schemas.records import Entry, Page

_CUT_OFF = re.compile(
    r"(?:…|\.\.\.)\]?$|\b(?:(?:continue|keep) reading|(?:read|see) (?:more|on|the full (?:story|article)))\W*$",
    re.IGNORECASE,
)
_FULL_TEXT = 250
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class PageLimits:
    """Bounds of page fetching."""

    body: int = 3_000_000
    """Longest page, in bytes."""
    full_text: int = _FULL_TEXT
    """Words from which a feed's text counts as the whole article."""
    patience: float = 60
    """Longest wait for a site's crawl delay, in seconds."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """A page, or why there is none although one was wanted; both where the page holds a part only, or neither."""

    page: Page | None = None
    problem: str | None = None


def page_wanted(entry: Entry, *, full_text: int = _FULL_TEXT) -> bool:
    """Whether an article's page is needed: it has one, and the feed gives less than the whole article.

    full_text: words from which a text counts as the whole, unless it ends as one that was cut off.
    """
    if not entry.link:
        return False
    longest = max(_without_tags(entry.content), _without_tags(entry.summary), key=len)
    return len(longest.split()) < full_text or bool(_CUT_OFF.search(html.unescape(longest[-200:])[-80:]))


def _without_tags(markup: str) -> str:
    # No parser: this runs beside the network for every new entry, and html.parser takes quadratic time for tags that
    # never end.
    return " ".join(_TAG.sub(" ", markup).split())


class Pages:
    """Fetches article pages, as robots.txt allows. Never raises for what a site does: that is the problem's text."""

    def __init__(
        self, fetcher: Fetching, robots: Robots, now: Callable[[], datetime], limits: PageLimits | None = None
    ) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._now = now
        self._limits = limits or PageLimits()

    async def of(self, entry: Entry) -> PageResult:
        """The page of an entry, where it is wanted and can be had."""
        limits = self._limits
        if entry.link is None or not page_wanted(entry, full_text=limits.full_text):
            return PageResult()
        problem = await self._robots.refusal(entry.link)
        problem = problem or await self._robots.turn(entry.link, patience=limits.patience)
        if problem:
            return PageResult(problem=problem)
        answer = await self._fetcher.fetch(entry.link, accept=ACCEPT_PAGE, body_limit=limits.body)
        if isinstance(answer, FetchProblem):
            return PageResult(problem=answer.reason)
        kind = answer.content_type.partition(";")[0].strip().lower()
        if kind and not (kind.startswith("text/") or "html" in kind or "xml" in kind):
            return PageResult(problem=f"the page is no text but {kind[:80]}")
        if not answer.body.strip():
            return PageResult(problem="the page is empty")
        where = without_credentials(answer.url)
        stands = wall(answer.body, where)
        if stands and stands != "paywall":
            return PageResult(problem=f"a {stands} stands before the page")
        # Compressing megabytes takes longer than the event loop can spare.
        page = await asyncio.to_thread(
            Page.from_body,
            url=where,
            status=answer.status,
            content_type=answer.content_type[:200],
            fetched=self._now(),
            body=answer.body,
        )
        return PageResult(
            page=page,
            problem="the article is behind a paywall: the page may hold its beginning only" if stands else None,
        )
