"""The ports of the poller: what it remembers of feeds, and who else polls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.records import RawArticle


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
    week_before: int | None = None
    """New entries in the week before `week_start`; None where none was counted."""
    habit: float = 0.0
    """New entries in a usual week."""
    weeks: int = 0
    """Whole weeks that the habit was learned from."""
    longest_pause: float = 0.0
    """Seconds for which it answered without anything new, at the longest; slowly forgotten."""
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
        """The pages of a feed's articles that are awaited, the next to be tried first, and of several to be tried at
        the same time the one that was saved first. Raises Unavailable.
        """
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
