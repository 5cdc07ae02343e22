"""Whose turn it is: an owner of many feeds is in nobody's way, and a feed that is listed anew is asked anew."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from producers.addresses import AddressPolicy
from producers.fetch import Fetcher
from producers.opml import FeedSource
from producers.polls import PollLimits
from tests.producers.feeds import item, rss
from tests.producers.polling import Desk
from tests.producers.site import Reply, Request, Site

OTHERS = [f"127.0.5.{number}" for number in range(1, 21)]


@contextlib.asynccontextmanager
async def _running(desk: Desk) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(desk.poller().run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("once", [True, False])
async def test_an_owner_of_thousands_of_feeds_that_hangs_is_in_nobodys_way(once: bool) -> None:
    answered = 0

    async def hang(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    def answer(_: Request) -> Reply:
        nonlocal answered
        answered += 1
        return Reply(rss([item(1, link=None)]))

    async with Site(also=OTHERS) as site, Fetcher(AddressPolicy.from_text(["127.0.0.0/8"])) as fetcher:
        site["/news"] = answer
        desk = Desk(fetcher, limits=PollLimits(drain_time=0.1))
        for number in range(3_000):
            site[f"/{number}"] = hang
            desk.follow(site.url(f"/{number}"))
        desk.sources += [FeedSource(f"http://{host}:{site.port}/news") for host in OTHERS]
        if once:
            polling = asyncio.create_task(desk.poller().poll_due())
            await _until(lambda: answered == len(OTHERS))
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
        else:
            async with _running(desk):
                await _until(lambda: answered == len(OTHERS))


async def test_each_owner_gets_its_turn_and_each_feed_is_polled_once() -> None:
    async with Site(also=OTHERS) as site, Fetcher(AddressPolicy.from_text(["127.0.0.0/8"])) as fetcher:
        desk = Desk(fetcher, limits=PollLimits(at_once=7, at_once_of_owner=2))
        for number in range(90):
            site[f"/{number}"] = Reply(rss([item(number, link=None)]))
            # One owner has half of the feeds.
            host = OTHERS[0] if number % 2 else OTHERS[number % 20]
            desk.follow(f"http://{host}:{site.port}/{number}")
        summary = await desk.poll()
    assert (summary.polled, summary.new) == (90, 90)
    assert {len(site.asked(f"/{number}")) for number in range(90)} == {1}
    assert site.most_at_once <= 7


async def test_a_feed_that_is_taken_off_the_list_and_put_on_again_is_asked_at_once(
    site: Site, fetcher: Fetcher
) -> None:
    desk = Desk(fetcher, [FeedSource(site.url())])
    site["/feed"] = [Reply(status=410), Reply(rss([item(1, link=None)]))]
    async with _running(desk):
        await _until(lambda: desk.store.feeds())
        assert desk.record().state == "gone"
        listed, desk.sources = desk.sources, []
        await asyncio.sleep(1.5)
        desk.store.forget(site.url())
        desk.sources = list(listed)
        await _until(lambda: desk.published)
    assert desk.record().state == "fresh"
