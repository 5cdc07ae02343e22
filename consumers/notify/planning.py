"""Which waiting notices go to a sink now, and which of them together. Pure: the outbox's content in, deliveries out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from consumers.notify.times import is_quiet, next_digest
from quotewire.alert_ports import Delivery, Gathered, Notice, Sink

MOST_SINGLE = 10
"""Messages that one look may give; more than so many alerts at a time are told in messages together."""

MOST_TOGETHER = 200
"""Notices in one message, so that none becomes too large for its receiver."""

MOST_PLANNED = MOST_SINGLE * MOST_TOGETHER
"""Notices that one look can plan at the most; what waits beyond them is planned by the next look."""


def is_due(sink: Sink, oldest: datetime, now: datetime) -> bool:
    """Whether a sink may be told now of what waits since `oldest`, by its quiet hours and its schedule."""
    return not is_quiet(sink, now) and now >= next_digest(sink, oldest)


def messages_left(sink: Sink, told: Sequence[datetime], now: datetime) -> int | None:
    """How many messages more the sink's rate limit allows now, after those told at these moments; None without one."""
    if sink.rate is None:
        return None
    return max(0, sink.rate.messages - sum(moment > now - sink.rate.span for moment in told))


def plan(
    sink: Sink, waiting: Sequence[Notice], now: datetime, *, left: int | None = None, away: bool = False
) -> list[Delivery]:
    """The deliveries that are due now.

    waiting: the sink's notices in the order of their creation. left: how many messages its rate limit allows, None for
    any number; there are never more deliveries. away: whether the last try failed: then what is due goes together.
    What is in none of the deliveries waits on.
    """
    if not waiting or left == 0 or not is_due(sink, waiting[0].created, now):
        return []
    most = 1 if away else MOST_SINGLE
    budget = most if left is None else min(most, left)
    if sink.schedule.every != "at once":
        return list(_together(sink, waiting, budget, "digest", now))
    return list(_at_once(sink, waiting, budget, "rate limit" if budget < most else "many", now))


def _at_once(sink: Sink, waiting: Sequence[Notice], budget: int, why: Gathered, now: datetime) -> Iterator[Delivery]:
    """At most as many messages as the budget has: those for what came in quiet hours, one for each other alert while
    they last, the last ones for all that is left.
    """
    quiet = [notice for notice in waiting if is_quiet(sink, notice.created)]
    if quiet and _messages(len(quiet)) < budget and len(waiting) - len(quiet) < budget:
        yield from _together(sink, quiet, budget, "quiet hours", now)
        waiting = [notice for notice in waiting if notice not in quiet]
        budget -= _messages(len(quiet))
    single = min(budget, len(waiting))
    while single and single + _messages(len(waiting) - single) > budget:
        single -= 1
    for notice in waiting[:single]:
        yield Delivery(sink.name, (notice,), now)
    yield from _together(sink, waiting[single:], budget - single, why, now)


def _messages(notices: int) -> int:
    """How many messages so many notices together take."""
    return -(-notices // MOST_TOGETHER)


def _together(sink: Sink, notices: Sequence[Notice], budget: int, why: Gathered, now: datetime) -> Iterator[Delivery]:
    for start in range(0, min(len(notices), budget * MOST_TOGETHER), MOST_TOGETHER):
        some = tuple(notices[start : start + MOST_TOGETHER])
        # A digest says that it is one also where only one alert has gathered.
        yield Delivery(sink.name, some, now, why if len(some) > 1 or why == "digest" else "")
