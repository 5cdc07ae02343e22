"""Sites that want no requests for now: who answers 429 to one page or feed would do so to the next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from producers.answers import FetchProblem
from producers.urls import registered_domain

_SITES = 5_000
_ASKS_FOR_A_PAUSE = (429, 503)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """How long a site is left alone. Times in seconds."""

    usual: float = 900
    """Where it does not say how long."""
    shortest: float = 60
    longest: float = 86_400
    """Longest Retry-After that is heeded, as for feeds."""
    in_a_row: int = 3
    """Pages in a row that it refuses (403) or cannot give (5xx, time-outs, connections) until it is left alone: many a
    site says 403 and means 429."""


class Holds:
    """Which sites are left alone, and until when. In memory only: a process that starts asks a site once more.

    A pause that a site asks for holds for its registered domain. What it merely refuses or fails to give holds for that
    host and port: nobody's feed shall keep another's pages from us by naming addresses of it that do not answer.

    now: the time.
    """

    def __init__(self, now: Callable[[], datetime], limits: HoldLimits | None = None) -> None:
        self._now = now
        self._limits = limits or HoldLimits()
        self._until: OrderedDict[str, tuple[datetime, str]] = OrderedDict()
        """And why."""
        self._in_a_row: OrderedDict[str, int] = OrderedDict()

    def problem(self, url: str) -> FetchProblem | None:
        """Why an address is not asked for now, with the seconds left as `retry_after`; None where it may be."""
        now = self._now()
        (until, why), site = max(
            (self._until.get(site, (now, "")), site) for site in (registered_domain(url), _host(url))
        )
        if until <= now:
            return None
        reason = f"{site} is not asked until {until:%Y-%m-%d %H:%M} UTC: {why}"
        return FetchProblem("soft", reason, retry_after=(until - now).total_seconds())

    def note(self, url: str, problem: FetchProblem | None) -> None:
        """What came of asking an address: a problem, or None for an answer."""
        host, limits = _host(url), self._limits
        in_a_row = self._in_a_row.pop(host, 0) + 1
        if problem is None or not (may_pass(problem) or problem.retry_after):
            return
        _keep(self._in_a_row, host, in_a_row)
        asks_for_a_pause = problem.status in _ASKS_FOR_A_PAUSE or bool(problem.retry_after)
        if asks_for_a_pause or in_a_row >= limits.in_a_row:
            site = registered_domain(url) if asks_for_a_pause else host
            wait = min(max(problem.retry_after or limits.usual, limits.shortest), limits.longest)
            until = self._now() + timedelta(seconds=wait)
            why = "it wants fewer requests" if asks_for_a_pause else f"{in_a_row} pages in a row could not be had"
            _keep(self._until, site, max((until, why), self._until.get(site, (until, why))))


class FeedHolds:
    """Which sites told one of their feeds to wait, so that their others wait too. In memory only, as Holds.

    Who counts requests (429) counts those to all hosts of a registered domain. A server that is not there for now (503)
    says nothing of others, so it holds for its host and port. Either counts only where it says for how long.

    now: the time. longest: seconds that a feed waits for others at the most.
    """

    def __init__(self, now: Callable[[], datetime], *, longest: float) -> None:
        self._now = now
        self._longest = timedelta(seconds=longest)
        self._until: OrderedDict[str, datetime] = OrderedDict()
        self._first_waited: dict[str, datetime] = {}
        """By listed feeds alone, so there are no more than those."""

    def note(self, url: str, problem: FetchProblem) -> bool:
        """What came of asking a feed's address; whether its site is to be left alone for it.

        What another site answered, to which a feed redirects, counts for nothing: whoever has a feed could choose it.
        """
        if problem.status not in _ASKS_FOR_A_PAUSE or not problem.retry_after or problem.url is None:
            return False
        owner = registered_domain(url)
        if registered_domain(problem.url) != owner:
            return False
        site = owner if problem.status == 429 else _host(problem.url)
        until = self._now() + min(timedelta(seconds=problem.retry_after), self._longest)
        _keep(self._until, site, max(until, self._until.get(site, until)))
        return True

    def __bool__(self) -> bool:
        """Whether any site may be left alone now: seldom, so that most need not be asked for."""
        return bool(self._until)

    def waits(self, url: str, since: datetime | None) -> bool:
        """Whether a feed at this address, which might have been asked since then, is not to be asked now.

        since: None from the first time on that it is found to wait. However many others are told to wait meanwhile, it
        waits no longer than `longest`.
        """
        now = self._now()
        held = False
        for site in (registered_domain(url), _host(url)):
            if self._until.get(site, now) > now:
                held = True
            else:
                self._until.pop(site, None)
        if not held:
            return False
        if since is None:
            since = self._first_waited.get(url)
            # It has had as long to be asked in as it had to wait.
            if since is None or now - since >= 2 * self._longest:
                since = self._first_waited[url] = now
        return now - since < self._longest


def may_pass(problem: FetchProblem) -> bool:
    """Whether a page that could not be had may be had later."""
    return problem.kind == "soft" or problem.status in (403, 429)


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def _keep(sites: OrderedDict[str, _Value], site: str, value: _Value) -> None:
    sites[site] = value
    sites.move_to_end(site)
    while len(sites) > _SITES:
        sites.popitem(last=False)
