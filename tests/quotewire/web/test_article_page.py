"""The page of an article: its text, what is marked in it, and what must never come of it."""

from __future__ import annotations

import re

import httpx
import lxml.html
import pytest

from quotewire.adapters.memory_index import MemoryIndex
from schemas.records import Span
from tests.contracts.index_samples import make_article, make_quote
from tests.quotewire.web.newsroom import ARABIC, HOSTILE, PIER
from tests.quotewire.web.reading import ask, read, texts


def test_an_article_shows_its_text_whole(site: httpx.Client) -> None:
    page = read(site, "/articles/pier")
    for hidden in page.xpath("//*[contains(@class,'by ') or @class='by']"):
        hidden.drop_tree()
    shown = [p.text_content() for p in page.xpath("//div[@class='text']/p")]
    assert page.xpath("//h1")[0].text_content().strip() == PIER.title
    assert shown == PIER.text.split("\n")[1:]


def test_each_quote_can_be_reached_and_names_its_speaker(site: httpx.Client) -> None:
    page = read(site, "/articles/pier")
    for quote in PIER.quotes:
        (mark,) = page.xpath(f"//*[@id='{quote.id}']")
        assert f"quote {quote.kind}" in mark.get("class")
        assert page.xpath(f"//section[@id='said']//a[@href='#{quote.id}']")
    assert [re.sub(r"^said by (an )?", "", text) for text in texts(page, ".by")] == [
        "Ingrid Halvorsen",
        "Tomás Oliveira",
        "Tomás Oliveira",
        "a senior official via Kystbladet",
        "unknown speaker",
    ]


async def test_a_quote_within_a_quote_can_be_reached_and_names_its_speaker() -> None:
    inner = make_quote("Never", "Tomás Oliveira").model_copy(update={"id": "q1.1", "spans": (Span(start=13, end=18),)})
    outer = make_quote("He said, ‘Never’", "Ingrid Halvorsen").model_copy(
        update={"spans": (Span(start=3, end=19),), "nested": (inner,)}
    )
    index = MemoryIndex()
    index.put_articles([make_article(text="A “He said, ‘Never’” B", quotes=(outer,))])
    page = lxml.html.fromstring((await ask(index, "/articles/a1")).text)
    for quote in ("q1", "q1.1"):
        assert page.xpath(f"//*[@id='{quote}']")
        assert page.xpath(f"//section[@id='said']//a[@href='#{quote}']")
    assert [text.removeprefix("said by ") for text in texts(page, ".by")] == ["Tomás Oliveira", "Ingrid Halvorsen"]


def test_entities_are_marked_by_kind_nested_ones_too(site: httpx.Client) -> None:
    page = read(site, "/articles/pier")
    assert "Vessby Harbour Board" in texts(page, ".entity.organisation")
    assert page.xpath("//*[@class='entity organisation']/*[@class='entity place']/text()")[:1] == ["Vessby"]
    assert page.xpath("//*[@class='quote indirect']//*[@class='entity organisation']//text()") == ["Brightwater Marine"]
    assert page.xpath("//section[@id='mentioned']//a[@href='/?entity=Brightwater+Marine']")


def test_tracked_names_are_marked_where_the_alert_says(site: httpx.Client) -> None:
    page = read(site, "/articles/pier")
    for address in page.xpath("//ul[@class='tracked-names']//a/@href"):
        assert page.xpath(f"//*[@id='{address[1:]}']")
    assert texts(page, ".tracked") == ["Ingrid Halvorsen", "Brightwater Marine"]


def test_the_original_is_linked_without_telling_who_asks(site: httpx.Client) -> None:
    (original,) = read(site, "/articles/ferry").xpath("//a[@class='original']")
    assert original.get("href") == "https://news.example/ferry"
    assert original.get("rel") == "noopener noreferrer"


def test_other_scripts_keep_their_direction(site: httpx.Client) -> None:
    page = read(site, "/articles/arabic")
    assert page.xpath("//article/@lang") == ["ar"]
    assert page.xpath("//div[@class='text']/p/@dir") == ["auto"]
    assert ARABIC.quotes[0].text in page.text_content()


def test_nothing_from_an_article_is_ever_a_template(site: httpx.Client) -> None:
    assert "{{ 7*7 }}" in read(site, "/articles/hostile").text_content()


def test_an_unknown_article_is_not_found(site: httpx.Client) -> None:
    assert texts(read(site, "/articles/nowhere", 404), "h1") == ["No such article"]
    assert site.get("/api/articles/nowhere").status_code == 404


def test_an_unknown_address_is_not_found(site: httpx.Client) -> None:
    assert texts(read(site, "/nowhere", 404), "h1") == ["No such page"]
    assert site.get("/api/nowhere").json() == {"detail": "There is nothing at this address."}


@pytest.mark.parametrize("address", ["/", "/articles/hostile", "/?q=markup", "/speakers?name=mallory", "/speakers"])
def test_nothing_from_an_article_is_ever_markup(site: httpx.Client, address: str) -> None:
    page = read(site, address)
    assert not page.xpath("//script | //img | //*[@onload] | //*[@onerror] | //u | //em | //i")
    assert not page.xpath("//*[starts-with(@href, 'javascript')]")
    assert "<i>Mallory</i>" in page.text_content() or HOSTILE.title in page.text_content()
