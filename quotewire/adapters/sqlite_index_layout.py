"""The tables of the index in SQLite.

A record stands apart from the columns that are searched, so that counting and sorting never read it. The full-text
tables hold words as `quotewire.adapters.words` gives them: the tokenizer `ascii` splits such text at its spaces only
and changes nothing else. Names of entities and speakers are kept once, and stay when their last article goes. `dated`
is in microseconds since 1970, `day` is the same in UTC as YYYY-MM-DD.
"""

from __future__ import annotations

_FIRST = """
CREATE TABLE articles (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    url TEXT,
    feed TEXT,
    outlet TEXT NOT NULL,
    title TEXT NOT NULL,
    dated INTEGER,
    day TEXT,
    quotes INTEGER NOT NULL,
    headline_end INTEGER NOT NULL
);
CREATE INDEX articles_newest ON articles (dated DESC, id);
CREATE INDEX articles_by_day ON articles (day);
CREATE INDEX articles_by_feed ON articles (feed, dated, outlet);

CREATE TABLE article_records (
    number INTEGER PRIMARY KEY REFERENCES articles,
    record TEXT NOT NULL
);

CREATE TABLE names (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE article_entities (
    article INTEGER NOT NULL REFERENCES articles,
    name INTEGER NOT NULL REFERENCES names,
    PRIMARY KEY (name, article)
) WITHOUT ROWID;
CREATE INDEX article_entities_by_article ON article_entities (article, name);

CREATE TABLE article_speakers (
    article INTEGER NOT NULL REFERENCES articles,
    name INTEGER NOT NULL REFERENCES names,
    PRIMARY KEY (name, article)
) WITHOUT ROWID;
CREATE INDEX article_speakers_by_article ON article_speakers (article, name);

CREATE TABLE quotes (
    number INTEGER PRIMARY KEY,
    article INTEGER NOT NULL REFERENCES articles,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    dated INTEGER,
    day TEXT,
    UNIQUE (article, position)
);
CREATE INDEX quotes_newest ON quotes (dated DESC);

CREATE TABLE quote_speakers (
    quote INTEGER NOT NULL REFERENCES quotes,
    name INTEGER NOT NULL REFERENCES names,
    PRIMARY KEY (name, quote)
) WITHOUT ROWID;
CREATE INDEX quote_speakers_by_quote ON quote_speakers (quote);

CREATE TABLE alerts (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    article TEXT NOT NULL,
    raised INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX alerts_newest ON alerts (raised DESC, id);
CREATE INDEX alerts_by_name ON alerts (name, raised DESC, id);
CREATE INDEX alerts_by_article ON alerts (article);

CREATE VIRTUAL TABLE article_words USING fts5 (title, text, tokenize = 'ascii');
CREATE VIRTUAL TABLE quote_words USING fts5 (text, tokenize = 'ascii');
CREATE VIRTUAL TABLE name_words USING fts5 (name, tokenize = 'ascii', detail = none, columnsize = 0);
"""

_ALERTS_GROW = """
ALTER TABLE alerts ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
DROP INDEX alerts_by_article;

CREATE TABLE alert_articles (
    alert INTEGER NOT NULL REFERENCES alerts,
    article TEXT NOT NULL,
    PRIMARY KEY (article, alert)
) WITHOUT ROWID;
CREATE INDEX alert_articles_by_alert ON alert_articles (alert);
INSERT INTO alert_articles SELECT number, article FROM alerts;
"""

_HEALTH = """
CREATE TABLE health (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    time INTEGER NOT NULL,
    value REAL NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
"""

LAYOUTS = (_FIRST, _ALERTS_GROW, _HEALTH)
"""What leads from each version of the layout to the next, for `quotewire.adapters.sqlite.migrate`."""
