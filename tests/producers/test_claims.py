"""Claims of feeds that pollers share: ended many at a time, and never those that were taken anew."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from producers.claims import Claims
from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.ports import ConfigurationError, FeedRecord, Unavailable

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
FEED = "https://gazette.example/rss"
FEEDS = [f"https://gazette.example/{number}" for number in range(50)]


class One:
    """This poller, as it is known to the others."""

    name = "one"

    def refresh(self) -> bool:
        return False

    def mine(self, domain: str) -> bool:
        return bool(domain)

    def alive(self, name: str) -> bool:
        return bool(name)


class Store(MemoryFeedStore):
    """A feed store that says how claims were ended, takes its time for that, and may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.released: list[set[str]] = []
        self.failures: list[Exception] = []
        self.seconds = 0.0
        self.releasing = threading.Event()
        self.away = False

    def claim(
        self, feeds: Collection[str], poller: str, alive: Callable[[str], bool]
    ) -> Mapping[str, FeedRecord | None]:
        if self.away:
            raise Unavailable("away")
        return super().claim(feeds, poller, alive)

    def release(self, feeds: Collection[str], poller: str) -> None:
        self.releasing.set()
        time.sleep(self.seconds)
        if self.failures:
            raise self.failures.pop()
        super().release(feeds, poller)
        self.released.append(set(feeds))

    def of_another(self, feeds: Collection[str]) -> set[str]:
        """Those of the feeds that another poller could claim now; it does not keep them."""
        free = set(self.claim(feeds, "another", lambda _: True))
        super().release(free, "another")
        return free


async def test_claims_end_many_at_a_time() -> None:
    store = Store()
    claims = Claims(store, One())
    assert all([(await claims.take(feed, NOW)).held for feed in FEEDS])
    assert store.of_another(FEEDS) == set()
    for feed in FEEDS:
        claims.release(feed)
    await claims.settled(9)
    assert store.released == [set(FEEDS)]
    assert store.of_another(FEEDS) == set(FEEDS)


async def test_claims_end_by_themselves() -> None:
    store = Store()
    claims = Claims(store, One())
    await claims.take(FEED, NOW)
    claims.release(FEED)
    for _ in range(100):
        if store.released:
            break
        await asyncio.sleep(0.05)
    assert store.of_another([FEED]) == {FEED}


async def test_a_feed_that_is_claimed_again_before_its_last_claim_has_ended_stays_claimed() -> None:
    store = Store()
    claims = Claims(store, One())
    for _ in range(3):
        assert (await claims.take(FEED, NOW)).held
        assert store.of_another([FEED]) == set()
        claims.release(FEED)
    assert (await claims.take(FEED, NOW)).held
    await claims.settled(9)
    assert store.of_another([FEED]) == set()


@pytest.mark.parametrize(("failures", "released"), [([], [{FEED}]), ([Unavailable("away")], [])])
async def test_a_feed_that_is_claimed_again_while_its_last_claim_ends_stays_claimed(
    monkeypatch: pytest.MonkeyPatch, failures: list[Exception], released: list[set[str]]
) -> None:
    monkeypatch.setattr("producers.claims._RELEASE_AGAIN", 0.01)
    store = Store()
    store.seconds, store.failures = 0.2, [*failures]
    claims = Claims(store, One())
    assert (await claims.take(FEED, NOW)).held
    claims.release(FEED)
    assert await asyncio.to_thread(store.releasing.wait, 5)
    assert (await claims.take(FEED, NOW)).held
    await claims.settled(9)
    assert store.released == released
    assert store.of_another([FEED]) == set()


async def test_claims_are_taken_and_ended_in_any_order_and_none_is_lost_or_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Feeds that are due again at once, as after polls that took longer than their interval."""
    monkeypatch.setattr("producers.claims._GATHERED", 0.005)
    store = Store()
    store.seconds = 0.01
    claims = Claims(store, One())
    polled = dict.fromkeys(FEEDS, 0)

    async def poll(feed: str, pause: float) -> None:
        for _ in range(30):
            assert (await claims.take(feed, NOW)).held
            # Nobody else may have it now, however many ends of claims are under way.
            await asyncio.sleep(pause)
            assert store.of_another([feed]) == set()
            polled[feed] += 1
            claims.release(feed)
            await asyncio.sleep(pause)

    async with asyncio.timeout(60):
        await asyncio.gather(*(poll(feed, number % 7 * 0.005) for number, feed in enumerate(FEEDS)))
        await claims.settled(9)
    assert polled == dict.fromkeys(FEEDS, 30)
    assert store.of_another(FEEDS) == set(FEEDS)


async def test_where_the_store_is_away_nothing_is_claimed_and_no_claim_stays() -> None:
    store = Store()
    claims = Claims(store, One())
    assert (await claims.take(FEED, NOW)).held
    claims.release(FEED)
    store.away = True
    assert not (await claims.take(FEED, NOW)).held
    store.away = False
    await claims.settled(9)
    assert store.of_another([FEED]) == {FEED}


async def test_a_feed_that_another_has_polled_meanwhile_is_let_go_of_at_once() -> None:
    store = Store()
    store.save(FeedRecord(FEED, polls=4, next_poll=NOW + timedelta(minutes=5)), [])
    claims = Claims(store, One())
    assert not (await claims.take(FEED, NOW)).held
    await claims.settled(9)
    assert store.of_another([FEED]) == {FEED}
    assert (await claims.take(FEED, NOW, pushed=True)).held


async def test_claims_end_when_the_store_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.claims._RELEASE_AGAIN", 0.01)
    store = Store()
    store.failures = [Unavailable("away"), Unavailable("away")]
    claims = Claims(store, One())
    await claims.take(FEED, NOW)
    claims.release(FEED)
    await claims.settled(9)
    assert store.released == [{FEED}]


async def test_a_poller_that_stops_waits_for_a_store_only_so_long() -> None:
    store = Store()
    store.failures = [Unavailable("away")] * 1_000
    claims = Claims(store, One())
    await claims.take(FEED, NOW)
    claims.release(FEED)
    async with asyncio.timeout(5):
        await claims.settled(0.1)
    assert store.released == []


async def test_a_store_that_can_never_end_claims_stops_the_poller() -> None:
    store = Store()
    store.failures = [ConfigurationError("feeds.db was removed")]
    claims = Claims(store, One())
    await claims.take(FEED, NOW)
    claims.release(FEED)
    with pytest.raises(ConfigurationError, match=r"feeds\.db was removed"):
        await claims.settled(9)
    with pytest.raises(ConfigurationError):
        claims.release(FEEDS[0])
