"""robots.txt: which article pages may be fetched, and how fast (RFC 9309; Crawl-delay beside it)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from producers.answers import Fetched, FetchProblem
from producers.fetch import Fetching

_KEEP = 86_400.0
_KEEP_UNREACHABLE = 3_600.0
_LONGEST_ANSWER = 4_000_000
_LONGEST = 500 * 1024
"""What is read of a robots.txt, in bytes; the rest counts for nothing (RFC 9309, 2.5)."""
_SITES = 5_000
_MOST = 10_000_000
"""Bytes of robots.txt whose rules are kept at once; as rules they take some sixteen times as much memory."""


class Robots:
    """What sites say of robots, asked once a day for each. Used by one event loop.

    fetcher: asks the sites. agent: the name that rules may be written for. time: seconds that only grow.
    """

    def __init__(self, fetcher: Fetching, *, agent: str = "Quotewire", time: Callable[[], float] | None = None) -> None:
        self._fetcher = fetcher
        self._agent = agent
        self._time = time or (lambda: asyncio.get_running_loop().time())
        self._rules: OrderedDict[str, tuple[float, asyncio.Future[Protego | FetchProblem]]] = OrderedDict()
        self._lengths: dict[str, int] = {}
        self._turns: OrderedDict[str, float] = OrderedDict()

    async def refusal(self, url: str) -> FetchProblem | None:
        """Why a page may not be fetched; None where it may.

        Its kind is `refused` where the rules say so; where they cannot be had, that of the problem in having them.
        """
        site = _site(url)
        rules = await self._of(site)
        if isinstance(rules, FetchProblem):
            return replace(rules, reason=f"robots.txt of {site} cannot be had: {rules.reason}")
        if rules.can_fetch(url, self._agent):
            return None
        return FetchProblem("refused", f"robots.txt of {site} does not allow it")

    async def turn(self, url: str, *, patience: float) -> str | None:
        """Wait for the site's crawl delay, if it has one. Why not, where that takes more than `patience` seconds."""
        site = _site(url)
        rules = await self._of(site)
        delay = None if isinstance(rules, FetchProblem) else rules.crawl_delay(self._agent)
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

    async def _of(self, site: str) -> Protego | FetchProblem:
        until, rules = self._rules.get(site, (0.0, None))
        # Those who come while it is being asked for wait for the same answer.
        if rules is None or (rules.done() and (self._time() >= until or rules.cancelled() or rules.exception())):
            rules = asyncio.ensure_future(self._ask(site))
            self._rules[site] = (self._time() + _KEEP, rules)
            self._forget()
        found = await asyncio.shield(rules)
        until, kept = self._rules.get(site, (0.0, None))
        # It may be forgotten by now, or asked for anew.
        if isinstance(found, FetchProblem) and kept is rules:
            self._rules[site] = (min(until, self._time() + _KEEP_UNREACHABLE), rules)
        return found

    def _forget(self) -> None:
        while len(self._rules) > _SITES or (len(self._rules) > 1 and sum(self._lengths.values()) > _MOST):
            site, _ = self._rules.popitem(last=False)
            self._lengths.pop(site, None)

    async def _ask(self, site: str) -> Protego | FetchProblem:
        answer = await self._fetcher.fetch(
            f"{site}/robots.txt", accept="text/plain, */*;q=0.1", body_limit=_LONGEST_ANSWER
        )
        if not isinstance(answer, Fetched):
            return _without_file(answer)
        body = answer.body
        if len(body) > _LONGEST:
            # Half a rule may be another rule.
            body = body[:_LONGEST].rpartition(b"\n")[0]
        rules = await asyncio.to_thread(_parse, body.decode("utf-8", "replace"))
        if site in self._rules:
            self._lengths[site] = len(body)
            self._forget()
        return rules


def _without_file(problem: FetchProblem) -> Protego | FetchProblem:
    # RFC 9309, 2.3.1: what is not there allows everything, what cannot be reached nothing.
    if problem.status is not None and 400 <= problem.status < 500 and problem.status != 429:
        return _parse("")
    return problem


def _parse(text: str) -> Protego:
    try:
        return Protego.parse(text)
    except (ValueError, TypeError, AttributeError, RecursionError):
        # What nobody can read says nothing.
        return Protego.parse("")


def _site(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
