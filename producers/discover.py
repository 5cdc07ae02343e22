"""The feeds that a site's page names (RSS Board's autodiscovery: https://www.rssboard.org/rss-autodiscovery)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass

from producers.documents import MAX_ADDRESS, one_line, unescaped, web_address

_TYPES = frozenset(
    (
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "text/xml",
        "application/xml",
    )
)
_HEAD = 500_000
_TAG = re.compile(r"""<(link|a|base)(?=[\s/])((?:[^<>"']|"[^"<]*"|'[^'<]*'|["'])*+)>""", re.IGNORECASE)
"""A tag that may name a feed. None of it goes past the next <, and nothing is tried twice: that is linear time."""
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]{1,50})\s{0,20}(?:=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?""")


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page names, with the title it gives it."""

    url: str
    title: str = ""


def feed_links(page: bytes, url: str) -> tuple[FeedLink, ...]:
    """The feeds that an HTML page names, each once, in order. url: where the page was found. Never raises.

    Takes time in proportion to the page, but more than an event loop can spare: see `feed_links_beside`.
    """
    text = _without_comments(page[:_HEAD].decode("utf-8", "replace"))
    base = url
    found: dict[str, FeedLink] = {}
    # No html.parser: tags that never end take it quadratic time. No tree either, for one may be deep without end.
    for tag in _TAG.finditer(text):
        name = tag[1].lower()
        values = {key.lower(): unescaped(value[:MAX_ADDRESS]) for key, value in _attributes(tag[2])}
        if name == "base":
            base = web_address(values.get("href"), base) or base
            continue
        kind = values.get("type", "").partition(";")[0].strip().lower()
        address = web_address(values.get("href"), base)
        if "alternate" in values.get("rel", "").lower().split() and kind in _TYPES and address:
            found.setdefault(address, FeedLink(address, one_line(values.get("title"))))
    return tuple(found.values())


async def feed_links_beside(page: bytes, url: str) -> tuple[FeedLink, ...]:
    """As `feed_links`, on a thread."""
    return await asyncio.to_thread(feed_links, page, url)


def _without_comments(text: str) -> str:
    kept: list[str] = []
    place = 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[place:start])
        place = end + 3
    return "".join([*kept, text[place:]])


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    for found in _ATTRIBUTE.finditer(text):
        name, double, single, bare = found.groups()
        yield name, double or single or bare or ""
