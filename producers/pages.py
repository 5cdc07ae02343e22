"""The article's own page: whether it is wanted, and how it is had."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from producers.answers import Fetched, FetchProblem
from producers.connections import OwnerLimit
from producers.documents import without_tags
from producers.fetch import ACCEPT_PAGE, Fetching
from producers.holds import HoldLimits, Holds, may_pass
from producers.robots import Robots
from producers.urls import registered_domain, without_credentials
from producers.walls import Wall, wall
from schemas.records import Entry, Page

log = structlog.get_logger()

_CUT_OFF = re.compile(
    r"(?:…|\.\.\.)\]?$|\b(?:(?:continue|keep) reading|(?:read|see) (?:more|on|the full (?:story|article)))\W*$",
    re.IGNORECASE,
)
_FULL_TEXT = 250


@dataclass(frozen=True, slots=True)
class PageLimits:
    """Bounds of page fetching."""

    body: int = 3_000_000
    """Longest page, in bytes."""
    full_text: int = _FULL_TEXT
    """Words from which a feed's text counts as the whole article."""
    patience: float = 60
    """Longest wait for a site's crawl delay, in seconds."""
    at_once: int = 2
    """Pages of one registered domain asked for at once."""
    holds: HoldLimits = field(default_factory=HoldLimits)


@dataclass(frozen=True, slots=True)
class PageResult:
    """A page, or why there is none although one was wanted; both where the page holds a part only, or neither."""

    page: Page | None = None
    problem: str | None = None
    again: datetime | None = None
    """When the page may be had at the earliest; None where that will never be, or it is there."""
    tried: bool = True
    """False where nobody was asked, because others are before it or the site wants fewer requests."""
    wall: Wall | None = None
    """What stands before the page, which then is none, or before the rest of it."""


def page_wanted(entry: Entry, *, full_text: int = _FULL_TEXT) -> bool:
    """Whether an article's page is needed: it has one, and the feed gives less than the whole article.

    full_text: words from which a text counts as the whole, unless it ends as one that was cut off.
    """
    if not entry.link:
        return False
    longest = max(without_tags(entry.content), without_tags(entry.summary), key=len)
    return len(longest.split()) < full_text or bool(_CUT_OFF.search(html.unescape(longest[-200:])[-80:]))


class Pages:
    """Fetches article pages, as robots.txt and the sites allow; they are asked at every redirect too.

    Never raises for what a site does: that is the problem's text. So is a fault of this program, for a page shall not
    keep its feed from being read.
    """

    def __init__(
        self, fetcher: Fetching, robots: Robots, now: Callable[[], datetime], limits: PageLimits | None = None
    ) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._now = now
        self._limits = limits or PageLimits()
        self._holds = Holds(now, self._limits.holds)
        self._turns = OwnerLimit(self._limits.at_once)

    async def of(self, entry: Entry) -> PageResult:
        """The page of an entry, where it is wanted and can be had."""
        if entry.link is None or not page_wanted(entry, full_text=self._limits.full_text):
            return PageResult()
        try:
            return await self._at(entry.link)
        except Exception as error:
            log.exception("page not fetched by a fault of this program", page=without_credentials(entry.link))
            return PageResult(problem=f"a fault of this program: {type(error).__name__}", again=self._now())

    def later(self, entry: Entry, reason: str) -> PageResult:
        """No page for now, for a reason, where one is wanted: nobody is asked, and it may be had at any time."""
        wanted = page_wanted(entry, full_text=self._limits.full_text)
        return PageResult(problem=reason, again=self._now(), tried=False) if wanted else PageResult()

    def hold(self, url: str, problem: FetchProblem) -> None:
        """Leave a site's pages alone, since it told whoever asked this address to wait, as a feed."""
        self._holds.note(url, problem)

    async def _at(self, link: str) -> PageResult:
        stopped = await self._stopped(link)
        if stopped:
            return stopped
        # Those that wait here learn from the answers to those before them whether to ask at all.
        async with self._turns.slot(registered_domain(link)):
            answer = self._held(link) or await self._asked(link)
        return answer if isinstance(answer, PageResult) else await self._page(answer)

    async def _asked(self, link: str) -> Fetched | PageResult:
        asked = link
        stopped: PageResult | None = None

        async def hop_check(url: str) -> FetchProblem | None:
            nonlocal asked, stopped
            stopped = await self._stopped(url, before=asked)
            asked = url
            return FetchProblem("refused", stopped.problem or "") if stopped else None

        answer = await self._fetcher.fetch(link, accept=ACCEPT_PAGE, body_limit=self._limits.body, hop_check=hop_check)
        if stopped:
            return stopped
        if isinstance(answer, Fetched):
            self._holds.note(asked, None)
            return answer
        self._holds.note(asked, answer)
        return self._without(answer, again=self._held(asked))

    async def _stopped(self, url: str, *, before: str | None = None) -> PageResult | None:
        """Why an address is not to be asked for; waits for its turn. before: the address that led there."""
        held = self._held(url)
        if held:
            return held
        refusal = await self._robots.refusal(url)
        if refusal:
            return self._without(refusal)
        if before and urlsplit(before).netloc == urlsplit(url).netloc:
            return None
        late = await self._robots.turn(url, patience=self._limits.patience)
        return PageResult(problem=late, again=self._now(), tried=False) if late else None

    def _held(self, url: str) -> PageResult | None:
        held = self._holds.problem(url)
        if held is None:
            return None
        again = self._now() + timedelta(seconds=held.retry_after or 0)
        return PageResult(problem=held.reason, again=again, tried=False)

    def _without(self, problem: FetchProblem, again: PageResult | None = None) -> PageResult:
        if not may_pass(problem):
            return PageResult(problem=problem.reason)
        return PageResult(problem=problem.reason, again=again.again if again else self._now())

    async def _page(self, answer: Fetched) -> PageResult:
        kind = answer.content_type.partition(";")[0].strip().lower()
        if kind and not (kind.startswith("text/") or "html" in kind or "xml" in kind):
            return PageResult(problem=f"the page is no text but {kind[:80]}")
        if not answer.body.strip():
            return PageResult(problem="the page is empty")
        where = without_credentials(answer.url)
        stands = wall(answer.body, where)
        if stands and stands != "paywall":
            return PageResult(problem=f"a {stands} stands before the page", wall=stands)
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
            wall=stands,
        )
