"""The feeds that a site's page names (RSS Board's autodiscovery: https://www.rssboard.org/rss-autodiscovery)."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

from producers.documents import one_line, web_address

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


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page names, with the title it gives it."""

    url: str
    title: str = ""


def feed_links(page: bytes, url: str) -> tuple[FeedLink, ...]:
    """The feeds that an HTML page names, each once, in order. url: where the page was found. Never raises."""
    reader = _Links(url)
    reader.feed(page[:_HEAD].decode("utf-8", "replace"))
    found: dict[str, FeedLink] = {}
    for link in reader.found:
        found.setdefault(link.url, link)
    return tuple(found.values())


class _Links(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base
        self.found: list[FeedLink] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "base":
            self._base = web_address(values.get("href"), self._base) or self._base
        if tag not in ("link", "a") or "alternate" not in values.get("rel", "").lower().split():
            return
        kind = values.get("type", "").partition(";")[0].strip().lower()
        address = web_address(values.get("href"), self._base)
        if kind in _TYPES and address:
            self.found.append(FeedLink(address, one_line(values.get("title"))))
