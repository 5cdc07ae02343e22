"""Any bytes at all, read as a feed: nothing fails, and nothing is lost that feedparser or the json module finds."""

from __future__ import annotations

import io
import json
import warnings

import feedparser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from producers.documents import ParsedFeed, clean, plain
from producers.parse import parse
from tests.producers.feeds import item, rss

URL = "https://ashmere.example/feeds/main.xml"

_pieces = st.sampled_from(
    [
        b"<rss version='2.0'>",
        b"<channel>",
        b"<item>",
        b"</item>",
        b"<title>",
        b"</title>",
        b"<entry>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'>",
        b"<link href='x'/>",
        b"<link>http://[</link>",
        b"<guid>",
        b"<![CDATA[",
        b"]]>",
        b"&lt;b&gt;",
        b"&#xD800;",
        b"&#0;",
        b"&nbsp;",
        b"<!DOCTYPE x [",
        b"<!ENTITY a 'b'>",
        b"<pubDate>",
        b"1970",
        b"\x00",
        b"\xff\xfe",
        b"<content type='xhtml'>",
        b"<author>a@b.c (",
        b"{",
        b'"items": [',
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"title": "a',
        b"\\ud83d",
        b'"}, {"id": NaN}]}',
        b"<media:content url='",
        b"<?xml version='1.0' encoding='utf-16'?>",
    ]
)


def _feedparser_entries(body: bytes, content_type: str | None) -> int:
    headers = {"content-location": URL} | ({"content-type": content_type} if content_type is not None else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return len(feedparser.parse(io.BytesIO(body), response_headers=headers).entries)
        except Exception:
            return 0


def _items_of_json_feed(body: bytes) -> int:
    try:
        document = json.loads(body)
        known = "jsonfeed.org" in document["version"]
        return sum(isinstance(item, dict) for item in document["items"]) if known else 0
    except (ValueError, LookupError, TypeError):
        return 0


@settings(max_examples=150)
@given(
    body=st.binary(max_size=300) | st.lists(_pieces | st.binary(max_size=6), max_size=25).map(b"".join),
    content_type=st.sampled_from([None, "", "text/xml", "text/html; charset=utf-16", "application/json; charset=x"]),
)
@example(body=b"<rss><channel><item><title>&#xD800;</title></item></channel></rss>", content_type=None)
@example(
    body=b'{"version": "https://jsonfeed.org/version/1", "items": [{"title": "\\ud800", "id": {}}]}', content_type=None
)
def test_any_bytes_are_read_without_losing_what_others_find(body: bytes, content_type: str | None) -> None:
    feed = parse(body, url=URL, content_type=content_type)
    assert len(feed.entries) >= max(_feedparser_entries(body, content_type), _items_of_json_feed(body))
    assert feed.is_feed or feed.problem
    assert "\n" not in (feed.problem or "")
    # What was read can travel.
    assert ParsedFeed.model_validate_json(feed.model_dump_json()) == feed


@settings(max_examples=60)
@given(cut=st.integers(0, 3_000), junk=st.binary(max_size=8))
def test_a_feed_damaged_anywhere_still_answers(cut: int, junk: bytes) -> None:
    document = rss(item(number) for number in range(4))
    damaged = document[:cut] + junk + document[cut + len(junk) :]
    feed = parse(damaged, url=URL, content_type="application/xml")
    assert len(feed.entries) >= _feedparser_entries(damaged, "application/xml")


@given(st.text())
def test_a_plain_text_has_no_tags_and_stays_one_line(text: str) -> None:
    words = plain(f"<p>{text}</p>")
    assert words == " ".join(words.split())


@given(st.text(st.characters()))
def test_a_cleaned_text_can_be_stored(text: str) -> None:
    assert "\x00" not in clean(text)
    assert clean(text).encode().decode("utf-8") == clean(clean(text))
