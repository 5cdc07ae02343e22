"""Subscriptions and pushes in the SQLite file of the feed store."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from quotewire.adapters.sqlite import BUSY_TIMEOUT, Database
from quotewire.adapters.sqlite_feed_layout import LAYOUTS, moment_of, stored
from quotewire.subscription_port import Push, Subscription

_COLUMNS = tuple(field.name for field in fields(Subscription))
_NAMES = ", ".join(_COLUMNS)
_TIMES = ("next_step", "lease_until")
_SAVE = f"INSERT OR REPLACE INTO subscriptions ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_READ = f"SELECT {_NAMES} FROM subscriptions"  # noqa: S608


class SqliteSubscriptionStore:
    """Remembers subscriptions and pushes in a database file; may be used from any thread.

    Every change is one transaction, durable when it returns. path: the file of the feed store, made when first used.
    """

    def __init__(self, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, LAYOUTS, busy_timeout=busy_timeout)

    def subscriptions(self) -> Mapping[str, Subscription]:
        """Every subscription by its feed. Raises Unavailable."""
        with self._database.reading() as connection:
            return {row[0]: _subscription(row) for row in connection.execute(_READ)}

    def subscription(self, feed: str) -> Subscription | None:
        """The subscription of a feed. Raises Unavailable."""
        return self._one("feed", feed)

    def by_token(self, token: str) -> Subscription | None:
        """The subscription that an address belongs to. Raises Unavailable."""
        return self._one("token", token)

    def _one(self, column: str, value: str) -> Subscription | None:
        with self._database.reading() as connection:
            row = connection.execute(f"{_READ} WHERE {column} = ?", (value,)).fetchone()
            return _subscription(row) if row else None

    def due(self, moment: datetime, limit: int) -> Sequence[Subscription]:
        """Subscriptions whose next step is due. Raises Unavailable."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_READ} WHERE next_step <= ? ORDER BY next_step LIMIT ?", (stored(moment), limit)
            )
            return [_subscription(row) for row in rows]

    def change(self, feed: str, change: Callable[[Subscription | None], Subscription | None]) -> Subscription | None:
        """Put what `change` makes of a subscription in its place, in one transaction. Raises Unavailable."""
        with self._database.writing() as connection:
            row = connection.execute(f"{_READ} WHERE feed = ?", (feed,)).fetchone()
            before = _subscription(row) if row else None
            after = change(before)
            if after is None:
                connection.execute("DELETE FROM subscriptions WHERE feed = ?", (feed,))
            elif after != before:
                connection.execute(_SAVE, _values(after))
            return after

    def receive(self, push: Push, *, most: int) -> bool:
        """Keep a push. Raises Unavailable."""
        values = (push.feed, zlib.compress(push.body), push.content_type, stored(push.received))
        with self._database.writing() as connection:
            waiting = connection.execute("SELECT count(*) FROM pushes WHERE feed = ?", (push.feed,)).fetchone()[0]
            if waiting >= most:
                return False
            connection.execute("INSERT INTO pushes (feed, body, content_type, received) VALUES (?, ?, ?, ?)", values)
            return True

    def pushed_feeds(self) -> Collection[str]:
        """The feeds that have pushes waiting. Raises Unavailable."""
        with self._database.reading() as connection:
            return {row[0] for row in connection.execute("SELECT DISTINCT feed FROM pushes")}

    def pushes(self, feed: str, limit: int) -> Sequence[Push]:
        """The pushes of a feed that wait. Raises Unavailable."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT body, content_type, received, number FROM pushes WHERE feed = ? ORDER BY number LIMIT ?",
                (feed, limit),
            )
            return [
                Push(feed, zlib.decompress(body), content_type, moment_of(received), number)
                for body, content_type, received, number in rows
            ]

    def drop(self, pushes: Sequence[Push]) -> None:
        """Forget pushes. Raises Unavailable."""
        with self._database.writing() as connection:
            connection.executemany("DELETE FROM pushes WHERE number = ?", [(push.number,) for push in pushes])

    def forget(self, feed: str) -> None:
        """Forget a feed's subscription and its pushes. Raises Unavailable."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM subscriptions WHERE feed = ?", (feed,))
            connection.execute("DELETE FROM pushes WHERE feed = ?", (feed,))

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        self._database.close()


def _values(subscription: Subscription) -> list[object]:
    return [stored(getattr(subscription, name)) if name in _TIMES else getattr(subscription, name) for name in _COLUMNS]


def _subscription(row: tuple[Any, ...]) -> Subscription:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _TIMES:
        if values[name] is not None:
            values[name] = moment_of(values[name])
    return Subscription(**{**values, "proved": bool(values["proved"])})
