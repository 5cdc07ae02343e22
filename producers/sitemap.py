"""News sitemaps to the common form: an answer of a publisher that has no feed.

Format: https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap, of an index of them:
https://www.sitemaps.org/protocol.html#index
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lxml import etree

from producers.documents import ParsedFeed, moment, one_line, unique, web_address
from schemas.records import Entry

INDEX = "sitemapindex"
"""Format of a document that only names sitemaps."""
_ROOT = re.compile(rb"<(?:[^\s<>/:]{1,100}:)?([^\s<>/:]{1,100})")
_ROOTS = (b"urlset", INDEX.encode())
_BEFORE_ROOT = ((b"<!--", b"-->"), (b"<?", b"?>"), (b"<!", b">"))
"""How what may stand before the root begins and ends; declarations within a document type are passed one by one."""
_MOST_PARTS = 4
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def looks_like_sitemap(body: bytes) -> bool:
    """Whether a document may be a sitemap: by the name of its root, whatever its prefix. Takes linear time."""
    # In UTF-16 and UTF-32 every letter of a name has zeros beside it.
    text = body.replace(b"\x00", b"")
    place = text.find(b"<")
    while place >= 0:
        end = next((end for start, end in _BEFORE_ROOT if text.startswith(start, place)), None)
        if end is None:
            root = _ROOT.match(text, place)
            return root is not None and root[1] in _ROOTS
        after = text.find(end, place + 2)
        place = text.find(b"<", after) if after >= 0 else -1
    return False


def parse_sitemap(body: bytes, *, url: str) -> ParsedFeed | None:
    """Read the pages of a sitemap that carry a news tag, or the newest sitemaps that an index names, as its parts.

    None where the document is neither.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is not None and _name(root) == INDEX:
        return ParsedFeed(format=INDEX, parts=_newest(root, url))
    if root is None or _name(root) != "urlset":
        return None
    entries = tuple(entry for page in root if _name(page) == "url" and (entry := _entry(page, url)) is not None)
    if not entries:
        return None
    return ParsedFeed(entries=entries, format="sitemap")


def _newest(index: etree._Element, base: str) -> tuple[str, ...]:
    """The sitemaps of an index with the newest pages: those named after news first, then by date, then in order."""
    found: dict[str, tuple[bool, datetime]] = {}
    for part in index:
        if _name(part) != "sitemap":
            continue
        texts = {_name(element): one_line(element.text) for element in part}
        address = web_address(texts.get("loc"), base)
        if address:
            found.setdefault(address, ("news" in address.lower(), moment(texts.get("lastmod")) or _LONG_AGO))
    return tuple(sorted(found, key=lambda address: found[address], reverse=True)[:_MOST_PARTS])


def _entry(page: etree._Element, base: str) -> Entry | None:
    fields: dict[str, list[str]] = {}
    for element in page.iter():
        fields.setdefault(_name(element), []).append(one_line(element.text))
    if "news" not in fields:
        return None

    def first(name: str) -> str:
        return next((text for text in fields.get(name, ()) if text), "")

    link = web_address(first("loc"), base)
    return Entry(
        guid=link,
        link=link,
        title=first("title"),
        published=moment(first("publication_date")),
        updated=moment(first("lastmod")),
        language=first("language") or None,
        tags=unique(word.strip() for word in first("keywords").split(",")),
    )


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
