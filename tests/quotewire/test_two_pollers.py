"""Two pollers on one feed store poll each feed once, whatever `QUOTEWIRE_POLLERS` says."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path

from producers.opml import FeedSource, write_opml
from quotewire.ports import AwaitedPage, FeedRecord, FeedUpdate
from quotewire.settings import Settings
from quotewire.wiring import Wiring
from schemas.codec import decode
from schemas.records import Entry, FeedReference, RawArticle
from schemas.topics import RAW, TOPICS
from tests.producers.feeds import item, rss
from tests.producers.site import Reply, Request, Site

FEEDS = 8


async def test_one_poll_beside_a_running_poller_asks_no_feed_twice(tmp_path: Path) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(Reply(rss([item(1, link=None)])).render())

    # Each of an owner of its own, so that they are shared out.
    hosts = [f"127.0.3.{number + 1}" for number in range(FEEDS)]
    async with Site(also=hosts) as site:
        for number in range(FEEDS):
            site[f"/{number}"] = slow
        urls = [f"http://{host}:{site.port}/{number}" for number, host in enumerate(hosts)]
        write_opml(tmp_path / "feeds.opml", [FeedSource(url) for url in urls])
        settings = Settings(
            data=tmp_path, feeds=str(tmp_path / "feeds.opml"), samples="none", allowed_networks="127.0.0.0/8", pollers=1
        )
        with Wiring(settings) as one, Wiring(settings) as other:
            async with one.poller() as first, other.poller() as second:
                summaries = await asyncio.gather(first.poll_due(), second.poll_due())
            # Nobody keeps what has been polled.
            held = one.feed_store.claim(urls, "a third", lambda _: True)
    asked = Counter(request.path for request in site.requests)
    assert asked == {f"/{number}": 1 for number in range(FEEDS)}
    assert sum(summary.polled for summary in summaries) == FEEDS
    assert set(held) == set(urls)


async def test_a_page_that_is_awaited_is_asked_for_by_one_of_them(tmp_path: Path) -> None:
    hosts = [f"127.0.3.{number + 1}" for number in range(FEEDS)]
    async with Site(also=hosts) as site:
        site["/feed"] = Reply(rss([]))
        site["/story"] = Reply(b"<p>The council met.</p>", content_type="text/html")
        urls = [f"http://{host}:{site.port}/feed" for host in hosts]
        write_opml(tmp_path / "feeds.opml", [FeedSource(url) for url in urls])
        settings = Settings(
            data=tmp_path, feeds=str(tmp_path / "feeds.opml"), samples="none", allowed_networks="127.0.0.0/8", pollers=1
        )
        with Wiring(settings) as one, Wiring(settings) as other:
            one.stream.create_topics(TOPICS.values())
            now = one.clock.now()
            one.feed_store.save_all([_without_page(url, now) for url in urls])
            async with one.poller() as first, other.poller() as second:
                summaries = await asyncio.gather(first.poll_due(), second.poll_due())
            published = [decode(RAW, record.value) for record in one.stream.read(RAW.name)]
            assert all(one.feed_store.awaited(url) == [] for url in urls)
    assert len(site.asked("/story")) == FEEDS
    assert sum(summary.pages for summary in summaries) == FEEDS
    assert sorted(record.id for record in published if isinstance(record, RawArticle) and record.page) == sorted(urls)


def _without_page(url: str, now: datetime) -> FeedUpdate:
    article = RawArticle(
        id=url,
        revision=1_000,
        feed=FeedReference(url=url),
        entry=Entry(title="Flood wall", link=url.replace("/feed", "/story")),
        page_problem="HTTP 503 unavailable",
        fetched=now,
    )
    awaited = AwaitedPage(article, ("u:1",), since=now, next_try=now, tries=1)
    return FeedUpdate(FeedRecord(url, polls=1, next_page=now), awaited=[awaited])


async def test_a_poller_that_has_ended_has_no_share_of_the_feeds(tmp_path: Path) -> None:
    hosts = [f"127.0.3.{number + 1}" for number in range(FEEDS)]
    async with Site(also=hosts) as site:
        site["/feed"] = Reply(rss([item(1, link=None)]))
        write_opml(tmp_path / "feeds.opml", [FeedSource(f"http://{host}:{site.port}/feed") for host in hosts])
        settings = Settings(
            data=tmp_path, feeds=str(tmp_path / "feeds.opml"), samples="none", allowed_networks="127.0.0.0/8"
        )
        with Wiring(settings) as wiring:
            wiring.stream.create_topics(TOPICS.values())
            # As a part does that found a server away, and starts again within its process.
            for _ in range(4):
                async with wiring.poller():
                    pass
            async with wiring.poller() as poller:
                assert (await poller.poll_due()).polled == FEEDS
