"""The part of the wiring that is about feeds: which are polled, with what, and what is remembered of them."""

from __future__ import annotations

import contextlib
import random
import resource
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from producers.opml import FeedSource, read_opml, source_problem
from quotewire.feed_views import FeedView, feed_views
from quotewire.files import Watched
from quotewire.located import located
from quotewire.ports import Clock, ConfigurationError, FeedStore, Message, PollerSharing, Stream
from quotewire.samples import SampleSite
from quotewire.settings import Settings
from quotewire.subscription_port import SubscriptionStore
from schemas.codec import encode
from schemas.records import RawArticle
from schemas.topics import RAW

log = structlog.get_logger()

if TYPE_CHECKING:
    from producers.callback import Callback
    from producers.fetch import Fetcher
    from producers.parse_process import Parsing
    from producers.poll import Poller
    from producers.subscribing import Subscriber
    from quotewire.metrics import PipelineMetrics

PARSERS = 2
"""Processes that parse feeds for one poller; one that a hostile document holds up leaves the other."""
_OPEN_FILES = 65_536
_FILES_OF_A_POLL = 8
"""Files that may be open for each feed that is polled at once: its connection, and those kept of the last ones."""


class PollWiring:
    """See `quotewire.wiring.Wiring`, which is one."""

    settings: Settings
    clock: Clock
    _closing: contextlib.ExitStack

    def __init__(self) -> None:
        self._sources: Watched[Sequence[FeedSource]] = Watched(read_opml)

    @property
    def metrics(self) -> PipelineMetrics:
        """What counts and times."""
        raise NotImplementedError

    @property
    def stream(self) -> Stream:
        """The stream, with all topics there."""
        raise NotImplementedError

    @property
    def in_memory(self) -> bool:
        """Whether something is kept in the memory of this process, so that no other can share it."""
        raise NotImplementedError

    @property
    def feeds_file(self) -> Path:
        """The list of feeds."""
        raise NotImplementedError

    @cached_property
    def feed_store(self) -> FeedStore:
        """What the poller remembers."""
        store: FeedStore
        kind, path = located("feed_store", self.settings.feed_store_address)
        if kind == "memory":
            from quotewire.adapters.memory_feed_store import MemoryFeedStore

            store = MemoryFeedStore()
        else:
            from quotewire.adapters.sqlite_feed_store import SqliteFeedStore

            store = SqliteFeedStore(path)
        self._closing.callback(store.close)
        return store

    @cached_property
    def subscriptions(self) -> SubscriptionStore:
        """What is remembered of subscriptions at hubs, in the file of the feed store."""
        store: SubscriptionStore
        kind, path = located("feed_store", self.settings.feed_store_address)
        if kind == "memory":
            from quotewire.adapters.memory_subscriptions import MemorySubscriptionStore

            store = MemorySubscriptionStore()
        else:
            from quotewire.adapters.sqlite_subscriptions import SqliteSubscriptionStore

            store = SqliteSubscriptionStore(path)
        self._closing.callback(store.close)
        return store

    def feed_sources(self) -> Sequence[FeedSource]:
        """The feeds as they are listed now; read again only where the file has changed.

        Raises ConfigurationError where the file is wrong and never was right.
        """
        return self._sources.current(self.feeds_file)

    def feed_views(self) -> Sequence[FeedView]:
        """Every listed feed with what the poller remembers of it."""
        subscriptions = self.subscriptions.subscriptions() if self._callback_address() else {}
        return feed_views(self.feed_sources(), self.feed_store.feeds(), subscriptions)

    def sample_site(self) -> AbstractContextManager[object]:
        """The sample site, served while the context is open, where the feed list has its feed."""
        endpoint = self._sample_endpoint()
        if endpoint is None or not any(f"//{endpoint[0]}:{endpoint[1]}/" in feed.url for feed in self.feed_sources()):
            return contextlib.nullcontext()
        return SampleSite(*endpoint)

    @contextlib.asynccontextmanager
    async def fetching(self) -> AsyncIterator[tuple[Fetcher, Parsing]]:
        """What asks the web and what reads its answers, within the limits of the settings."""
        from producers.addresses import AddressPolicy
        from producers.fetch import Fetcher, FetchLimits
        from producers.parse_process import ParserPool
        from producers.sitemap_index import SitemapFollower

        settings, endpoint = self.settings, self._sample_endpoint()
        _allow_many_connections()
        policy = AddressPolicy(settings.allowed_networks, frozenset([endpoint] if endpoint else []))
        limits = FetchLimits(total_time=settings.fetch_timeout, body=settings.fetch_cap, contact=settings.contact)
        async with Fetcher(policy, limits) as fetcher, ParserPool(size=PARSERS) as parser:
            yield fetcher, SitemapFollower(fetcher, parser)

    @contextlib.asynccontextmanager
    async def poller(self, waiting: Callable[[str | None], None] = lambda _: None) -> AsyncIterator[Poller]:
        """A poller of the listed feeds; `waiting` as of Poller."""
        from producers.poll import Poller, PollLimits
        from producers.schedule import ScheduleLimits

        settings, stream = self.settings, self.stream
        shortest, longest = settings.poll_shortest, max(settings.poll_shortest, settings.poll_longest)
        schedule = ScheduleLimits(floor=shortest, ceiling=longest)
        schedule = replace(schedule, start=min(max(schedule.start, shortest), longest))
        limits = PollLimits(schedule=schedule, at_once=self.feeds_at_once(), fetch_pages=settings.fetch_pages)
        async with self.fetching() as (fetcher, parser):
            with self._poller_group() as sharing:
                yield Poller(
                    sources=self.feed_sources,
                    store=self.feed_store,
                    publish=lambda articles: stream.publish([_message(article) for article in articles]),
                    fetcher=fetcher,
                    parser=parser,
                    clock=self.clock,
                    limits=limits,
                    observe=self.metrics.polled,
                    waiting=waiting,
                    sharing=sharing,
                    subscriber=self._subscriber(fetcher),
                )

    def feeds_at_once(self) -> int:
        """How many feeds are asked at once: as many as set, or fewer where too few files may be open."""
        wanted = self.settings.poll_parallel
        possible = max(1, _allow_many_connections() // _FILES_OF_A_POLL)
        if possible < wanted:
            log.warning(
                "fewer feeds are polled at once than set: too few files may be open",
                setting="QUOTEWIRE_POLL_PARALLEL", set=wanted, polled=possible, needed=wanted * _FILES_OF_A_POLL,
            )  # fmt: skip
        return min(wanted, possible)

    def callback(self) -> Callback:
        """What takes in pushes. Raises ConfigurationError where no hub could know its address."""
        from producers.callback import Callback

        if not self._callback_address():
            raise ConfigurationError(
                "setting QUOTEWIRE_WEBSUB_CALLBACK: without a public address no hub can reach this program"
            )
        return Callback(self.subscriptions, self.clock, limit=self.settings.fetch_cap, observe=self.metrics.received)

    def _subscriber(self, fetcher: Fetcher) -> Subscriber | None:
        from producers.subscribing import Subscriber

        address = self._callback_address()
        return Subscriber(self.subscriptions, fetcher, address, self.clock, random.random) if address else None

    def _callback_address(self) -> str:
        address = self.settings.websub_callback
        problem = source_problem(address) if address else None
        if problem:
            raise ConfigurationError(f"setting QUOTEWIRE_WEBSUB_CALLBACK: {problem}")
        return address

    @contextlib.contextmanager
    def _poller_group(self) -> Iterator[PollerSharing | None]:
        """A poller among those that share its feeds, for as long as it polls; None where nobody can."""
        _, store = located("feed_store", self.settings.feed_store_address)
        if self.in_memory:
            yield None
            return
        # Also where one poller is set: `run --once` beside it is another.
        from quotewire.adapters.poller_group import PollerGroup

        with contextlib.closing(PollerGroup(store.with_name(f"{store.name}-pollers"))) as group:
            yield group

    def _sample_endpoint(self) -> tuple[str, int] | None:
        if self.settings.samples == "none":
            return None
        host, _, port = self.settings.samples.rpartition(":")
        if not host or not port.isdigit():
            raise ConfigurationError(
                f"setting QUOTEWIRE_SAMPLES: {self.settings.samples!r} is no address; use 127.0.0.1:PORT or none"
            )
        return host, int(port)


def _allow_many_connections() -> int:
    """Let this process open as many files as it may, for many systems begin with a thousand; how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _OPEN_FILES if soft == resource.RLIM_INFINITY else soft


def _message(article: RawArticle) -> Message:
    return Message(RAW.name, RAW.key(article), encode(article))
