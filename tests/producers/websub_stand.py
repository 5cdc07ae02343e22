"""A publisher, its hub, a poller and what receives pushes, for the tests of WebSub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from producers.addresses import AddressPolicy
from producers.callback import Callback
from producers.fetch import Fetcher, FetchLimits
from producers.opml import FeedSource
from producers.polls import PollLimits
from producers.subscribing import Subscriber
from quotewire.adapters.memory_subscriptions import MemorySubscriptionStore
from quotewire.subscription_port import Subscription
from tests.producers.feeds import item, rss
from tests.producers.hub import Hub, running
from tests.producers.polling import Desk
from tests.producers.site import Reply, Site

LIMIT = 200_000


@dataclass
class Stand:
    """A publisher, its hub, a poller and what receives pushes."""

    site: Site
    hub: Hub
    desk: Desk
    store: MemorySubscriptionStore
    subscriber: Subscriber
    address: str
    outcomes: list[str]

    @property
    def topic(self) -> str:
        return self.site.url()

    def publish(self, *numbers: int, hub: str | None = None) -> None:
        """What stands in the feed from now on."""
        self.site["/feed"] = Reply(document(*numbers, hub=self.hub.url if hub is None else hub))

    async def attend(self) -> None:
        await self.subscriber.attend({self.topic}, lambda _: True)

    async def subscribe(self) -> None:
        """Poll for the first time, and ask the hub that the feed names."""
        self.publish(1)
        await self.desk.poll()
        await self.attend()
        await self.hub.until_subscribed(self.topic)
        self.desk.take()

    async def proved(self) -> None:
        """Subscribe, and take in a push."""
        await self.subscribe()
        self.publish(1, 2)
        assert await self.hub.push(self.topic, document(2)) == 202
        assert (await self.desk.poll(after=timedelta(seconds=2))).new == 1
        self.desk.take()

    @property
    def subscription(self) -> Subscription:
        [found] = self.store.subscriptions().values()
        return found

    @property
    def next_poll(self) -> timedelta:
        record = self.desk.record()
        assert record.next_poll is not None
        return record.next_poll - self.desk.clock.now()

    def titles(self) -> list[str]:
        return [article.entry.title.split()[1] for article in self.desk.take()]


def document(*numbers: int, hub: str = "") -> bytes:
    """A feed of such items; a hub names it as its own."""
    link = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{hub}"/>' if hub else ""
    return rss([item(number, link=None) for number in numbers], extra=link)


@pytest.fixture
async def stand(site: Site) -> AsyncIterator[Stand]:
    store, outcomes = MemorySubscriptionStore(), list[str]()
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with running() as hub, Fetcher(AddressPolicy.from_text(["127.0.0.1"]), FetchLimits()) as fetcher:
        desk = Desk(fetcher, [FeedSource(site.url())], limits=PollLimits(retry_wait=0.01))
        callback = Callback(store, desk.clock, limit=LIMIT, observe=outcomes.append)
        serving = asyncio.create_task(callback.serve("127.0.0.1", 0, stop, ready.set_result))
        address = f"http://127.0.0.1:{await ready}/websub"
        desk.subscriber = subscriber = Subscriber(store, fetcher, address, desk.clock, lambda: 0.5)
        yield Stand(site, hub, desk, store, subscriber, address, outcomes)
        stop.set()
        await serving
