"""A thousand feeds, each for two days drawn from a year: polls spent and the delay of stories beside a fixed interval.

Each begins at the first interval, so its finding of its pace is in the figures; nothing fails, and no feed gives hints.
"""

from __future__ import annotations

import heapq
import random
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from producers.schedule import Answered, ScheduleLimits, after_answer
from quotewire.ports import FeedRecord

FEEDS = 1_000
START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 365
# A year of every feed's stories would be millions; each feed is followed for some of its days, all year round.
DAYS_OF_A_FEED = 2
FIXED = 900.0


@dataclass
class Outcome:
    polls: float
    delays: list[float]

    @property
    def mean_delay(self) -> float:
        return statistics.fmean(self.delays)


def stories(source: random.Random, per_day: float, start: float, days: int) -> list[float]:
    """Seconds at which stories come: more by day than by night, fewer at weekends."""
    moments: list[float] = []
    moment, end = start, start + days * 86_400
    while per_day and moment < end:
        moment += source.expovariate(2 * per_day / 86_400)
        hour = moment % 86_400 / 3_600
        weekend = moment // 86_400 % 7 >= 5
        if source.random() < (0.9 if 6 <= hour < 22 else 0.1) * (0.5 if weekend else 1):
            moments.append(moment)
    return [moment for moment in moments if moment < end]


def follow(source: random.Random, moments: list[float], start: float, days: int) -> Outcome:
    limits = ScheduleLimits()
    record = FeedRecord("https://ashmere.example/feed", interval=limits.start, polls=1)
    now, polls, place, delays = start, 0, 0, []
    end = start + days * 86_400
    while now < end:
        new = 0
        while place < len(moments) and moments[place] <= now:
            delays.append(now - moments[place])
            place += 1
            new += 1
        moment = START + timedelta(seconds=now)
        record = after_answer(record, Answered(entries=25, new=new), moment, limits, source.random)
        polls += 1
        assert record.next_poll is not None
        now += (record.next_poll - moment).total_seconds()
    delays += [end - moment for moment in moments[place:]]
    return Outcome(polls, delays)


def test_fewer_polls_than_a_fixed_interval_and_stories_no_later() -> None:
    source = random.Random(20260304)
    adaptive = Outcome(0, [])
    fixed_polls = 0.0
    for _ in range(FEEDS):
        # From a feed that says something once a month to an agency's wire: rates as far apart as they are in the world.
        per_day = 10 ** source.uniform(-1.5, 2.5)
        start = source.randrange(DAYS - DAYS_OF_A_FEED) * 86_400.0
        moments = stories(source, per_day, start, DAYS_OF_A_FEED)
        outcome = follow(source, moments, start, DAYS_OF_A_FEED)
        adaptive.polls += outcome.polls
        adaptive.delays += outcome.delays
        fixed_polls += DAYS_OF_A_FEED * 86_400 / FIXED
    share = adaptive.polls / fixed_polls
    print(f"adaptive: {share:.2f} of the polls, mean delay {adaptive.mean_delay:.0f} s; fixed: {FIXED / 2:.0f} s")
    assert share < 0.95
    assert adaptive.mean_delay < 0.7 * FIXED / 2


def test_a_thousand_feeds_that_start_at_once_do_not_stay_together() -> None:
    source = random.Random(7)
    limits = ScheduleLimits()
    waiting = [(0.0, number, FeedRecord(f"https://x.example/{number}")) for number in range(FEEDS)]
    by_minute: dict[int, int] = {}
    while waiting[0][0] < 6 * 3_600:
        now, number, record = heapq.heappop(waiting)
        by_minute[int(now // 60)] = by_minute.get(int(now // 60), 0) + 1
        moment = START + timedelta(seconds=now)
        record = after_answer(record, Answered(25, new=source.random() < 0.1), moment, limits, source.random)
        assert record.next_poll is not None
        heapq.heappush(waiting, ((record.next_poll - START).total_seconds(), number, record))
    assert by_minute[0] == FEEDS
    last_hour = [by_minute.get(minute, 0) for minute in range(300, 360)]
    assert max(last_hour) < 4 * statistics.fmean(last_hour)
