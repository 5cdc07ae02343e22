"""Every store of subscriptions passes the one suite."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotewire.adapters.memory_subscriptions import MemorySubscriptionStore
from quotewire.adapters.sqlite_feed_store import SqliteFeedStore
from quotewire.adapters.sqlite_subscriptions import SqliteSubscriptionStore
from quotewire.ports import FeedRecord, Unavailable
from quotewire.subscription_port import SubscriptionStore
from tests.contracts.subscription_suite import FEED, SubscriptionSuite, push, put, subscription


class TestMemorySubscriptionStore(SubscriptionSuite):
    @pytest.fixture
    def store(self) -> Iterator[SubscriptionStore]:
        with contextlib.closing(MemorySubscriptionStore()) as store:
            yield store


class TestSqliteSubscriptionStore(SubscriptionSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SubscriptionStore]:
        with contextlib.closing(SqliteSubscriptionStore(tmp_path / "feeds.db")) as store:
            yield store

    def test_it_shares_the_file_of_the_feed_store_and_outlives_a_restart(self, tmp_path: Path) -> None:
        path = tmp_path / "feeds.db"
        with (
            contextlib.closing(SqliteFeedStore(path)) as feeds,
            contextlib.closing(SqliteSubscriptionStore(path)) as first,
        ):
            feeds.save(FeedRecord(FEED), [])
            put(first, subscription())
            first.receive(push(), most=9)
        with contextlib.closing(SqliteSubscriptionStore(path)) as second:
            assert second.subscription(FEED) == subscription()
            assert [one.body for one in second.pushes(FEED, 9)] == [push().body]

    def test_a_locked_file_is_unavailable_and_nothing_is_half_done(self, tmp_path: Path) -> None:
        path = tmp_path / "feeds.db"
        with contextlib.closing(SqliteSubscriptionStore(path, busy_timeout=0.05)) as store:
            put(store, subscription())
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(Unavailable, match=r"feeds\.db"):
                    store.receive(push(), most=9)
                with pytest.raises(Unavailable, match=r"feeds\.db"):
                    store.change(FEED, lambda _: None)
                other.execute("ROLLBACK")
            assert store.subscription(FEED) == subscription()
            assert list(store.pushed_feeds()) == []
