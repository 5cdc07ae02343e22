"""One address for one article."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.canonical import address_key, canonical_url, in_full, names_a_page

SAME = [
    [
        "https://ashmere.example/2026/flood-wall",
        "https://ashmere.example/2026/flood-wall/",
        "http://www.ashmere.example/2026/flood-wall?utm_source=rss&utm_medium=feed",
        "https://ASHMERE.example:443/2026/flood-wall#comments",
        "https://ashmere.example/2026/flood-wall?fbclid=IwAR0x",
        "https://ashmere.example/2026/flood-wall/amp/",
        "https://amp.ashmere.example/2026/flood-wall",
        "https://ashmere.example/2026/flood-wall?outputType=amp",
        "https://ashmere.example/2026/flood-wall?amp",
        "https://ashmere.example/2026/flood-wall?ref=rss&CMP=feed",
    ],
    ["https://ashmere.example/a.html", "https://ashmere.example/a.amp.html"],
    ["https://ashmere.example/story.php?b=2&id=7", "https://ashmere.example/story.php?id=7&b=2&utm_campaign=x"],
]
DIFFERENT = [
    ["https://ashmere.example/?p=1", "https://ashmere.example/?p=2"],
    ["https://ashmere.example/news?cid=101", "https://ashmere.example/news?cid=102"],
    ["https://ashmere.example/news?1", "https://ashmere.example/news?2"],
    ["https://ashmere.example/story.php?id=a", "https://ashmere.example/story.php?id=b"],
    ["https://ashmere.example/#!/a", "https://ashmere.example/#!/b"],
    ["https://ashmere.example/camp", "https://ashmere.example/c"],
    ["https://ashmere.example:8080/a", "https://ashmere.example/a"],
    ["https://blog.ashmere.example/a", "https://ashmere.example/a"],
]


def key(url: str) -> str:
    return address_key(canonical_url(url))


@pytest.mark.parametrize("urls", SAME)
def test_spellings_of_one_address_are_one(urls: list[str]) -> None:
    assert {key(url) for url in urls} == {key(urls[0])}


@pytest.mark.parametrize("urls", DIFFERENT)
def test_different_addresses_stay_different(urls: list[str]) -> None:
    assert len({key(url) for url in urls}) == len(urls)


@given(
    path=st.lists(st.text(min_size=1, max_size=8).map(lambda part: quote(part, safe="")), max_size=4),
    query=st.dictionaries(st.sampled_from(["id", "page", "utm_source", "b", "q"]), st.text(max_size=5), max_size=3),
)
def test_a_canonical_address_is_its_own_canonical_address(path: list[str], query: dict[str, str]) -> None:
    url = "https://ashmere.example/" + "/".join(path)
    url += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items()) if query else ""
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert "utm_source" not in once


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    canonical_url(text)
    canonical_url(f"http://{text}")


def test_credentials_are_no_part_of_an_address() -> None:
    assert canonical_url("https://reader:hunter2@ashmere.example/a") == "https://ashmere.example/a"


def test_a_front_page_is_no_article() -> None:
    assert not names_a_page("https://ashmere.example/")
    assert not names_a_page("https://ashmere.example")
    assert names_a_page("https://ashmere.example/?p=1")
    assert names_a_page("https://ashmere.example/a")


@given(st.from_regex(r"https?://[a-z0-9]{1,6}([.-][a-z0-9]{1,4}){1,3}(/(amp|[a-z0-9_-]{1,8})){1,4}/?", fullmatch=True))
def test_a_plain_address_is_what_it_is_in_full(url: str) -> None:
    assert canonical_url(url) == in_full(url)
