"""Sites that want no requests for now, by registered domain: who answers 429 to one page would do so to the next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from producers.answers import FetchProblem
from producers.urls import registered_domain

_DOMAINS = 5_000
_ASKS_FOR_A_PAUSE = (429, 503)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


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


@dataclass(frozen=True, slots=True)
class _Site:
    until: datetime = _LONG_AGO
    in_a_row: int = 0


class Holds:
    """Which sites are left alone, and until when. In memory only: a process that starts asks a site once more.

    now: the time.
    """

    def __init__(self, now: Callable[[], datetime], limits: HoldLimits | None = None) -> None:
        self._now = now
        self._limits = limits or HoldLimits()
        self._sites: OrderedDict[str, _Site] = OrderedDict()

    def problem(self, url: str) -> FetchProblem | None:
        """Why an address is not asked for now, with the seconds left as `retry_after`; None where it may be."""
        domain = registered_domain(url)
        left = (self._sites.get(domain, _Site()).until - self._now()).total_seconds()
        if left <= 0:
            return None
        until = f"{self._now() + timedelta(seconds=left):%Y-%m-%d %H:%M} UTC"
        return FetchProblem("soft", f"{domain} is not asked until {until}: it wants fewer requests", retry_after=left)

    def note(self, url: str, problem: FetchProblem | None) -> None:
        """What came of asking an address: a problem, or None for an answer."""
        domain, limits = registered_domain(url), self._limits
        known = self._sites.pop(domain, _Site())
        if problem is None or not _is_against_all(problem):
            # Whoever answers for one page is there; a pause that it asked for before stands.
            if known.until > self._now():
                self._keep(domain, _Site(known.until))
            return
        in_a_row = known.in_a_row + 1
        until = known.until
        if problem.status in _ASKS_FOR_A_PAUSE or problem.retry_after or in_a_row >= limits.in_a_row:
            wait = min(max(problem.retry_after or limits.usual, limits.shortest), limits.longest)
            until = max(until, self._now() + timedelta(seconds=wait))
        self._keep(domain, _Site(until, in_a_row))

    def _keep(self, domain: str, site: _Site) -> None:
        self._sites[domain] = site
        while len(self._sites) > _DOMAINS:
            self._sites.popitem(last=False)


def may_pass(problem: FetchProblem) -> bool:
    """Whether a page that could not be had may be had later."""
    return problem.kind == "soft" or problem.status in (403, 429)


def _is_against_all(problem: FetchProblem) -> bool:
    return may_pass(problem) or bool(problem.retry_after)
