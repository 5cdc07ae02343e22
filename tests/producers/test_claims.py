"""Claims of feeds that pollers share: ended many at a time, and never those that were taken anew."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
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
    """A feed store that says how claims were ended, and may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.released: list[set[str]] = []
        self.failures: list[Exception] = []

    def release(self, feeds: Collection[str], poller: str) -> None:
        if self.failures:
            raise self.failures.pop()
        self.released.append(set(feeds))
        super().release(feeds, poller)

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
    await claims.settled()
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
    await claims.settled()
    assert store.of_another([FEED]) == set()


async def test_a_feed_that_another_has_polled_meanwhile_is_let_go_of_at_once() -> None:
    store = Store()
    store.save(FeedRecord(FEED, polls=4, next_poll=NOW + timedelta(minutes=5)), [])
    claims = Claims(store, One())
    assert not (await claims.take(FEED, NOW)).held
    await claims.settled()
    assert store.of_another([FEED]) == {FEED}
    assert (await claims.take(FEED, NOW, pushed=True)).held


async def test_claims_end_when_the_store_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.claims._RELEASE_AGAIN", 0.01)
    store = Store()
    store.failures = [Unavailable("away"), Unavailable("away")]
    claims = Claims(store, One())
    await claims.take(FEED, NOW)
    claims.release(FEED)
    await claims.settled()
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
        await claims.settled()
    with pytest.raises(ConfigurationError):
        claims.release(FEEDS[0])
