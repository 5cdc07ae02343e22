"""The text of an article: from the page or the feed, whichever is fuller, fit to be annotated."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.enrich import text
from schemas.records import Entry, FeedReference, Page, RawArticle

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARAGRAPHS = [
    "The harbour wall at Saltby will be rebuilt before winter, the council decided on Monday night after much debate.",
    "“We could not wait for another storm,” said Orla Finch, who chairs the harbour committee and lives on the quay.",
    "Work begins in May and is expected to cost four million pounds, two thirds of it from a regional fund for coasts.",
]


def served(body: bytes) -> Page:
    return Page.from_body(url="https://example.org/a", status=200, content_type="text/html", fetched=NOW, body=body)


def article(
    title: str = "Harbour wall to be rebuilt", content: str = "", summary: str = "", page: str | None = None
) -> RawArticle:
    return RawArticle(
        id="a1",
        revision=1,
        feed=FeedReference(url="https://example.org/feed"),
        entry=Entry(title=title, content=content, summary=summary, authors=("Ann Lee",)),
        page=None if page is None else served(page.encode()),
        fetched=NOW,
    )


def html(*paragraphs: str, title: str = "Harbour wall to be rebuilt") -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<html><head><title>{title}</title></head><body><nav><a href='/'>Home</a> <a href='/sport'>Sport</a></nav>"
        f"<article><h1>{title}</h1>{body}</article><footer>Terms and conditions</footer></body></html>"
    )


def test_the_page_is_read_where_the_feed_gives_only_a_summary() -> None:
    found = text.of_article(article(summary="A wall.", page=html(*PARAGRAPHS)))

    assert found.source == "page"
    assert found.text == "\n\n".join(["Harbour wall to be rebuilt", *PARAGRAPHS])
    assert found.headline is not None
    assert found.text[found.headline.start : found.headline.end] == "Harbour wall to be rebuilt"
    assert found.byline == "Ann Lee"


def test_the_feed_is_read_where_it_is_fuller_than_the_page() -> None:
    content = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    found = text.of_article(article(content=content, page=html("Subscribe to read this story.")))

    assert found.source == "feed"
    assert found.text.endswith("\n\n".join(PARAGRAPHS))


def test_an_article_of_a_headline_alone_is_its_headline() -> None:
    found = text.of_article(article())
    assert found.text == "Harbour wall to be rebuilt"


def test_an_article_without_a_title_is_its_body() -> None:
    found = text.of_article(article(title="", summary="<p>One word.</p>"))
    assert (found.text, found.headline) == ("One word.", None)


def test_a_body_that_repeats_the_headline_has_it_once() -> None:
    found = text.of_article(article(content="<h2>Harbour Wall to be rebuilt!</h2><p>It will.</p>"))
    assert found.text == "Harbour wall to be rebuilt\n\nIt will."


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b", "a\n\nb"),
        ("<div>He said <b>no</b>.</div>", "He said no."),
        ("plain &amp; simple", "plain & simple"),
        ("<p>kept</p><script>alert(1)</script><style>p{}</style><!-- hidden -->after", "kept\n\nafter"),
        ("tail<script>x</script> of it", "tail of it"),
        ("<p>unclosed <i>tag", "unclosed tag"),
        ("a\x00b\x1fc", "a b c"),
        ("non\u00a0breaking   space", "non breaking space"),
        ("", ""),
        ("<>", "<>"),
        ("<p></p>", ""),
        ("שלום <b>עולם</b> 🌍", "שלום עולם 🌍"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
    ],
)
def test_markup_becomes_paragraphs(markup: str, words: str) -> None:
    assert text.of_html(markup) == words


def test_deeply_nested_markup_is_read() -> None:
    assert "deep" in text.of_html("<div>" * 5000 + "deep" + "</div>" * 5000)


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["<p>", "</p>", "<br/>", "<!--", "-->", "<script>", "x", "“", "&"])).map("".join)
)
def test_any_markup_gives_clean_text(markup: str) -> None:
    words = text.of_html(markup)
    assert words == text.clean(words)
    words.encode()


@given(st.text(max_size=400))
def test_any_page_gives_clean_text(body: str) -> None:
    found = text.of_document(body)
    assert found.text == text.clean(found.text)
    if found.headline:
        assert found.text[found.headline.start : found.headline.end] == found.title


def test_a_stand_alone_document_gives_its_article() -> None:
    found = text.of_document(html(*PARAGRAPHS))
    assert found.text == "\n\n".join(["Harbour wall to be rebuilt", *PARAGRAPHS])


def test_text_and_html_are_told_apart() -> None:
    assert text.looks_like_html("<!doctype html><p>x")
    assert not text.looks_like_html("if a < b and b > c, said Lee")


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ('<link rel="canonical" href="https://example.org/2026/wall">', "https://example.org/2026/wall"),
        ("<LINK href='/2026/wall?a=1&amp;b=2' rel=Canonical />", "https://example.org/2026/wall?a=1&b=2"),
        ("<link rel=canonical href=https://www.example.org/wall>", "https://www.example.org/wall"),
        ('<link rel="shortlink" href="/s"><link rel="alternate canonical" href="wall">', "https://example.org/wall"),
        ('<link rel="canonical" href="https://example.org/">', None),
        ('<link rel="canonical" href="https://elsewhere.example/wall">', None),
        ('<link rel="canonical" href="javascript:alert(1)">', None),
        ('<link rel="canonical" href="https://me:secret@example.org/wall">', None),
        ('<link rel="canonical" href="http://[">', None),
        ('<link rel="canonical">', None),
        ("<link rel=" * 50_000, None),
        ("", None),
    ],
)
def test_a_page_gives_its_canonical_link(link: str, url: str | None) -> None:
    page = html(*PARAGRAPHS).replace("<head>", f"<head>{link}", 1)
    assert link in page
    assert text.of_article(article(page=page)).url == url


def test_a_page_gives_its_language_picture_byline_and_date() -> None:
    head = (
        '<meta property="og:image" content="/pictures/wall.jpg"><meta name="author" content="Jo Field">'
        '<meta property="article:published_time" content="2026-03-04T05:06:07Z">'
    )
    page = html(*PARAGRAPHS).replace("<head>", f"<head>{head}", 1).replace("<html", '<html data-x="1" lang="en-GB"', 1)
    raw = article(title="", page=page)
    found = text.of_article(raw.model_copy(update={"entry": raw.entry.model_copy(update={"authors": ()})}))
    assert found.language == "en-GB"
    assert found.image == "https://example.org/pictures/wall.jpg"
    assert found.byline == "Jo Field"
    assert found.published is not None
    assert f"{found.published:%Y-%m-%d}" == "2026-03-04"
    assert found.title == "Harbour wall to be rebuilt"
