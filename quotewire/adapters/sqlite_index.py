"""An index in one SQLite file, with FTS5: several processes write and read it at once, and nothing has to be installed.

What is searched goes into the full-text tables as `quotewire.adapters.words` gives it, so that this index finds what
any other of ours finds; FTS5's own tokenizer only splits at the spaces between those words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Literal

from quotewire.adapters import sqlite_index_searches as searches
from quotewire.adapters import sqlite_index_writes as writes
from quotewire.adapters.sqlite import BUSY_TIMEOUT, connect, migrate, reading, translating, writing
from quotewire.adapters.sqlite_index_layout import LAYOUTS
from quotewire.ports import ArticlePage, ArticleQuery, HealthSample, Outcome, Prepared, QuotePage, QuoteQuery, Stored
from schemas.records import Alert, EnrichedArticle

_CACHE_SIZE = 64 * 1024 * 1024
"""Bytes. Each article touches a hundred places of the file, so SQLite's default of 2 MB is read and written over."""

_PAGES_BETWEEN_CHECKPOINTS = 4_000
"""Of 4 KB. Measured: with SQLite's default of 1,000 a tenth of the time of writing goes into checkpoints."""


class SqliteIndex:
    """Index in the file at `path`, which is made where it is missing. Safe for any number of threads and processes."""

    def __init__(self, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._path = Path(path)
        self._connection = connect(self._path, busy_timeout=busy_timeout)
        with translating(self._path):
            self._connection.execute(f"PRAGMA cache_size = -{_CACHE_SIZE // 1024}")
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BETWEEN_CHECKPOINTS}")
        self._lock = RLock()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translating(self._path):
            yield self._connection

    def setup(self) -> Sequence[Prepared]:
        """See `quotewire.ports.Index.setup`."""
        with self._using() as connection:
            before = migrate(connection, self._path, LAYOUTS)
        newest = len(LAYOUTS)
        done: Literal["created", "changed", "unchanged"]
        done = "unchanged" if before == newest else "changed" if before else "created"
        return [Prepared(f"index {self._path}: layout {newest}", done)]

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._connection.close()

    # --- writing

    def put_articles(self, articles: Sequence[EnrichedArticle]) -> Sequence[Outcome]:
        """See `quotewire.ports.Index.put_articles`. All of them go in one transaction."""
        # Before the transaction, so that no other writer waits for it.
        prepared = [writes.prepare_article(article) for article in articles]
        with self._using() as connection, writing(connection):
            return [writes.put_article(connection, article) for article in prepared]

    def put_alerts(self, alerts: Sequence[Alert]) -> Sequence[Outcome]:
        """See `quotewire.ports.Index.put_alerts`. All of them go in one transaction."""
        with self._using() as connection, writing(connection):
            return [writes.put_alert(connection, alert) for alert in alerts]

    def put_health(self, samples: Sequence[HealthSample]) -> None:
        """See `quotewire.ports.Index.put_health`. Here only the newest sample of each kind and name is kept."""
        with self._using() as connection, writing(connection):
            writes.put_health(connection, samples)

    # --- reading

    def article(self, article_id: str) -> EnrichedArticle | None:
        """See `quotewire.ports.Index.article`."""
        with self._using() as connection:
            return searches.article(connection, article_id)

    def search(self, query: ArticleQuery) -> ArticlePage:
        """See `quotewire.ports.Index.search`."""
        with self._using() as connection, reading(connection):
            return searches.search(connection, query)

    def quotes(self, query: QuoteQuery) -> QuotePage:
        """See `quotewire.ports.Index.quotes`."""
        with self._using() as connection, reading(connection):
            return searches.quotes(connection, query)

    def alert(self, alert_id: str) -> Alert | None:
        """See `quotewire.ports.Index.alert`."""
        with self._using() as connection:
            return searches.alert(connection, alert_id)

    def alerts(
        self, *, name: str | None = None, article: str | None = None, offset: int = 0, limit: int = 20
    ) -> Sequence[Alert]:
        """See `quotewire.ports.Index.alerts`."""
        with self._using() as connection:
            return searches.alerts(connection, name, article, offset, limit)

    def stored(self, article_ids: Collection[str]) -> Mapping[str, Stored]:
        """See `quotewire.ports.Index.stored`."""
        with self._using() as connection, reading(connection):
            return searches.stored(connection, article_ids)

    def stored_alerts(self, alert_ids: Collection[str]) -> Mapping[str, int]:
        """See `quotewire.ports.Index.stored_alerts`."""
        with self._using() as connection, reading(connection):
            return searches.stored_alerts(connection, alert_ids)

    def health(self) -> Sequence[HealthSample]:
        """See `quotewire.ports.Index.health`."""
        with self._using() as connection:
            return searches.health(connection)

    def counts(self) -> Mapping[str, int]:
        """See `quotewire.ports.Index.counts`."""
        with self._using() as connection, reading(connection):
            return {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 -- names above
                for table in ("articles", "quotes", "alerts")
            }
