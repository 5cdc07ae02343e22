"""The pages as they are answered: what stands in them, and what must never."""

from __future__ import annotations

import httpx
import pytest
from structlog.testing import capture_logs

from quotewire.adapters.memory_index import MemoryIndex
from quotewire.ports import ArticlePage, ArticleQuery, ConfigurationError, Unavailable
from tests.quotewire.web.newsroom import FERRY
from tests.quotewire.web.reading import ask, read, texts

SCRIPTED = ["/alerts", "/alerts?name=Ingrid+Halvorsen", "/alerts/pier-Ingrid%20Halvorsen"]
"""The only pages with a script: that of their keys."""
PAGES = [
    "/",
    "/?q=pier",
    "/?entity=Vessby",
    "/articles/pier",
    "/speakers",
    "/speakers?name=oliveira",
    *SCRIPTED,
    "/alerts/latency",
    "/watchlist",
    "/watchlist/edit",
    "/watchlist/edit?name=Ingrid+Halvorsen",
    "/feeds",
]


# --- searching


def test_without_words_the_newest_articles_are_listed(site: httpx.Client) -> None:
    page = read(site, "/")
    assert texts(page, "h1") == ["Newest articles"]
    assert page.xpath("//article/h2//text()")[0] == "Harbour board puts off vote on ‘pier to nowhere’"
    assert "60 articles" in page.text_content()


def test_a_search_marks_what_matched_and_counts(site: httpx.Client) -> None:
    page = read(site, "/?q=missile")
    assert texts(page, "h1") == ["1 article for missile"]
    assert texts(page, "mark") == ["Missiles"]


def test_each_facet_narrows_the_search_and_can_be_taken_off(site: httpx.Client) -> None:
    page = read(site, "/?q=pier")
    headings = page.xpath("//section[@class='facet']/h2/text()")
    assert headings == ["Outlet", "Quoted", "Mentioned", "Day"]
    for number in range(1, 5):
        address = page.xpath(f"(//section[@class='facet'])[{number}]//li[1]/a/@href")[0]
        count = page.xpath(f"(//section[@class='facet'])[{number}]//li[1]//span[@class='choice-count']/text()")[0]
        narrowed = read(site, address)
        assert texts(narrowed, "h1") == [f"{count} article{'s' if count != '1' else ''} for pier"]
        (off,) = narrowed.xpath("//ul[@class='filters']//a/@href")
        assert texts(read(site, off), "h1") == ["2 articles for pier"]


def test_filters_stay_while_words_change(site: httpx.Client) -> None:
    page = read(site, "/?entity=Vessby&from=2026-01-01&sort=newest")
    fields = {field.get("name"): field.get("value") for field in page.xpath("//form[@class='search']//input")}
    assert fields == {"q": "", "from": "2026-01-01", "to": "", "entity": "Vessby", "sort": "newest"}


def test_pages_lead_through_everything_once(site: httpx.Client) -> None:
    titles, address = [], "/"
    while address:
        page = read(site, address)
        titles += page.xpath("//article/h2/a/@href")
        address = next(iter(page.xpath("//a[@rel='next']/@href")), "")
    assert len(titles) == len(set(titles)) == 60
    assert page.xpath("//a[@rel='prev']")


def test_nothing_found_says_what_to_try(site: httpx.Client) -> None:
    page = read(site, "/?q=zebra&entity=Vessby")
    assert texts(page, "h1") == ["0 articles for zebra"]
    assert "/?q=zebra" in page.xpath("//section[@class='welcome']//a/@href")


async def test_an_empty_index_says_how_to_begin() -> None:
    response = await ask(MemoryIndex(), "/")
    assert "quotewire run" in response.text
    assert "Nothing has come in yet" in response.text


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/?from=yesterday", "“yesterday” is not a day"),
        ("/?to=2026-02-30", "“2026-02-30” is not a day"),
        ("/?page=0", "“0” is not a page"),
        ("/?page=99999999999999999999999", "is not a page"),
        ("/?sort=best", "“best” is no order"),
        ("/speakers?kind=loud", "“loud” is no kind of quote"),
        ("/alerts?page=x", "“x” is not a page"),
    ],
)
def test_what_cannot_be_read_is_named(site: httpx.Client, address: str, says: str) -> None:
    assert says in read(site, address, 422).text_content()
    path, _, query = address.partition("?")
    twin = {"/": "/api/search", "/speakers": "/api/quotes", "/alerts": "/api/alerts"}[path]
    answer = site.get(f"{twin}?{query}")
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


