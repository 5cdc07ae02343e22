"""The contract of the index, over every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quotewire.adapters.memory_index import MemoryIndex
from quotewire.adapters.sqlite_index import SqliteIndex
from quotewire.ports import Index
from tests.contracts.index_suite import IndexSuite


class TestMemoryIndex(IndexSuite):
    @pytest.fixture
    def index(self) -> Iterator[Index]:
        index = MemoryIndex()
        index.setup()
        yield index
        index.close()


class TestSqliteIndex(IndexSuite):
    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[Index]:
        index = SqliteIndex(tmp_path / "index.db")
        index.setup()
        yield index
        index.close()
