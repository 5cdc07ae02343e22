"""One address for one article."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given, settings
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
        "https://ashmere.example/amp/2026/flood-wall",
        "https://ashmere.example/amp/2026/flood-wall/",
        "https://ashmere.example//amp//2026/flood-wall/amp/amp",
        "https://www.google.com/amp/s/ashmere.example/2026/flood-wall",
        "https://www.google.co.uk/amp/s/amp.ashmere.example/2026/flood-wall",
        "https://www.google.com/amp/ashmere.example/2026/flood-wall/amp",
        "https://www.google.com/amp/s/ashmere.example/2026/flood-wall%3famp%3d1%26utm_source%3drss",
        "https://ashmere-example.cdn.ampproject.org/c/s/ashmere.example/2026/flood-wall",
        "https://ashmere-example.cdn.ampproject.org/v/s/ashmere.example/2026/flood-wall?amp_js_v=0.1&usqp=mq331AQ",
        "https://ashmere-example.cdn.ampproject.org/c/www.ashmere.example/2026/flood-wall",
        "https://cdn.ampproject.org/c/s/reader:hunter2@ASHMERE.example/2026/flood-wall#aoh=1&referrer=x",
        "https://www.google.com/amp/s/ashmere-example.cdn.ampproject.org/c/s/ashmere.example/amp/2026/flood-wall",
        "https://ashmere.example/2026/flood-wall?_amp=true",
        "https://ashmere.example/2026/flood-wall?%61mp=1",
        "https://ashmere.example/2026/flood-wall?view=amp",
        "https://ashmere.example/2026/flood-wall?usqp=mq331AQIKAGwASA%3D",
        "https://ashmere.example/2026/flood-wall?__twitter_impression=true",
        "https://ashmere.example/2026/flood-wall?ncid=newsletter",
        "https://ashmere.example/2026/flood-wall?WT.mc_id=tw_1",
        "https://ashmere.example/2026/flood-wall?ICID=related",
        "https://ashmere.example/2026/flood-wall?srnd=homepage",
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
    *(
        [f"https://ashmere.example/view?{name}={number}" for number in (1, 2)]
        for name in ("src", "source", "ref", "feature", "partner", "ncid", "icid")
    ),
    ["https://ashmere.example/list?view=amp", "https://ashmere.example/list?view=map"],
    ["https://ashmere.example/amp/", "https://ashmere.example/"],
    ["https://ashmere.example/amp/wall", "https://ashmere.example/wall"],
    ["https://ashmere.example/amp/amp.html", "https://ashmere.example/amp/"],
    ["https://ashmere.example/amplifiers/2026/wall", "https://ashmere.example/2026/wall"],
    ["https://www.google.com/amp/s/a.example/1", "https://www.google.com/amp/s/b.example/1"],
    ["https://www.google.com/amp/s/a.example/s%3fid=1", "https://www.google.com/amp/s/a.example/s%3fid=2"],
    # No viewers: others' hosts, and paths that name no host.
    ["https://google.ashmere.example/amp/s/a.example/1", "https://a.example/1"],
    ["https://ampproject.example/c/s/a.example/1", "https://a.example/1"],
    ["https://www.google.com/amp/s/", "https://www.google.com/amp/s/wall", "https://www.google.com/amp/s/10.0.0.1/"],
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


_wrapped = st.lists(
    st.sampled_from(
        [
            "https://", "HTTP://", "ftp://", "www.google.com", "google.co.uk", "a.cdn.ampproject.org", "amp.a.example",
            "a.example", "A.b.example:8080", "a.example:99999", "u:p@", "amp.", "/", "/", "//", "/../", "amp", "/amp/",
            "/amp/s/", "/c/s/", "/v/", "c", "s", "2026", ".amp", ".html", "javascript:x", "file://", "%3f", "%3Famp=1",
            "%26", "?", "_amp=true", "?b&", "%61mp=1", "id=1", "src=2", "#top", "@", "[", ":", "xn--", "é", " ", "\x00",
        ]
    ),
    max_size=16,
).map("".join)  # fmt: skip


@settings(max_examples=300)
@given(start=st.sampled_from(["", "https://www.google.com/amp/s/", "http://x.cdn.ampproject.org/c/"]), text=_wrapped)
@example(
    start="https://", text="u:p@amp.google.com:443/../amp//amp/s/u:p@www.google.com/../amp/s/a.example/amp/b/amp/amp"
)
def test_what_an_amp_viewer_shows_is_a_plain_web_address(start: str, text: str) -> None:
    once = canonical_url(start + text)
    assert canonical_url(once) == once
    if start and once != start + text:
        parts = urlsplit(once)
        assert parts.scheme in ("http", "https")
        assert "@" not in parts.netloc


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
