"""A feed is claimed before it is polled where several pollers share a store, so that no two poll it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from producers import schedule
from producers.together import Together
from quotewire.ports import FeedRecord, FeedStore, PollerSharing, Unavailable

log = structlog.get_logger()

_AT_ONCE = 500
_RELEASE_AGAIN = 1.0
_GATHERED = 0.2


@dataclass(slots=True)
class Claimed:
    """What came of claiming a feed: whether it is to be polled, and what is remembered of it now."""

    feed: str
    held: bool = False
    record: FeedRecord | None = None


class Claims:
    """Claims feeds of a store for one of those that share it. Used by one event loop."""

    def __init__(self, store: FeedStore, sharing: PollerSharing) -> None:
        self._store = store
        self._sharing = sharing
        self._together = Together[Claimed](self._claim, at_once=_AT_ONCE)
        self._ended: set[str] = set()
        self._ending: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    async def take(self, feed: str, now: datetime, *, pushed: bool = False) -> Claimed:
        """Claim a feed, where no other poller has it or has polled it just before. No claim where the store is away.

        pushed: whether it is to be claimed whenever it was polled, for pushes of it wait.
        """
        claimed = Claimed(feed)
        if feed in self._ended:
            # Else the end of its last claim could be that of this one.
            await self.settled()
        try:
            await self._together.write(claimed)
            if claimed.held and not pushed and not schedule.due(claimed.record, now):
                claimed.held = False
                self.release(feed)
        except Unavailable as error:
            log.warning("feed store unavailable, feed not polled for now", feed=feed, reason=str(error))
            claimed.held = False
        return claimed

    def release(self, feed: str) -> None:
        """End a claim, soon: as long as it stands, no other poller has the feed, which is not due anyway.

        Raises what the store raised for claims ended before, where that was not Unavailable.
        """
        self._ended.add(feed)
        if self._ending is not None and self._ending.done():
            self._ending.result()
            self._ending = None
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())

    async def settled(self, seconds: float | None = None) -> None:
        """Wait until every claim that was released has ended; after so many seconds (None: never) give up.

        What is given up ends with this poller. Raises what the store raises but Unavailable.
        """
        if self._ending is None:
            return
        self._hurry.set()
        await asyncio.wait([self._ending], timeout=seconds)
        if not self._ending.done():
            self._ending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ending

    async def _end(self) -> None:
        self._hurry.clear()
        while self._ended:
            # Many are ended at the cost of one.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), _GATHERED)
            feeds = list(self._ended)
            try:
                await asyncio.to_thread(self._store.release, feeds, self._sharing.name)
            except Unavailable as error:
                log.warning("feed store unavailable, claims not ended for now", feeds=len(feeds), reason=str(error))
                await asyncio.sleep(_RELEASE_AGAIN)
            else:
                self._ended.difference_update(feeds)

    def _claim(self, claims: Sequence[Claimed]) -> None:
        taken = self._store.claim([claim.feed for claim in claims], self._sharing.name, self._sharing.alive)
        for claim in claims:
            claim.held = claim.feed in taken
            claim.record = taken.get(claim.feed)
