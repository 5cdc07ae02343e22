"""Every adapter of the stream passes the one suite."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.ports import Stream
from tests.contracts.stream_suite import StreamSuite

_MAXIMUM_BYTES = 8_000_000


class TestMemoryStream(StreamSuite):
    @pytest.fixture
    def stream(self) -> Iterator[Stream]:
        with contextlib.closing(MemoryStream(maximum_bytes=_MAXIMUM_BYTES)) as stream:
            yield stream


class TestSqliteStream(StreamSuite):
    @pytest.fixture
    def stream(self, tmp_path: Path) -> Iterator[Stream]:
        with contextlib.closing(SqliteStream(tmp_path / "stream.db", maximum_bytes=_MAXIMUM_BYTES)) as stream:
            yield stream
