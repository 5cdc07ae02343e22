"""Feeds that live through weeks or a year in seconds: the schedule beside a fixed interval, on the same stories.

Feeds differ from one that says something every month to an agency's wire: stories a day are drawn log-normally with a
mean of 2.8, that of the 180,000 feeds that Media Cloud's rss-fetcher asks. More comes by day than by night, less at
weekends. Single polls fail, every feed is down for hours now and then, one in fifty for good, and once in four weeks
the network at this end is away for two hours. Both sides meet the same faults. Not simulated: hints of feeds, which
would only make waits longer, and pushes, which would make delays shorter.

A whole year of a thousand feeds, in some minutes: `python -m tests.producers.simulated_feeds --feeds 1000 --days 365`.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from producers.answers import FetchProblem
from producers.outage import Outage, unreachable
from producers.schedule import Answered, Failed, ScheduleLimits, after_answer, after_failure, after_outage
from quotewire.ports import FeedRecord

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = 86_400.0
WARM_UP = 7
"""Days after which polls and stories count: by then each feed has found its pace."""
FIXED = 900.0
MEAN_A_DAY, SPREAD = 2.8, 1.8
FLAKY = 0.02
"""Share of polls that fail by themselves."""
DOWN_EVERY, DOWN_FOR = 30 * DAY, 6 * 3_600.0
DOWN_FOR_GOOD = 0.02
OUTAGE_EVERY, OUTAGE_AFTER, OUTAGE_FOR = 28 * DAY, 17.4 * DAY, 2 * 3_600.0
CLASSES = ((1.0, "below 1 a day"), (10.0, "1 to 10 a day"), (math.inf, "above 10 a day"))

_NO_CONNECTION = FetchProblem("soft", "no connection")
_BUSY = FetchProblem("soft", "HTTP 503 unavailable", status=503)


@dataclass
class Feed:
    """One feed's life: what it publishes, when it is down, and what came of following it."""

    per_day: float
    stories: list[float]
    down: list[tuple[float, float]]
    record: FeedRecord
    told: int = 0
    polls: int = 0
    delays: list[float] = field(default_factory=list)
    fixed_delays: list[float] = field(default_factory=list)
    """At the fixed interval."""
    equal_delays: list[float] = field(default_factory=list)
    """At the fixed interval that takes as many polls of all feeds as the schedule does."""

    def is_down(self, moment: float) -> bool:
        place = bisect_right(self.down, (moment, math.inf)) - 1
        return place >= 0 and moment < self.down[place][1]


@dataclass
class Life:
    """What came of it all. Delays in seconds."""

    feeds: list[Feed]
    days: int
    polls_by_minute: Counter[int]
    polls_without_network: int
    outages: list[float]
    """When they ended."""

    def lines(self) -> list[str]:
        """A table for people, by how much feeds say."""
        lines = [f"{'stories':16}{'feeds':>6}{'polls':>8}" + f"{'delay: mean':>15}{'median':>8}{'p95':>8}" * 3]
        least = 0.0
        for most, name in CLASSES:
            lines.append(self._line(name, [feed for feed in self.feeds if least <= feed.per_day < most]))
            least = most
        lines.append(self._line("all", self.feeds))
        return [f"{'':30}{'schedule':>31}{'every 15 minutes':>31}{'fixed, as many polls':>31}", *lines]

    def share_of_polls(self, feeds: list[Feed] | None = None) -> float:
        """Polls spent, as a share of those of the fixed interval."""
        feeds = self.feeds if feeds is None else feeds
        return sum(feed.polls for feed in feeds) / (len(feeds) * self.days * DAY / FIXED)

    def _line(self, name: str, feeds: list[Feed]) -> str:
        line = f"{name:16}{len(feeds):6}{self.share_of_polls(feeds):8.3f}"
        for which in ("delays", "fixed_delays", "equal_delays"):
            delays = all_of(feeds, which)
            line += f"{statistics.fmean(delays):15.0f}{statistics.median(delays):8.0f}"
            line += f"{delays[int(len(delays) * 0.95)]:8.0f}"
        return line


def all_of(feeds: list[Feed], which: str) -> list[float]:
    """The delays of every story of these feeds, in order of size. which: a field of Feed."""
    return sorted(delay for feed in feeds for delay in getattr(feed, which))


