"""How articles and alerts are written to the index in SQLite. Every function runs inside a write transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from quotewire.adapters.index_fields import (
    ArticleFields,
    article_fields,
    articles_of,
    headline_end,
    reason_to_reject,
    standing,
)
from quotewire.adapters.words import name_words
from quotewire.ports import HealthSample, Outcome
from schemas.codec import encode
from schemas.records import Alert, EnrichedArticle

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime | None) -> int | None:
    """A moment as the tables hold it."""
    return (moment - _EPOCH) // _MICROSECOND if moment else None


def prepare_article(article: EnrichedArticle) -> ArticleFields | Outcome:
    """What will be written of an article, or why it is rejected."""
    if reason := reason_to_reject(article):
        return Outcome(article.id, "rejected", reason)
    return article_fields(article)


def put_article(connection: sqlite3.Connection, prepared: ArticleFields | Outcome) -> Outcome:
    """Write one article whole, unless this or a newer revision of it is there."""
    if isinstance(prepared, Outcome):
        return prepared
    article = prepared.article
    known = connection.execute("SELECT number, revision FROM articles WHERE id = ?", (article.id,)).fetchone()
    if known and known[1] >= article.revision:
        enriched = _enriched(connection, known[0]) if known[1] == article.revision else None
        if status := standing(article, known[1], enriched):
            return Outcome(article.id, status)
    if known:
        _remove(connection, known[0])
    number = _add(connection, prepared, known[0] if known else None)
    speakers = prepared.speakers
    numbers = _number_names(connection, {*prepared.entities, *speakers})
    connection.executemany(
        "INSERT INTO article_entities (article, name) VALUES (?, ?)",
        [(number, numbers[name]) for name in prepared.entities],
    )
    connection.executemany(
        "INSERT INTO article_speakers (article, name) VALUES (?, ?)", [(number, numbers[name]) for name in speakers]
    )
    _add_quotes(connection, number, prepared, numbers)
    return Outcome(article.id, "stored", first=known is None)


def _enriched(connection: sqlite3.Connection, number: int) -> datetime | None:
    """When the stored record of an article was made; read from the record, for it is seldom asked for."""
    query = "SELECT json_extract(record, '$.enriched') FROM article_records WHERE number = ?"
    (found,) = connection.execute(query, (number,)).fetchone()
    return datetime.fromisoformat(found) if found else None


_REMOVALS = (
    "DELETE FROM quote_speakers WHERE quote IN (SELECT number FROM quotes WHERE article = ?)",
    "DELETE FROM quote_words WHERE rowid IN (SELECT number FROM quotes WHERE article = ?)",
    "DELETE FROM quotes WHERE article = ?",
    "DELETE FROM article_entities WHERE article = ?",
    "DELETE FROM article_speakers WHERE article = ?",
    "DELETE FROM article_words WHERE rowid = ?",
    "DELETE FROM article_records WHERE number = ?",
    "DELETE FROM articles WHERE number = ?",
)
"""In this order; each takes the article's number."""


def _remove(connection: sqlite3.Connection, number: int) -> None:
    for statement in _REMOVALS:
        connection.execute(statement, (number,))


def _add(connection: sqlite3.Connection, fields: ArticleFields, number: int | None) -> int:
    article = fields.article
    added = connection.execute(
        "INSERT INTO articles (number, id, revision, url, feed, outlet, title, dated, day, quotes, headline_end) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            article.id,
            article.revision,
            article.url,
            article.feed,
            article.outlet,
            article.title,
            microseconds(fields.dated),
            fields.day.isoformat() if fields.day else None,
            len(article.every_quote),
            headline_end(article),
        ),
    ).lastrowid
    assert added is not None
    connection.execute("INSERT INTO article_records VALUES (?, ?)", (added, encode(article).decode()))
    connection.execute(
        "INSERT INTO article_words (rowid, title, text) VALUES (?, ?, ?)",
        (added, " ".join(fields.title_words), " ".join(fields.text_words)),
    )
    return added


def _number_names(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    """The numbers of these names, which are added where they are new."""
    numbers: dict[str, int] = {}
    for name in names:
        row = connection.execute("SELECT number FROM names WHERE name = ?", (name,)).fetchone()
        if row is None:
            row = connection.execute("INSERT INTO names (name) VALUES (?) RETURNING number", (name,)).fetchone()
            connection.execute(
                "INSERT INTO name_words (rowid, name) VALUES (?, ?)", (row[0], " ".join(name_words(name)))
            )
        numbers[name] = row[0]
    return numbers


def _add_quotes(
    connection: sqlite3.Connection, article: int, fields: ArticleFields, numbers: Mapping[str, int]
) -> None:
    dated, day = microseconds(fields.dated), fields.day.isoformat() if fields.day else None
    for position, quote in enumerate(fields.quotes):
        number = connection.execute(
            "INSERT INTO quotes (article, position, kind, dated, day) VALUES (?, ?, ?, ?, ?)",
            (article, position, quote.quote.kind, dated, day),
        ).lastrowid
        connection.execute("INSERT INTO quote_words (rowid, text) VALUES (?, ?)", (number, " ".join(quote.words)))
        for name in quote.speakers:
            connection.execute("INSERT INTO quote_speakers (quote, name) VALUES (?, ?)", (number, numbers[name]))


def put_alert(connection: sqlite3.Connection, alert: Alert) -> Outcome:
    """Write one alert, unless this or a newer revision of it is there."""
    if reason := reason_to_reject(alert):
        return Outcome(alert.id, "rejected", reason)
    known = connection.execute("SELECT revision FROM alerts WHERE id = ?", (alert.id,)).fetchone()
    if known and known[0] >= alert.revision:
        return Outcome(alert.id, "unchanged" if known[0] == alert.revision else "older")
    number = connection.execute(
        "INSERT INTO alerts (id, revision, name, article, raised, record) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) "
        "DO UPDATE SET revision = excluded.revision, record = excluded.record RETURNING number",
        (alert.id, alert.revision, alert.name, alert.article, microseconds(alert.raised), encode(alert).decode()),
    ).fetchone()[0]
    connection.execute("DELETE FROM alert_articles WHERE alert = ?", (number,))
    connection.executemany(
        "INSERT INTO alert_articles (alert, article) VALUES (?, ?)",
        [(number, article) for article in articles_of(alert)],
    )
    return Outcome(alert.id, "stored")


def put_health(connection: sqlite3.Connection, samples: Sequence[HealthSample]) -> None:
    """Write samples, unless a newer one of the same kind and name is there."""
    connection.executemany(
        "INSERT INTO health VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET time = excluded.time,"
        " value = excluded.value, state = excluded.state, reason = excluded.reason, title = excluded.title"
        " WHERE time <= excluded.time",
        [
            (each.kind, each.name, microseconds(each.time), each.value, each.state, each.reason, each.title)
            for each in samples
        ],
    )
