"""JSON Feed (https://www.jsonfeed.org/version/1.1/) to the common form."""

from __future__ import annotations

import codecs
import html
import json
import re
from typing import Any

import orjson

from producers.documents import ParsedFeed, clean, moment, one_line, plain, unique, web_address
from schemas.records import Entry

_MARKS = codecs.BOM_UTF8 + codecs.BOM_UTF16_LE + b"\x00 \t\r\n"
"""Bytes that may stand around the first character of a document, in any encoding of Unicode."""
_NO_UTF8 = re.compile("[\udc80-\udcff]+")
_LONGEST_NUMBER = 19
"""Digits that always fit 64 bits; a longer number is an id, and stays text."""


def looks_like_json(body: bytes) -> bool:
    """Whether a document can only be JSON."""
    return body.lstrip(_MARKS)[:1] in (b"{", b"[")


def read_json(body: bytes) -> tuple[Any, str | None]:
    """The value that a JSON document holds, and what is wrong with the document, None for nothing.

    Read is also what programs write by mistake: half a surrogate pair, NaN (None then), line breaks in strings, UTF-16
    and UTF-32, bytes that are no UTF-8 (as Windows-1252). Strings may hold lone surrogates. Raises ValueError where it
    cannot be read.
    """
    try:
        return orjson.loads(body.removeprefix(codecs.BOM_UTF8)), None
    except orjson.JSONDecodeError as error:
        strictly = one_line(str(error))[:120]
    decoder = json.JSONDecoder(strict=False, parse_constant=lambda _: None, parse_int=_number)
    try:
        return decoder.decode(_text(body).lstrip("\ufeff \t\r\n")), strictly
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _text(body: bytes) -> str:
    encoding = json.detect_encoding(body)
    if encoding.startswith("utf-8"):
        return _NO_UTF8.sub(_in_windows_1252, body.decode("utf-8", "surrogateescape"))
    return body.decode(encoding, "replace")


def _in_windows_1252(found: re.Match[str]) -> str:
    return found[0].encode("utf-8", "surrogateescape").decode("windows-1252", "replace")


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def read_json_feed(document: Any, *, url: str, problem: str | None = None) -> ParsedFeed:
    """The entries of a JSON Feed of any version. Never raises: what is no JSON Feed comes back with its problem named.

    document, problem: as from `read_json`. url: the base of relative addresses.
    """
    items = document.get("items") if isinstance(document, dict) else None
    version = one_line(document.get("version")) if isinstance(document, dict) else ""
    if not isinstance(items, list) or "jsonfeed.org" not in version:
        return ParsedFeed(is_feed=False, problem="not a feed: JSON without the version and items of a JSON Feed")
    entries = tuple(_entry(item, document, url) for item in items if isinstance(item, dict))
    odd = len(items) - len(entries)
    problems = [f"not well-formed, {len(entries)} of {len(items)} items could be read ({problem})"] if problem else []
    problems += [f"{odd} items are not JSON objects"] if odd else []
    return ParsedFeed(
        title=one_line(document.get("title")),
        entries=entries,
        problem="; ".join(problems) or None,
        format="json",
        site=web_address(document.get("home_page_url"), url),
        hubs=unique(
            web_address(hub.get("url"), url) or ""
            for hub in _list(document.get("hubs"))
            if isinstance(hub, dict) and one_line(hub.get("type")).lower() == "websub"
        ),
        self_url=web_address(document.get("feed_url"), url),
    )


def _entry(item: dict[str, Any], document: dict[str, Any], base: str) -> Entry:
    text = clean(item.get("content_text"))
    content = clean(item.get("content_html")) or (html.escape(text, quote=False) if text else "")
    guid = item.get("id")
    return Entry(
        guid=one_line(str(guid)) or None if isinstance(guid, str | int | float) else None,
        link=web_address(item.get("url"), base) or web_address(item.get("external_url"), base),
        title=one_line(item.get("title")),
        summary=html.escape(clean(item.get("summary")), quote=False),
        content=content,
        authors=_authors(item) or _authors(document),
        published=moment(item.get("date_published")),
        updated=moment(item.get("date_modified")),
        language=one_line(item.get("language") or document.get("language")) or None,
        image=web_address(item.get("image"), base) or web_address(item.get("banner_image"), base),
        tags=unique(plain(tag) for tag in _list(item.get("tags"))),
    )


def _authors(holder: dict[str, Any]) -> tuple[str, ...]:
    # Version 1.0 had one `author`, 1.1 has a list.
    found = [*_list(holder.get("authors")), holder.get("author")]
    return unique(one_line(author.get("name")) for author in found if isinstance(author, dict))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
