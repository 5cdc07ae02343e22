"""Look at one feed now, without remembering anything: for `quotewire feeds check`."""

from __future__ import annotations

import time
from dataclasses import dataclass

from producers.answers import FetchProblem
from producers.discover import FeedLink, feed_links_beside
from producers.documents import FeedHints, one_line
from producers.fetch import Fetching
from producers.opml import source_problem
from producers.parse_process import Parsing
from producers.urls import without_credentials


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What a feed answered."""

    url: str
    """As it was asked for, without credentials."""
    ok: bool
    """Whether it is a feed with entries that could be read."""
    problem: str | None = None
    final_url: str | None = None
    permanent_url: str | None = None
    status: int | None = None
    content_type: str = ""
    size: int = 0
    """Bytes, decompressed."""
    seconds: float = 0.0
    title: str = ""
    format: str = ""
    entries: int = 0
    newest: tuple[str, ...] = ()
    """Titles of the first entries."""
    hints: FeedHints | None = None
    has_validators: bool = False
    """Whether the server gives an ETag or Last-Modified."""
    feeds_of_page: tuple[FeedLink, ...] = ()
    """The feeds that a page names, where the address is a page's and not a feed's."""


async def check(url: str, *, fetcher: Fetching, parser: Parsing) -> FeedReport:
    """Fetch and parse one feed. Never raises for what the address, the network or the server does."""
    name = without_credentials(url)
    wrong = source_problem(url)
    if wrong:
        return FeedReport(name, ok=False, problem=wrong)
    started = time.monotonic()
    answer = await fetcher.fetch(url)
    seconds = time.monotonic() - started
    if isinstance(answer, FetchProblem):
        return FeedReport(name, ok=False, problem=answer.reason, status=answer.status, seconds=seconds)
    feed = await parser.parse(
        answer.body, url=answer.url, content_type=answer.content_type or None, headers=answer.headers
    )
    problems = [] if answer.complete else ["the answer was cut off"]
    problems += [feed.problem] if feed.problem else []
    if feed.is_feed and not feed.entries and not problems:
        problems.append("a feed without entries")
    return FeedReport(
        name,
        ok=bool(feed.entries),
        problem="; ".join(problems) or None,
        final_url=answer.url,
        permanent_url=answer.permanent_url,
        status=answer.status,
        content_type=one_line(answer.content_type),
        size=len(answer.body),
        seconds=seconds,
        title=feed.title,
        format=feed.format,
        entries=len(feed.entries),
        newest=tuple(entry.title for entry in feed.entries[:5]),
        hints=feed.hints,
        has_validators=bool(answer.headers.get("etag") or answer.headers.get("last-modified")),
        feeds_of_page=() if feed.is_feed else await feed_links_beside(answer.body, answer.url),
    )
