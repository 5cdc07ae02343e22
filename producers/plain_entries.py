"""One entry of a plain RSS 2.0 or Atom 1.0 document, element by element, as feedparser would read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from feedparser.mixin import _FeedParserMixin

from producers.documents import one_line, plain, unique
from producers.plain_texts import ATOM, Unusual, address_in, date_in, leaf, link_kind, names, text_of, typed
from schemas.records import Entry

DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
SLASH = "{http://purl.org/rss/1.0/modules/slash/}"
WFW = "{http://wellformedweb.org/CommentAPI/}"


@dataclass(slots=True)
class Item:
    """What is gathered of one entry."""

    language: str | None
    once: dict[str, str] = field(default_factory=dict)
    alternates: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    thumbnails: list[str] = field(default_factory=list)
    enclosures: list[str] = field(default_factory=list)
    title_is_html: bool = False
    permalink: bool = False

    def set(self, name: str, value: str) -> None:
        """Keep what may be there once only."""
        if name in self.once:
            raise Unusual
        self.once[name] = value

    def entry(self) -> Entry:
        """The entry that all this makes. Raises Unusual."""
        once = self.once
        content = once.get("content", "")
        summary = once.get("summary", "")
        title = once.get("title", "")
        images = (*self.media, *self.thumbnails, *self.enclosures)
        texts = "title" in once or "summary" in once or "content" in once
        guid = once.get("guid")
        return Entry(
            guid=(one_line(guid) or None) if guid else None,
            link=self._link(),
            title=plain(title) if self.title_is_html else one_line(title),
            summary="" if summary == content else summary,
            content=content,
            authors=unique(map(plain, self.authors)),
            published=date_in(once.get("published")),
            updated=date_in(once.get("updated")),
            language=self.language if texts else None,
            image=images[0] if images else None,
            tags=unique(map(one_line, self.tags)),
        )

    def _link(self) -> str | None:
        if len(self.alternates) > 1:
            raise Unusual
        if self.alternates:
            return self.alternates[0]
        return self.once.get("guid") if self.permalink else None


_Reading = Callable[[Item, Any], None]


def gathered(element: Any, readings: dict[str, _Reading], language: str | None) -> Entry:
    """Read an entry. readings: RSS_ITEM or ATOM_ENTRY. language: the document's. Raises Unusual."""
    if element.attrib:
        raise Unusual
    item = Item(language)
    for inner in element:
        reading = readings.get(inner.tag)
        if reading is None:
            raise Unusual
        reading(item, inner)
    return item.entry()


def _ignored(_: Item, element: Any) -> None:
    leaf(element)


def _source(_: Item, element: Any) -> None:
    if set(element.attrib) - {"url"}:
        raise Unusual
    text_of(element)


def _once(name: str) -> _Reading:
    def read(item: Item, element: Any) -> None:
        item.set(name, leaf(element))

    return read


def _rss_title(item: Item, element: Any) -> None:
    text = leaf(element)
    item.set("title", text)
    item.title_is_html = ("&" in text or "<" in text) and bool(_FeedParserMixin.looks_like_html(text))


def _rss_link(item: Item, element: Any) -> None:
    item.set("link", leaf(element))
    item.alternates.append(address_in(item.once["link"]))


def _rss_guid(item: Item, element: Any) -> None:
    if set(element.attrib) - {"isPermaLink"}:
        raise Unusual
    item.set("guid", text_of(element))
    if element.get("isPermaLink", "true") == "true":
        address_in(item.once["guid"])
        item.permalink = True


def _rss_author(item: Item, element: Any) -> None:
    text = leaf(element)
    if "@" in text or not text:
        raise Unusual
    item.authors.append(text)


def _rss_category(item: Item, element: Any) -> None:
    if set(element.attrib) - {"domain"}:
        raise Unusual
    text = text_of(element)
    if not text:
        raise Unusual
    item.tags.append(text)


def _enclosure(item: Item, element: Any) -> None:
    if set(element.attrib) - {"url", "type", "length"}:
        raise Unusual
    text_of(element)
    if element.get("type", "").lower().startswith("image/"):
        item.enclosures.append(address_in(element.get("url", "")))


def _media_attributes(element: Any) -> Any:
    attributes = element.attrib
    if any(name in ("lang", "base") or not name.islower() or "{" in name for name in attributes) or element.text:
        raise Unusual
    return attributes


def _media_content(item: Item, element: Any) -> None:
    attributes = _media_attributes(element)
    if len(element):
        raise Unusual
    if attributes.get("medium") == "image" or attributes.get("type", "").lower().startswith("image/"):
        item.media.append(address_in(attributes.get("url", "")))


def _media_thumbnail(item: Item, element: Any) -> None:
    attributes = _media_attributes(element)
    if len(element):
        raise Unusual
    item.thumbnails.append(address_in(attributes.get("url", "")))


def _atom_link(item: Item, element: Any) -> None:
    kind, address, _ = link_kind(element)
    if kind == "alternate":
        item.alternates.append(address)
    elif kind == "enclosure" and element.get("type", "").lower().startswith("image/"):
        item.enclosures.append(address)


def _atom_id(item: Item, element: Any) -> None:
    text = leaf(element)
    item.set("guid", text)
    if not names(text):
        address_in(text)
        item.permalink = True


def _atom_title(item: Item, element: Any) -> None:
    item.title_is_html, text = typed(element)
    item.set("title", text)


def _atom_text(name: str) -> _Reading:
    def read(item: Item, element: Any) -> None:
        item.set(name, typed(element)[1])

    return read


def read_atom_author(item: Item, element: Any) -> None:
    """Read an `author` with the elements that it may have."""
    if element.attrib or (element.text or "").strip():
        raise Unusual
    texts: dict[str, str] = {}
    for inner in element:
        if inner.tag not in (f"{ATOM}name", f"{ATOM}email", f"{ATOM}uri") or inner.tag in texts:
            raise Unusual
        texts[inner.tag] = leaf(inner)
    name = one_line(texts.get(f"{ATOM}name"))
    if not name:
        raise Unusual
    item.authors.append(name)


def _atom_category(item: Item, element: Any) -> None:
    if set(element.attrib) - {"term", "scheme", "label"} or not element.get("term") or text_of(element):
        raise Unusual
    item.tags.append(element.get("label") or element.get("term"))


_MODULES: dict[str, _Reading] = {
    f"{DC}date": _once("updated"),
    f"{DC}subject": _rss_category,
    f"{MEDIA}content": _media_content,
    f"{MEDIA}thumbnail": _media_thumbnail,
    f"{SLASH}comments": _ignored,
    f"{WFW}commentRss": _ignored,
}
RSS_ITEM: dict[str, _Reading] = _MODULES | {
    "title": _rss_title,
    "link": _rss_link,
    "guid": _rss_guid,
    "description": _once("summary"),
    f"{CONTENT}encoded": _once("content"),
    "pubDate": _once("published"),
    "author": _rss_author,
    f"{DC}creator": _rss_author,
    "category": _rss_category,
    "enclosure": _enclosure,
    "source": _source,
    "comments": _ignored,
}
ATOM_ENTRY: dict[str, _Reading] = _MODULES | {
    f"{ATOM}title": _atom_title,
    f"{ATOM}link": _atom_link,
    f"{ATOM}id": _atom_id,
    f"{ATOM}summary": _atom_text("summary"),
    f"{ATOM}content": _atom_text("content"),
    f"{ATOM}published": _once("published"),
    f"{ATOM}updated": _once("updated"),
    f"{ATOM}author": read_atom_author,
    f"{ATOM}category": _atom_category,
    f"{ATOM}rights": _ignored,
}
