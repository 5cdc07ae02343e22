"""How much a feed brings beside its own habit. Pure: a record and what a poll brought in, the next count out.

A feed's habit is what it brings in a week, each week counting for a third of it. Weeks are taken because weekends and
nights are part of every habit. It takes three whole weeks before anything is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from quotewire.ports import FeedRecord

WEEK = timedelta(days=7)
LEAST_WEEKS = 3
"""Weeks that must have been watched before a habit is believed."""
MISSING = 20.0
"""Articles that should have come since the last one before a silence is odd: by chance it happens once in e**20."""
SHORTEST_SILENCE = timedelta(days=2)
"""A weekend is no anomaly."""
FLOOD = 4.0
"""Times the habit that a week may bring, and this many articles more, before it is odd."""
FLOOD_MORE = 20

_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Volume:
    """What is remembered of a feed's volume; the fields are those of FeedRecord."""

    week_start: datetime
    week_new: int
    habit: float
    weeks: int
    anomaly: str

    @property
    def watched_since(self) -> datetime:
        """When the feed answered for the first time: from then on its weeks follow each other."""
        return self.week_start - self.weeks * WEEK


def counted(record: FeedRecord, new: int, now: datetime, last_new: datetime | None) -> Volume:
    """The volume of a feed after a poll that brought so many new entries; what its first poll brings is its past."""
    start, count, habit, weeks = record.week_start or now, record.week_new, record.habit, record.weeks
    while now - start >= WEEK and weeks < 10_000:
        habit = habit + (count - habit) * _SHARE if weeks else float(count)
        start, count, weeks = start + WEEK, 0, weeks + 1
    if record.interval:
        count += new
    return Volume(start, count, habit, weeks, _anomaly(count, habit, weeks, now, last_new))


def _anomaly(count: int, habit: float, weeks: int, now: datetime, last_new: datetime | None) -> str:
    if weeks < LEAST_WEEKS:
        return ""
    usual = f"{habit:.0f} in a week are usual"
    if count > FLOOD * habit + FLOOD_MORE:
        return f"{count} new this week, where {usual}"
    silence = now - last_new if last_new else timedelta()
    if silence >= SHORTEST_SILENCE and habit * (silence / WEEK) >= MISSING:
        return f"nothing new for {silence.days} days, where {usual}"
    return ""
