"""The outbox in a SQLite file: one process fills it and empties it, others look and send again."""

from __future__ import annotations

import fcntl
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from quotewire.adapters.sqlite import BUSY_TIMEOUT, Database, translating
from quotewire.alert_ports import Delivery, Notice
from quotewire.ports import ConfigurationError
from schemas.codec import Malformed, decode, encode
from schemas.records import Alert
from schemas.topics import ALERTS

# Times are microseconds since 1970. A notice without a delivery waits for one to be planned.
_LAYOUTS = (
    """
    CREATE TABLE sinks (name TEXT PRIMARY KEY, known INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE deliveries (
        key TEXT PRIMARY KEY,
        sink TEXT NOT NULL,
        planned INTEGER NOT NULL,
        gathered TEXT NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL,
        tried INTEGER,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX deliveries_by_state ON deliveries (state, sink, tried);
    CREATE TABLE notices (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        sink TEXT NOT NULL,
        created INTEGER NOT NULL,
        alert TEXT NOT NULL,
        delivery TEXT REFERENCES deliveries (key)
    ) STRICT;
    CREATE INDEX notices_waiting ON notices (sink, created) WHERE delivery IS NULL;
    CREATE INDEX notices_by_delivery ON notices (delivery, number);
    """,
)

_DELIVERIES = (
    "SELECT d.key, d.sink, d.planned, d.gathered, d.state, d.tries, d.tried, d.reason, n.created, n.alert "
    "FROM deliveries d JOIN notices n ON n.delivery = d.key WHERE {where} "
    "ORDER BY d.tried, d.planned, d.rowid, n.number"
)


