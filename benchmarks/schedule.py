"""A year of a thousand feeds, simulated in seconds: polls spent and the delay of stories, beside a fixed 15 minutes.

Feeds are as far apart as in the world, from a story a month to hundreds a day; more come by day than by night, fewer at
weekends. Every poll is decided by `producers.schedule`. A year of all would be 25 million polls; so each feed is
followed for some of its days, drawn from all over the year, and its polls are counted for the year. `--follow 365`
follows every day of every feed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from producers.schedule import Answered, ScheduleLimits, after_answer
from quotewire.ports import FeedRecord

START = datetime(2026, 1, 1, tzinfo=UTC)
FIXED = 900.0
DAY = 86_400.0
YEAR = 365
LISTED = 25
"""Entries that a feed holds: what is pushed out of it between two polls was missed."""


@dataclass
class Outcome:
    """Polls spent, the delay of each story found in seconds, and stories that left the feed unseen."""

    polls: int = 0
    delays: list[float] = field(default_factory=list)
    missed: int = 0

    def line(self, name: str, times: float) -> str:
        """The outcome for people, its polls so many times."""
        delays = sorted(self.delays)
        tenths = statistics.quantiles(delays, n=10)
        return (
            f"{name:14} {self.polls * times:12,.0f} polls a year  "
            f"mean delay {statistics.fmean(delays):5.0f} s  median {tenths[4]:5.0f} s  "
            f"nine of ten within {tenths[8]:6.0f} s  missed {self.missed / (len(delays) + self.missed):.4%}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--follow", type=int, default=5, help="days of the year that each feed is followed")
    chosen = parser.parse_args(arguments)
    started = time.perf_counter()
    adaptive, fixed = simulate(chosen.feeds, chosen.follow)
    seconds = time.perf_counter() - started
    print(f"{chosen.feeds} feeds, {YEAR} days, of which {chosen.follow} followed, simulated in {seconds:.0f} s")
    print(adaptive.line("adaptive", YEAR / chosen.follow))
    print(fixed.line("every 15 min", YEAR / chosen.follow))
    print(f"adaptive spends {adaptive.polls / fixed.polls:.2f} of the polls")


def simulate(feeds: int, days: int) -> tuple[Outcome, Outcome]:
    """Follow feeds by the schedule and by the clock: what came of each."""
    source = random.Random(20260304)  # the same year every time
    adaptive, fixed = Outcome(), Outcome()
    for _ in range(feeds):
        per_day = 10 ** source.uniform(-1.5, 2.5)
        first = source.randrange(YEAR - days + 1)
        moments = list(stories(source, per_day, first * DAY, (first + days) * DAY))
        _follow(source, moments, first * DAY, (first + days) * DAY, adaptive)
        _fixed(source, moments, first * DAY, (first + days) * DAY, fixed)
    return adaptive, fixed


def stories(source: random.Random, per_day: float, start: float, end: float) -> Iterator[float]:
    """Seconds at which stories come."""
    moment = start
    while True:
        moment += source.expovariate(2 * per_day / DAY)
        if moment >= end:
            return
        waking = 6 <= moment % DAY / 3_600 < 22
        weekend = moment // DAY % 7 >= 5
        if source.random() < (0.9 if waking else 0.1) * (0.5 if weekend else 1):
            yield moment


def _follow(source: random.Random, moments: Sequence[float], start: float, end: float, outcome: Outcome) -> None:
    limits = ScheduleLimits()
    # It has been known for long: its interval finds its place within hours, and is a feed's usual one to begin with.
    record = FeedRecord("https://ashmere.example/feed", interval=limits.start, polls=1)
    now, place = start + source.random() * limits.start, 0
    while now < end:
        place, new = _met(moments, place, now, outcome)
        moment = START + timedelta(seconds=now)
        record = after_answer(record, Answered(entries=LISTED, new=new), moment, limits, source.random)
        assert record.next_poll is not None
        now += (record.next_poll - moment).total_seconds()


def _fixed(source: random.Random, moments: Sequence[float], start: float, end: float, outcome: Outcome) -> None:
    now, place = start + source.random() * FIXED, 0
    while now < end:
        place, _ = _met(moments, place, now, outcome)
        now += FIXED


def _met(moments: Sequence[float], place: int, now: float, outcome: Outcome) -> tuple[int, int]:
    """Count a poll: the place of the next story, and how many new ones were still in the feed."""
    first = place
    while place < len(moments) and moments[place] <= now:
        place += 1
    seen = max(first, place - LISTED)
    outcome.polls += 1
    outcome.missed += seen - first
    outcome.delays += [now - moment for moment in moments[seen:place]]
    return place, place - seen


if __name__ == "__main__":
    main()
