"""Pushes through the processes that people run: none is lost or published twice while they come, go and are killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from producers.opml import FeedSource, write_opml
from quotewire.adapters.sqlite_feed_store import SqliteFeedStore
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.adapters.sqlite_subscriptions import SqliteSubscriptionStore
from schemas.codec import decode
from schemas.records import RawArticle
from schemas.topics import RAW, TOPICS
from tests.producers.feeds import item, rss
from tests.producers.hub import Hub, running
from tests.producers.site import Reply, Site

FEEDS = 4
HOSTS = [f"127.0.1.{number + 1}" for number in range(FEEDS)]


class Newsroom:
    """Processes of one installation: pollers, and what receives pushes."""

    def __init__(self, data: Path, pollers: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._data, self._port = data, port
        self._running: list[subprocess.Popen[bytes]] = []
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("QUOTEWIRE_")} | {
            "QUOTEWIRE_DATA": str(data),
            "QUOTEWIRE_FEEDS": str(data / "feeds.opml"),
            "QUOTEWIRE_POLLERS": str(pollers),
            "QUOTEWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
            "QUOTEWIRE_SAMPLES": "none",
            "QUOTEWIRE_WEBSUB_CALLBACK": f"http://127.0.0.1:{port}/news",
            "QUOTEWIRE_WEBSUB_PORT": str(port),
            "QUOTEWIRE_LOG_LEVEL": "warning",
        }

    def start(self, part: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "quotewire.running", part], stdin=subprocess.PIPE, env=self._environment
        )
        self._running.append(process)
        return process

    async def receiving(self) -> subprocess.Popen[bytes]:
        """What receives pushes, once it does."""
        process = self.start("websub")
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                    writer.close()
                    return process
                await asyncio.sleep(0.1)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._running.remove(process)

    def close(self) -> None:
        for process in list(self._running):
            self.kill(process)

    def published(self) -> Counter[str]:
        """How often each title stands in the topic of raw articles."""
        with contextlib.closing(SqliteStream(self._data / "stream.db")) as stream:
            stream.create_topics(TOPICS.values())
            records = [decode(RAW, record.value) for record in stream.read(RAW.name)]
        return Counter(record.entry.title for record in records if isinstance(record, RawArticle))

    async def until_published(self, *titles: str) -> None:
        async with asyncio.timeout(60):
            while not set(titles) <= set(self.published()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    def waiting(self) -> int:
        """Feeds that have pushes waiting."""
        with contextlib.closing(SqliteSubscriptionStore(self._data / "feeds.db")) as store:
            return len(store.pushed_feeds())

    async def until_none_waits(self) -> None:
        async with asyncio.timeout(60):
            while self.waiting():  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def until_polled(self, feeds: int) -> None:
        with contextlib.closing(SqliteFeedStore(self._data / "feeds.db")) as store:
            async with asyncio.timeout(60):
                while len(store.feeds()) < feeds:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def newsroom(data: Path, site: Site, hub: Hub, pollers: int) -> AsyncIterator[Newsroom]:
    """An installation that follows feeds whose publisher pushes, subscribed to all of them."""
    for number in range(FEEDS):
        site[f"/{number}"] = Reply(document(number, 0, hub=hub.url))
    # Each with an owner of its own, so that pollers have feeds to share.
    write_opml(data / "feeds.opml", [FeedSource(topic(site, number)) for number in range(FEEDS)])
    with contextlib.closing(Newsroom(data, pollers)) as room:
        yield room


def topic(site: Site, number: int) -> str:
    return f"http://{HOSTS[number]}:{site.port}/{number}"


def title(feed: int, story: int) -> str:
    return f"Story {story} of feed {feed}"


def document(feed: int, *stories: int, hub: str = "") -> bytes:
    link = f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="hub" href="{hub}"/>' if hub else ""
    return rss(
        [item(story, title=title(feed, story), link=None, guid=f"{feed}-{story}") for story in stories], extra=link
    )


@pytest.mark.slow
async def test_a_kill_between_push_and_publication_loses_nothing_and_brings_nothing_twice(tmp_path: Path) -> None:
    async with Site(also=HOSTS) as site, running() as hub, newsroom(tmp_path, site, hub, 1) as room:
        receiver = await room.receiving()
        poller = room.start("poll")
        for number in range(FEEDS):
            await hub.until_subscribed(topic(site, number))
        await room.until_published(*(title(number, 0) for number in range(FEEDS)))
        await room.until_polled(FEEDS)
        room.kill(poller)
        for number in range(FEEDS):
            assert await hub.push(topic(site, number), document(number, 1)) == 202
        # Answered with success, so durable: also where the receiver dies at once.
        room.kill(receiver)
        assert room.waiting() == FEEDS
        assert title(0, 1) not in room.published()
        # Killed while it takes them in; what it had published may come again under the same ids only.
        poller = room.start("poll")
        async with asyncio.timeout(60):
            while not any(title(number, 1) in room.published() for number in range(FEEDS)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        room.kill(poller)
        room.start("poll")
        await room.until_published(*(title(number, 1) for number in range(FEEDS)))
        await room.until_none_waits()
        with contextlib.closing(SqliteStream(tmp_path / "stream.db")) as stream:
            records = [decode(RAW, record.value) for record in stream.read(RAW.name)]
        assert len({record.id for record in records if isinstance(record, RawArticle)}) == FEEDS * 2


@pytest.mark.slow
async def test_a_push_reaches_the_poller_whose_feed_it_is_while_pollers_come_and_go(tmp_path: Path) -> None:
    async with Site(also=HOSTS) as site, running() as hub, newsroom(tmp_path, site, hub, 2) as room:
        await room.receiving()
        pollers = [room.start("poll") for _ in range(2)]
        for number in range(FEEDS):
            await hub.until_subscribed(topic(site, number))
        await room.until_published(*(title(number, 0) for number in range(FEEDS)))
        await room.until_polled(FEEDS)
        for story in (1, 2, 3):
            for number in range(FEEDS):
                assert await hub.push(topic(site, number), document(number, story)) == 202
            await room.until_published(*(title(number, story) for number in range(FEEDS)))
            if story < 3:
                room.kill(pollers.pop(0))
            if story < 2:
                pollers.append(room.start("poll"))
        await room.until_none_waits()
        # A kill may publish what was under way again, under the same id; nothing else is there twice.
        assert sum(count - 1 for count in room.published().values()) <= FEEDS
        asked = Counter(form["hub.topic"] for form in hub.requests)
        assert asked == {topic(site, number): 1 for number in range(FEEDS)}
