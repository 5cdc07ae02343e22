"""How the index in SQLite is read. Every function runs on one connection, used by one thread at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from typing import Any, TypeVar

import orjson

from quotewire.adapters.index_fields import FACET_SIZE, article_excerpt
from quotewire.adapters.words import Phrase, name_words, phrases
from quotewire.ports import (
    ArticleHit,
    ArticlePage,
    ArticleQuery,
    ConfigurationError,
    Facet,
    HealthSample,
    QuoteHit,
    QuotePage,
    QuoteQuery,
    Stored,
)
from schemas.codec import Malformed, decode
from schemas.records import Alert, EnrichedArticle
from schemas.topics import ALERTS, ENRICHED, Topic

_Record = TypeVar("_Record", EnrichedArticle, Alert)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONG_AGO = -(2**63)
_HAS_NAME = "number IN (SELECT article FROM {} WHERE name = (SELECT number FROM names WHERE name = ?))"
_TITLE_WEIGHT = 4.0


@dataclass(slots=True)
class _Conditions:
    """What all must hold of a row, as SQL with its parameters."""

    clauses: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def add(self, clause: str, *parameters: object) -> None:
        self.clauses.append(clause)
        self.parameters.extend(parameters)

    @property
    def where(self) -> str:
        return "WHERE " + " AND ".join(self.clauses) if self.clauses else ""


def _match(asked: Sequence[Phrase]) -> str:
    """An FTS5 expression for all of the phrases; of none it finds nothing, like a search for “!?” should.

    Words hold letters and digits only, so nothing in them can end the quotation marks.
    """
    return " AND ".join(f'"{" ".join(phrase)}"' for phrase in asked) or '""'


def article(connection: sqlite3.Connection, article_id: str) -> EnrichedArticle | None:
    """The newest revision of an article, whole."""
    row = connection.execute("SELECT number FROM articles WHERE id = ?", (article_id,)).fetchone()
    return _record(connection, row[0]) if row else None


_AT_ONCE = 500


def stored(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, Stored]:
    """Which of these articles are stored, and how."""
    found = {}
    for some in _some_at_a_time(ids):
        rows = connection.execute(
            "SELECT id, revision, quotes, (SELECT count(*) FROM quotes WHERE article = articles.number) "  # noqa: S608
            f"FROM articles WHERE id IN ({', '.join('?' * len(some))})",
            some,
        )
        for article_id, revision, wanted, there in rows:
            found[article_id] = Stored(revision, "" if there == wanted else f"{there} of its {wanted} quotes")
    return found


def stored_alerts(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, int]:
    """Which of these alerts are stored, in which revision."""
    found: dict[str, int] = {}
    for some in _some_at_a_time(ids):
        rows = connection.execute(
            "SELECT id, json_extract(record, '$.revision') FROM alerts "  # noqa: S608
            f"WHERE id IN ({', '.join('?' * len(some))})",
            some,
        )
        found.update(rows.fetchall())
    return found


def _some_at_a_time(ids: Collection[str]) -> Iterator[list[str]]:
    waiting = iter(ids)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some


def alert(connection: sqlite3.Connection, alert_id: str) -> Alert | None:
    """The newest revision of an alert."""
    row = connection.execute("SELECT record FROM alerts WHERE id = ?", (alert_id,)).fetchone()
    return _decoded(Alert, ALERTS, row[0]) if row else None


def alerts(
    connection: sqlite3.Connection, name: str | None, article_id: str | None, offset: int, limit: int
) -> list[Alert]:
    """Alerts, newest first."""
    conditions = _Conditions()
    if name is not None:
        conditions.add("name = ?", name)
    if article_id is not None:
        conditions.add("number IN (SELECT alert FROM alert_articles WHERE article = ?)", article_id)
    rows = connection.execute(
        f"SELECT record FROM alerts {conditions.where} ORDER BY raised DESC, id LIMIT ? OFFSET ?",  # noqa: S608
        (*conditions.parameters, max(0, limit), max(0, offset)),
    )
    return [_decoded(Alert, ALERTS, record) for (record,) in rows]


def health(connection: sqlite3.Connection) -> list[HealthSample]:
    """The newest sample of each kind and name, by kind and name."""
    rows = connection.execute("SELECT time, kind, name, value, state, reason, title FROM health ORDER BY kind, name")
    return [HealthSample(_EPOCH + timedelta(microseconds=time), *rest) for time, *rest in rows]


def _decoded(kind: type[_Record], topic: Topic, record: str) -> _Record:
    try:
        decoded = decode(topic, record.encode())
    except Malformed as error:
        raise ConfigurationError(f"the index holds what this program cannot read ({error}): update it") from error
    assert isinstance(decoded, kind)
    return decoded


# --- searching articles


def search(connection: sqlite3.Connection, query: ArticleQuery) -> ArticlePage:
    """Articles by relevance or newest first, with facets over all that were found.

    Runs inside a read transaction, whose end takes the temporary table away.
    """
    asked = phrases(query.words)
    conditions = _article_conditions(query, asked)
    if conditions.clauses:
        _keep_found(connection, conditions, asked)
        source = "found JOIN articles USING (number)"
    else:
        source = "(SELECT 0.0 AS score, articles.* FROM articles)"
    by_score = "score DESC, " if asked and not query.newest_first else ""
    rows = connection.execute(
        f"SELECT number, id, title, url, feed, outlet, dated, headline_end, quotes, score FROM {source} "  # noqa: S608
        f"ORDER BY {by_score}dated DESC, id LIMIT ? OFFSET ?",
        (max(0, query.limit), max(0, query.offset)),
    ).fetchall()
    hits = tuple(_article_hit(connection, row, asked) for row in rows)
    counted = "found" if conditions.clauses else "articles"
    total = connection.execute(f"SELECT count(*) FROM {counted}").fetchone()[0]  # noqa: S608
    return ArticlePage(total, hits, _facets(connection, everything=not conditions.clauses))


def _article_conditions(query: ArticleQuery, asked: Sequence[Phrase]) -> _Conditions:
    conditions = _Conditions()
    if asked:
        conditions.add("article_words MATCH ?", _match(asked))
    elif query.words.strip():
        conditions.add("false")  # signs alone: no article has such a word
    if query.feed is not None:
        conditions.add("feed = ?", query.feed)
    if query.entity is not None:
        conditions.add(_HAS_NAME.format("article_entities"), query.entity)
    if query.speaker is not None:
        conditions.add(_HAS_NAME.format("article_speakers"), query.speaker)
    _add_days(conditions, query.first_day, query.last_day)
    return conditions


def _add_days(conditions: _Conditions, first: date | None, last: date | None, table: str = "") -> None:
    if first is not None:
        conditions.add(f"{table}day >= ?", first.isoformat())
    if last is not None:
        conditions.add(f"{table}day <= ?", last.isoformat())


def _keep_found(connection: sqlite3.Connection, conditions: _Conditions, asked: Sequence[Phrase]) -> None:
    """Put all articles found into a temporary table, so that they are searched once and counted often."""
    score, source = "0.0", "articles"
    if asked:
        score = f"-bm25(article_words, {_TITLE_WEIGHT}, 1.0)"
        source = "article_words JOIN articles ON articles.number = article_words.rowid"
    connection.execute("CREATE TEMP TABLE found (number INTEGER PRIMARY KEY, score REAL NOT NULL)")
    connection.execute(
        f"INSERT INTO found SELECT number, {score} FROM {source} {conditions.where}",  # noqa: S608
        conditions.parameters,
    )


def _article_hit(connection: sqlite3.Connection, row: tuple[Any, ...], asked: list[Phrase]) -> ArticleHit:
    number, article_id, title, url, feed, outlet, dated, headline_end, quotes, score = row
    (record,) = connection.execute("SELECT record FROM article_records WHERE number = ?", (number,)).fetchone()
    return ArticleHit(
        id=article_id,
        title=title,
        url=url,
        feed=feed,
        outlet=outlet,
        published=_moment(dated),
        excerpt=article_excerpt(orjson.loads(record)["text"], headline_end, asked),
        quotes=quotes,
        score=score,
    )


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _facets(connection: sqlite3.Connection, *, everything: bool) -> Mapping[str, tuple[Facet, ...]]:
    """Counts over the articles in `found`, or over all there are."""
    of_found = "" if everything else "WHERE article IN (SELECT number FROM found)"
    number_found = "" if everything else "AND number IN (SELECT number FROM found)"
    return {
        # Where max() stands alone, SQLite takes the bare column from the row that has the maximum: the newest article.
        "feed": _facet(
            connection,
            f"SELECT feed, count(*), outlet, max(coalesce(dated, {_LONG_AGO})) FROM articles "  # noqa: S608
            f"WHERE feed IS NOT NULL {number_found} GROUP BY feed ORDER BY 2 DESC, 1 LIMIT {FACET_SIZE}",
        ),
        "entity": _facet(connection, _count_names("article_entities", of_found)),
        "speaker": _facet(connection, _count_names("article_speakers", of_found)),
        "day": _facet(
            connection,
            f"SELECT day, count(*), '' FROM articles WHERE day IS NOT NULL {number_found} "  # noqa: S608
            f"GROUP BY day ORDER BY day DESC LIMIT {FACET_SIZE}",
        ),
    }


def _count_names(table: str, where: str) -> str:
    return (
        f"SELECT names.name, articles, '' FROM (SELECT name, count(*) AS articles FROM {table} {where} GROUP BY name) "  # noqa: S608
        f"AS counted JOIN names ON names.number = counted.name ORDER BY articles DESC, names.name LIMIT {FACET_SIZE}"
    )


def _facet(connection: sqlite3.Connection, statement: str) -> tuple[Facet, ...]:
    return tuple(Facet(value, count, label) for value, count, label, *_ in connection.execute(statement))


# --- searching quotes


def quotes(connection: sqlite3.Connection, query: QuoteQuery) -> QuotePage:
    """Quotes, newest first. Runs inside a read transaction."""
    conditions = _quote_conditions(query)
    total = connection.execute(
        f"SELECT count(*) FROM quotes JOIN articles ON articles.number = article {conditions.where}",  # noqa: S608
        conditions.parameters,
    ).fetchone()[0]
    rows = connection.execute(
        "SELECT articles.number, id, title, url, outlet, articles.dated, position "  # noqa: S608
        f"FROM quotes JOIN articles ON articles.number = article {conditions.where} "
        "ORDER BY quotes.dated DESC, id, position LIMIT ? OFFSET ?",
        (*conditions.parameters, max(0, query.limit), max(0, query.offset)),
    ).fetchall()
    return QuotePage(total, tuple(_quote_hits(connection, rows)))


def _quote_conditions(query: QuoteQuery) -> _Conditions:
    conditions = _Conditions()
    if query.speaker.strip():
        names = [(word,) for word in dict.fromkeys(name_words(query.speaker))]
        conditions.add(
            "quotes.number IN (SELECT quote FROM quote_speakers WHERE name IN "
            "(SELECT rowid FROM name_words WHERE name_words MATCH ?))",
            _match(names),
        )
    if query.about.strip():
        conditions.add(
            "quotes.number IN (SELECT rowid FROM quote_words WHERE quote_words MATCH ?)", _match(phrases(query.about))
        )
    if query.article is not None:
        conditions.add("articles.id = ?", query.article)
    if query.kind is not None:
        conditions.add("kind = ?", query.kind)
    _add_days(conditions, query.first_day, query.last_day, table="quotes.")
    return conditions


def _quote_hits(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> Iterator[QuoteHit]:
    for number, of_article in groupby(rows, key=lambda row: row[0]):
        said = _record(connection, number).every_quote
        for _, article_id, title, url, outlet, dated, position in of_article:
            yield QuoteHit(
                quote=said[position],
                article=article_id,
                title=title,
                url=url,
                outlet=outlet,
                published=_moment(dated),
            )


def _record(connection: sqlite3.Connection, number: int) -> EnrichedArticle:
    (record,) = connection.execute("SELECT record FROM article_records WHERE number = ?", (number,)).fetchone()
    return _decoded(EnrichedArticle, ENRICHED, record)
