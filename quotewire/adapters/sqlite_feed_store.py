"""The feed store in a SQLite file."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from quotewire.adapters.sqlite import BUSY_TIMEOUT, Database
from quotewire.adapters.sqlite_feed_layout import LAYOUTS, moment_of, stored
from quotewire.ports import AwaitedPage, FeedRecord, FeedUpdate, FoundArticle, SeenEntry
from schemas.codec import decode, encode
from schemas.records import RawArticle
from schemas.topics import RAW

_Item = TypeVar("_Item")
_COLUMNS = tuple(field.name for field in fields(FeedRecord))
_TIMES = tuple(
    name in ("last_poll", "last_good", "last_new", "next_poll", "week_start", "next_page") for name in _COLUMNS
)
_NAMES = ", ".join(_COLUMNS)
_UPDATE_FEED = "ON CONFLICT (url) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
_SAVE_SEEN = (
    "INSERT INTO seen (feed, identity, article, content_hash, revision, edits, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (feed, identity) DO UPDATE SET article = excluded.article, content_hash = excluded.content_hash, "
    "revision = excluded.revision, edits = excluded.edits, last_seen = excluded.last_seen"
)
_SAVE_AWAITED = (
    "INSERT OR REPLACE INTO awaited_pages (feed, article, record, identities, since, next_try, tries) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_AWAITED = (
    "SELECT record, identities, since, next_try, tries FROM awaited_pages "
    "WHERE feed = (SELECT id FROM feeds WHERE url = ?) ORDER BY next_try, rowid"
)
_FORGET_AWAITED = (
    "DELETE FROM awaited_pages WHERE since < ? OR rowid IN (SELECT number FROM (SELECT rowid AS number, "
    "row_number() OVER (PARTITION BY feed ORDER BY since DESC) AS place FROM awaited_pages) WHERE place > ?)"
)
_FORGET_AWAITED_BEYOND = (
    "DELETE FROM awaited_pages WHERE rowid IN (SELECT rowid FROM awaited_pages ORDER BY since DESC LIMIT -1 OFFSET ?)"
)
_FOUND = "SELECT article, max(revision) FROM seen WHERE feed = ? GROUP BY article"
_FORGET = (
    "DELETE FROM seen WHERE (feed, identity) IN "
    "(SELECT feed, identity FROM seen WHERE last_seen < ? ORDER BY last_seen LIMIT ?)"
)
_FULL = "SELECT feed, count(*) FROM seen GROUP BY feed HAVING count(*) > ?"
_FORGET_OLDEST = (
    "DELETE FROM seen WHERE feed = ? AND identity IN "
    "(SELECT identity FROM seen WHERE feed = ? ORDER BY last_seen LIMIT ?)"
)
_AT_ONCE = 50
"""Rows or values in one statement. Few, for the last 128 statements are kept as they were prepared, each number of rows
another one, and one with 500 feeds takes half a megabyte.
"""
_FORGET_AT_ONCE = 10_000


class SqliteFeedStore:
    """Remembers feeds and entries in a database file; may be used from any thread.

    Every `save` is one transaction, durable when it returns. path: the file, made when first used. busy_timeout:
    seconds to wait for another program that holds it.
    """

    def __init__(self, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, LAYOUTS, busy_timeout=busy_timeout)

    def feeds(self) -> Mapping[str, FeedRecord]:
        """Every remembered feed by its address. Raises Unavailable."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT {_NAMES} FROM feeds ORDER BY id")  # noqa: S608
            return {record.url: record for record in map(_record, rows)}

    def seen(self, feed: str, identities: Collection[str]) -> Mapping[str, SeenEntry]:
        """Those of a feed's entries that were seen before, by identity. Raises Unavailable."""
        found: dict[str, SeenEntry] = {}
        with self._database.reading() as connection:
            for some in _batches(identities):
                rows = connection.execute(
                    "SELECT identity, article, content_hash, revision, edits, last_seen FROM seen "  # noqa: S608
                    f"WHERE feed = (SELECT id FROM feeds WHERE url = ?) AND identity IN ({_marks(some)})",
                    (feed, *some),
                )
                found.update((row[0], _seen_entry(row)) for row in rows)
        return found

    def found(self) -> Iterator[FoundArticle]:
        """Every article that is remembered, feed by feed, each feed in one read. Raises Unavailable."""
        with self._database.reading() as connection:
            feeds = connection.execute("SELECT id, url FROM feeds ORDER BY id").fetchall()
        for number, url in feeds:
            with self._database.reading() as connection:
                rows = connection.execute(_FOUND, (number,)).fetchall()
            yield from (FoundArticle(url, article, revision) for article, revision in rows)

    def save(self, feed: FeedRecord, seen: Sequence[SeenEntry]) -> None:
        """Remember a feed and the entries of its newest answer, in one step. Raises Unavailable."""
        self.save_all([FeedUpdate(feed, seen)])

    def save_all(self, updates: Sequence[FeedUpdate]) -> None:
        """Remember several feeds, each with all that belongs to it, in one transaction. Raises Unavailable."""
        with self._database.writing() as connection:
            # Many rows to a statement: each one is a turn of this thread, for which a busy event loop makes it wait.
            for some in _batches(updates):
                values = [value for update in some for value in _values(update.feed)]
                rows = _rows(some, _COLUMNS)
                connection.execute(f"INSERT INTO feeds ({_NAMES}) VALUES {rows} {_UPDATE_FEED}", values)  # noqa: S608
            for update in updates:
                if not (update.seen or update.settled or update.awaited):
                    continue
                number = connection.execute("SELECT id FROM feeds WHERE url = ?", (update.feed.url,)).fetchone()[0]
                connection.executemany(_SAVE_SEEN, (_seen_values(number, entry) for entry in update.seen))
                connection.executemany(
                    "DELETE FROM awaited_pages WHERE feed = ? AND article = ?",
                    ((number, article) for article in update.settled),
                )
                connection.executemany(_SAVE_AWAITED, (_awaited_values(number, page) for page in update.awaited))

    def awaited(self, feed: str) -> Sequence[AwaitedPage]:
        """The pages of a feed's articles that are awaited. Raises Unavailable."""
        with self._database.reading() as connection:
            rows = connection.execute(_AWAITED, (feed,)).fetchall()
        return [_awaited_page(row) for row in rows]

    def claim(
        self, feeds: Collection[str], poller: str, alive: Callable[[str], bool]
    ) -> Mapping[str, FeedRecord | None]:
        """Claim feeds for a poller, in one transaction. Raises Unavailable."""
        claimed: dict[str, FeedRecord | None] = {}
        # Without power no poller is left, and no claim counts.
        with self._database.writing(durable=False) as connection:
            for some in _batches(feeds):
                of_others = f"SELECT feed, poller FROM claims WHERE feed IN ({_marks(some)}) AND poller != ?"  # noqa: S608
                others = connection.execute(of_others, (*some, poller)).fetchall()
                held = {feed for feed, other in others if alive(other)}
                free = [feed for feed in some if feed not in held]
                if not free:
                    continue
                connection.execute(
                    f"INSERT OR REPLACE INTO claims (feed, poller) VALUES {_rows(free, ('feed', 'poller'))}",  # noqa: S608
                    [value for feed in free for value in (feed, poller)],
                )
                known = connection.execute(f"SELECT {_NAMES} FROM feeds WHERE url IN ({_marks(free)})", free)  # noqa: S608
                records = {record.url: record for record in map(_record, known.fetchall())}
                claimed |= {feed: records.get(feed) for feed in free}
        return claimed

    def release(self, feeds: Collection[str], poller: str) -> None:
        """End claims, in one transaction. Raises Unavailable."""
        with self._database.writing(durable=False) as connection:
            for some in _batches(feeds):
                connection.execute(f"DELETE FROM claims WHERE poller = ? AND feed IN ({_marks(some)})", (poller, *some))  # noqa: S608

    def forget(self, feed: str) -> None:
        """Forget a feed and all that belongs to it. Raises Unavailable."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM feeds WHERE url = ?", (feed,))
            connection.execute("DELETE FROM claims WHERE feed = ?", (feed,))

    def forget_seen_before(self, moment: datetime) -> int:
        """Forget entries last seen before `moment`; how many. Raises Unavailable.

        In steps, so that whoever else waits for the file is not kept out for long.
        """
        forgotten = 0
        while True:
            with self._database.writing() as connection:
                step = connection.execute(_FORGET, (stored(moment), _FORGET_AT_ONCE)).rowcount
            forgotten += step
            if step < _FORGET_AT_ONCE:
                return forgotten

    def forget_beyond(self, identities: int) -> int:
        """Forget what was seen longest ago beyond so many identities of a feed; how many. Raises Unavailable."""
        with self._database.reading() as connection:
            full = connection.execute(_FULL, (identities,)).fetchall()
        for feed, known in full:
            with self._database.writing() as connection:
                connection.execute(_FORGET_OLDEST, (feed, feed, known - identities))
        return sum(known - identities for _, known in full)

    def forget_awaited(self, before: datetime, *, of_a_feed: int, in_all: int) -> int:
        """Forget pages awaited for too long, or beyond these numbers; how many. Raises Unavailable."""
        with self._database.writing() as connection:
            forgotten = connection.execute(_FORGET_AWAITED, (stored(before), of_a_feed)).rowcount
            return forgotten + connection.execute(_FORGET_AWAITED_BEYOND, (in_all,)).rowcount

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        self._database.close()


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _rows(values: Collection[object], columns: Collection[str]) -> str:
    return ", ".join([f"({_marks(columns)})"] * len(values))


def _values(feed: FeedRecord) -> list[object]:
    return [
        stored(getattr(feed, name)) if is_time else getattr(feed, name)
        for name, is_time in zip(_COLUMNS, _TIMES, strict=True)
    ]


def _record(row: tuple[Any, ...]) -> FeedRecord:
    values: list[Any] = [
        moment_of(value) if is_time and value is not None else value for value, is_time in zip(row, _TIMES, strict=True)
    ]
    return FeedRecord(*values)


def _seen_values(feed: int, entry: SeenEntry) -> tuple[object, ...]:
    return (
        feed,
        entry.identity,
        entry.article,
        entry.content_hash,
        entry.revision,
        entry.edits,
        stored(entry.last_seen),
    )


def _awaited_values(feed: int, page: AwaitedPage) -> tuple[object, ...]:
    record = zlib.compress(encode(page.article))
    identities = json.dumps(page.identities)
    return feed, page.article.id, record, identities, stored(page.since), stored(page.next_try), page.tries


def _awaited_page(row: tuple[Any, ...]) -> AwaitedPage:
    record, identities, since, next_try, tries = row
    article = decode(RAW, zlib.decompress(record))
    assert isinstance(article, RawArticle)
    return AwaitedPage(article, tuple(json.loads(identities)), moment_of(since), moment_of(next_try), tries)


def _seen_entry(row: tuple[Any, ...]) -> SeenEntry:
    identity, article, content_hash, revision, edits, last_seen = row
    return SeenEntry(identity, article, content_hash, revision, edits, moment_of(last_seen))


def _batches(items: Collection[_Item]) -> Iterator[list[_Item]]:
    waiting = iter(items)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
