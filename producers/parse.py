"""Bytes of a feed document in, its entries out. Pure: nothing is fetched, nothing is remembered.

RSS, Atom, RDF and CDF are read by feedparser, plain ones by `producers.plain_feed` to the same entries, JSON Feed and
news sitemaps beside it. Where a document is not well-formed feedparser turns to its loose parser, so that one bad byte
does not cost the other entries.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

import feedparser

from producers.documents import ParsedFeed, bounded, one_line, plain, unique, web_address
from producers.entries import to_entry
from producers.hints import read_hints
from producers.jsonfeed import looks_like_json, read_json, read_json_feed
from producers.plain_feed import parse_plain
from producers.sitemap import looks_like_sitemap, parse_sitemap
from producers.walls import wall

MAX_BYTES = 20_000_000
"""Longest document that is read, in bytes. A feed of 25 entries has about 30,000."""

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HTML_TITLE = re.compile(rb"<title[^<>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_ENTITY = re.compile(rb"<!ENTITY\s+(?:%\s+)?[^\s>\"']+\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]{0,60})")


def parse(
    body: bytes, *, url: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
) -> ParsedFeed:
    """Read a feed document.

    body: the document, decompressed. url: where it was found, the base of relative links. content_type: the header as
    the server gave it, None for none. headers: the other headers of the answer, of which Content-Language and
    Content-Location matter. Never raises; what is wrong is the `problem` of the answer.
    """
    return bounded(_parse(body, url, content_type, headers or {}))


def _parse(body: bytes, url: str, content_type: str | None, headers: Mapping[str, str]) -> ParsedFeed:
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"):
        return ParsedFeed(is_feed=False, problem="empty answer")
    if len(body) > MAX_BYTES:
        return ParsedFeed(is_feed=False, problem=f"longer than {MAX_BYTES:,} bytes")
    if looks_like_json(body):
        try:
            document, problem = read_json(body)
        except ValueError as error:
            # What begins like JSON and is none may still hold something that feedparser finds.
            found = parse_carefully(body, url=url, content_type=content_type, headers=headers)
            problem = f"not a feed: JSON that cannot be read ({one_line(str(error))[:120]})"
            return found if found.entries else ParsedFeed(is_feed=False, problem=problem)
        return read_json_feed(document, url=url, problem=problem)
    has_language = any(name.lower() == "content-language" for name in headers)
    quickly = parse_plain(body, content_type=content_type, has_language=has_language)
    if quickly is not None:
        return quickly
    feed = parse_carefully(body, url=url, content_type=content_type, headers=headers)
    if not feed.entries and looks_like_sitemap(body):
        return parse_sitemap(body, url=url) or feed
    return feed


def parse_carefully(body: bytes, *, url: str, content_type: str | None, headers: Mapping[str, str]) -> ParsedFeed:
    """Read RSS, Atom, RDF or CDF with feedparser, whatever state it is in. Arguments as of `parse`."""
    names = {name.lower(): value for name, value in headers.items()}
    # feedparser takes the base of relative links from Content-Location, and an answer without any header as one whose
    # encoding only the document tells.
    given = {"content-location": web_address(names.get("content-location"), url) or url}
    if content_type is not None:
        given["content-type"] = content_type
    if "content-language" in names:
        given["content-language"] = names["content-language"]
    try:
        # Markup is kept as it came: this is the raw record, and whoever shows it sanitises it then.
        result = feedparser.parse(
            io.BytesIO(_disarmed(body)), response_headers=given, sanitize_html=False, resolve_relative_uris=False
        )
        entries = tuple(to_entry(entry, url, body) for entry in result.entries)
    except Exception as error:
        # Whatever a document makes a parser do, it is this document's problem and nobody else's.
        return ParsedFeed(
            is_feed=False, problem=f"cannot be parsed: {type(error).__name__}: {one_line(str(error))[:200]}"
        )
    version = one_line(result.get("version"))
    if not entries and not version:
        return ParsedFeed(is_feed=False, problem=_not_a_feed(body, content_type or ""))
    feed = result.feed
    return ParsedFeed(
        title=plain(feed.get("title")),
        entries=entries,
        hints=read_hints(feed, body, one_line(result.get("encoding")) or "utf-8"),
        problem=_broken(result, len(entries)),
        format=version,
        site=web_address(feed.get("link"), url),
        hubs=unique(web_address(link, url) or "" for link in _links(feed, "hub")),
        self_url=next((found for link in _links(feed, "self") if (found := web_address(link, url))), None),
    )


def _links(feed: Mapping[str, Any], relation: str) -> list[object]:
    links = feed.get("links")
    found = links if isinstance(links, list) else []
    return [link.get("href") for link in found if isinstance(link, Mapping) and link.get("rel") == relation]


def _disarmed(body: bytes) -> bytes:
    """The document without entities that are made of other entities: those only serve to blow it up."""
    if b"<!ENTITY" not in body:
        return body
    return _ENTITY.sub(lambda found: b"" if re.search(rb"&(?!#)", found[1] or found[2] or b"") else found[0], body)


def _broken(result: Any, entries: int) -> str | None:
    if not result.get("bozo"):
        return None
    error = result.get("bozo_exception")
    # A content type or encoding declared wrongly is common, and feedparser has settled it.
    if isinstance(error, feedparser.NonXMLContentType | feedparser.CharacterEncodingOverride):
        return None
    count = "1 entry" if entries == 1 else f"{entries} entries"
    return f"not well-formed, {count} could be read ({one_line(str(error))[:120]})"


def _not_a_feed(body: bytes, content_type: str) -> str:
    start = body[:65536].replace(b"\x00", b"")
    if _HTML.search(start):
        found = _HTML_TITLE.search(start)
        title = plain(found[1].decode("utf-8", "replace")) if found else ""
        stands = wall(start)
        kind = f"{stands}, HTML page" if stands else "HTML page"
        return f"not a feed: {kind} “{title[:100]}”" if title else f"not a feed: {kind}"
    root = _ROOT.search(start)
    if root and start.lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n").startswith(b"<"):
        return f"not a feed: XML document <{root[1].decode()}> without entries"
    kind = one_line(content_type.partition(";")[0])
    return f"not a feed: no entries in it (sent as {kind})" if kind else "not a feed: no entries in it"
