"""The port of the index: where results are written and searched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from quotewire.ports.prepared import Prepared
from schemas.records import Alert, EnrichedArticle, Quote


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document of a bulk write.

    `stored`: written. `unchanged`: this very revision was there already, from this enrichment. `older`: a newer
    revision, or this one from a newer enrichment, was there and stays.
    `rejected`: the index will never take it, for `reason`. `unavailable`: not now, for `reason`: write it again.
    `first`: an article that was stored, and of which no revision was there before.
    """

    id: str
    status: Literal["stored", "unchanged", "older", "rejected", "unavailable"]
    reason: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """An article as the index has it: in which revision; `problem` says in one line what is wrong with it (two
    documents, fewer quotes than it has), and is empty where nothing is.
    """

    revision: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ArticleQuery:
    """A search for articles. Everything given must hold; `words` all occur, in any order; “…” in them is a phrase.

    `entity`, `speaker` and `feed` are exact values as the facets give them; days are in UTC, both ends included.
    """

    words: str = ""
    feed: str | None = None
    entity: str | None = None
    speaker: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    offset: int = 0
    limit: int = 20
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class QuoteQuery:
    """A search for quotes, newest first. `speaker`: all its words occur in the speaker's name. `about`: all its words
    occur in the quote's text. Neither minds case or accents. Days as in ArticleQuery.
    """

    speaker: str = ""
    about: str = ""
    article: str | None = None
    kind: Literal["direct", "mixed", "indirect"] | None = None
    first_day: date | None = None
    last_day: date | None = None
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a highlighted excerpt; `marked` where it matched."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class ArticleHit:
    """An article found."""

    id: str
    title: str
    url: str | None
    feed: str | None
    outlet: str
    published: datetime | None
    excerpt: tuple[Fragment, ...]
    quotes: int
    score: float


@dataclass(frozen=True, slots=True)
class Facet:
    """One value of a facet and how many articles have it. `label` is for people where `value` is an address."""

    value: str
    count: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """A page of articles found; facets count all that were found, by `feed`, `entity`, `speaker` and `day`."""

    total: int
    hits: tuple[ArticleHit, ...]
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuoteHit:
    """A quote found, with the article it stands in."""

    quote: Quote
    article: str
    title: str
    url: str | None
    outlet: str
    published: datetime | None


@dataclass(frozen=True, slots=True)
class QuotePage:
    """A page of quotes found."""

    total: int
    hits: tuple[QuoteHit, ...]


@dataclass(frozen=True, slots=True)
class HealthSample:
    """How one thing was at one moment, for the dashboards of ops.

    `kind` and `name` say what `value` is: of a stage, the records that it has still to process; of the dead letters,
    how many were not replayed; of a state, the feeds that are in it; of one feed, by its address, how often in a row it
    failed, with its state and the reason.
    """

    time: datetime
    kind: Literal["stage", "dead-letters", "feeds", "feed"]
    name: str
    value: float
    state: str = ""
    reason: str = ""
    title: str = ""


class Index(Protocol):
    """Where results are searched. Writes are idempotent by id.

    An article is dated by its `published` time, else by `fetched`.
    """

    def setup(self) -> Sequence[Prepared]:
        """Create or migrate the layout; a second call changes nothing. What was done. Raises Unavailable."""
        ...

    def put_articles(self, articles: Sequence[EnrichedArticle]) -> Sequence[Outcome]:
        """Store articles with their quotes, replacing older revisions whole; an outcome for each, in order.

        Of one revision the newest enrichment counts, by `enriched`: none is older than any. Visible to searches when it
        returns or within a second. Raises Unavailable where none could be tried.
        """
        ...

    def put_alerts(self, alerts: Sequence[Alert]) -> Sequence[Outcome]:
        """Store alerts, each in place of its older revisions; an outcome for each, in order. Raises Unavailable."""
        ...

    def article(self, article_id: str) -> EnrichedArticle | None:
        """The newest revision of an article, whole. Raises Unavailable."""
        ...

    def search(self, query: ArticleQuery) -> ArticlePage:
        """Find articles: by relevance where there are words, else newest first. Raises Unavailable."""
        ...

    def quotes(self, query: QuoteQuery) -> QuotePage:
        """Find quotes, newest first. Raises Unavailable."""
        ...

    def alert(self, alert_id: str) -> Alert | None:
        """The newest revision of an alert. Raises Unavailable."""
        ...

    def alerts(
        self, *, name: str | None = None, article: str | None = None, offset: int = 0, limit: int = 20
    ) -> Sequence[Alert]:
        """Alerts, the newest raised first; `article` stands among an alert's articles. Raises Unavailable."""
        ...

    def stored(self, article_ids: Collection[str]) -> Mapping[str, Stored]:
        """Which of these articles are stored whole, and how; at once after they were written. Raises Unavailable."""
        ...

    def stored_alerts(self, alert_ids: Collection[str]) -> Mapping[str, int]:
        """Which of these alerts are stored, in which revision; at once after they were written. Raises Unavailable."""
        ...

    def put_health(self, samples: Sequence[HealthSample]) -> None:
        """Store samples; of one feed only the newest is kept. Raises Unavailable."""
        ...

    def health(self) -> Sequence[HealthSample]:
        """The newest sample of each kind and name, by kind and name. Raises Unavailable."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How many `articles`, `quotes` and `alerts` there are. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...