def live(source: random.Random, feeds: int, days: int) -> Life:
    """Follow so many feeds for so many days, after the warm-up."""
    limits = ScheduleLimits()
    counted, end = WARM_UP * DAY, (WARM_UP + days) * DAY
    outages = [OUTAGE_AFTER + number * OUTAGE_EVERY for number in range(1 + int(end / OUTAGE_EVERY))]
    outages = [start for start in outages if start + OUTAGE_FOR < end]
    life = Life([_feed(source, number, end) for number in range(feeds)], days, Counter(), 0, [])
    life.outages = [start + OUTAGE_FOR for start in outages]
    noticed = Outage()
    waiting = [(0.0, number) for number in range(feeds)]
    while waiting[0][0] < end:
        now, number = heapq.heappop(waiting)
        feed = life.feeds[number]
        cut_off = any(start <= now < start + OUTAGE_FOR for start in outages)
        moment = START + timedelta(seconds=now)
        problem = _problem(source, feed, now, cut_off=cut_off)
        noticed.note(feed.record.url, problem, moment)
        if problem is None:
            record = after_answer(feed.record, Answered(25, _told(feed, now, counted)), moment, limits, source.random)
        elif unreachable(problem) and noticed.likely(moment):
            record = after_outage(feed.record, problem.reason, moment, limits, source.random)
        else:
            record = after_failure(feed.record, Failed("soft", problem.reason), moment, limits, source.random)
        feed.record = record
        if now >= counted and cut_off:
            life.polls_without_network += 1
        elif now >= counted:
            feed.polls += 1
            life.polls_by_minute[int(now // 60)] += 1
        assert record.next_poll is not None
        heapq.heappush(waiting, ((record.next_poll - START).total_seconds(), number))
    equal = FIXED / life.share_of_polls()
    for feed in life.feeds:
        feed.delays += [end - story for story in feed.stories[feed.told :] if story >= counted]
        feed.fixed_delays = _at_fixed_times(source, feed, FIXED, counted, end, outages)
        feed.equal_delays = _at_fixed_times(source, feed, equal, counted, end, outages)
    return life


def _feed(source: random.Random, number: int, end: float) -> Feed:
    per_day = math.exp(source.gauss(math.log(MEAN_A_DAY) - SPREAD**2 / 2, SPREAD))
    down: list[tuple[float, float]] = []
    moment = source.expovariate(1 / DOWN_EVERY)
    while moment < end:
        lasts = source.expovariate(1 / DOWN_FOR)
        down.append((moment, moment + lasts))
        moment += lasts + source.expovariate(1 / DOWN_EVERY)
    stories = _stories(source, per_day, end)
    if source.random() < DOWN_FOR_GOOD:
        dies = source.uniform(0, end)
        down = [(start, stop) for start, stop in down if stop < dies] + [(dies, math.inf)]
        stories = [story for story in stories if story < dies]
    return Feed(per_day, stories, down, FeedRecord(f"https://feed-{number}.example/"))


def _stories(source: random.Random, per_day: float, end: float) -> list[float]:
    stories: list[float] = []
    moment = 0.0
    while (moment := moment + source.expovariate(per_day * 1.65 / DAY)) < end:
        by_day = 6 <= moment % DAY / 3_600 < 22
        weekend = moment // DAY % 7 >= 5
        if source.random() < (0.95 if by_day else 0.22) * (0.6 if weekend else 1):
            stories.append(moment)
    return stories


def _problem(source: random.Random, feed: Feed, now: float, *, cut_off: bool) -> FetchProblem | None:
    if cut_off or feed.is_down(now):
        return _NO_CONNECTION
    return _BUSY if source.random() < FLAKY else None


def _told(feed: Feed, now: float, counted: float) -> int:
    """How many stories an answer brings that were not there at the last."""
    place = bisect_right(feed.stories, now)
    new = feed.stories[feed.told : place]
    feed.told = place
    feed.delays += [now - story for story in new if story >= counted]
    return len(new)


def _at_fixed_times(
    source: random.Random, feed: Feed, interval: float, counted: float, end: float, outages: list[float]
) -> list[float]:
    phase = source.uniform(0, interval)
    delays: list[float] = []
    for story in feed.stories[bisect_left(feed.stories, counted) :]:
        poll = phase + math.ceil((story - phase) / interval) * interval
        while poll < end and (
            any(start <= poll < start + OUTAGE_FOR for start in outages)
            or feed.is_down(poll)
            or source.random() < FLAKY
        ):
            poll += interval
        delays.append(min(poll, end) - story)
    return delays


def main() -> None:
    """Print what came of following feeds for so long."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=365)
    arguments = parser.parse_args()
    life = live(random.Random(20260304), arguments.feeds, arguments.days)
    print("\n".join(life.lines()))


if __name__ == "__main__":
    main()
