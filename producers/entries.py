"""One entry as feedparser gives it, to the entry of our records."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from producers.documents import clean, one_line, plain, unique, web_address
from schemas.records import Entry


def to_entry(entry: Mapping[str, Any], base: str, document: bytes) -> Entry:
    """Make an Entry of a feedparser entry; nothing of it is required.

    base: where relative links are taken from. document: the one it stands in, to tell what is written there from what
    feedparser made of it.
    """
    guid = one_line(entry.get("id")) or None
    bare = _bare_guid(entry, guid, base, document)
    detail = entry.get("title_detail") or {}
    summary, content = clean(_summary(entry)).strip(), _content(entry)
    return Entry(
        guid=bare or guid,
        link=None if bare else _link(entry, base),
        title=one_line(entry.get("title")) if detail.get("type") == "text/plain" else plain(entry.get("title")),
        # feedparser copies a content without a summary to the summary.
        summary="" if summary == content else summary,
        content=content,
        authors=_authors(entry),
        published=_time(entry, "published_parsed") or _time(entry, "created_parsed"),
        updated=_time(entry, "updated_parsed"),
        language=_language(entry),
        image=_image(entry, base),
        tags=unique(one_line(tag.get("label") or tag.get("term")) for tag in _dicts(entry, "tags")),
    )


def _bare_guid(entry: Mapping[str, Any], guid: str | None, base: str, document: bytes) -> str | None:
    """The guid as it is written, where feedparser made an address of it.

    A guid is a permalink unless it says otherwise, and many that are only numbers do not say so.
    """
    if (
        not guid
        or not entry.get("guidislink")
        or any(item.get("rel") == "alternate" for item in _dicts(entry, "links"))
    ):
        return None
    folder, name = base.rpartition("/")[0], guid.rpartition("/")[2]
    written = guid.encode("utf-8", "replace")
    if guid != f"{folder}/{name}" or written in document or escape(guid).encode("utf-8", "replace") in document:
        return None
    return name


def _link(entry: Mapping[str, Any], base: str) -> str | None:
    # FeedBurner puts a counting address in front of the article's and gives the real one beside it.
    original = web_address(entry.get("feedburner_origlink"))
    if original:
        return original
    alternates = [one_line(item.get("href")) for item in _dicts(entry, "links") if item.get("rel") == "alternate"]
    candidates = (one_line(entry.get("link")), *alternates)
    return next((address for link in candidates if link and (address := web_address(link, base))), None)


def _summary(entry: Mapping[str, Any]) -> object:
    # feedparser answers "summary" from other elements where the entry has none, so the plain look-up is asked.
    return dict.get(entry, "summary") if isinstance(entry, dict) else entry.get("summary")


def _content(entry: Mapping[str, Any]) -> str:
    texts = [clean(item.get("value")).strip() for item in _dicts(entry, "content")]
    return max(texts, key=len, default="")


def _authors(entry: Mapping[str, Any]) -> tuple[str, ...]:
    names = [one_line(author.get("name") or author.get("email")) for author in _dicts(entry, "authors")]
    return unique([plain(name) for name in names] or [plain(entry.get("author"))])


def _time(entry: Mapping[str, Any], key: str) -> datetime | None:
    # Asked of the plain dict: feedparser's own look-up answers a missing "updated" with "published".
    value = dict.get(entry, key) if isinstance(entry, dict) else entry.get(key)
    if not isinstance(value, time.struct_time):
        return None
    year, month, day, hour, minute, second = value[:6]
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _language(entry: Mapping[str, Any]) -> str | None:
    for key in ("title_detail", "summary_detail"):
        detail = entry.get(key)
        if isinstance(detail, Mapping) and (language := one_line(detail.get("language"))):
            return language
    return next((one_line(item.get("language")) or None for item in _dicts(entry, "content")), None)


def _image(entry: Mapping[str, Any], base: str) -> str | None:
    image = entry.get("image")
    candidates: list[object] = [image.get("href") if isinstance(image, Mapping) else None]
    candidates += [
        item.get("url")
        for item in _dicts(entry, "media_content")
        if item.get("medium") == "image" or str(item.get("type", "")).startswith("image/")
    ]
    candidates += [item.get("url") for item in _dicts(entry, "media_thumbnail")]
    candidates += [
        item.get("href")
        for item in _dicts(entry, "links")
        if item.get("rel") == "enclosure" and str(item.get("type", "")).startswith("image/")
    ]
    return next((address for item in candidates if (address := web_address(item, base))), None)


def _dicts(entry: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    items = entry.get(key)
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list | tuple) else []
