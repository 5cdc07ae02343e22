"""Polls feeds as they fall due: many at once, few of one owner, none in another's way."""

from __future__ import annotations

import asyncio
import contextlib
import random as random_module
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from producers import schedule
from producers.claims import Claims
from producers.feed_poll import FeedPolling
from producers.fetch import Fetching
from producers.opml import FeedSource
from producers.parse_process import Parsing
from producers.polls import FeedPoll, PollLimits, PollSummary, feed_key
from producers.subscribing import Subscriber
from producers.urls import registered_domain
from producers.waits import Waits
from quotewire.ports import Clock, FeedRecord, FeedStore, PollerSharing, Unavailable
from schemas.records import RawArticle

__all__ = ["FeedPoll", "PollLimits", "PollSummary", "Poller"]

log = structlog.get_logger()

_SCAN_EVERY = 1.0
_FORGET_EVERY = timedelta(hours=1)
_ATTEND_EVERY = 5.0


class Poller:
    """Polls the feeds of a list and publishes what is new in them.

    sources: the feeds as they are listed now, asked anew for every round. store: what is remembered of them. publish:
    hands articles to the stream, durable when it returns; raises Unavailable and Rejected. fetcher, parser: open, and
    closed by whoever opened them. random: numbers from 0 up to 1. observe: told of every poll, for metrics.
    waiting: told what is waited for where the stream or the store is away, and None when it is back.
    sharing: who else polls these feeds with the same store; None for nobody. subscriber: asks hubs to push, and has
    what they pushed; None where nothing can be pushed here.

    Used by one event loop; store and publish are called on threads.
    """

    def __init__(
        self,
        *,
        sources: Callable[[], Sequence[FeedSource]],
        store: FeedStore,
        publish: Callable[[Sequence[RawArticle]], None],
        fetcher: Fetching,
        parser: Parsing,
        clock: Clock,
        limits: PollLimits | None = None,
        random: Callable[[], float] = random_module.random,
        observe: Callable[[FeedPoll], None] | None = None,
        waiting: Callable[[str | None], None] = lambda _: None,
        sharing: PollerSharing | None = None,
        subscriber: Subscriber | None = None,
    ) -> None:
        self._subscriber = subscriber
        self._pushed: set[str] = set()
        self._listed: set[str] = set()
        self._owners: dict[str, str] = {}
        """Of those listed feeds that were due: it takes a while to find out."""
        self._listed_of: Sequence[FeedSource] | None = None
        self._claims = Claims(store, sharing) if sharing else None
        self._sharing = sharing
        self._sources = sources
        self._store = store
        self._clock = clock
        self._limits = limits or PollLimits()
        self._observe = observe
        self._waits = Waits(waiting)
        self._polling = FeedPolling(
            store=store,
            publish=publish,
            fetcher=fetcher,
            parser=parser,
            clock=clock,
            limits=self._limits,
            random=random,
            waits=self._waits,
            subscriber=subscriber,
        )
        self._records: dict[str, FeedRecord] = {}
        self._started = clock.now()

    async def poll_due(self) -> PollSummary:
        """Poll every feed that is due, once; returns when all are done and published.

        Raises Unavailable where the store cannot be read at the start; what fails later is waited out. Raises
        ConfigurationError.
        """
        crew = _Crew(self._limits, self._poll)
        crew.waiting = self._line(await self._due(()))
        try:
            while crew.waiting or crew.under_way:
                crew.start()
                await crew.wait(None)
        finally:
            await crew.finish(0)
            if self._claims:
                await self._claims.settled(self._limits.drain_time)
        await self._forget_or_not()
        return PollSummary.of(crew.done)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll feeds as they fall due until `stop` is set; then let polls under way finish, for a while.

        Raises ConfigurationError.
        """
        crew = _Crew(self._limits, self._poll, keep=False)
        stopping = asyncio.create_task(stop.wait())
        clock = asyncio.get_running_loop().time
        next_scan = clock()
        next_forgetting = self._clock.now()
        attending: asyncio.Task[None] | None = None
        try:
            while not stop.is_set():
                if clock() >= next_scan:
                    crew.waiting = self._line(await self._due_or_none(crew.under_way))
                    next_scan = clock() + _SCAN_EVERY
                    if self._subscriber and attending is None:
                        attending = asyncio.create_task(self._attend(self._subscriber))
                if self._clock.now() >= next_forgetting:
                    next_forgetting = self._clock.now() + _FORGET_EVERY
                    await self._forget_or_not()
                crew.start()
                await crew.wait(max(0.0, next_scan - clock()), stopping)
        finally:
            stopping.cancel()
            if attending:
                attending.cancel()
            await crew.finish(self._limits.drain_time)
            if self._claims:
                await self._claims.settled(self._limits.drain_time)

    async def _due(self, under_way: Collection[str]) -> list[FeedSource]:
        """The feeds that are due, longest overdue first; each once."""
        sources = await asyncio.to_thread(self._sources)
        if self._sharing is not None and await asyncio.to_thread(self._sharing.refresh):
            # Feeds may be this poller's now that others have polled since.
            self._listed_of = None
        if sources is not self._listed_of:
            # A feed that was taken off the list and put on it again is remembered no more.
            self._records = _newest(await asyncio.to_thread(self._store.feeds), self._records)
            self._listed_of, self._listed, self._owners = sources, {feed_key(source) for source in sources}, {}
        if self._subscriber:
            self._pushed = set(await self._subscriber.pushed_feeds(self._listed))
        now = self._clock.now()
        records = self._records
        due: dict[str, FeedSource] = {}
        for source in sources:
            key = feed_key(source)
            record = records.get(key)
            wanted = key in self._pushed or (
                schedule.due(record, now) and not self._polling.waits(source, record, self._started)
            )
            if wanted and key not in under_way and self._mine(key):
                due.setdefault(key, source)

        def overdue(item: tuple[str, FeedSource]) -> float:
            record = records.get(item[0])
            if record is None or record.next_poll is None or item[0] in self._pushed:
                return 0.0
            return record.next_poll.timestamp()

        return [source for _, source in sorted(due.items(), key=overdue)]

    async def _due_or_none(self, under_way: Collection[str]) -> list[FeedSource]:
        try:
            due = await self._due(under_way)
        except Unavailable as error:
            self._waits.begin("feed list", str(error))
            log.warning("feed store unavailable, polls nothing for now", reason=str(error))
            return []
        self._waits.end("feed list")
        return due

    async def _attend(self, subscriber: Subscriber) -> None:
        """Have hubs asked, until ended."""
        while True:
            try:
                # As many again at once where many wait.
                while await subscriber.attend(self._listed, self._mine):
                    pass
            except Unavailable as error:
                log.warning("feed store unavailable, hubs are not asked for now", reason=str(error))
            except Exception:
                # Feeds are polled all the same.
                log.exception("hubs not asked by a fault of this program")
            await asyncio.sleep(_ATTEND_EVERY)

    def _mine(self, feed: str) -> bool:
        return self._sharing is None or self._sharing.mine(self._owner(feed))

    def _owner(self, feed: str) -> str:
        owner = self._owners.get(feed)
        if owner is None:
            owner = self._owners[feed] = registered_domain(feed)
        return owner

    def _line(self, due: Iterable[FeedSource]) -> _Line:
        return _Line((self._owner(feed_key(source)), source) for source in due)

    async def _poll(self, source: FeedSource) -> FeedPoll | None:
        key = feed_key(source)
        known = self._records.get(key)
        pushed = key in self._pushed
        # Its site may have said so since the feed was listed as due.
        if not pushed and self._polling.waits(source, known, self._started):
            return None
        if self._claims:
            claimed = await self._claims.take(key, self._clock.now(), pushed=pushed)
            if claimed.record:
                known = self._records[key] = claimed.record
            if not claimed.held:
                return None
        poll = await self._polling.poll(source, known or FeedRecord(url=key), pushed=pushed)
        # Into what they are now: they may have been read anew since the poll began.
        self._records[key] = poll.record
        if self._observe is not None:
            self._observe(poll)
        if self._claims:
            self._claims.release(key)
        return poll

    async def _forget_or_not(self) -> None:
        try:
            await asyncio.to_thread(self._forget_old)
        except Unavailable as error:
            log.warning("old entries not forgotten for now", reason=str(error))

    def _forget_old(self) -> None:
        forgotten = self._store.forget_seen_before(self._clock.now() - self._limits.memory)
        if forgotten:
            log.info("forgot entries not seen for long", entries=forgotten)
        beyond = self._store.forget_beyond(self._limits.memory_identities)
        if beyond:
            log.warning("forgot entries of feeds that have too many", entries=beyond)
        awaiting = self._limits.awaiting
        given_up = self._store.forget_awaited(
            self._clock.now() - awaiting.age, of_a_feed=awaiting.of_a_feed, in_all=awaiting.in_all
        )
        if given_up:
            log.info("gave up pages that did not come", pages=given_up)


def _newest(stored: Mapping[str, FeedRecord], known: Mapping[str, FeedRecord]) -> dict[str, FeedRecord]:
    """The stored records, but those that were polled while the store was read as they are known here."""
    newest = dict(stored)
    for feed, record in known.items():
        if feed in newest and record.polls > newest[feed].polls:
            newest[feed] = record
    return newest


class _Line:
    """Feeds that wait to be polled, those of each owner in a line of their own.

    Owners take turns. One that has its share stands aside until a poll of it ends, and so is in nobody's way.
    due: each feed with its owner.
    """

    def __init__(self, due: Iterable[tuple[str, FeedSource]] = ()) -> None:
        # Lists, last first: most owners have one feed, for which a deque takes half a kilobyte.
        self._lines: dict[str, list[FeedSource]] = defaultdict(list)
        for owner, source in due:
            self._lines[owner].append(source)
        for line in self._lines.values():
            line.reverse()
        self._turns = deque(self._lines)
        self._aside: set[str] = set()

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._lines)

    def next(self, has_room: Callable[[str], bool]) -> tuple[str, FeedSource] | None:
        """The next owner that has room, and its next feed; None where there is none."""
        while self._turns:
            owner = self._turns.popleft()
            if not has_room(owner):
                self._aside.add(owner)
                continue
            line = self._lines[owner]
            source = line.pop()
            if line:
                self._turns.append(owner)
            else:
                del self._lines[owner]
            return owner, source
        return None

    def has_room_again(self, owner: str) -> None:
        """Take an owner back that stands aside, if it does."""
        if owner in self._aside:
            self._aside.remove(owner)
            self._turns.append(owner)


class _Crew:
    """Polls under way, and the feeds that wait. An error that a poll raises is raised by the next `wait`."""

    def __init__(
        self, limits: PollLimits, poll: Callable[[FeedSource], Awaitable[FeedPoll | None]], *, keep: bool = True
    ) -> None:
        self._limits = limits
        self._poll = poll
        self._keep = keep
        self._owners: Counter[str] = Counter()
        self._finished: list[str] = []
        self._wake = asyncio.Event()
        self._other: asyncio.Task[Any] | None = None
        self.waiting = _Line()
        self.under_way: dict[str, asyncio.Task[FeedPoll | None]] = {}
        self.done: list[FeedPoll] = []

    def start(self) -> None:
        """Start what there is room for."""
        while len(self.under_way) < self._limits.at_once and (found := self.waiting.next(self._has_room)):
            owner, source = found
            self._owners[owner] += 1
            key = feed_key(source)
            self.under_way[key] = task = asyncio.create_task(self._tracked(source, owner))
            task.add_done_callback(lambda _, key=key: self._note(key))  # type: ignore[misc]

    def _has_room(self, owner: str) -> bool:
        return self._owners[owner] < self._limits.at_once_of_owner

    async def _tracked(self, source: FeedSource, owner: str) -> FeedPoll | None:
        try:
            return await self._poll(source)
        finally:
            self._owners[owner] -= 1
            if not self._owners[owner]:
                del self._owners[owner]
            self.waiting.has_room_again(owner)

    def _note(self, key: str) -> None:
        self._finished.append(key)
        self._wake.set()

    async def wait(self, seconds: float | None, other: asyncio.Task[Any] | None = None) -> None:
        """Wait until a poll is done, or `other` is, or for so many seconds (None: without end)."""
        if not self.under_way and other is None:
            return
        if other is not None and other is not self._other:
            self._other = other
            other.add_done_callback(lambda _: self._wake.set())
        # Told by each poll that ends: a look at all that are under way would cost more than the poll did.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()
        finished, self._finished = self._finished, []
        for key in finished:
            poll = self.under_way.pop(key).result()
            if self._keep and poll is not None:
                self.done.append(poll)

    async def finish(self, seconds: float) -> None:
        """Let polls under way finish for so long, then end them: what is not remembered comes again."""
        tasks = list(self.under_way.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