class SqliteOutbox:
    """See `quotewire.alert_ports.Outbox`; `path` is made where it is missing. Safe for any threads and processes."""

    def __init__(self, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, _LAYOUTS, busy_timeout=busy_timeout)

    def know(self, sinks: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """See `quotewire.alert_ports.Outbox.know`."""
        with self._database.reading() as connection:
            known: dict[str, int] = dict(connection.execute("SELECT name, known FROM sinks"))
        if not known.keys() >= set(sinks):
            with self._database.writing() as connection:
                connection.executemany(
                    "INSERT INTO sinks VALUES (?, ?) ON CONFLICT DO NOTHING", [(sink, _stored(now)) for sink in sinks]
                )
                known = dict(connection.execute("SELECT name, known FROM sinks"))
        return {sink: _moment(known[sink]) for sink in sinks}

    def add(self, notices: Sequence[Notice]) -> int:
        """See `quotewire.alert_ports.Outbox.add`."""
        if not notices:
            return 0
        with self._database.writing() as connection:
            return sum(
                connection.execute(
                    "INSERT INTO notices (key, sink, created, alert) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (notice.key, notice.sink, _stored(notice.created), encode(notice.alert).decode()),
                ).rowcount
                for notice in notices
            )

    def waiting(self, sink: str, limit: int | None = None) -> Sequence[Notice]:
        """See `quotewire.alert_ports.Outbox.waiting`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT created, alert FROM notices WHERE sink = ? AND delivery IS NULL "
                "ORDER BY created, number LIMIT ?",
                (sink, -1 if limit is None else limit),
            ).fetchall()
        return [Notice(sink, self._alert(alert), _moment(created)) for created, alert in rows]

    def waiting_since(self, sink: str) -> datetime | None:
        """See `quotewire.alert_ports.Outbox.waiting_since`."""
        with self._database.reading() as connection:
            (created,) = connection.execute(
                "SELECT min(created) FROM notices WHERE sink = ? AND delivery IS NULL", (sink,)
            ).fetchone()
        return None if created is None else _moment(created)

    def plan(self, deliveries: Sequence[Delivery]) -> None:
        """See `quotewire.alert_ports.Outbox.plan`."""
        if not deliveries:
            return
        with self._database.writing() as connection:
            for delivery in deliveries:
                connection.execute(
                    "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        delivery.key,
                        delivery.sink,
                        _stored(delivery.planned),
                        delivery.gathered,
                        delivery.state,
                        delivery.tries,
                        _stored(delivery.tried),
                        delivery.reason,
                    ),
                )
                connection.executemany(
                    "UPDATE notices SET delivery = ? WHERE key = ?",
                    [(delivery.key, notice.key) for notice in delivery.notices],
                )

    def open(self, sink: str) -> Sequence[Delivery]:
        """See `quotewire.alert_ports.Outbox.open`."""
        return self._deliveries("d.state = 'open' AND d.sink = ?", sink)

    def note(self, delivery: Delivery) -> None:
        """See `quotewire.alert_ports.Outbox.note`."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE deliveries SET planned = ?, state = ?, tries = ?, tried = ?, reason = ? WHERE key = ?",
                (
                    _stored(delivery.planned),
                    delivery.state,
                    delivery.tries,
                    _stored(delivery.tried),
                    delivery.reason,
                    delivery.key,
                ),
            )

    def told(self, sink: str, since: datetime) -> Sequence[datetime]:
        """See `quotewire.alert_ports.Outbox.told`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT tried FROM deliveries WHERE state = 'delivered' AND sink = ? AND tried >= ? ORDER BY tried",
                (sink, _stored(since)),
            ).fetchall()
        return [_moment(tried) for (tried,) in rows]

    def failed(self) -> Sequence[Delivery]:
        """See `quotewire.alert_ports.Outbox.failed`."""
        return self._deliveries("d.state = 'failed'")

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """See `quotewire.alert_ports.Outbox.counts`."""
        counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        with self._database.reading() as connection:
            for sink, state, count in connection.execute(
                "SELECT n.sink, iif(coalesce(d.state, 'open') = 'open', 'waiting', d.state) AS state, count(*) "
                "FROM notices n LEFT JOIN deliveries d ON n.delivery = d.key GROUP BY n.sink, 2"
            ):
                counts[sink][state] = count
        return dict(counts)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """See `quotewire.alert_ports.Outbox.alone`: a lock on a file beside the database."""
        path = self._database.path
        with translating(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(f"{path}-courier", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = True
            except BlockingIOError:
                held = False
            yield held
        finally:
            os.close(descriptor)

    def forget(self, before: datetime) -> int:
        """See `quotewire.alert_ports.Outbox.forget`."""
        with self._database.writing() as connection:
            forgotten = connection.execute(
                "DELETE FROM notices WHERE delivery IN "
                "(SELECT key FROM deliveries WHERE state != 'open' AND coalesce(tried, planned) < ?)",
                (_stored(before),),
            ).rowcount
            connection.execute(
                "DELETE FROM deliveries WHERE key NOT IN (SELECT delivery FROM notices WHERE delivery IS NOT NULL)"
            )
        return forgotten

    def close(self) -> None:
        """See `quotewire.alert_ports.Outbox.close`."""
        self._database.close()

    def _deliveries(self, where: str, *parameters: object) -> list[Delivery]:
        with self._database.reading() as connection:
            rows = connection.execute(_DELIVERIES.format(where=where), parameters).fetchall()
        return [self._delivery(list(lines)) for _, lines in groupby(rows, key=lambda row: row[0])]

    def _delivery(self, rows: list[tuple[Any, ...]]) -> Delivery:
        _, sink, planned, gathered, state, tries, tried, reason, _, _ = rows[0]
        return Delivery(
            sink=sink,
            notices=tuple(Notice(sink, self._alert(alert), _moment(created)) for *_, created, alert in rows),
            planned=_moment(planned),
            gathered=gathered,
            state=state,
            tries=tries,
            tried=None if tried is None else _moment(tried),
            reason=reason,
        )

    def _alert(self, record: str) -> Alert:
        try:
            alert = decode(ALERTS, record.encode())
        except Malformed as error:
            raise ConfigurationError(
                f"{self._database.path} holds what this program cannot read ({error}): update it"
            ) from error
        assert isinstance(alert, Alert)
        return alert


def _stored(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(stored: int) -> datetime:
    return _EPOCH + timedelta(microseconds=stored)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
