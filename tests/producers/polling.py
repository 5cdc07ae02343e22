"""A poller with its hands on a real site, and a clock that tests set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from producers.documents import ParsedFeed
from producers.fetch import Fetching
from producers.opml import FeedSource
from producers.parse import parse
from producers.poll import Poller, PollSummary
from producers.polls import PollLimits
from producers.sitemap_index import SitemapFollower
from producers.subscribing import Subscriber
from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.ports import FeedRecord, FeedStore
from schemas.records import RawArticle


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    moment: datetime = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, **passed: float) -> None:
        self.moment += timedelta(**passed)


class ThreadParser:
    """The parser on a thread, for tests in which no document takes for ever."""

    async def parse(
        self, body: bytes, *, url: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> ParsedFeed:
        return await asyncio.to_thread(parse, body, url=url, content_type=content_type, headers=headers)


@dataclass
class Desk:
    """A poller and all it is made of; what it publishes stands in `published`."""

    fetcher: Fetching
    sources: list[FeedSource] = field(default_factory=list)
    store: FeedStore = field(default_factory=MemoryFeedStore)
    clock: SetClock = field(default_factory=SetClock)
    limits: PollLimits = field(default_factory=lambda: PollLimits(retry_wait=0.01))
    published: list[RawArticle] = field(default_factory=list)
    publish: Callable[[Sequence[RawArticle]], None] | None = None
    subscriber: Subscriber | None = None

    def poller(self) -> Poller:
        return Poller(
            sources=lambda: self.sources,
            store=self.store,
            publish=self.publish or self.published.extend,
            fetcher=self.fetcher,
            parser=SitemapFollower(self.fetcher, ThreadParser()),
            clock=self.clock,
            limits=self.limits,
            random=lambda: 0.5,
            subscriber=self.subscriber,
        )

    def follow(self, *urls: str) -> None:
        self.sources += [FeedSource(url) for url in urls]

    async def poll(self, *, after: timedelta = timedelta(days=40)) -> PollSummary:
        """Let time pass, so that every feed is due, and poll with a poller that has just been started."""
        self.clock.moment += after
        summary = await self.poller().poll_due()
        # A fault of ours is a state of the feed, too, and must not pass for the one that a test expects.
        for record in self.store.feeds().values():
            assert "fault of this program" not in record.reason, record
        return summary

    def record(self, url: str | None = None) -> FeedRecord:
        records = self.store.feeds()
        return records[url] if url is not None else next(iter(records.values()))

    def take(self) -> list[RawArticle]:
        """What was published since the last call."""
        taken = list(self.published)
        self.published.clear()
        return taken


def numbers(articles: Sequence[RawArticle]) -> list[str]:
    """The numbers of the items that articles were made of, as `tests.producers.feeds.item` titles them."""
    return [article.entry.title.split()[1] for article in articles]
