"""Which waiting notices go to a sink now, and which of them together. Pure: the outbox's content in, deliveries out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from consumers.notify.times import is_quiet, next_digest
from quotewire.alert_ports import Delivery, Gathered, Notice, Sink

MOST_SINGLE = 10
"""Messages that one look may give; more than so many alerts at a time are told in a message together."""

MOST_TOGETHER = 200
"""Notices in one message, so that none becomes too large for its receiver."""


def plan(
    sink: Sink, waiting: Sequence[Notice], told: Sequence[datetime], now: datetime, *, away: bool = False
) -> list[Delivery]:
    """The deliveries that are due now.

    waiting: the sink's notices in the order of their creation. told: when it was told something within the span of its
    rate limit. away: whether the last try failed: then all that is due goes together. What is not due is in none of
    the deliveries, and waits on.
    """
    if not waiting or is_quiet(sink, now):
        return []
    if sink.schedule.every != "at once":
        if now < next_digest(sink, waiting[0].created):
            return []
        return list(_together(sink, waiting, "digest", now))
    budget = 1 if away else MOST_SINGLE
    left = budget if sink.rate is None else sink.rate.messages - sum(moment > now - sink.rate.span for moment in told)
    if left <= 0:
        return []
    return list(_at_once(sink, waiting, min(budget, left), "rate limit" if left < budget else "many", now))


def _at_once(sink: Sink, waiting: Sequence[Notice], budget: int, why: Gathered, now: datetime) -> Iterator[Delivery]:
    """As many messages as the budget has: one for what came in quiet hours, one for each other alert while they last,
    the last one for all that is left.
    """
    quiet = [notice for notice in waiting if is_quiet(sink, notice.created)]
    if quiet and len(waiting) - len(quiet) < budget:
        yield from _together(sink, quiet, "quiet hours", now)
        waiting = [notice for notice in waiting if notice not in quiet]
        budget -= 1
    single = len(waiting) if len(waiting) <= budget else budget - 1
    for notice in waiting[:single]:
        yield Delivery(sink.name, (notice,), now)
    yield from _together(sink, waiting[single:], why, now)


def _together(sink: Sink, notices: Sequence[Notice], why: Gathered, now: datetime) -> Iterator[Delivery]:
    for start in range(0, len(notices), MOST_TOGETHER):
        some = tuple(notices[start : start + MOST_TOGETHER])
        # A digest says that it is one also where only one alert has gathered.
        yield Delivery(sink.name, some, now, why if len(some) > 1 or why == "digest" else "")
