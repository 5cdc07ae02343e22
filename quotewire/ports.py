"""The ports: what the pipeline needs of the world, and nothing of who provides it.

An adapter translates every error of its library into one of the refusals below; nothing else crosses a port. Every
adapter of a port passes the same contract suite (tests/contracts/).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from schemas.records import Alert, Condition, EnrichedArticle, Quote, RawArticle
from schemas.topics import Topic

# --- refusals -------------------------------------------------------------------------------------------------------


class Rejected(Exception):
    """This record can never be processed. The worker buries it in the dead-letter topic with the message as reason."""


class Unavailable(Exception):
    """A server is away, full or busy for now. The worker waits, then repeats the same records."""


class Rebalanced(Exception):
    """The polled partitions have passed to another member of the group: nothing of the batch was committed.

    The worker forgets the batch and polls again; whoever owns the partitions now processes the same records.
    """


class ConfigurationError(Exception):
    """The user's mistake: a setting, file or address that cannot work. The message says what to do, in one line."""


# --- making ready ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prepared:
    """Something that a server has to have before the pipeline runs, and what was done about it."""

    what: str
    done: Literal["created", "changed", "unchanged"]


# --- the stream -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish. Messages of one key keep their order."""

    topic: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A message as it stands in a topic.

    `offset` counts the records of one partition from 0, in order; there may be gaps.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    time: datetime


@dataclass(frozen=True, slots=True)
class PartitionPosition:
    """Where a group stands in one partition. Offsets name the next record: `lag` is `end - committed`.

    `beginning` is the oldest record still kept, `end` the offset that the next record will get. A group that never
    committed stands at the beginning.
    """

    topic: str
    partition: int
    beginning: int
    end: int
    committed: int

    @property
    def lag(self) -> int:
        """How many records are still to be processed (gaps counted, so never too few)."""
        return max(0, self.end - max(self.committed, self.beginning))


class Subscription(Protocol):
    """One member of a consumer group; used by one thread.

    The group's partitions are shared out among its live members, each partition to one member. A member that dies or
    closes leaves its partitions to the others, who start at the last commit.
    """

    def poll(self, limit: int, timeout: float) -> Sequence[StreamRecord]:
        """Up to `limit` further records of the partitions this member holds, waiting up to `timeout` seconds.

        Records of one partition come in order, each once between two rewinds. An empty answer means nothing came in
        time. Joining, leaving and rebalancing happen inside this call. Raises Unavailable.
        """
        ...

    def commit(self, outputs: Sequence[Message] = ()) -> None:
        """Publish `outputs` and mark everything polled so far as processed, in one step: both happen or neither.

        When it returns, both are durable. Raises Rebalanced where another member holds the partitions by now, and
        Unavailable; after either nothing has happened, `rewind` is called and the records are polled again. For outputs
        it also raises what `publish` does, and then nothing has happened either.
        """
        ...

    def rewind(self) -> None:
        """Go back to the last commit: the next poll brings the records after it again."""
        ...

    def close(self) -> None:
        """Leave the group without committing. Never raises; a second call does nothing."""
        ...


MARK = "mark-"
"""A group whose name begins so only marks places in topics: nobody joins it, and nothing is kept for its sake."""


class Stream(Protocol):
    """Topics with partitions, consumer groups and atomic commits. A topic never created is a KeyError everywhere."""

    def create_topics(self, topics: Iterable[Topic]) -> Sequence[Prepared]:
        """Create what is missing of these topics; those that exist are left as they are.

        What was done about each, in order. Raises Unavailable.
        """
        ...

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish messages. Durable when it returns; where it raises, any part of them may have been published.

        Raises Unavailable; KeyError for a topic that was never created; Rejected for a message that the stream will
        never take (too large).
        """
        ...

    def subscribe(self, topics: Sequence[str], group: str) -> Subscription:
        """Join a consumer group. Where the group never committed it starts at the oldest record."""
        ...

    def read(
        self, topic: str, start: Mapping[int, int] | None = None, end: Mapping[int, int] | None = None
    ) -> Iterator[StreamRecord]:
        """Every committed record from `start` (partition to offset; default the oldest) on and before `end`; by default
        to the end as it is now.

        For looking, outside any group: partition by partition, in order. Raises Unavailable.
        """
        ...

    def ends(self, topic: str) -> Mapping[int, int]:
        """For each partition the offset that the next record will get. Raises Unavailable."""
        ...

    def positions(self, topic: str, group: str) -> Sequence[PartitionPosition]:
        """Where a group stands in each partition of a topic. Raises Unavailable."""
        ...

    def offsets_at(self, topic: str, time: datetime) -> Mapping[int, int]:
        """For each partition the offset of the first record published at or after `time`, else its end."""
        ...

    def move(self, topic: str, group: str, offsets: Mapping[int, int]) -> None:
        """Set where a group stands, for a replay. Raises Unavailable where the group has live members."""
        ...

    def close(self) -> None:
        """Release what it holds. Subscriptions made from it are closed first."""
        ...


# --- the index ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document of a bulk write.

    `stored`: written. `unchanged`: this very revision was there already, from this enrichment. `older`: a newer
    revision, or this one from a newer enrichment, was there and stays.
    `rejected`: the index will never take it, for `reason`. `unavailable`: not now, for `reason`: write it again.
    """

    id: str
    status: Literal["stored", "unchanged", "older", "rejected", "unavailable"]
    reason: str = ""


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


