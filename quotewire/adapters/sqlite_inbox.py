"""The inbox in a SQLite file, beside the index and not in it: it stays when the index is made anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from quotewire.adapters.sqlite import BUSY_TIMEOUT, Database
from quotewire.alert_ports import Mark, MarkedState

# Times are microseconds since 1970.
_LAYOUTS = (
    """
    CREATE TABLE marks (
        alert TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        marked INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX marks_by_state ON marks (state, marked DESC, alert);
    CREATE INDEX marks_by_name ON marks (state, name, marked DESC, alert);
    CREATE TABLE entries (name TEXT PRIMARY KEY, digest TEXT NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    """,
)
_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SqliteInbox:
    """See `quotewire.alert_ports.Inbox`; `path` is made where it is missing. Safe for any threads and processes."""

    def __init__(self, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, _LAYOUTS, busy_timeout=busy_timeout)

    def mark(self, marks: Sequence[Mark]) -> None:
        """See `quotewire.alert_ports.Inbox.mark`."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO marks (alert, name, state, marked) VALUES (?, ?, ?, ?)",
                [(mark.alert, mark.name, mark.state, (mark.marked - _EPOCH) // _MICROSECOND) for mark in marks],
            )

    def unmark(self, alerts: Collection[str]) -> None:
        """See `quotewire.alert_ports.Inbox.unmark`."""
        with self._database.writing() as connection:
            connection.executemany("DELETE FROM marks WHERE alert = ?", [(alert,) for alert in alerts])

    def marks(self, alerts: Collection[str]) -> Mapping[str, Mark]:
        """See `quotewire.alert_ports.Inbox.marks`."""
        found: dict[str, Mark] = {}
        waiting = iter(alerts)
        with self._database.reading() as connection:
            while some := list(islice(waiting, _AT_ONCE)):
                places = ", ".join("?" * len(some))
                rows = connection.execute(f"{_SELECT} WHERE alert IN ({places})", some)
                found |= {row[0]: _mark(row) for row in rows}
        return found

    def marked(
        self, state: MarkedState, *, name: str | None = None, offset: int = 0, limit: int = 20
    ) -> Sequence[Mark]:
        """See `quotewire.alert_ports.Inbox.marked`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_SELECT} WHERE state = ? {'' if name is None else 'AND name = ?'} "
                "ORDER BY marked DESC, alert LIMIT ? OFFSET ?",
                (state, *(() if name is None else (name,)), limit, offset),
            ).fetchall()
        return [_mark(row) for row in rows]

    def counts(self) -> Mapping[str, int]:
        """See `quotewire.alert_ports.Inbox.counts`."""
        with self._database.reading() as connection:
            return dict(connection.execute("SELECT state, count(*) FROM marks GROUP BY state").fetchall())

    def tracked_since(self, entries: Mapping[str, str], moment: datetime) -> Mapping[str, datetime]:
        """See `quotewire.alert_ports.Inbox.tracked_since`."""
        with self._database.writing() as connection:
            rows = connection.execute("SELECT name, digest, since FROM entries")
            known = {name: (digest, since) for name, digest, since in rows}
            now = (moment - _EPOCH) // _MICROSECOND
            kept = {
                name: known[name] if name in known and known[name][0] == digest else (digest, now)
                for name, digest in entries.items()
            }
            connection.execute("DELETE FROM entries")
            connection.executemany("INSERT INTO entries VALUES (?, ?, ?)", [(name, *of) for name, of in kept.items()])
        return {name: _EPOCH + since * _MICROSECOND for name, (_, since) in kept.items()}

    def close(self) -> None:
        """See `quotewire.alert_ports.Inbox.close`."""
        self._database.close()


_SELECT = "SELECT alert, name, state, marked FROM marks"
_MICROSECOND = timedelta(microseconds=1)


def _mark(row: tuple[str, str, MarkedState, int]) -> Mark:
    alert, name, state, marked = row
    return Mark(alert, name, state, _EPOCH + marked * _MICROSECOND)
