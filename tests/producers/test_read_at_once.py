"""Few documents are read at once, however many feeds are asked: what was read is what takes memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from producers.addresses import AddressPolicy
from producers.fetch import Fetcher, FetchLimits
from producers.opml import FeedSource
from producers.polls import PollLimits
from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.ports import FeedUpdate, Unavailable
from schemas.records import RawArticle
from tests.producers.feeds import item, rss
from tests.producers.polling import Desk
from tests.producers.site import Reply, Request, Site

FEEDS = 12
HOSTS = [f"127.0.4.{number + 1}" for number in range(2 * FEEDS)]
PAGE = Reply(b"<p>The harbour wall holds, the mayor said.</p>", content_type="text/html").render()


async def test_so_many_documents_are_read_at_once_and_feeds_without_news_do_not_wait_for_them() -> None:
    news = rss([item(1, link="/story")])
    reading = most = 0
    done: list[str] = []

    async def story(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        await asyncio.sleep(1)
        reading -= 1
        writer.write(PAGE)

    class Store(MemoryFeedStore):
        def save_all(self, updates: Sequence[FeedUpdate]) -> None:
            super().save_all(updates)
            done.extend(update.feed.url for update in updates)

    def quiet(request: Request) -> Reply:
        return Reply(status=304) if "if-none-match" in request.headers else Reply(rss([]), headers=[("ETag", '"1"')])

    async with Site(also=HOSTS) as site, Fetcher(AddressPolicy.from_text(["127.0.0.0/8"]), FetchLimits()) as fetcher:
        site["/news"], site["/quiet"], site["/story"] = Reply(news), quiet, story
        limits = PollLimits(at_once=2 * FEEDS, read_at_once=3)
        desk = Desk(fetcher, limits=limits, store=Store())
        desk.sources = [FeedSource(f"http://{host}:{site.port}/quiet") for host in HOSTS[FEEDS:]]
        await desk.poll()
        done.clear()
        desk.sources = [FeedSource(f"http://{host}:{site.port}/news") for host in HOSTS[:FEEDS]] + desk.sources
        summary = await desk.poll(after=timedelta(days=1))
    assert (summary.polled, summary.new, summary.pages, summary.unchanged) == (2 * FEEDS, FEEDS, FEEDS, FEEDS)
    assert most == 3
    # All of those without news were done with before the second documents were.
    assert all(url.endswith("/quiet") for url in done[:FEEDS])


async def test_a_stream_that_is_away_while_many_documents_wait_loses_none() -> None:
    async with Site(also=HOSTS) as site, Fetcher(AddressPolicy.from_text(["127.0.0.0/8"]), FetchLimits()) as fetcher:
        site["/news"] = Reply(rss([item(1, link=None)]))
        desk = Desk(fetcher, limits=PollLimits(at_once=2 * FEEDS, read_at_once=2, retry_wait=0.01, fetch_pages=False))
        desk.follow(*(f"http://{host}:{site.port}/news" for host in HOSTS))
        away = [Unavailable("away")] * 8

        def publish(articles: Sequence[RawArticle]) -> None:
            if away:
                raise away.pop()
            desk.published.extend(articles)

        desk.publish = publish
        summary = await desk.poll()
    assert (summary.polled, summary.new) == (2 * FEEDS, 2 * FEEDS)
    assert len({article.id for article in desk.published}) == len(desk.published) == 2 * FEEDS
