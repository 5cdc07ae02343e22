"""A feed is claimed before it is polled where several pollers share a store, so that no two poll it."""

from __future__ import annotations

import asyncio
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
        self._releasing = Together[str](lambda feeds: store.release(feeds, sharing.name), at_once=_AT_ONCE)

    async def take(self, feed: str, now: datetime, *, pushed: bool = False) -> Claimed:
        """Claim a feed, where no other poller has it or has polled it just before. No claim where the store is away.

        pushed: whether it is to be claimed whenever it was polled, for pushes of it wait.
        """
        claimed = Claimed(feed)
        try:
            await self._together.write(claimed)
            if claimed.held and not pushed and not schedule.due(claimed.record, now):
                claimed.held = False
                await self.release(feed)
        except Unavailable as error:
            log.warning("feed store unavailable, feed not polled for now", feed=feed, reason=str(error))
            claimed.held = False
        return claimed

    async def release(self, feed: str) -> None:
        """End a claim, once the store is there: as long as it stands, no other poller has the feed."""
        while True:
            try:
                return await self._releasing.write(feed)
            except Unavailable as error:
                log.warning("feed store unavailable, claim not ended for now", feed=feed, reason=str(error))
                await asyncio.sleep(_RELEASE_AGAIN)

    def _claim(self, claims: Sequence[Claimed]) -> None:
        taken = self._store.claim([claim.feed for claim in claims], self._sharing.name, self._sharing.alive)
        for claim in claims:
            claim.held = claim.feed in taken
            claim.record = taken.get(claim.feed)
