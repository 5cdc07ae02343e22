"""robots.txt: which article pages may be fetched, and how fast (RFC 9309; Crawl-delay beside it)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from producers.answers import Fetched, FetchProblem
from producers.fetch import Fetching

_KEEP = 86_400.0
_KEEP_UNREACHABLE = 3_600.0
_LONGEST = 500_000
_SITES = 5_000


class Robots:
    """What sites say of robots, asked once a day for each. Used by one event loop.

    fetcher: asks the sites. agent: the name that rules may be written for. time: seconds that only grow.
    """

    def __init__(self, fetcher: Fetching, *, agent: str = "Quotewire", time: Callable[[], float] | None = None) -> None:
        self._fetcher = fetcher
        self._agent = agent
        self._time = time or (lambda: asyncio.get_running_loop().time())
        self._rules: OrderedDict[str, tuple[float, asyncio.Future[Protego | None]]] = OrderedDict()
        self._turns: OrderedDict[str, float] = OrderedDict()

    async def refusal(self, url: str) -> str | None:
        """Why a page may not be fetched; None where it may."""
        rules = await self._of(_site(url))
        if rules is None:
            return "the site's robots.txt cannot be had for now"
        return None if rules.can_fetch(url, self._agent) else "robots.txt of the site does not allow it"

    async def turn(self, url: str, *, patience: float) -> str | None:
        """Wait for the site's crawl delay, if it has one. Why not, where that takes more than `patience` seconds."""
        site = _site(url)
        rules = await self._of(site)
        delay = rules.crawl_delay(self._agent) if rules else None
        if not delay or not 0 < delay < 1e6:
            return None
        now = self._time()
        start = max(self._turns.get(site, now), now)
        if start - now > patience:
            return f"robots.txt of the site asks for {delay:g} seconds between pages, and others are before it"
        self._turns[site] = start + delay
        self._turns.move_to_end(site)
        while len(self._turns) > _SITES:
            self._turns.popitem(last=False)
        await asyncio.sleep(start - now)
        return None

    async def _of(self, site: str) -> Protego | None:
        until, rules = self._rules.get(site, (0.0, None))
        # Those who come while it is being asked for wait for the same answer.
        if rules is None or (rules.done() and (self._time() >= until or rules.cancelled())):
            rules = asyncio.ensure_future(self._ask(site))
            self._rules[site] = (self._time() + _KEEP, rules)
            while len(self._rules) > _SITES:
                self._rules.popitem(last=False)
        found = await asyncio.shield(rules)
        if found is None:
            self._rules[site] = (min(self._rules[site][0], self._time() + _KEEP_UNREACHABLE), rules)
        return found

    async def _ask(self, site: str) -> Protego | None:
        answer = await self._fetcher.fetch(f"{site}/robots.txt", accept="text/plain, */*;q=0.1", body_limit=_LONGEST)
        if isinstance(answer, Fetched):
            return _parse(answer.body.decode("utf-8", "replace"))
        return _without_file(answer)


def _without_file(problem: FetchProblem) -> Protego | None:
    # RFC 9309, 2.3.1: what is not there allows everything, what cannot be reached nothing.
    if problem.status is not None and 400 <= problem.status < 500 and problem.status != 429:
        return _parse("")
    return None


def _parse(text: str) -> Protego:
    try:
        return Protego.parse(text)
    except (ValueError, TypeError, AttributeError, RecursionError):
        # What nobody can read says nothing.
        return Protego.parse("")


def _site(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
