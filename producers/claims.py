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
_GATHERED = 0.2
"""Seconds for which claims that have ended are gathered, to be ended in the store at the cost of one."""
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
        self._released: set[str] = set()
        self._ending: set[str] = set()
        self._ended = asyncio.Event()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def take(self, feed: str, now: datetime, *, pushed: bool = False) -> Claimed:
        """Claim a feed, where no other poller has it or has polled it just before. No claim where the store is away.

        pushed: whether it is to be claimed whenever it was polled, for pushes of it wait.
        """
        claimed = Claimed(feed)
        # The end of its last claim must not be that of this one: it is called off, or waited for where it is under way.
        self._released.discard(feed)
        while feed in self._ending:
            await self._ended.wait()
            self._released.discard(feed)
        try:
            await self._together.write(claimed)
            if claimed.held and not pushed and not schedule.due(claimed.record, now):
                claimed.held = False
                self.release(feed)
        except Unavailable as error:
            log.warning("feed store unavailable, feed not polled for now", feed=feed, reason=str(error))
            claimed.held = False
            # It may have been claimed all the same, or its last claim be one whose end was called off above.
            self.release(feed)
        return claimed

    def release(self, feed: str) -> None:
        """End a claim, soon, or once the store is there: as long as it stands, no other poller has the feed.

        Raises what kept claims from being ended before, where that was not that the store is away.
        """
        self._released.add(feed)
        if self._task is None or self._task.done():
            if self._task and not self._task.cancelled():
                self._task.result()
            self._task = asyncio.create_task(self._end())

    async def settled(self, seconds: float) -> None:
        """Wait until every claim that was released has ended, for so long: what has not, ends with this poller.

        To be called when no feed is being polled any more. Raises as `release`.
        """
        if self._task is None:
            return
        self._hurry.set()
        _, late = await asyncio.wait([self._task], timeout=seconds)
        self._hurry.clear()
        if late:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        elif not self._task.cancelled():
            self._task.result()

    async def _end(self) -> None:
        while self._released:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GATHERED):
                    await self._hurry.wait()
            self._ending, self._released = self._released, set()
            self._ended.clear()
            try:
                await asyncio.to_thread(self._store.release, list(self._ending), self._sharing.name)
                failed = None
            except Unavailable as error:
                self._released |= self._ending
                failed = error
            finally:
                self._ending = set()
                self._ended.set()
            if failed:
                log.warning("feed store unavailable, claims not ended for now", reason=str(failed))
                await asyncio.sleep(_RELEASE_AGAIN)

    def _claim(self, claims: Sequence[Claimed]) -> None:
        taken = self._store.claim([claim.feed for claim in claims], self._sharing.name, self._sharing.alive)
        for claim in claims:
            claim.held = claim.feed in taken
            claim.record = taken.get(claim.feed)
