"""Feeds followed for four weeks each, after a week in which they find their pace, beside a fixed interval.

`tests.producers.simulated_feeds` says what is simulated, and does the same for a whole year of a thousand feeds.
"""

from __future__ import annotations

import heapq
import random
import statistics
from datetime import UTC, datetime, timedelta

import pytest

from producers.schedule import Answered, ScheduleLimits, after_answer
from quotewire.ports import FeedRecord
from tests.producers.simulated_feeds import Life, all_of, live

FEEDS = 1_000
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def life() -> Life:
    life = live(random.Random(20260304), 200, 28)
    print("\n" + "\n".join(life.lines()))
    return life


def test_polls_are_spent_where_stories_are(life: Life) -> None:
    assert life.share_of_polls() < 0.4
    busy = [feed for feed in life.feeds if feed.per_day >= 10]
    rare = [feed for feed in life.feeds if feed.per_day < 1]
    assert life.share_of_polls(busy) > 4 * life.share_of_polls(rare)


def test_most_stories_are_told_as_soon_as_at_a_fixed_interval_of_many_times_the_polls(life: Life) -> None:
    ours, fixed = all_of(life.feeds, "delays"), all_of(life.feeds, "fixed_delays")
    assert len(ours) == len(fixed) > 5_000
    assert statistics.median(ours) < 1.5 * statistics.median(fixed)


def test_stories_are_told_sooner_than_at_a_fixed_interval_of_as_many_polls(life: Life) -> None:
    ours, equal = all_of(life.feeds, "delays"), all_of(life.feeds, "equal_delays")
    assert statistics.fmean(ours) < statistics.fmean(equal)
    assert statistics.median(ours) < statistics.median(equal) / 2


def test_no_herd_comes_when_the_network_is_back_and_nobody_waits_for_long(life: Life) -> None:
    (back,) = life.outages
    first = int(back // 60)
    minutes = [life.polls_by_minute[minute] for minute in range(first, first + 60)]
    assert max(minutes) < 0.6 * len(life.feeds)
    assert sum(minutes[:4]) > 0.5 * len(life.feeds)
    assert max(minutes[5:]) < 0.1 * len(life.feeds)
    assert life.polls_without_network > len(life.feeds)


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
