"""The text of an article: from its page, or from what the feed gives, whichever is fuller."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import trafilatura
from lxml import etree
from lxml import html as lxml_html

from consumers.enrich.page_head import absolute, canonical_link, declared_language
from schemas.records import RawArticle, Span

_BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header "
    "hr li main nav ol p pre section table tr ul".split()
)
_UNREAD = frozenset("head iframe math noscript object script style svg template textarea title".split())
_LOOKS_LIKE_HTML = re.compile(
    r"<\s*(?:!doctype|html|body|div|p|br|article|a|span|em|strong|ul|h[1-6])\b[^>]*>", re.IGNORECASE
)
_SPACES = re.compile(r"[^\S\n]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|$)|<(script|style|template|noscript)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE
)
_TAG = re.compile(r"</?[a-zA-Z!?][^>]*>?")
_SAME = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class ArticleText:
    """The text that is annotated, and what the page said of itself."""

    text: str
    headline: Span | None
    source: Literal["page", "feed", "given"]
    title: str = ""
    byline: str | None = None
    published: datetime | None = None
    image: str | None = None
    url: str | None = None
    """The page's canonical link."""
    language: str | None = None
    """BCP 47 tag that the page declares."""


def of_article(raw: RawArticle) -> ArticleText:
    """The text of a raw article: headline, blank line, body.

    The body is the page's where there is one and it is fuller than the feed's, else the feed's; an article without any
    body is its headline alone. Raises zlib.error where the page in the record is damaged.
    """
    from_feed = of_html(raw.entry.content or raw.entry.summary)
    from_page = _of_page(raw)
    title = clean(raw.entry.title).replace("\n", " ") or (from_page.title if from_page else "")
    body, source = from_feed, "feed"
    if from_page and len(from_page.text) > len(from_feed):
        body, source = from_page.text, "page"
    body = _without_headline(body, title)
    text = f"{title}\n\n{body}" if title and body else title or body
    return ArticleText(
        text=text,
        headline=Span(start=0, end=len(title)) if title else None,
        source="page" if source == "page" else "feed",
        title=title,
        byline=clean(", ".join(raw.entry.authors)) or (from_page.byline if from_page else None) or None,
        published=raw.entry.published or (from_page.published if from_page else None),
        image=raw.entry.image or (from_page.image if from_page else None),
        url=from_page.url if from_page else None,
        language=from_page.language if from_page else None,
    )


def of_document(document: str) -> ArticleText:
    """The text of a stand-alone HTML document or fragment: its article where one stands out, else all its text."""
    extracted = _extract(document, url=None)
    plain = of_html(document)
    if extracted is None or not extracted.text:
        return ArticleText(plain, None, "given")
    body = _without_headline(extracted.text, extracted.title)
    text = f"{extracted.title}\n\n{body}" if extracted.title and body else extracted.title or body
    headline = Span(start=0, end=len(extracted.title)) if extracted.title else None
    return ArticleText(text, headline, "given", extracted.title, extracted.byline, extracted.published, extracted.image)


def looks_like_html(text: str) -> bool:
    """Whether a text is HTML rather than plain words."""
    return _LOOKS_LIKE_HTML.search(text[:5000]) is not None


def of_html(markup: str) -> str:
    """The words of an HTML fragment: blocks as paragraphs with a blank line between, nothing of scripts and styles."""
    if not markup.strip():
        return ""
    if "<" not in markup:
        return clean(html.unescape(markup))
    try:
        # lxml refuses strings with an encoding declaration and control characters; bytes it takes as they are.
        tree = lxml_html.fragment_fromstring(
            clean(markup), create_parent="div", parser=lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)
        )
    except (etree.LxmlError, ValueError):
        return _without_tags(markup)
    # libxml2 gives up on elements nested thousands deep, and leaves nothing.
    return clean("".join(_words(tree))) or _without_tags(markup)


def _without_tags(markup: str) -> str:
    return clean(html.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", markup))))


def _words(tree: lxml_html.HtmlElement) -> list[str]:
    """The texts of a tree in order, with blank lines around blocks; without recursion, for pages nest deeply."""
    pieces: list[str] = []
    unread = 0
    for event, element in etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
        if event in ("comment", "pi"):
            pieces.append("" if unread else element.tail or "")
            continue
        if event == "start":
            unread += element.tag in _UNREAD
            pieces.append("\n\n" if element.tag in _BLOCKS else "")
            pieces.append("" if unread else element.text or "")
        else:
            unread -= element.tag in _UNREAD
            pieces.append("\n\n" if element.tag in _BLOCKS else "")
            pieces.append("" if unread or element is tree else element.tail or "")
    return pieces


def clean(text: str) -> str:
    """Text fit to be kept: no control characters or lone surrogates, one space between words, blank lines folded."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")
    text = _CONTROLS.sub(" ", text)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip()


def _of_page(raw: RawArticle) -> ArticleText | None:
    if raw.page is None:
        return None
    body, where = raw.page.raw_body(), raw.page.url
    found = _extract(body, url=where)
    if found is None:
        return None
    return replace(
        found,
        image=absolute(found.image, where),
        url=canonical_link(body, where),
        language=declared_language(body),
    )


def _extract(document: str | bytes, url: str | None) -> ArticleText | None:
    found = trafilatura.bare_extraction(
        document, url=url, include_comments=False, include_tables=False, with_metadata=True
    )
    if found is None or isinstance(found, dict):
        return None
    paragraphs = (line.strip() for line in clean(found.text or "").split("\n"))
    return ArticleText(
        text="\n\n".join(paragraph for paragraph in paragraphs if paragraph),
        headline=None,
        source="page",
        title=clean(found.title or "").replace("\n", " "),
        byline=clean(found.author or "") or None,
        published=_day(found.date),
        image=found.image or None,
    )


def _day(date: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(date).replace(tzinfo=UTC) if date else None
    except ValueError:
        return None


def _without_headline(body: str, title: str) -> str:
    """The body without a first paragraph that only repeats the title."""
    first, _, rest = body.partition("\n")
    if title and _SAME.sub("", first).casefold() == _SAME.sub("", title).casefold():
        return rest.strip()
    return body