# --- feeds ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """What is remembered of an entry: which article it became, and with what content."""

    identity: str
    article: str
    content_hash: str
    revision: int
    edits: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """An article that a feed had, in the newest revision that was found there."""

    feed: str
    article: str
    revision: int


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """What is remembered of a feed between polls; what the states mean is said in docs/feeds.md."""

    url: str
    title: str = ""
    state: str = "new"
    reason: str = ""
    fetch_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    entries: int = 0
    polls: int = 0
    failures: int = 0
    interval: float = 0.0
    last_poll: datetime | None = None
    last_good: datetime | None = None
    last_new: datetime | None = None
    next_poll: datetime | None = None
    site: str | None = None
    """Address of the site that the feed says it belongs to."""
    hints: str = ""
    """What the last document said of when to come back, as JSON; a 304 repeats it."""
    week_start: datetime | None = None
    week_new: int = 0
    """New entries since `week_start`."""
    habit: float = 0.0
    """New entries in a usual week."""
    weeks: int = 0
    """Whole weeks that the habit was learned from."""
    anomaly: str = ""
    """How the feed's volume differs from its habit; empty where it does not."""
    next_page: datetime | None = None
    """When the first of its awaited pages is to be asked for again; None where none is awaited."""


@dataclass(frozen=True, slots=True)
class AwaitedPage:
    """An article that was published without its page, which is to be asked for again."""

    article: RawArticle
    """As it was published last."""
    identities: tuple[str, ...]
    """By which its entry is remembered."""
    since: datetime
    next_try: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class FeedUpdate:
    """What is to be remembered of a feed in one step; what is not named stays as it is."""

    feed: FeedRecord
    seen: Sequence[SeenEntry] = ()
    awaited: Sequence[AwaitedPage] = ()
    """In place of what was awaited for the same articles."""
    settled: Collection[str] = ()
    """Ids of articles whose page is awaited no more."""


class FeedStore(Protocol):
    """What pollers remember; safe against a kill at any moment. Those that share one claim a feed before they poll."""

    def feeds(self) -> Mapping[str, FeedRecord]:
        """Every remembered feed by its address. Raises Unavailable."""
        ...

    def seen(self, feed: str, identities: Collection[str]) -> Mapping[str, SeenEntry]:
        """Those of a feed's entries that were seen before, by identity. Raises Unavailable."""
        ...

    def found(self) -> Iterator[FoundArticle]:
        """Every article that is remembered, each once for each feed that had it, feed by feed. Raises Unavailable."""
        ...

    def save(self, feed: FeedRecord, seen: Sequence[SeenEntry]) -> None:
        """Remember a feed and the entries of its newest answer, in one step. Raises Unavailable."""
        ...

    def save_all(self, updates: Sequence[FeedUpdate]) -> None:
        """Remember several feeds, each with all that belongs to it: all in one step, or none. Raises Unavailable."""
        ...

    def awaited(self, feed: str) -> Sequence[AwaitedPage]:
        """The pages of a feed's articles that are awaited, the next to be tried first. Raises Unavailable."""
        ...

    def claim(
        self, feeds: Collection[str], poller: str, alive: Callable[[str], bool]
    ) -> Mapping[str, FeedRecord | None]:
        """Claim feeds for a poller: those that no other live one holds, with what is remembered of them now.

        A claim ends when it is released, or its poller is not `alive`; a feed may be saved several times within one.
        Raises Unavailable.
        """
        ...

    def release(self, feeds: Collection[str], poller: str) -> None:
        """End a poller's claims of these feeds, those that it has. Raises Unavailable."""
        ...

    def forget(self, feed: str) -> None:
        """Forget a feed, its entries, its awaited pages and who has claimed it. Raises Unavailable."""
        ...

    def forget_seen_before(self, moment: datetime) -> int:
        """Forget entries last seen before `moment`; how many. Raises Unavailable."""
        ...

    def forget_beyond(self, identities: int) -> int:
        """Forget, of each feed, what was seen longest ago beyond so many identities; how many. Raises Unavailable."""
        ...

    def forget_awaited(self, before: datetime, *, of_a_feed: int, in_all: int) -> int:
        """Forget the pages awaited since before `before`, and beyond these numbers the oldest; how many.

        Raises Unavailable.
        """
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


class PollerSharing(Protocol):
    """This poller among those that share a feed store."""

    name: str

    def refresh(self) -> bool:
        """Look who is there; whether that has changed since the last look. Raises Unavailable."""
        ...

    def mine(self, domain: str) -> bool:
        """Whether the feeds of a registered domain are this poller's."""
        ...

    def alive(self, name: str) -> bool:
        """Whether a poller is there now."""
        ...


# --- small ones -----------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class TrackedName:
    """One entry of the watchlist: a name to be told of, what else it is called, and when it counts.

    All that is given must hold. What each field means is said in docs/watchlist.md.
    """

    name: str
    aliases: tuple[str, ...] = ()
    type: str | None = None
    near: tuple[str, ...] = ()
    """Words of which one must stand near the name."""
    not_near: tuple[str, ...] = ()
    """Words of which none may stand near the name."""
    conditions: tuple[Condition, ...] = ("mentioned",)
    """How it must occur: any one of these will do."""
    together_with: tuple[str, ...] = ()
    """Names of which one must occur in the same article."""
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Only articles of these outlets, in these languages (ISO 639-1), of feeds with one of these tags; empty: all."""
    wikidata: str | None = None
    """Its id at Wikidata, for whoever reads the alerts: Q7747."""
    paused: bool = False
    """Whether it raises nothing for now: it can be tried with `quotewire watch dry-run`."""
