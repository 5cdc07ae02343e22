"""Asks hubs to push, and hands the poller what they pushed. The rules are those of `producers.websub`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import structlog

from producers import websub
from producers.answers import Fetched, FetchProblem
from producers.documents import ParsedFeed
from quotewire.ports import Clock
from quotewire.subscription_port import Push, Subscription, SubscriptionStore

log = structlog.get_logger()

_ASK_AT_ONCE = 20
_TAKE_AT_ONCE = 4


class Posting(Protocol):
    """What this needs of a fetcher."""

    async def post(self, url: str, fields: Mapping[str, str]) -> Fetched | FetchProblem:
        """Send a form; never raises for what a server or network does."""
        ...


class Subscriber:
    """The subscriptions of one poller's feeds. Calls of the store run on threads; each raises Unavailable.

    callback: public address at which hubs reach whatever receives pushes. random: numbers from 0 up to 1.
    """

    def __init__(
        self,
        store: SubscriptionStore,
        fetcher: Posting,
        callback: str,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._callback = callback
        self._clock = clock
        self._random = random

    async def of(self, feed: str) -> Subscription | None:
        """The subscription of a feed."""
        return await asyncio.to_thread(self._store.subscription, feed)

    async def noticed(self, feed: str, answer: Fetched, document: ParsedFeed, known: Subscription | None) -> None:
        """Hear which hubs the newest document of a feed names. known: its subscription as it was read before."""
        hubs, topic = websub.discovered(answer, document, feed)
        now = self._clock.now()
        if websub.noticed(known, feed, hubs, topic, now) != known:
            await asyncio.to_thread(
                self._store.change, feed, lambda current: websub.noticed(current, feed, hubs, topic, now)
            )

    async def missed(self, feed: str) -> None:
        """Hear that a poll found something that no push had brought."""
        await self._change(feed, websub.missed)

    async def pushed_feeds(self, listed: Collection[str]) -> Collection[str]:
        """The feeds that have pushes waiting. What waits for a feed that is not `listed` any more is forgotten."""
        feeds = await asyncio.to_thread(self._store.pushed_feeds)
        for feed in feeds:
            if feed not in listed:
                await asyncio.to_thread(self._store.forget, feed)
        return [feed for feed in feeds if feed in listed]

    async def waiting(self, feed: str) -> Sequence[Push]:
        """Some pushes of a feed, to be taken in and then `done`."""
        return await asyncio.to_thread(self._store.pushes, feed, _TAKE_AT_ONCE)

    async def done(self, feed: str, pushes: Sequence[Push], *, read: bool) -> None:
        """Forget pushes whose articles are published. read: whether any of them held entries."""
        await asyncio.to_thread(self._store.drop, pushes)
        if read:
            await self._change(feed, websub.pushed)

    async def attend(self, listed: Collection[str], mine: Callable[[str], bool]) -> int:
        """Ask the hubs of subscriptions that are new or to be renewed; how many. Those not `listed` are forgotten.

        mine: whether a feed is this poller's.
        """
        due = await asyncio.to_thread(self._store.due, self._clock.now(), _ASK_AT_ONCE)
        for subscription in due:
            if subscription.feed not in listed:
                await asyncio.to_thread(self._store.forget, subscription.feed)
        chosen = [one for one in due if one.feed in listed and mine(one.feed)]
        await asyncio.gather(*(self._ask(one) for one in chosen))
        return len(chosen)

    async def _ask(self, subscription: Subscription) -> None:
        now = self._clock.now()
        # Remembered first: hubs may verify before they answer.
        current = await self._change(subscription.feed, lambda one: websub.asked(one, now, self._random))
        if current is None:
            return
        answer = await self._fetcher.post(current.hub, websub.request(current, self._callback))
        if isinstance(answer, FetchProblem):
            log.info("hub cannot be asked", feed=current.feed, hub=current.hub, reason=answer.reason)
            reason, later = f"{current.hub}: {answer.reason}", answer.retry_after
            await self._change(current.feed, lambda one: websub.failed(one, reason, self._clock.now(), later))

    async def _change(self, feed: str, change: Callable[[Subscription], Subscription]) -> Subscription | None:
        return await asyncio.to_thread(self._store.change, feed, lambda one: change(one) if one else None)
