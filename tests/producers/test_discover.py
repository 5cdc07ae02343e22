"""The feeds that a page names."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.discover import FeedLink, feed_links

URL = "https://ashmere.example/news/"
RSS = "https://ashmere.example/rss"
PAGE = b"""<!doctype html><html><head><title>Ashmere</title>
<link rel="stylesheet" href="a.css"><link rel="icon" type="image/png" href="i.png">
<LINK REL="alternate" TYPE="application/rss+xml" TITLE="All &amp; everything" HREF="/feed.xml">
<link rel='alternate nofollow' type='application/atom+xml; charset=utf-8' href='atom'>
<link rel="alternate" type="application/rss+xml" href="https://ashmere.example/feed.xml">
<link rel="alternate" type="application/feed+json" href="feed.json" />
<link rel="alternate" hreflang="cy" href="/cy/"><link rel="alternate" type="application/rss+xml" href="javascript:x()">
</head><body>"""


def test_the_feeds_of_a_page_are_found_each_once_in_order() -> None:
    assert feed_links(PAGE, URL) == (
        FeedLink("https://ashmere.example/feed.xml", "All & everything"),
        FeedLink("https://ashmere.example/news/atom"),
        FeedLink("https://ashmere.example/news/feed.json"),
    )


def test_the_base_of_a_page_is_heeded() -> None:
    page = b"<base href='//cdn.ashmere.example/x/'><link rel=alternate type=application/rss+xml href=rss>"
    assert feed_links(page, URL) == (FeedLink("https://cdn.ashmere.example/x/rss"),)


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ('<link rel="alternate" type="application/rss+xml" title="5 > 4" href="/rss">', FeedLink(RSS, "5 > 4")),
        ("<link rel='alternate' type='text/xml' title='Joe's feed' href='/rss'>", FeedLink(RSS, "Joe")),
        ("<a\nrel=alternate\ntype=text/xml\nhref=/rss>", FeedLink(RSS)),
        ('<link type="text/xml"rel="alternate"href="/rss"/>', FeedLink(RSS)),
        ('<link rel="alternate" type="text/xml" href="/r&#115;s" title="A &amp; B">', FeedLink(RSS, "A & B")),
        ('<!-- <link rel="alternate" type="text/xml" href="/rss"> -->', None),
        ('<linked rel="alternate" type="text/xml" href="/rss">', None),
    ],
)
def test_tags_are_read_as_sites_write_them(tag: str, found: FeedLink | None) -> None:
    assert feed_links(f"<p>{tag}</p>".encode(), URL) == ((found,) if found else ())


def test_a_reference_without_end_costs_no_link() -> None:
    page = f'<link rel="alternate" type="text/xml" href="/rss" title="&#{"9" * 5_000};">'.encode()
    assert [link.url for link in feed_links(page, URL)] == [RSS]


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<a ", "<a '", '<a "', "<link x=", "<a b='\"", "&#", "<![CDATA[", "<a a=\"'"]
)
def test_a_hostile_page_takes_no_longer_than_another(piece: str) -> None:
    page = (piece * 500_000)[:500_000].encode()
    started = time.process_time()
    feed_links(page, URL)
    # In quadratic time it would be minutes.
    assert time.process_time() - started < 5


@given(st.binary() | st.text().map(lambda text: f"<link rel=alternate {text}>".encode()))
def test_no_page_makes_it_fail(page: bytes) -> None:
    feed_links(page, URL)
