"""The ports of what becomes of alerts: how they are told, and how an analyst has marked them.

Refusals are those of `quotewire.ports`; every adapter of a port passes the same contract suite (tests/contracts/).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from schemas.records import Alert, Condition

# --- sinks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a sink is told: at once, or all that has gathered every hour, day or week at a time of its time zone."""

    every: Literal["at once", "hour", "day", "week"] = "at once"
    at: time = time(8)
    weekday: int = 0
    """0 is Monday."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At the most so many messages within a span of time; what is more is held back and told in one message."""

    messages: int
    span: timedelta


_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Sink:
    """Where alerts are told, which ones, and when. What each field means is said in docs/notify.md.

    Either `urls` (for Apprise) or `webhook` and `secret` are given. All of these may hold secrets, and `repr` leaves
    them out.
    """

    name: str
    urls: tuple[str, ...] = ()
    webhook: str = ""
    secret: str = ""
    secrets: tuple[str, ...] = ()
    """Words that no message about this sink may hold."""
    names: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    least_confidence: float = 0.0
    schedule: Schedule = Schedule()
    time_zone: ZoneInfo = _UTC
    quiet: tuple[time, time] | None = None
    """From when to when nothing is told, by the clock of the time zone; may go over midnight."""
    rate: RateLimit | None = None

    def __repr__(self) -> str:
        return f"Sink({self.name!r})"

    @property
    def kind(self) -> str:
        """What it is, without its address."""
        return "webhook" if self.webhook else ", ".join(url.partition("://")[0] for url in self.urls)


# --- the outbox -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert that a sink is to be told of, once."""

    sink: str
    alert: Alert
    created: datetime

    @property
    def key(self) -> str:
        """The same for the same alert and sink, always: a receiver drops what it had."""
        return _key(self.sink, self.alert.id)


Gathered = Literal["", "digest", "quiet hours", "rate limit", "many"]
"""Why several notices go in one message: by the sink's schedule, held back by its quiet hours or rate limit, or because
many came at once, as after the sink was away. Empty for a message about one alert."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to a sink: what it says is fixed when it is planned, and is the same at each try."""

    sink: str
    notices: tuple[Notice, ...]
    planned: datetime
    gathered: Gathered = ""
    state: Literal["open", "delivered", "failed"] = "open"
    tries: int = 0
    tried: datetime | None = None
    """When it was last tried."""
    reason: str = ""
    """Why the last try failed."""

    @property
    def key(self) -> str:
        """The same at each try; that of the notice where there is but one."""
        notices = self.notices
        return notices[0].key if len(notices) == 1 else _key(self.sink, *(notice.alert.id for notice in notices))


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


class Outbox(Protocol):
    """What sinks are to be told and were told; safe against a kill at any moment."""

    def know(self, sinks: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """Since when each of these sinks is known; one that is new is known from now on. Raises Unavailable."""
        ...

    def add(self, notices: Sequence[Notice]) -> int:
        """Take notices, all in one step; how many are new. One for an alert and sink that is there changes nothing.

        Raises Unavailable.
        """
        ...

    def waiting(self, sink: str, limit: int | None = None) -> Sequence[Notice]:
        """A sink's notices that no delivery is planned for, or the first so many, in the order of their creation.

        Raises Unavailable.
        """
        ...

    def waiting_since(self, sink: str) -> datetime | None:
        """When the first of these was created, without reading any; None where none waits. Raises Unavailable."""
        ...

    def plan(self, deliveries: Sequence[Delivery]) -> None:
        """Take deliveries of waiting notices, all in one step. Raises Unavailable."""
        ...

    def open(self, sink: str) -> Sequence[Delivery]:
        """A sink's open deliveries: those never tried first, then those tried longest ago. Raises Unavailable."""
        ...

    def note(self, delivery: Delivery) -> None:
        """Remember a planned delivery's state, tries and reason. Raises Unavailable."""
        ...

    def told(self, sink: str, since: datetime) -> Sequence[datetime]:
        """When, since then, messages were delivered to a sink, in order. Raises Unavailable."""
        ...

    def failed(self) -> Sequence[Delivery]:
        """Deliveries that were given up, in the order of their last try. Raises Unavailable."""
        ...

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """For each sink how many notices are `waiting` (planned or not), `delivered` and `failed`.

        Raises Unavailable.
        """
        ...

    def alone(self) -> AbstractContextManager[bool]:
        """Within it, whether this process is the only one that delivers; let go of at a kill, too.

        Raises Unavailable.
        """
        ...

    def forget(self, before: datetime) -> int:
        """Forget what was delivered or given up before a moment; how many notices. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


class Notifier(Protocol):
    """Tells a sink; used by one thread."""

    def tell(self, delivery: Delivery) -> None:
        """Deliver. Returns once the sink has taken it.

        Raises Unavailable where it cannot now, Rejected where the sink will never take it.
        """
        ...


# --- the inbox ------------------------------------------------------------------------------------------------------

MarkedState = Literal["seen", "dismissed", "false"]
"""How an analyst has marked an alert; one that nobody has marked is new."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How an alert was marked, and when. `name` is the tracked name that it is about."""

    alert: str
    name: str
    state: MarkedState
    marked: datetime


class Inbox(Protocol):
    """What analysts have made of alerts. It is no part of the index, and stays when that is made anew."""

    def mark(self, marks: Sequence[Mark]) -> None:
        """Mark alerts, each in place of an earlier mark. Raises Unavailable."""
        ...

    def unmark(self, alerts: Collection[str]) -> None:
        """Make alerts new again. Raises Unavailable."""
        ...

    def marks(self, alerts: Collection[str]) -> Mapping[str, Mark]:
        """The marks of those of these alerts that are marked. Raises Unavailable."""
        ...

    def marked(
        self, state: MarkedState, *, name: str | None = None, offset: int = 0, limit: int = 20
    ) -> Sequence[Mark]:
        """Marks of a state, and of a tracked name where one is given, the newest first. Raises Unavailable."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How many alerts are marked, by state. Raises Unavailable."""
        ...

    def tracked_since(self, entries: Mapping[str, str], moment: datetime) -> Mapping[str, datetime]:
        """Since when each entry of the watchlist is known as it is: since `moment` where it is new or has changed.

        entries: a digest of each entry by its name; those that are not among them are forgotten. Raises Unavailable.
        """
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...
