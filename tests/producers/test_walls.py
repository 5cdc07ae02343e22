"""Consent walls, log-in pages, robot checks and paywalls are named; articles are not taken for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.walls import wall

STORY = "".join(f"<p>The council met for hour {number} and heard the engineers.</p>" for number in range(20))


def page(title: str, body: str = "<p>Words.</p>", head: str = "") -> bytes:
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()


@pytest.mark.parametrize(
    ("body", "url", "name"),
    [
        (page("Before you continue to Ashmere"), "", "consent wall"),
        (page("We value your privacy"), "", "consent wall"),
        (page("Privacy settings"), "", "consent wall"),
        (page("Courier"), "https://consent.ashmere.example/collect", "consent wall"),
        (page("Courier"), "https://ashmere.example/privacy-gate/?to=1", "consent wall"),
        (page("Sign in – The Ashmere Courier"), "", "log-in page"),
        (page("Log in to continue"), "", "log-in page"),
        (page("Courier"), "https://ashmere.example/account/login", "log-in page"),
        (page("Just a moment..."), "", "robot check"),
        (page("Are you a robot?"), "", "robot check"),
        (page("Access Denied"), "", "robot check"),
        (
            page(
                "Budget passed", STORY, '<script type="application/ld+json">{"isAccessibleForFree": "False"}</script>'
            ),
            "",
            "paywall",
        ),
        (page("Budget", STORY, '<script>{"isAccessibleForFree":false}</script>'), "", "paywall"),
        (page("Budget", STORY, '<meta property="article:content_tier" content="metered">'), "", "paywall"),
        (page("Budget", STORY, '<meta content="locked" property="article:content_tier">'), "", "paywall"),
    ],
)
def test_a_wall_is_named(body: bytes, url: str, name: str) -> None:
    assert wall(body, url) == name


@pytest.mark.parametrize(
    ("body", "url"),
    [
        (page("Budget passed", STORY), "https://ashmere.example/budget"),
        (page("Before you continue: what to know of walking", STORY), ""),
        (page("Signing ceremony held"), ""),
        (page("Just a moment of silence"), ""),
        (page("Access denied to thousands of voters"), ""),
        (page("Cookies for the holidays"), ""),
        (page("Consent law passed"), "https://ashmere.example/news/consent-law"),
        (page("Budget", STORY, '<script>{"isAccessibleForFree": true}</script>'), ""),
        (page("Budget", STORY, '<meta property="article:content_tier" content="free">'), ""),
        (b"", ""),
        (b"no markup", "https://[broken"),
    ],
)
def test_an_article_is_none(body: bytes, url: str) -> None:
    assert wall(body, url) is None


@given(st.binary(max_size=300), st.text(max_size=60))
def test_nothing_makes_it_fail(body: bytes, url: str) -> None:
    wall(b"<title>" + body, url)
