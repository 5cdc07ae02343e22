"""Sites that want fewer requests are left alone, for all of their pages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from producers.answers import FetchProblem
from producers.fetch import Fetcher
from producers.holds import HoldLimits, Holds
from producers.pages import PageResult, Pages
from producers.robots import Robots
from schemas.records import Entry
from tests.producers.polling import SetClock
from tests.producers.site import Reply, Site

PAGE = Reply(b"<p>The council met.</p>", content_type="text/html")
URL = "https://www.example.co.uk/1"
SAME_OWNER = "https://news.example.co.uk/2"
OTHER = "https://www.example.org/1"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def pages(fetcher: Fetcher, clock: SetClock) -> Pages:
    return Pages(fetcher, Robots(fetcher), clock.now)


async def all_of(pages: Pages, site: Site, count: int = 200) -> Sequence[PageResult]:
    entries = [Entry(link=site.url(f"/story/{number}"), title="A story", summary="Short.") for number in range(count)]
    return await asyncio.gather(*(pages.of(entry) for entry in entries))


def stories_asked(site: Site) -> int:
    return sum(request.path.startswith("/story") for request in site.requests)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_site_that_throttles_is_asked_for_about_one_page_of_many(
    site: Site, pages: Pages, clock: SetClock, status: int
) -> None:
    for number in range(200):
        site[f"/story/{number}"] = Reply(status=status, headers=[("Retry-After", "1800")])
    results = await all_of(pages, site)
    assert stories_asked(site) <= 2
    assert all(result.again == clock.now() + timedelta(seconds=1800) for result in results)
    held = [result for result in results if not result.tried]
    assert len(held) >= 198
    assert "wants fewer requests" in (held[0].problem or "")
    clock.move(seconds=1801)
    for number in range(200):
        site[f"/story/{number}"] = PAGE
    assert all(result.page for result in await all_of(pages, site))


@pytest.mark.parametrize("status", [403, 500])
async def test_a_site_that_refuses_page_after_page_is_asked_for_few(site: Site, pages: Pages, status: int) -> None:
    for number in range(200):
        site[f"/story/{number}"] = Reply(status=status)
    results = await all_of(pages, site)
    assert 3 <= stories_asked(site) <= 4
    assert all(result.again for result in results)
    assert "pages in a row could not be had" in (results[-1].problem or "")


async def test_pages_that_are_not_there_hold_nothing_up(site: Site, pages: Pages) -> None:
    results = await all_of(pages, site, 20)
    assert stories_asked(site) == 20
    assert not any(result.again for result in results)


def test_what_is_held_is_the_owner_and_nobody_else(clock: SetClock) -> None:
    holds = Holds(clock.now)
    holds.note(URL, FetchProblem("blocked", "HTTP 429", status=429))
    assert holds.problem(SAME_OWNER) is not None
    assert holds.problem(OTHER) is None
    clock.move(seconds=900)
    assert holds.problem(SAME_OWNER) is None


@pytest.mark.parametrize(
    ("status", "asked", "held"),
    [(429, None, 900), (429, 5, 60), (503, 7_200, 7_200), (429, 316_800, 86_400), (403, 120, 120), (404, 120, 120)],
)
def test_retry_after_is_heeded_within_bounds(clock: SetClock, status: int, asked: float | None, held: float) -> None:
    holds = Holds(clock.now)
    holds.note(URL, FetchProblem("soft", f"HTTP {status}", status=status, retry_after=asked))
    problem = holds.problem(URL)
    assert problem is not None
    assert problem.retry_after == held


def test_a_host_that_fails_holds_nothing_of_its_owner_up_but_itself(clock: SetClock) -> None:
    holds = Holds(clock.now)
    for _ in range(3):
        holds.note("https://www.example.co.uk:81/1", FetchProblem("soft", "no connection within 10 seconds"))
    assert holds.problem("https://www.example.co.uk:81/2") is not None
    assert holds.problem(URL) is None
    assert holds.problem(SAME_OWNER) is None


def test_an_answer_in_between_begins_the_count_anew(clock: SetClock) -> None:
    holds = Holds(clock.now, HoldLimits(in_a_row=2))
    refused = FetchProblem("blocked", "HTTP 403", status=403)
    for problem in (refused, None, refused, FetchProblem("hard", "HTTP 404", status=404), refused):
        holds.note(URL, problem)
        assert holds.problem(URL) is None
    holds.note(URL, refused)
    assert holds.problem(URL) is not None


def test_an_answer_that_was_under_way_does_not_end_a_pause(clock: SetClock) -> None:
    holds = Holds(clock.now)
    holds.note(URL, FetchProblem("blocked", "HTTP 429", status=429, retry_after=600))
    holds.note(URL, None)
    assert holds.problem(URL) is not None


def test_not_every_site_of_the_world_is_kept(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.holds._SITES", 3)
    holds = Holds(clock.now)
    for number in range(5):
        holds.note(f"https://site-{number}.example/", FetchProblem("blocked", "HTTP 429", status=429))
    assert [holds.problem(f"https://site-{number}.example/") is None for number in range(5)] == [True, True] + [
        False
    ] * 3
