"""JSON Feeds, also those that are no JSON to the letter."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from producers.documents import ParsedFeed
from producers.parse import parse


def of(body: bytes, content_type: str | None = "application/feed+json") -> ParsedFeed:
    return parse(body, url="https://ashmere.example/feeds/main.json", content_type=content_type)


def test_a_json_feed_is_read() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The Ashmere Courier",
        "home_page_url": "https://ashmere.example/",
        "authors": [{"name": "The desk"}],
        "items": [
            {
                "id": 7,
                "url": "/seven",
                "title": "Seven & more",
                "content_text": "5 < 6",
                "date_published": "2026-03-04T05:06:07+01:00",
                "tags": ["a", "b"],
                "image": "https://ashmere.example/7.jpg",
                "language": "en",
            },
            {"content_html": "<p>No id</p>", "author": {"name": "Ada Penrose"}},
            "what",
        ],
    }
    feed = of(b"\xef\xbb\xbf" + json.dumps(document).encode())
    assert (feed.title, feed.format, feed.site) == ("The Ashmere Courier", "json", "https://ashmere.example/")
    assert feed.problem == "1 items are not JSON objects"
    first, second = feed.entries
    assert (first.guid, first.link, first.title) == ("7", "https://ashmere.example/seven", "Seven & more")
    assert (first.content, first.authors, first.tags) == ("5 &lt; 6", ("The desk",), ("a", "b"))
    assert first.published == datetime(2026, 3, 4, 4, 6, 7, tzinfo=UTC)
    assert (second.guid, second.content, second.authors) == (None, "<p>No id</p>", ("Ada Penrose",))


ODD_JSON = '{"version": "https://jsonfeed.org/version/1.1", "title": "Café", "items": [{"id": "1", "title": "%s"}]}'
ONE = ODD_JSON % "Flood wall"


WITH_FAULTS = {
    "half a surrogate pair": ((ODD_JSON % r"a\ud800b").encode(), "a\ufffdb"),
    "a pair and half of one": ((ODD_JSON % r"a \ud83d\ude00 b \ud83d").encode(), "a 😀 b \ufffd"),
    "a line break": ((ODD_JSON % "Flood\nwall").encode(), "Flood wall"),
    "NaN": (ONE.replace('"1",', '"1", "rank": NaN, "depth": -Infinity,').encode(), "Flood wall"),
    "a number without end": (ONE.replace('"1"', "1" * 5_000).encode(), "Flood wall"),
    "a mark": (ONE.encode("utf-8-sig"), "Flood wall"),
    "a mark after white space": (b" \n" + ONE.encode("utf-8-sig"), "Flood wall"),
    "latin-1": (ONE.encode("latin-1"), "Flood wall"),
    **{
        f"UTF-{width}": (ONE.encode(f"utf-{width}"), "Flood wall")
        for width in ("16", "16-le", "16-be", "32", "32-le", "32-be")
    },
}


@pytest.mark.parametrize(("body", "title"), WITH_FAULTS.values(), ids=WITH_FAULTS)
def test_a_json_feed_with_a_fault_that_costs_nothing_is_read(body: bytes, title: str) -> None:
    feed = of(body)
    assert [entry.title for entry in feed.entries] == [title]
    assert (feed.title, feed.is_feed, feed.format) == ("Café", True, "json")
    assert feed.problem is None or feed.problem.startswith("not well-formed, 1 of 1 items could be read")
    assert ParsedFeed.model_validate_json(feed.model_dump_json()) == feed


def test_what_is_not_utf_8_in_a_json_feed_does_not_spoil_the_rest() -> None:
    (entry,) = of((ODD_JSON % "Café – caf").encode().replace(b' caf"', b' caf\xe9 \x93"')).entries
    assert entry.title == "Café – café “"


def test_ids_of_many_digits_stay_apart() -> None:
    items = ",".join(f'{{"id": 1234567890123456789012345{number}, "x": NaN}}' for number in (1, 2))
    first, second = of(ODD_JSON.replace('{"id": "1", "title": "%s"}', items).encode()).entries
    assert first.guid != second.guid


@pytest.mark.parametrize("piece", ["[", '{"a":', '{"items":['])
def test_json_nested_without_end_is_no_feed(piece: str) -> None:
    # NaN has the standard library read it too, for whom it is not too deep before it is too much.
    for body in (piece * 100_000, ONE.replace('"1"', f'NaN, "x": {piece * 100_000}')):
        feed = of(body.encode())
        assert (feed.is_feed, feed.entries) == (False, ())
        assert feed.problem is not None
        assert "JSON that cannot be read" in feed.problem
        assert len(feed.problem) < 200
