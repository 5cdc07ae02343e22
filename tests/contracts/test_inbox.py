"""What every inbox does, over every adapter."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quotewire.adapters.memory_inbox import MemoryInbox
from quotewire.adapters.sqlite_inbox import SqliteInbox
from quotewire.alert_ports import Inbox, Mark, MarkedState
from quotewire.ports import Unavailable

NOW = datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


def mark(alert: str, state: MarkedState = "seen", name: str = "Ada", minutes: float = 0) -> Mark:
    return Mark(alert, name, state, NOW + timedelta(minutes=minutes))


class InboxSuite:
    @pytest.fixture
    def inbox(self) -> Inbox:
        raise NotImplementedError

    def test_what_nobody_has_marked_is_new(self, inbox: Inbox) -> None:
        assert inbox.marks(["a"]) == {}
        assert inbox.marks([]) == {}
        assert inbox.counts() == {}
        assert list(inbox.marked("seen")) == []

    def test_a_mark_takes_the_place_of_the_one_before(self, inbox: Inbox) -> None:
        inbox.mark([mark("a"), mark("b", "dismissed"), mark("c", "false")])
        inbox.mark([mark("a", "dismissed", minutes=1)])
        assert inbox.marks(["a", "c", "never"]) == {"a": mark("a", "dismissed", minutes=1), "c": mark("c", "false")}
        assert inbox.counts() == {"dismissed": 2, "false": 1}
        inbox.mark([])

    def test_a_mark_can_be_taken_back(self, inbox: Inbox) -> None:
        inbox.mark([mark("a"), mark("b")])
        inbox.unmark(["a", "never"])
        assert inbox.marks(["a", "b"]) == {"b": mark("b")}

    def test_those_of_a_state_come_newest_first_and_by_name(self, inbox: Inbox) -> None:
        inbox.mark([mark("1", minutes=1), mark("3", name="Bo", minutes=3), mark("2", minutes=3), mark("x", "false")])

        def found(**asked: object) -> list[str]:
            return [each.alert for each in inbox.marked("seen", **asked)]  # type: ignore[arg-type]

        assert found() == ["2", "3", "1"]
        assert found(name="Ada") == ["2", "1"]
        assert found(name="ada") == []
        assert found(offset=1, limit=1) == ["3"]

    def test_many_are_asked_for_at_once(self, inbox: Inbox) -> None:
        many = [mark(str(number)) for number in range(1_200)]
        inbox.mark(many)
        assert inbox.marks([each.alert for each in many]) == {each.alert: each for each in many}

    def test_an_entry_is_known_since_it_is_as_it_is(self, inbox: Inbox) -> None:
        later = NOW + timedelta(days=1)
        assert inbox.tracked_since({"Ada": "1", "Bo": "1"}, NOW) == {"Ada": NOW, "Bo": NOW}
        assert inbox.tracked_since({"Ada": "1", "Bo": "2"}, later) == {"Ada": NOW, "Bo": later}
        assert inbox.tracked_since({"Ada": "1"}, later) == {"Ada": NOW}
        assert inbox.tracked_since({"Ada": "1", "Bo": "2"}, later + timedelta(days=1))["Bo"] > later


class TestMemoryInbox(InboxSuite):
    @pytest.fixture
    def inbox(self) -> Iterator[Inbox]:
        with contextlib.closing(MemoryInbox()) as inbox:
            yield inbox


class TestSqliteInbox(InboxSuite):
    @pytest.fixture
    def inbox(self, tmp_path: Path) -> Iterator[Inbox]:
        with contextlib.closing(SqliteInbox(tmp_path / "inbox.db")) as inbox:
            yield inbox

    def test_another_process_finds_the_marks(self, tmp_path: Path) -> None:
        with (
            contextlib.closing(SqliteInbox(tmp_path / "inbox.db")) as first,
            contextlib.closing(SqliteInbox(tmp_path / "inbox.db")) as second,
        ):
            first.mark([mark("a")])
            assert second.marks(["a"]) == {"a": mark("a")}

    def test_a_locked_file_is_unavailable(self, tmp_path: Path) -> None:
        path = tmp_path / "inbox.db"
        with contextlib.closing(SqliteInbox(path, busy_timeout=0.05)) as inbox:
            inbox.mark([mark("a")])
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(Unavailable, match=r"inbox\.db"):
                    inbox.mark([mark("b")])
                other.execute("ROLLBACK")
