"""Every adapter of the feed store passes the one suite."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.adapters.sqlite_feed_store import SqliteFeedStore
from quotewire.ports import ConfigurationError, FeedRecord, FeedStore, Unavailable
from tests.contracts.feed_store_suite import FEED, NOW, FeedStoreSuite, seen_entry


class TestMemoryFeedStore(FeedStoreSuite):
    @pytest.fixture
    def store(self) -> Iterator[FeedStore]:
        with contextlib.closing(MemoryFeedStore()) as store:
            yield store


class TestSqliteFeedStore(FeedStoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[FeedStore]:
        with contextlib.closing(SqliteFeedStore(tmp_path / "feeds.db")) as store:
            yield store

    def test_another_store_on_the_same_file_remembers_the_same(self, tmp_path: Path) -> None:
        with contextlib.closing(SqliteFeedStore(tmp_path / "feeds.db")) as first:
            first.save(FeedRecord(FEED, next_poll=NOW), [seen_entry("a")])
        with contextlib.closing(SqliteFeedStore(tmp_path / "feeds.db")) as second:
            assert second.feeds() == {FEED: FeedRecord(FEED, next_poll=NOW)}
            assert second.seen(FEED, ["a"]) == {"a": seen_entry("a")}

    def test_a_locked_file_is_unavailable(self, tmp_path: Path) -> None:
        path = tmp_path / "feeds.db"
        with contextlib.closing(SqliteFeedStore(path, busy_timeout=0.05)) as store:
            store.save(FeedRecord(FEED), [])
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(Unavailable, match=r"feeds\.db"):
                    store.save(FeedRecord(FEED, state="fresh"), [seen_entry("a")])
                other.execute("ROLLBACK")
            store.save(FeedRecord(FEED, state="fresh"), [])
            assert store.seen(FEED, ["a"]) == {}

    def test_a_file_that_is_no_database_is_the_users_to_repair(self, tmp_path: Path) -> None:
        path = tmp_path / "feeds.db"
        path.write_text("these are not the pages of a database, however long one looks at them\n" * 50)
        with contextlib.closing(SqliteFeedStore(path)) as store, pytest.raises(ConfigurationError, match=r"feeds\.db"):
            store.feeds()

    def test_a_kill_leaves_every_save_whole_or_undone(self, tmp_path: Path) -> None:
        """The entries of each save say which save they are of, as the feed does."""
        path = tmp_path / "feeds.db"
        program = (
            "import sys; from tests.contracts.feed_store_suite import *; "
            "from quotewire.adapters.sqlite_feed_store import SqliteFeedStore; store = SqliteFeedStore(sys.argv[1])\n"
            "number = 0\n"
            "while True:\n"
            "    number += 1\n"
            "    entries = [seen_entry(f'e{place}', edits=number) for place in range(200)]\n"
            "    store.save(FeedRecord(FEED, polls=number), entries)\n"
            "    print(number, flush=True)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        for _ in range(3):
            writer = subprocess.Popen(
                [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, env=environment
            )
            assert writer.stdout is not None
            saved = [int(writer.stdout.readline()) for _ in range(3)][-1]
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
            with contextlib.closing(SqliteFeedStore(path)) as store:
                polls = store.feeds()[FEED].polls
                edits = {entry.edits for entry in store.seen(FEED, [f"e{place}" for place in range(200)]).values()}
            assert polls >= saved
            assert edits == {polls}
