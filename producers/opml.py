"""The list of feeds as OPML: read it, write it. Folders are tags.

Format: http://opml.org/spec2.opml (an outline with `xmlUrl` is a feed, one without is a folder; `category` holds
further tags, separated by commas). A folder inside a folder gives both names as tags, and a comma in a folder's name
separates tags too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from producers.documents import one_line, unique
from producers.urls import without_credentials
from quotewire.files import write_whole
from quotewire.ports import ConfigurationError


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed that is to be polled: its address, what it is called here, its tags, and the address of its site."""

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()
    site: str = ""


def read_opml(path: Path) -> tuple[FeedSource, ...]:
    """The feeds of an OPML file, each address once, in order; tags of a feed listed twice are put together.

    Raises ConfigurationError naming the file, and the line where there is one.
    """
    try:
        return parse_opml(path.read_bytes(), name=str(path))
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file; name the OPML file of feeds in QUOTEWIRE_FEEDS") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None


def parse_opml(document: bytes, *, name: str = "OPML") -> tuple[FeedSource, ...]:
    """The feeds of an OPML document. Raises ConfigurationError that begins with `name` and says the line."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ConfigurationError(f"{name}, line {line}: not well-formed XML: {one_line(str(error))}") from None
    if etree.QName(root).localname.lower() != "opml":
        raise ConfigurationError(f"{name}, line {root.sourceline}: not OPML: its root is <{root.tag}>")
    if root.getroottree().docinfo.internalDTD is not None:
        raise ConfigurationError(f"{name}: has a document type definition, which is refused; remove <!DOCTYPE …>")
    found: dict[str, FeedSource] = {}
    for outline in root.iter("{*}outline"):
        source = _source(outline, name)
        if source is None:
            continue
        known = found.get(source.url)
        if known:
            tags = unique((*known.tags, *source.tags))
            source = FeedSource(source.url, known.title or source.title, tags, known.site or source.site)
        found[source.url] = source
    return tuple(found.values())


def _source(outline: etree._Element, name: str) -> FeedSource | None:
    attributes = {str(key).lower(): one_line(value) for key, value in outline.attrib.items()}
    url = attributes.get("xmlurl", "")
    if not url:
        return None
    problem = source_problem(url)
    if problem:
        raise ConfigurationError(f"{name}, line {outline.sourceline}: {problem}")
    folders = [
        folder.get("text") or folder.get("title") or ""
        for folder in outline.iterancestors("{*}outline")
        if not folder.get("xmlUrl")
    ]
    tags = ",".join((*reversed(folders), attributes.get("category", ""))).split(",")
    title = attributes.get("text") or attributes.get("title") or ""
    return FeedSource(url, title, unique(one_line(tag).strip("/ ") for tag in tags), attributes.get("htmlurl", ""))


def source_problem(url: str) -> str | None:
    """What is wrong with a feed's address, for whoever wrote it and without its password; None where nothing is."""
    name = one_line(without_credentials(url))
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        if "@" in url:
            # Where the password ends cannot be told, and the error may quote it.
            end = one_line(url.rpartition("@")[2])
            return f"“…@{end}” is not an address; in a user name or password write / ? # [ ] as %2F %3F %23 %5B %5D"
        return f"“{name}” is not an address: {error}"
    if any(char.isspace() or not char.isprintable() for char in url):
        return f"“{name}” is not an address: it has white space or control characters in it"
    if parts.scheme.lower() not in ("http", "https"):
        return f"“{name}” is not an address that can be polled: it must begin with http:// or https://"
    return None if host else f"“{name}” is not an address: it names no host"


def render_opml(sources: Iterable[FeedSource], *, title: str = "Feeds") -> bytes:
    """An OPML 2.0 document of these feeds.

    A feed stands in the folder of its first tag, with all further ones as `category`; reading it again gives the same
    feeds with the same tags, grouped by folder.
    """
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {}
    for source in sources:
        parent = body
        if source.tags:
            folder = source.tags[0]
            if folder not in folders:
                folders[folder] = etree.SubElement(body, "outline", text=folder)
            parent = folders[folder]
        outline = etree.SubElement(parent, "outline", type="rss", text=source.title or source.url, xmlUrl=source.url)
        if source.site:
            outline.set("htmlUrl", source.site)
        if len(source.tags) > 1:
            outline.set("category", ",".join(source.tags[1:]))
    rendered: bytes = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    return rendered


def write_opml(path: Path, sources: Sequence[FeedSource], *, title: str = "Feeds") -> None:
    """Write an OPML file whole or not at all: a kill at any moment leaves the old file or the new one.

    Raises ConfigurationError where it cannot be written.
    """
    write_whole(path, render_opml(sources, title=title))
