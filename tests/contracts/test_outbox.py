"""Every adapter of the outbox passes the one suite."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotewire.adapters.memory_outbox import MemoryOutbox
from quotewire.adapters.sqlite_outbox import SqliteOutbox
from quotewire.alert_ports import Delivery, Outbox
from quotewire.ports import ConfigurationError, Unavailable
from tests.contracts.outbox_suite import NOW, OutboxSuite, notice


class TestMemoryOutbox(OutboxSuite):
    @pytest.fixture
    def outbox(self) -> Iterator[Outbox]:
        with contextlib.closing(MemoryOutbox()) as outbox:
            yield outbox


class TestSqliteOutbox(OutboxSuite):
    @pytest.fixture
    def outbox(self, tmp_path: Path) -> Iterator[Outbox]:
        with contextlib.closing(SqliteOutbox(tmp_path / "outbox.db")) as outbox:
            yield outbox

    def test_another_process_finds_what_is_there(self, tmp_path: Path) -> None:
        with contextlib.closing(SqliteOutbox(tmp_path / "outbox.db")) as first:
            first.know(["desk"], NOW)
            first.add([notice(1), notice(2)])
            first.plan([Delivery("desk", (notice(1),), NOW)])
        with contextlib.closing(SqliteOutbox(tmp_path / "outbox.db")) as second:
            assert list(second.open("desk")) == [Delivery("desk", (notice(1),), NOW)]
            assert list(second.waiting("desk")) == [notice(2)]

    def test_who_delivers_lets_go_when_killed(self, tmp_path: Path) -> None:
        program = (
            "import sys, time; from quotewire.adapters.sqlite_outbox import SqliteOutbox\n"
            "with SqliteOutbox(sys.argv[1]).alone() as alone:\n"
            "    print(alone, flush=True); time.sleep(600)\n"
        )
        path = tmp_path / "outbox.db"
        holder = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with contextlib.closing(SqliteOutbox(path)) as outbox:
            with outbox.alone() as alone:
                assert not alone
            holder.kill()
            holder.wait()
            holder.stdout.close()
            with outbox.alone() as alone:
                assert alone

    def test_a_locked_file_is_unavailable(self, tmp_path: Path) -> None:
        path = tmp_path / "outbox.db"
        with contextlib.closing(SqliteOutbox(path, busy_timeout=0.05)) as outbox:
            outbox.add([notice(1)])
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(Unavailable, match=r"outbox\.db"):
                    outbox.add([notice(2)])
                other.execute("ROLLBACK")
            assert list(outbox.waiting("desk")) == [notice(1)]

    def test_a_record_of_a_newer_program_says_what_to_do(self, tmp_path: Path) -> None:
        path = tmp_path / "outbox.db"
        with contextlib.closing(SqliteOutbox(path)) as outbox:
            outbox.add([notice(1)])
            with contextlib.closing(sqlite3.connect(path)) as other, other:
                other.execute("UPDATE notices SET alert = '{\"schema_version\": 99}'")
            with pytest.raises(ConfigurationError, match="update it"):
                outbox.waiting("desk")
