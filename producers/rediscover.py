"""A feed whose address answers 404 or 410, looked for again through the site it belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from producers.answers import Fetched, FetchProblem
from producers.canonical import address_key
from producers.discover import feed_links_beside
from producers.documents import ParsedFeed
from producers.fetch import ACCEPT_PAGE, Fetching
from producers.parse_process import Parsing
from producers.urls import registered_domain

_MOST = 4
_NOTHING_THERE = (404, 410)
_NO_FEED = "not a feed"
"""How the problem of a document begins that was read and is another; others were empty, too long or took too long."""
_OTHERS = ("comment", "kommentar", "commentaire")


@dataclass(frozen=True, slots=True)
class Found:
    """A feed found again: what it answered, and what was read of it."""

    answer: Fetched
    feed: ParsedFeed


async def rediscover(
    url: str,
    sites: Sequence[str],
    *,
    fetcher: Fetching,
    parser: Parsing,
    known: Callable[[ParsedFeed], Awaitable[bool]],
) -> Found | None:
    """The feed that was at `url`, where a page of its site names it; None where none can be told to be it.

    sites: addresses of pages to look at, in order. known: tells whether entries of a feed were seen before. Only feeds
    of the same registered domain as the old address or the site are taken: one with entries that are known, else the
    only one there is. What answers and is no feed, as the JSON that WordPress names beside its feed, is not counted;
    what cannot be read may be the one.
    """
    for site in dict.fromkeys(sites):
        page = await fetcher.fetch(site, accept=ACCEPT_PAGE)
        if isinstance(page, FetchProblem):
            continue
        owners = {registered_domain(url), registered_domain(site)}
        named = [
            link
            for link in await feed_links_beside(page.body, page.url)
            if registered_domain(link.url) in owners
            and not any(word in f"{link.url} {link.title}".lower() for word in _OTHERS)
        ]
        # A page that still names the lost feed is out of date: what it names beside it is another one.
        links = [link for link in named if link.url != url]
        up_to_date = all(address_key(link.url) != address_key(url) for link in named)
        read: list[Found] = []
        unread = len(links[_MOST:])
        for link in links[:_MOST]:
            answer = await fetcher.fetch(link.url)
            if isinstance(answer, FetchProblem) or answer.status != 200:
                unread += answer.status not in _NOTHING_THERE
                continue
            feed = await parser.parse(
                answer.body, url=answer.url, content_type=answer.content_type or None, headers=answer.headers
            )
            if not feed.is_feed:
                unread += not (feed.problem or "").startswith(_NO_FEED)
                continue
            if feed.entries and await known(feed):
                return Found(answer, feed)
            read.append(Found(answer, feed))
        if up_to_date and len(read) == 1 and read[0].feed.entries and not unread:
            return read[0]
    return None


def site_of(url: str) -> str:
    """The front page of an address's host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
