"""The feeds that a page names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from producers.discover import FeedLink, feed_links

URL = "https://ashmere.example/news/"
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


@given(st.binary() | st.text().map(lambda text: f"<link rel=alternate {text}>".encode()))
def test_no_page_makes_it_fail(page: bytes) -> None:
    feed_links(page, URL)
