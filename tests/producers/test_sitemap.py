"""A news sitemap is a feed, however it is written."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from producers.documents import ParsedFeed
from producers.parse import parse
from producers.sitemap import looks_like_sitemap

SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
PLAIN = (
    f'<urlset xmlns="{SITEMAPS}" xmlns:n="{NEWS}"><url><loc>https://ashmere.example/one</loc>'
    "<n:news><n:title>One</n:title></n:news></url></urlset>"
)
PREFIXED = (
    f'<sm:urlset xmlns:sm="{SITEMAPS}" xmlns:n="{NEWS}"><sm:url><sm:loc>https://ashmere.example/one</sm:loc>'
    "<n:news><n:title>One</n:title></n:news></sm:url></sm:urlset>"
)
XML = '<?xml version="1.0"?>'
WRITTEN = {
    "plain": PLAIN,
    "with a prefix": XML + PREFIXED,
    "after a long comment": f"{XML}<!-- {'<b>Made by hand.</b> ' * 500} --><!-- > -->{PLAIN}",
    "after processing instructions": f'{XML}<?xml-stylesheet href="x.xsl" title="a > b"?><?{"x " * 3_000}?>{PREFIXED}',
    "after a document type": f'{XML}<!DOCTYPE urlset [<!ENTITY a "b"> <!-- <rss> --> ]>{PLAIN}',
    "after white space": "\n" * 5_000 + PLAIN,
}


def of(body: bytes, content_type: str | None = "application/xml") -> ParsedFeed:
    return parse(body, url="https://ashmere.example/sitemap.xml", content_type=content_type)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", WRITTEN)
def test_a_sitemap_is_known_by_its_root(name: str, encoding: str) -> None:
    feed = of(WRITTEN[name].encode(encoding))
    assert [(entry.link, entry.title) for entry in feed.entries] == [("https://ashmere.example/one", "One")]
    assert (feed.format, feed.problem) == ("sitemap", None)


def test_an_index_is_known_by_its_root() -> None:
    body = f"{XML}<!-- {'x' * 5_000} --><s:sitemapindex xmlns:s='{SITEMAPS}'><s:sitemap><s:loc>/news.xml</s:loc>"
    assert of(f"{body}</s:sitemap></s:sitemapindex>".encode()).parts == ("https://ashmere.example/news.xml",)


@pytest.mark.parametrize(
    "document",
    [
        "<html><p>&lt;urlset></p><urlset/></html>",
        "<!-- <urlset> --><page/>",
        "<?x <urlset>?><page/>",
        "<urlsets/>",
        "<urlset:page/>",
        "<!-- <urlset>",
        "urlset",
        "<",
        "",
    ],
)
def test_what_only_speaks_of_one_is_none(document: str) -> None:
    assert not looks_like_sitemap(document.encode())


def test_it_is_known_in_linear_time() -> None:
    started = time.process_time()
    for piece in (b"<!---->", b"<!-- -- >", b"<?x?>", b"<?x", b"<!x>", b"<!", b"<", b"a:", b"<a:"):
        assert not looks_like_sitemap(piece * 200_000)
    assert time.process_time() - started < 5


def test_a_news_sitemap_is_read() -> None:
    document = (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://ashmere.example/one</loc>'
        "<news:news><news:publication><news:name>Courier</news:name><news:language>en</news:language>"
        "</news:publication><news:publication_date>2026-03-04</news:publication_date>"
        "<news:title>One &amp; all</news:title></news:news></url>"
        "<url><loc>https://ashmere.example/about</loc></url></urlset>"
    )
    (entry,) = of(document.encode()).entries
    assert (entry.link, entry.title, entry.language) == ("https://ashmere.example/one", "One & all", "en")
    assert entry.published == datetime(2026, 3, 4, tzinfo=UTC)
