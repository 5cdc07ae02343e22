"""What a feed's 429 or 503 says of its site: article pages wait, and so do the site's other feeds, for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from producers.addresses import AddressPolicy
from producers.answers import FetchProblem
from producers.fetch import Fetcher
from producers.holds import FeedHolds
from producers.poll import Poller
from tests.producers.conftest import LIMITS
from tests.producers.feeds import item, rss
from tests.producers.polling import Desk, SetClock
from tests.producers.site import Reply, Site, redirect

OTHER_OWNER = "127.0.0.2"
PAGE = Reply(b"<p>The council met.</p>", content_type="text/html")
HOUR = timedelta(hours=1)
URL = "https://www.example.co.uk/a"
SAME_HOST = "https://www.example.co.uk/b"
SAME_OWNER = "https://news.example.co.uk/b"
OTHER = "https://www.example.org/b"


def wait_please(seconds: int, status: int = 429) -> Reply:
    return Reply(status=status, headers=[("Retry-After", str(seconds))])


def feed_of(site: Site, *numbers: int) -> Reply:
    return Reply(rss(item(number, link=site.url(f"/story/{number}"), description="Short.") for number in numbers))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site(also=[OTHER_OWNER]) as site:
        yield site


@pytest.fixture
async def desk(site: Site) -> AsyncIterator[Desk]:
    async with Fetcher(AddressPolicy.from_text(["127.0.0.0/8"]), LIMITS) as fetcher:
        desk = Desk(fetcher)
        # One feed of an owner after the other, so that it is known which learns of which.
        desk.limits = replace(desk.limits, at_once_of_owner=1)
        yield desk


async def asked_in_a_round(site: Site, poller: Poller) -> list[str]:
    before = len(site.requests)
    await poller.poll_due()
    return [request.path for request in site.requests[before:] if request.path != "/robots.txt"]


# --- article pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
async def test_a_sites_pages_wait_where_its_feed_is_told_to(site: Site, desk: Desk, status: int) -> None:
    site["/a"] = [wait_please(7_200, status), feed_of(site)]
    site["/b"], site["/story/1"] = feed_of(site, 1), PAGE
    desk.follow(site.url("/a"))
    poller = desk.poller()
    assert await asked_in_a_round(site, poller) == ["/a"]
    desk.follow(site.url("/b"))
    desk.clock.move(minutes=61)
    assert await asked_in_a_round(site, poller) == ["/b"]
    (article,) = desk.take()
    assert article.page is None
    assert "wants fewer requests" in (article.page_problem or "")
    # Not before the two hours are over, and then by itself.
    desk.clock.move(minutes=58)
    assert "/story/1" not in await asked_in_a_round(site, poller)
    desk.clock.move(minutes=30)
    assert "/story/1" in await asked_in_a_round(site, poller)
    (article,) = desk.take()
    assert article.page is not None


@pytest.mark.parametrize("answer", [Reply(status=503), Reply(status=500, headers=[("Retry-After", "7200")])])
async def test_a_feed_that_merely_fails_keeps_no_page_waiting(site: Site, desk: Desk, answer: Reply) -> None:
    site["/a"], site["/b"], site["/story/1"] = answer, feed_of(site, 1), PAGE
    desk.follow(site.url("/a"), site.url("/b"))
    assert await asked_in_a_round(site, desk.poller()) == ["/a", "/b", "/story/1"]


async def test_what_another_site_answers_keeps_nothing_of_either_waiting(site: Site, desk: Desk) -> None:
    other = f"http://{OTHER_OWNER}:{site.port}"
    site["/a"] = redirect(f"{other}/elsewhere", 302)
    site["/elsewhere"] = wait_please(7_200)
    site["/b"], site["/story/1"] = feed_of(site, 1), PAGE
    site["/c"] = Reply(rss([item(2, link=f"{other}/story/2", description="Short.")]))
    site["/story/2"] = PAGE
    desk.follow(site.url("/a"))
    poller = desk.poller()
    assert await asked_in_a_round(site, poller) == ["/a", "/elsewhere"]
    desk.follow(site.url("/b"), f"{other}/c")
    assert set(await asked_in_a_round(site, poller)) == {"/b", "/story/1", "/c", "/story/2"}


# --- other feeds ----------------------------------------------------------------------------------------------------


async def test_a_sites_other_feeds_wait_where_one_is_told_to_and_no_others(site: Site, desk: Desk) -> None:
    for number in range(20):
        site[f"/{number}"] = wait_please(1_800)
        desk.follow(site.url(f"/{number}"))
    site["/other"] = feed_of(site)
    desk.follow(f"http://{OTHER_OWNER}:{site.port}/other")
    poller = desk.poller()
    assert set(await asked_in_a_round(site, poller)) == {"/0", "/other"}
    assert await asked_in_a_round(site, poller) == []
    desk.clock.move(minutes=29)
    assert "/1" not in await asked_in_a_round(site, poller)
    # They are due and no failure is held against them.
    assert set(desk.store.feeds()) == {site.url("/0"), f"http://{OTHER_OWNER}:{site.port}/other"}
    for number in range(20):
        site[f"/{number}"] = feed_of(site)
    desk.clock.move(minutes=5)
    assert {f"/{number}" for number in range(20)} <= set(await asked_in_a_round(site, poller))


async def test_as_many_as_are_polled_at_once_learn_it_too_late(site: Site, desk: Desk) -> None:
    desk.limits = replace(desk.limits, at_once_of_owner=4)
    for number in range(20):
        site[f"/{number}"] = wait_please(7_200)
        desk.follow(site.url(f"/{number}"))
    assert len(await asked_in_a_round(site, desk.poller())) <= 4


async def test_no_feed_waits_for_another_for_more_than_an_hour(site: Site, desk: Desk) -> None:
    for number in range(6):
        site[f"/bad/{number}"] = wait_please(86_400)
        desk.follow(site.url(f"/bad/{number}"))
    site["/good"] = feed_of(site)
    desk.follow(site.url("/good"))
    poller = desk.poller()
    waited = timedelta()
    for _ in range(2):
        while "/good" not in await asked_in_a_round(site, poller):
            desk.clock.move(minutes=5)
            waited += timedelta(minutes=5)
        assert waited <= HOUR
        assert desk.record(site.url("/good")).state != "blocked"
        # When it is due the next time, the others have been told to wait again.
        next_poll = desk.record(site.url("/good")).next_poll
        assert next_poll is not None
        desk.clock.moment, waited = next_poll, timedelta()


async def test_a_poller_that_was_away_for_long_has_them_wait_all_the_same(site: Site, desk: Desk) -> None:
    site["/a"] = site["/b"] = feed_of(site)
    desk.follow(site.url("/a"), site.url("/b"))
    await desk.poll()
    site["/a"] = site["/b"] = wait_please(7_200)
    desk.clock.move(days=3)
    assert len(await asked_in_a_round(site, desk.poller())) == 1


async def test_pages_keep_no_feed_waiting(site: Site, desk: Desk) -> None:
    site["/a"], site["/b"], site["/story/1"] = feed_of(site, 1), feed_of(site), wait_please(7_200)
    desk.follow(site.url("/a"), site.url("/b"))
    assert await asked_in_a_round(site, desk.poller()) == ["/a", "/story/1", "/b"]


@pytest.mark.parametrize(
    ("status", "wait", "waiting"),
    [
        (429, 1_800, [SAME_HOST, SAME_OWNER]),
        # What is wrong with one server says nothing of the owner's others.
        (503, 1_800, [SAME_HOST]),
        (429, None, []),
        (403, 1_800, []),
        (500, 1_800, []),
    ],
)
def test_who_waits_is_who_was_meant(status: int, wait: float | None, waiting: list[str]) -> None:
    clock = SetClock()
    holds = FeedHolds(clock.now, longest=3_600)
    problem = FetchProblem("soft", f"HTTP {status}", status=status, retry_after=wait, url=URL)
    assert holds.note(URL, problem) == bool(waiting)
    assert [url for url in (SAME_HOST, SAME_OWNER, OTHER) if holds.waits(url, clock.now())] == waiting
    clock.move(seconds=1_800)
    assert not any(holds.waits(url, clock.now()) for url in waiting)


def test_a_feed_that_was_never_polled_waits_from_when_it_was_found_to_for_an_hour() -> None:
    clock = SetClock()
    holds = FeedHolds(clock.now, longest=HOUR.total_seconds())
    problem = FetchProblem("blocked", "HTTP 429", status=429, retry_after=86_400, url=URL)
    waited = 0
    for _ in range(80):
        clock.move(minutes=1)
        # Others are told to wait again and again.
        assert holds.note(URL, problem)
        waited += holds.waits(SAME_HOST, None)
    assert waited == 60
