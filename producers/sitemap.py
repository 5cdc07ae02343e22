"""News sitemaps to the common form: an answer of a publisher that has no feed.

Format: https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
"""

from __future__ import annotations

from lxml import etree

from producers.documents import ParsedFeed, moment, one_line, unique, web_address
from schemas.records import Entry


def looks_like_sitemap(body: bytes) -> bool:
    """Whether a document may be a sitemap."""
    return b"<urlset" in body[:4096]


def parse_sitemap(body: bytes, *, url: str) -> ParsedFeed | None:
    """Read the pages of a sitemap that carry a news tag; None where the document is not a sitemap of news."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or _name(root) != "urlset":
        return None
    entries = tuple(entry for page in root if _name(page) == "url" and (entry := _entry(page, url)) is not None)
    if not entries:
        return None
    return ParsedFeed(entries=entries, format="sitemap")


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