# --- quotes, alerts, feeds


def test_the_most_quoted_are_listed(site: httpx.Client) -> None:
    page = read(site, "/speakers")
    assert page.xpath("//ul[@class='choices']//a/@href")[0] == "/speakers?name=Tom%C3%A1s+Oliveira"


def test_a_speakers_quotes_are_listed_by_day_and_lead_into_the_article(site: httpx.Client) -> None:
    page = read(site, "/speakers?name=halvorsen")
    assert texts(page, "h2") == ["Saturday 14 March 2026", "Friday 13 March 2026"]
    assert page.xpath("//blockquote/a/@href") == ["/articles/pier#q1", "/articles/ferry#q2", "/articles/ferry#q3"]
    assert len(page.xpath("//figure[@class='chart']//rect")) == 2


def test_quotes_are_narrowed_by_words_and_kind(site: httpx.Client) -> None:
    page = read(site, "/speakers?name=halvorsen&about=boat")
    assert page.xpath("//blockquote/a/@href") == ["/articles/ferry#q3"]
    direct = next(
        a for a in read(site, "/speakers?name=halvorsen").xpath("//p[@class='order']/a") if a.text == "direct"
    )
    assert len(read(site, direct.get("href")).xpath("//blockquote")) == 2


def test_a_bar_of_the_chart_leads_to_its_days(site: httpx.Client) -> None:
    page = read(site, "/speakers?name=oliveira")
    bars = page.xpath("//figure[@class='chart']//a/@href")
    assert 10 < len(bars) <= 60
    assert len(read(site, bars[0]).xpath("//blockquote")) == 2


def test_no_quote_found_says_what_to_try(site: httpx.Client) -> None:
    page = read(site, "/speakers?name=halvorsen&about=zebra")
    assert "/speakers?name=halvorsen" in page.xpath("//section[@class='welcome']//a/@href")


def test_alerts_show_the_sentence_with_the_mention(site: httpx.Client) -> None:
    page = read(site, "/alerts")
    assert texts(page, "mark") == ["Brightwater Marine", "Ingrid Halvorsen", "Ingrid Halvorsen"]
    page = read(site, "/alerts?name=Brightwater+Marine")
    assert texts(page, "mark") == ["Brightwater Marine"]
    address = page.xpath("//article/h2/a/@href")[0]
    assert read(site, address.partition("#")[0]).xpath(f"//*[@id='{address.partition('#')[2]}']")


def test_a_tracked_name_without_alerts_is_shown_as_such(site: httpx.Client) -> None:
    assert "Nobody has not been mentioned yet" in read(site, "/alerts?name=Nobody").text_content()


def test_feeds_are_listed_with_the_failing_first(site: httpx.Client) -> None:
    page = read(site, "/feeds")
    assert texts(page, ".state") == ["failing", "not a feed", "moved", "new", "quiet", "fresh"]
    assert "no connection: name or service not known" in page.text_content()


# --- JSON


def test_every_page_has_its_twin_in_json(site: httpx.Client) -> None:
    found = site.get("/api/search", params={"q": "missile"}).json()
    assert found["total"] == 1
    assert found["hits"][0]["id"] == "ferry"
    assert {fragment["text"] for fragment in found["hits"][0]["excerpt"] if fragment["marked"]} == {"Missiles"}
    assert found["facets"]["speaker"][0]["count"] == 1
    assert site.get("/api/articles/ferry").json() == FERRY.model_dump(mode="json")
    quotes = site.get("/api/quotes", params={"name": "halvorsen", "about": "boat"}).json()
    assert [hit["quote"]["id"] for hit in quotes["hits"]] == ["q3"]
    assert [alert["name"] for alert in site.get("/api/alerts").json()] == [
        "Brightwater Marine",
        "Ingrid Halvorsen",
        "Ingrid Halvorsen",
    ]
    assert {feed["state"] for feed in site.get("/api/feeds").json()} >= {"fresh", "failing"}
    assert set(site.get("/api/openapi.json").json()["paths"]) == {
        "/api/search",
        "/api/articles/{article_id}",
        "/api/quotes",
        "/api/alerts",
        "/api/alerts/{alert_id}",
        "/api/alerts/{alert_id}/state",
        "/api/latency",
        "/api/watchlist",
        "/api/watchlist/trial",
        "/api/watchlist/{name}",
        "/api/feeds",
    }


