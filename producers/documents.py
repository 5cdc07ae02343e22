"""What a feed document holds, whatever its format: the common form that the parsers give."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel, ConfigDict

from schemas.records import Entry

MAX_ADDRESS = 4_096
"""Longest address that is believed, and longest guid that is kept as it is, in characters."""
_MAX_TITLE = 500
_MAX_LANGUAGE = 35
"""What a tag needs at the most (RFC 5646, 4.4.1)."""
_MAX_NAMES = 100
_MAX_NAME = 200
_MAX_HUBS = 10
_LONGEST_PARSED = 2_000
"""Characters of HTML that html.parser is given: tags that never end take it time that grows with the square."""
_TAG = re.compile(r"<[^<>]*>")


class FeedHints(BaseModel):
    """What a feed document says of when to come back."""

    model_config = ConfigDict(frozen=True)

    ttl: float | None = None
    """RSS `ttl`, in seconds."""
    update_interval: float | None = None
    """`sy:updatePeriod` divided by `sy:updateFrequency`, in seconds."""
    skip_hours: tuple[int, ...] = ()
    """Hours of the day, in UTC, in which nobody need ask (RSS `skipHours`)."""
    skip_days: tuple[int, ...] = ()
    """Days on which nobody need ask (RSS `skipDays`); Monday is 0."""


class ParsedFeed(BaseModel):
    """A feed document, read. Entries stand in the order of the document."""

    model_config = ConfigDict(frozen=True)

    title: str = ""
    entries: tuple[Entry, ...] = ()
    hints: FeedHints = FeedHints()
    problem: str | None = None
    """What is wrong with the document, in one line; None where nothing is. Entries may be there all the same."""
    is_feed: bool = True
    """False where this is no feed at all: a page, an empty answer, another kind of XML."""
    format: str = ""
    """Name and version of the format: rss20, atom10, json, sitemap, …"""
    site: str | None = None
    """Address of the site the feed belongs to, where the feed says it."""
    hubs: tuple[str, ...] = ()
    """Addresses of the WebSub hubs that push the feed."""
    self_url: str | None = None
    """The address that the feed gives as its own."""
    parts: tuple[str, ...] = ()
    """Addresses of the documents that hold its entries, where it is an index of such."""


def bounded(feed: ParsedFeed) -> ParsedFeed:
    """The feed with what is kept of it for long, or repeated in each of its entries, cut to a sensible length."""
    return feed.model_copy(
        update={
            "title": feed.title[:_MAX_TITLE],
            "hubs": feed.hubs[:_MAX_HUBS],
            "entries": tuple(map(_bounded_entry, feed.entries)),
        }
    )


def _bounded_entry(entry: Entry) -> Entry:
    cut: dict[str, object] = {}
    if entry.guid and len(entry.guid) > MAX_ADDRESS:
        # It still tells this entry from others.
        cut["guid"] = hashlib.sha256(entry.guid.encode()).hexdigest()
    if entry.language and len(entry.language) > _MAX_LANGUAGE:
        cut["language"] = None
    for name, texts in (("authors", entry.authors), ("tags", entry.tags)):
        if len(texts) > _MAX_NAMES or any(len(text) > _MAX_NAME for text in texts):
            cut[name] = tuple(text[:_MAX_NAME] for text in texts[:_MAX_NAMES])
    return entry.model_copy(update=cut) if cut else entry


def clean(text: object) -> str:
    """A text without what no later stage can store: lone surrogates become U+FFFD, NUL goes. Not a string: empty."""
    if not isinstance(text, str):
        return ""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        # Two halves of a pair become the character that they are.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def one_line(text: object) -> str:
    """A cleaned text with all white space as single spaces."""
    return " ".join(clean(text).split())


def without_tags(markup: str) -> str:
    """The text of a piece of HTML on one line, roughly: for counting and comparing, beside the network.

    Character references stay. No parser, for html.parser takes quadratic time for tags that never end.
    """
    return " ".join(_TAG.sub(" ", markup).split())


def plain(markup: object) -> str:
    """The words of a piece of HTML on one line, without its tags. Takes time in proportion to its length."""
    text = clean(markup)
    if "<" not in text:
        return one_line(unescaped(text))
    if len(text) > _LONGEST_PARSED:
        return one_line(unescaped(_TAG.sub("", text)))
    words = _Words()
    try:
        words.feed(text)
        words.close()
    except ValueError:
        # A number of thousands of digits as a character reference.
        return one_line(_TAG.sub("", text))
    return one_line("".join(words.pieces))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def unescaped(text: str) -> str:
    """A text with its character references replaced, or as it is, where one of them is a number without end."""
    try:
        return html.unescape(text)
    except ValueError:
        return text


def web_address(address: object, base: str = "") -> str | None:
    """An absolute http or https address of at most MAX_ADDRESS characters; None for anything else.

    A relative one is taken from `base`.
    """
    text = one_line(address).replace(" ", "%20")
    if not text:
        return None
    try:
        absolute = urljoin(base, text) if base else text
        parts = urlsplit(absolute)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or len(absolute) > MAX_ADDRESS:
        return None
    return absolute


def moment(text: object) -> datetime | None:
    """The time that an ISO 8601 text names, in UTC; None where it names none. Without a zone it is taken as UTC."""
    if not isinstance(text, str):
        return None
    try:
        value = datetime.fromisoformat(text.strip())
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts that are not empty, each once, in order."""
    return tuple(dict.fromkeys(text for text in texts if text))
