"""Which pages that could not be had are asked for again, when, and how often. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from producers.pages import PageResult
from quotewire.ports import AwaitedPage
from schemas.records import RawArticle

_LONGEST_DOUBLING = 10


@dataclass(frozen=True, slots=True)
class AwaitLimits:
    """Bounds of asking again for pages."""

    first_wait: timedelta = timedelta(minutes=15)
    """Until the second try; twice as long until each further one."""
    tries: int = 8
    """Times that a page is asked for, at the most."""
    age: timedelta = timedelta(days=3)
    """How long a page is awaited, at the most."""
    of_a_feed: int = 1_000
    in_all: int = 20_000
    text: int = 20_000
    """Longest text of an entry whose page is awaited, in characters: all of it is kept until then."""


def awaited(
    article: RawArticle, result: PageResult, identities: tuple[str, ...], now: datetime, limits: AwaitLimits
) -> AwaitedPage | None:
    """What to remember of an article that was published just now, where its page may still come.

    identities: by which its entry is remembered.
    """
    if len(article.entry.summary) + len(article.entry.content) > limits.text:
        return None
    return asked_again(AwaitedPage(article, identities, since=now, next_try=now), result, now, limits)


def asked_again(page: AwaitedPage, result: PageResult, now: datetime, limits: AwaitLimits) -> AwaitedPage | None:
    """What to remember of a page that was asked for again; None where it came, or is given up."""
    tries = page.tries + result.tried
    if result.again is None or tries >= limits.tries:
        return None
    # Whoever was not asked has not failed: a site that gives ten pages an hour gives them all in the end.
    wait = limits.first_wait * 2 ** min(max(tries - 1, 0), _LONGEST_DOUBLING) if result.tried else limits.first_wait
    next_try = max(result.again, now + wait)
    return None if next_try - page.since > limits.age else replace(page, tries=tries, next_try=next_try)


def earliest(pages: Iterable[AwaitedPage], known: datetime | None = None) -> datetime | None:
    """When the next of some awaited pages is due, or what was `known` of others, where that is sooner."""
    moments = [page.next_try for page in pages]
    return min([*moments, known] if known else moments, default=None)
