"""Follows an index of news sitemaps to the newest of the sitemaps that it names, as if all were one document."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from producers.answers import FetchProblem
from producers.documents import ParsedFeed
from producers.fetch import Fetching
from producers.parse_process import Parsing
from producers.sitemap import INDEX
from producers.urls import registered_domain


class SitemapFollower:
    """A parser that asks for the sitemaps that an index names, those of the index's own registered domain.

    One level deep: an index named by an index is not followed. parser: reads each document.
    """

    def __init__(self, fetcher: Fetching, parser: Parsing) -> None:
        self._fetcher = fetcher
        self._parser = parser

    async def parse(
        self, body: bytes, *, url: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> ParsedFeed:
        """Read a feed document; never raises for what is in it or for what a site does."""
        feed = await self._parser.parse(body, url=url, content_type=content_type, headers=headers)
        if feed.format != INDEX:
            return feed
        parts = [part for part in feed.parts if registered_domain(part) == registered_domain(url)]
        found = await asyncio.gather(*(self._part(part) for part in parts))
        entries = tuple(dict.fromkeys(entry for part in found for entry in part.entries))
        problems = [part.problem for part in found if part.problem and not part.entries]
        if not entries and any(part.is_feed for part in found):
            # It may pass: a server that is away, a sitemap that is empty for now.
            reason = problems[0] if problems else "they are empty"
            return feed.model_copy(update={"problem": f"no entries in the sitemaps that it names: {reason}"})
        if not entries:
            problem = "not a feed: an index of sitemaps, of which the newest hold no news"
            return feed.model_copy(update={"is_feed": False, "problem": problem})
        lacking = f"{len(problems)} of {len(parts)} sitemaps could not be read: {problems[0]}" if problems else None
        return feed.model_copy(update={"entries": entries, "problem": lacking})

    async def _part(self, url: str) -> ParsedFeed:
        answer = await self._fetcher.fetch(url)
        if isinstance(answer, FetchProblem):
            return ParsedFeed(is_feed=answer.kind == "soft", problem=answer.reason)
        return await self._parser.parse(
            answer.body, url=answer.url, content_type=answer.content_type or None, headers=answer.headers
        )
