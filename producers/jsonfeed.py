"""JSON Feed (https://www.jsonfeed.org/version/1.1/) to the common form."""

from __future__ import annotations

import html
from typing import Any

import orjson

from producers.documents import ParsedFeed, clean, moment, one_line, plain, unique, web_address
from schemas.records import Entry


def looks_like_json(body: bytes) -> bool:
    """Whether a document can only be JSON."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def parse_json_feed(body: bytes, *, url: str) -> ParsedFeed:
    """Read a JSON Feed of any version. Never raises: what is no JSON Feed comes back with its problem named."""
    try:
        document = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        return ParsedFeed(is_feed=False, problem=f"not a feed: JSON that cannot be read ({error})")
    items = document.get("items") if isinstance(document, dict) else None
    version = one_line(document.get("version")) if isinstance(document, dict) else ""
    if not isinstance(items, list) or "jsonfeed.org" not in version:
        return ParsedFeed(is_feed=False, problem="not a feed: JSON without the version and items of a JSON Feed")
    entries = tuple(_entry(item, document, url) for item in items if isinstance(item, dict))
    odd = len(items) - len(entries)
    return ParsedFeed(
        title=one_line(document.get("title")),
        entries=entries,
        problem=f"{odd} items are not JSON objects" if odd else None,
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
