"""Bounds of the poller, and what came of its polls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from producers import schedule
from producers.awaiting import AwaitLimits
from producers.opml import FeedSource
from producers.pages import PageLimits
from producers.schedule import ScheduleLimits
from producers.urls import without_credentials
from producers.walls import Wall
from quotewire.ports import FeedRecord


@dataclass(frozen=True, slots=True)
class PollLimits:
    """Bounds of the poller."""

    schedule: ScheduleLimits = field(default_factory=ScheduleLimits)
    pages: PageLimits = field(default_factory=PageLimits)
    at_once: int = 100
    """Feeds polled at once."""
    read_at_once: int = 300
    """Those of them at once whose documents are read and published, their articles' pages fetched."""
    at_once_of_owner: int = 4
    """Feeds of one registered domain polled at once."""
    unconditional: int = 20
    """Every so many polls a feed is asked without validators, and its answer read even where it looks the same."""
    pages_at_poll: int = 200
    """Pages of new articles fetched at one poll of a feed, and as many late ones; articles beyond it are published
    without, and get theirs at later polls.
    """
    awaiting: AwaitLimits = field(default_factory=AwaitLimits)
    fetch_pages: bool = True
    """Whether articles' pages are fetched at all."""
    publish_at_once: int = 20
    """Articles published in one call; each may carry a page."""
    memory: timedelta = timedelta(days=60)
    """How long an entry is remembered after it was last seen in its feed."""
    memory_identities: int = 100_000
    """How many identities of entries are remembered of one feed, whatever it makes up."""
    retry_wait: float = 1.0
    """Seconds before the first repetition where the stream or store is unavailable; doubles up to a minute."""
    drain_time: float = 10.0
    """Seconds that polls under way get to finish when the poller is told to stop."""


@dataclass(frozen=True, slots=True)
class FeedPoll:
    """What came of polling one feed."""

    record: FeedRecord
    """As it was remembered."""
    new: int = 0
    edited: int = 0
    pages: int = 0
    page_problems: int = 0
    walls: tuple[Wall, ...] = ()
    """What stood before pages, one for each."""
    late_pages: int = 0
    """Those of the pages whose article had been published without them."""
    unchanged: bool = False

    def after(self, others: Sequence[FeedPoll]) -> FeedPoll:
        """This poll together with what came before it."""
        polls = [*others, self]
        return replace(
            self,
            new=sum(poll.new for poll in polls),
            edited=sum(poll.edited for poll in polls),
            pages=sum(poll.pages for poll in polls),
            page_problems=sum(poll.page_problems for poll in polls),
            walls=tuple(wall for poll in polls for wall in poll.walls),
            late_pages=sum(poll.late_pages for poll in polls),
        )


@dataclass(frozen=True, slots=True)
class PollSummary:
    """What came of polling feeds once."""

    polled: int = 0
    new: int = 0
    edited: int = 0
    unchanged: int = 0
    failed: int = 0
    pages: int = 0
    page_problems: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    """How many of the polled feeds are in each state now."""

    @classmethod
    def of(cls, polls: Sequence[FeedPoll]) -> PollSummary:
        """The sums of some polls."""
        return cls(
            polled=len(polls),
            new=sum(poll.new for poll in polls),
            edited=sum(poll.edited for poll in polls),
            unchanged=sum(poll.unchanged for poll in polls),
            failed=sum(poll.record.state in schedule.FAILED_STATES for poll in polls),
            pages=sum(poll.pages for poll in polls),
            page_problems=sum(poll.page_problems for poll in polls),
            states=dict(Counter(poll.record.state for poll in polls)),
        )


def feed_key(source: FeedSource) -> str:
    """The address by which a feed is remembered and named: without credentials."""
    return without_credentials(source.url)