# --- what every answer has


@pytest.mark.parametrize("address", [*PAGES, "/nowhere", "/api/feeds", "/static/style.css", "/healthz"])
def test_every_answer_forbids_scripts_and_sniffing(site: httpx.Client, address: str) -> None:
    headers = site.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert ("script-src 'self'" in policy) if address.startswith("/alerts") else ("script-src" not in policy)
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


@pytest.mark.parametrize("address", PAGES)
def test_pages_take_nothing_from_elsewhere(site: httpx.Client, address: str) -> None:
    page = read(site, address)
    assert not page.xpath("//script[text()] | //iframe | //*[@style] | //@*[starts-with(name(), 'on')]")
    assert len(page.xpath("//script")) == (1 if address in SCRIPTED else 0)
    for source in page.xpath("//@src | //link[@rel!='alternate']/@href"):
        assert source.startswith("/static/")
        assert site.get(source).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_every_link_within_the_page_leads_somewhere(site: httpx.Client, address: str) -> None:
    inside = {found for found in read(site, address).xpath("//a/@href") if found.startswith("/")}
    for found in sorted(inside)[::2]:
        assert site.get(found).status_code == 200, found


def test_a_foreign_host_name_is_refused(site: httpx.Client) -> None:
    assert site.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert site.get("/", headers={"Host": "localhost:8765"}).status_code == 200


async def test_a_configured_host_name_is_answered() -> None:
    assert (await ask(MemoryIndex(), "/", host="news.internal", allowed=["news.internal"])).status_code == 200


def test_health_counts_what_there_is(site: httpx.Client) -> None:
    assert site.get("/healthz").json() == {"status": "ok", "articles": 60, "quotes": 67, "alerts": 3}


# --- when something is wrong


class AwayIndex(MemoryIndex):
    """An index that cannot be reached for now."""

    def search(self, query: ArticleQuery) -> ArticlePage:
        raise Unavailable("index.db: database is locked")

    def counts(self) -> dict[str, int]:
        raise Unavailable("index.db: database is locked")


class WrongIndex(MemoryIndex):
    """An index with a setting that cannot work, and one with a fault."""

    def search(self, query: ArticleQuery) -> ArticlePage:
        if query.words:
            raise RuntimeError("the secret inside")
        raise ConfigurationError("index.db is a folder: give the path of a file")


@pytest.mark.parametrize("address", ["/", "/speakers", "/api/search", "/healthz"])
async def test_an_index_that_is_away_is_said_in_one_line(address: str) -> None:
    response = await ask(AwayIndex(), address)
    assert response.status_code == 503
    assert "database is locked" in response.text
    assert response.headers["retry-after"] == "5"


async def test_a_wrong_setting_is_said_in_one_line() -> None:
    response = await ask(WrongIndex(), "/")
    assert response.status_code == 500
    assert "index.db is a folder" in response.text


@pytest.mark.parametrize("address", ["/?q=x", "/api/search?q=x"])
async def test_a_fault_of_ours_shows_nothing_of_the_inside(address: str) -> None:
    with capture_logs() as logged:
        response = await ask(WrongIndex(), address)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "fault of ours" in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "the secret inside" in str(logged)


async def test_empty_lists_say_what_to_do() -> None:
    assert "quotewire feeds add" in (await ask(MemoryIndex(), "/feeds")).text
    assert "Name whom to watch" in (await ask(MemoryIndex(), "/alerts")).text
    assert "Nobody has been quoted yet" in (await ask(MemoryIndex(), "/speakers")).text
