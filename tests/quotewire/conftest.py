"""Fixtures that several tests of this folder use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.adapters.memory_index import MemoryIndex
from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.sqlite_feed_store import SqliteFeedStore
from quotewire.adapters.sqlite_index import SqliteIndex
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.ports import FeedStore, Index, Stream
from schemas.topics import TOPICS
from tests.quotewire.newsroom import Newsroom, SetClock


@pytest.fixture(params=["memory", "sqlite"])
def newsroom(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Newsroom]:
    """A pipeline in memory, and one in files."""
    clock = SetClock()
    stream: Stream
    index: Index
    store: FeedStore
    if request.param == "memory":
        stream, index, store = MemoryStream(clock=clock), MemoryIndex(), MemoryFeedStore()
    else:
        stream = SqliteStream(tmp_path / "stream.db", clock=clock)
        index, store = SqliteIndex(tmp_path / "index.db"), SqliteFeedStore(tmp_path / "feeds.db")
    with contextlib.closing(stream), contextlib.closing(index), contextlib.closing(store):
        yield Newsroom(stream, index, store, clock)


@pytest.fixture
def stream() -> Iterator[MemoryStream]:
    """An empty stream in memory, with every topic."""
    with contextlib.closing(MemoryStream()) as stream:
        stream.create_topics(TOPICS.values())
        yield stream
