"""The file of the feed store: feeds, what was seen of them, claims, awaited pages, WebSub subscriptions and pushes."""

from __future__ import annotations

from datetime import UTC, datetime

LAYOUTS = (
    """
    CREATE TABLE feeds (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        fetch_url TEXT,
        etag TEXT,
        last_modified TEXT,
        body_hash TEXT,
        entries INTEGER NOT NULL,
        polls INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        interval REAL NOT NULL,
        last_poll INTEGER,
        last_good INTEGER,
        last_new INTEGER,
        next_poll INTEGER
    ) STRICT;
    CREATE TABLE seen (
        feed INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
        identity TEXT NOT NULL,
        article TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        revision INTEGER NOT NULL,
        edits INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        PRIMARY KEY (feed, identity)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX seen_by_time ON seen (last_seen);
    """,
    """
    ALTER TABLE feeds ADD COLUMN site TEXT;
    ALTER TABLE feeds ADD COLUMN hints TEXT NOT NULL DEFAULT '';
    ALTER TABLE feeds ADD COLUMN week_start INTEGER;
    ALTER TABLE feeds ADD COLUMN week_new INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE feeds ADD COLUMN habit REAL NOT NULL DEFAULT 0;
    ALTER TABLE feeds ADD COLUMN weeks INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE feeds ADD COLUMN anomaly TEXT NOT NULL DEFAULT '';
    """,
    """
    CREATE TABLE claims (feed TEXT PRIMARY KEY, poller TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE subscriptions (
        feed TEXT PRIMARY KEY,
        hub TEXT NOT NULL,
        topic TEXT NOT NULL,
        token TEXT NOT NULL UNIQUE,
        secret TEXT NOT NULL,
        next_step INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        lease_until INTEGER,
        proved INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        pushes INTEGER NOT NULL,
        refused INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX subscriptions_by_step ON subscriptions (next_step);
    CREATE TABLE pushes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        feed TEXT NOT NULL,
        body BLOB NOT NULL,
        content_type TEXT NOT NULL,
        received INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX pushes_by_feed ON pushes (feed);
    """,
    """
    ALTER TABLE feeds ADD COLUMN next_page INTEGER;
    CREATE TABLE awaited_pages (
        feed INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
        article TEXT NOT NULL,
        record BLOB NOT NULL,
        identities TEXT NOT NULL,
        since INTEGER NOT NULL,
        next_try INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        PRIMARY KEY (feed, article)
    ) STRICT;
    """,
    """
    ALTER TABLE feeds ADD COLUMN week_before INTEGER;
    ALTER TABLE feeds ADD COLUMN longest_pause REAL NOT NULL DEFAULT 0;
    """,
)


def stored(moment: datetime | None) -> int | None:
    """A moment as it is stored: microseconds since 1970, in whole numbers, so that exactly it comes out again."""
    if moment is None:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(number: int) -> datetime:
    """The moment that was stored."""
    seconds, microseconds = divmod(number, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
