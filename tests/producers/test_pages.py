"""Article pages: whether they are wanted, and how they are had."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from producers.addresses import AddressPolicy
from producers.answers import Fetched, FetchProblem
from producers.fetch import Fetcher
from producers.pages import PageLimits, PageResult, Pages, page_wanted
from producers.robots import Robots
from schemas.records import Entry
from tests.producers.conftest import LIMITS
from tests.producers.feeds import LONG
from tests.producers.site import Reply, Request, Site, redirect

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
HTML = b"<html><body><p>The council met.</p></body></html>"
OTHER_HOST = "127.0.0.2"
PAGE = Reply(HTML, content_type="text/html; charset=utf-8")


@pytest.fixture
def pages(fetcher: Fetcher) -> Pages:
    return Pages(fetcher, Robots(fetcher), lambda: NOW, PageLimits(body=20_000, patience=0.5))


@pytest.fixture
async def fetcher(site: Site) -> AsyncIterator[Fetcher]:
    policy = AddressPolicy.from_text(endpoints=[(site.host, site.port), (OTHER_HOST, site.port)])
    async with Fetcher(policy, LIMITS) as fetcher:
        yield fetcher


@pytest.fixture
async def other(site: Site) -> AsyncIterator[Site]:
    """A site of another owner."""
    async with Site(OTHER_HOST, site.port) as other:
        yield other


async def of(pages: Pages, site: Site, path: str = "/story") -> PageResult:
    return await pages.of(Entry(link=site.url(path), title="A story", summary="Short."))


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (Entry(title="No link", summary="Short."), False),
        (Entry(link="https://x.example/1", summary="Short."), True),
        (Entry(link="https://x.example/1"), True),
        (Entry(link="https://x.example/1", content=f"<p>{LONG * 10}</p>"), False),
        (Entry(link="https://x.example/1", summary=LONG * 10), False),
        (Entry(link="https://x.example/1", content=f"<p>{LONG * 10} […]</p>"), True),
        (Entry(link="https://x.example/1", content=f"{LONG * 10} <a href='/1'>Continue reading →</a>"), True),
        (Entry(link="https://x.example/1", content=f"<p>{LONG * 10} &#8230;</p>"), True),
        (Entry(link="https://x.example/1", content=LONG * 10 + "&#" + "9" * 5_000), False),
        (Entry(link="https://x.example/1", content="<img src='a.jpg' alt='" + LONG * 10 + "'>Picture."), True),
    ],
)
def test_a_page_is_wanted_where_the_feed_gives_only_a_summary(entry: Entry, wanted: bool) -> None:
    assert page_wanted(entry) is wanted


async def test_a_page_is_had_as_it_came(site: Site, pages: Pages) -> None:
    site["/story"] = redirect("/story/", 302)
    site["/story/"] = PAGE
    result = await of(pages, site)
    assert result.page is not None
    assert result.problem is None
    assert result.page.raw_body() == HTML
    assert (result.page.url, result.page.status, result.page.fetched) == (site.url("/story/"), 200, NOW)
    assert result.page.content_type == "text/html; charset=utf-8"


async def test_a_page_that_is_not_wanted_is_not_asked_for(site: Site, pages: Pages) -> None:
    assert await pages.of(Entry(link=site.url("/story"), content=LONG * 10)) == PageResult()
    assert site.requests == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=404), "404"),
        (Reply(status=403), "403"),
        (Reply(status=503), "503"),
        (Reply(b"%PDF", content_type="application/pdf"), "application/pdf"),
        (Reply(b"", content_type="text/html"), "empty"),
        (Reply(b"x" * 30_000, content_type="text/html"), "longer than 20,000 bytes"),
        (redirect("http://10.0.0.1/"), "private"),
    ],
)
async def test_why_there_is_no_page_is_said(site: Site, pages: Pages, reply: Reply, words: str) -> None:
    site["/story"] = reply
    result = await of(pages, site)
    assert result.page is None
    assert words in (result.problem or "")


CONSENT = b"<html><title>Before you continue to Ashmere</title><p>We and our partners use cookies.</p></html>"
PAYWALLED = (
    b'<html><script type="application/ld+json">{"isAccessibleForFree":false}</script><p>The council met.</p></html>'
)


async def test_a_wall_is_no_page_and_is_named(site: Site, pages: Pages) -> None:
    site["/story"] = Reply(CONSENT, content_type="text/html")
    assert await of(pages, site) == PageResult(problem="a consent wall stands before the page", wall="consent wall")


async def test_where_a_link_leads_to_a_wall_that_is_named(site: Site, pages: Pages) -> None:
    site["/story"] = redirect("/account/login?to=story", 302)
    site["/account/login"] = PAGE
    result = await of(pages, site)
    assert (result.page, result.wall, result.problem) == (None, "log-in page", "a log-in page stands before the page")


async def test_a_page_behind_a_paywall_is_kept_and_named(site: Site, pages: Pages) -> None:
    site["/story"] = Reply(PAYWALLED, content_type="text/html")
    result = await of(pages, site)
    assert result.page is not None
    assert result.page.raw_body() == PAYWALLED
    assert (result.wall, result.again) == ("paywall", None)
    assert result.problem == "the article is behind a paywall: the page may hold its beginning only"


# --- robots.txt -----------------------------------------------------------------------------------------------------


def robots(text: str) -> Reply:
    return Reply(text.encode(), content_type="text/plain")


async def test_what_robots_txt_does_not_allow_is_not_asked_for(site: Site, pages: Pages) -> None:
    site["/robots.txt"] = robots("User-agent: *\nDisallow: /private\n\nUser-agent: quotewire\nDisallow: /story\n")
    site["/story"] = site["/private"] = PAGE
    assert "robots.txt" in ((await of(pages, site)).problem or "")
    assert (await of(pages, site, "/private")).page is not None
    assert site.asked("/story") == []
    assert len(site.asked("/robots.txt")) == 1


@pytest.mark.parametrize(
    "reply", [Reply(status=404), Reply(status=403), robots(""), robots("\x00\xff" * 99), Reply(HTML)]
)
async def test_a_site_without_rules_allows_everything(site: Site, pages: Pages, reply: Reply) -> None:
    site["/robots.txt"] = reply
    site["/story"] = PAGE
    assert (await of(pages, site)).page is not None


async def test_the_site_that_a_link_leads_to_is_asked_too(site: Site, pages: Pages, other: Site) -> None:
    site["/go"] = redirect(other.url("/story"), 302)
    other["/robots.txt"] = robots("User-agent: *\nDisallow: /\n")
    other["/story"] = PAGE
    result = await of(pages, site, "/go")
    assert result.problem == f"robots.txt of http://{other.host}:{other.port} does not allow it"
    assert (result.page, result.again) == (None, None)
    assert len(site.asked("/go")) == 1
    assert [request.path for request in other.requests] == ["/robots.txt"]


async def test_a_path_that_a_link_leads_to_is_held_against_the_rules_of_its_own_site(site: Site, pages: Pages) -> None:
    site["/robots.txt"] = robots("User-agent: *\nDisallow: /private\n")
    site["/go"] = redirect("/private/story", 302)
    site["/private/story"] = PAGE
    assert "does not allow" in ((await of(pages, site, "/go")).problem or "")
    assert site.asked("/private/story") == []


async def test_rules_that_cannot_be_had_allow_nothing(site: Site, pages: Pages) -> None:
    site["/robots.txt"] = Reply(status=500)
    site["/story"] = PAGE
    assert "cannot be had" in ((await of(pages, site)).problem or "")
    assert site.asked("/story") == []


async def test_robots_txt_is_asked_for_once_by_many(site: Site, pages: Pages) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(robots("User-agent: *\nAllow: /").render())

    site["/robots.txt"] = slow
    site["/story"] = PAGE
    results = await asyncio.gather(*(of(pages, site) for _ in range(8)))
    assert all(result.page for result in results)
    assert len(site.asked("/robots.txt")) == 1


async def test_rules_are_read_up_to_500_kib_and_no_half_of_one(site: Site, pages: Pages) -> None:
    filler = "# Nothing of it.\n" * 40_000
    head = f"User-agent: *\nDisallow: /private\n{filler}"[: 500 * 1024 - 12]
    site["/robots.txt"] = robots(f"{head}\nDisallow: /story/old\nDisallow: /late\n")
    site["/story"] = site["/private"] = site["/late"] = PAGE
    assert "does not allow" in ((await of(pages, site, "/private")).problem or "")
    assert (await of(pages, site, "/story")).page is not None
    assert (await of(pages, site, "/late")).page is not None


class _Sites:
    """Answers for the robots.txt of any site; those of `shut` hosts fail once `gate` opens."""

    def __init__(self, text: bytes, shut: str = "") -> None:
        self.text = text
        self.shut = shut
        self.gate = asyncio.Event()
        self.asked: list[str] = []

    async def fetch(self, url: str, **_: object) -> Fetched | FetchProblem:
        self.asked.append(url)
        if self.shut and self.shut in url:
            await self.gate.wait()
            return FetchProblem("soft", "HTTP 503", status=503)
        return Fetched(url, 200, {}, self.text)


async def test_long_rules_of_many_sites_are_not_all_kept() -> None:
    sites = _Sites(b"User-agent: *\nDisallow: /private\n" + b"# Nothing of it.\n" * 25_000)
    robots = Robots(sites)
    for number in [*range(40), 39, 0]:
        assert await robots.refusal(f"https://{number}.example/private") is not None
    assert len(sites.asked) == 41
    assert sites.asked[-1] == "https://0.example/robots.txt"


async def test_a_site_that_is_forgotten_while_it_is_asked_answers_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("producers.robots._SITES", 3)
    sites = _Sites(b"", shut="slow")
    robots = Robots(sites)
    slow = asyncio.create_task(robots.refusal("https://slow.example/1"))
    await asyncio.sleep(0)
    for number in range(5):
        assert await robots.refusal(f"https://{number}.example/1") is None
    sites.gate.set()
    refusal = await slow
    assert refusal is not None
    assert "cannot be had" in refusal.reason


async def test_a_crawl_delay_is_kept_and_one_that_takes_too_long_is_named(site: Site, pages: Pages) -> None:
    site["/robots.txt"] = robots("User-agent: *\nCrawl-delay: 0.2\n")
    site["/story"] = PAGE
    started = time.monotonic()
    results = await asyncio.gather(*(of(pages, site) for _ in range(6)))
    had = [result for result in results if result.page]
    assert len(had) == 3
    assert 0.4 <= time.monotonic() - started < 2
    assert all("0.2 seconds between pages" in (result.problem or "") for result in results if not result.page)


# --- faults of this program -----------------------------------------------------------------------------------------


async def test_an_address_that_no_library_can_read_costs_no_other_page(site: Site, pages: Pages) -> None:
    site["/story"] = PAGE
    site["/odd"] = redirect("http://[::]@", 302)
    odd, story = await asyncio.gather(of(pages, site, "/odd"), of(pages, site))
    assert (odd.problem or "").startswith("not an address")
    assert story.page is not None


class _Faulty:
    """A fetcher that raises at its first requests, and answers what comes after."""

    def __init__(self, faults: int) -> None:
        self.faults = faults
        self.asked: list[str] = []

    async def fetch(self, url: str, **_: object) -> Fetched | FetchProblem:
        self.asked.append(url)
        if len(self.asked) <= self.faults:
            raise LookupError("nobody thought of this")
        return Fetched(url, 200, {"content-type": "text/html"}, b"" if "robots" in url else HTML)


async def test_a_fault_of_ours_is_a_page_that_may_come_and_is_not_kept() -> None:
    fetcher = _Faulty(1)
    pages = Pages(fetcher, Robots(fetcher), lambda: NOW)
    entry = Entry(link="https://ashmere.example/story", summary="Short.")
    failed = await pages.of(entry)
    assert failed == PageResult(problem="a fault of this program: LookupError", again=NOW)
    assert (await pages.of(entry)).page is not None
    assert [url.rpartition("/")[2] for url in fetcher.asked] == ["robots.txt", "robots.txt", "story"]
