"""How much a feed brings beside its own habit. Pure: a record and what a poll brought in, the next count out.

A feed's habit is what it brings in a week, each week counting for a third of it. Weeks are taken because weekends and
nights are part of every habit. It takes three whole weeks before anything is said. How long a feed may be silent is
learned beside it, for what comes once a month, or ten at a time, is no matter of chance: from its longest pause.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from quotewire.ports import FeedRecord

WEEK = timedelta(days=7)
LEAST_WEEKS = 3
"""Weeks that must have been watched before a habit is believed."""
MISSING = 20.0
"""Articles that should have come since the last one before a silence is odd: by chance it happens once in e**20."""
PAUSES = 2.0
"""Times its longest pause so far that a feed must have been silent, too."""
TIMES = 4.0
"""A week is odd that brings more than so many times the habit, or of which the habit is more than so many times,"""
MORE = 20
"""and so many articles more."""

_SHARE = 1 / 3
_DAY = 86_400.0
_WEEK = WEEK.total_seconds()
_SHORTEST_SILENCE = 2 * _DAY
"""Seconds. A weekend is no anomaly."""
_FORGET_PAUSE = 0.98
"""What a week leaves of the longest pause: half in eight months."""


@dataclass(frozen=True, slots=True)
class Volume:
    """What is remembered of a feed's volume; the fields are those of FeedRecord."""

    week_start: datetime
    week_new: int
    week_before: int | None
    habit: float
    weeks: int
    longest_pause: float
    anomaly: str

    @property
    def watched_since(self) -> datetime:
        """When a feed that never had an entry answered for the first time: from then on its weeks follow each other."""
        return self.week_start - self.weeks * WEEK


def counted(record: FeedRecord, new: int, now: datetime, last_new: datetime | None) -> Volume:
    """The volume of a feed after a poll that brought so many new entries; what its first poll brings is its past."""
    start, count, before = record.week_start or now, record.week_new, record.week_before
    habit, weeks, pause = record.habit, record.weeks, record.longest_pause
    if new and record.last_new and record.last_good:
        # As long as it is known that nothing came.
        pause = max(pause, (record.last_good - record.last_new).total_seconds())
    if not _watched(record, now):
        start, count, before, new = now, 0, None, 0
    # Weeks in which nothing came count when something comes: a silence shall not wear down what it is held against.
    while now - start >= WEEK and (count or new) and weeks < 10_000:
        habit = habit + (count - habit) * _SHARE if weeks else float(count)
        start, count, weeks, before = start + WEEK, 0, weeks + 1, count
        pause *= _FORGET_PAUSE
    if record.interval:
        count += new
    volume = Volume(start, count, before, habit, weeks, pause, "")
    anomaly = _anomaly(volume, now, last_new)
    return replace(volume, anomaly=anomaly) if anomaly else volume


def _watched(record: FeedRecord, now: datetime) -> bool:
    """Whether the week goes on that was counted. A feed that failed, or that no poller asked, for days brings its past
    again, and what came of a week in which nobody looked is no habit.
    """
    if record.last_good is None:
        return True
    return (now - record.last_good).total_seconds() < max(_SHORTEST_SILENCE, 2 * record.interval)


def _anomaly(volume: Volume, now: datetime, last_new: datetime | None) -> str:
    count, before, habit = volume.week_new, volume.week_before, volume.habit
    # Silent ones, which have not been counted yet.
    weeks_since = (now - volume.week_start).total_seconds() // _WEEK
    if volume.weeks + weeks_since < LEAST_WEEKS:
        return ""
    if count > TIMES * habit + MORE:
        return f"{count} new this week, where {habit:.0f} in a week are usual"
    silence = (now - last_new).total_seconds() if last_new else 0.0
    longest_usual = max(_SHORTEST_SILENCE, PAUSES * volume.longest_pause)
    if silence >= longest_usual and habit * (silence / _WEEK) >= MISSING:
        return f"nothing new for {silence // _DAY:.0f} days, where {habit:.0f} in a week are usual"
    if before is not None and volume.weeks > LEAST_WEEKS and not weeks_since:
        # What the habit was without the week that is held against it.
        usual = (habit - before * _SHARE) / (1 - _SHARE)
        # It is said no more once the week that runs has brought enough.
        if usual > TIMES * max(before, count) + MORE:
            few = f"only {before}" if before else "nothing"
            return f"{few} new in the week before, where {usual:.0f} in a week are usual"
    return ""
