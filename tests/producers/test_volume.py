"""A feed's volume beside its own habit."""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from producers.opml import FeedSource
from producers.volume import counted
from quotewire.feed_views import feed_views
from quotewire.ports import FeedRecord

START = datetime(2026, 3, 2, tzinfo=UTC)


def lived(record: FeedRecord, days: int, per_day: float, *, from_day: int = 0, seed: int = 1) -> FeedRecord:
    """The record after so many days, polled hourly; stories come by chance, fewer at weekends."""
    source = random.Random(seed)
    for hour in range(from_day * 24, (from_day + days) * 24):
        now = START + timedelta(hours=hour)
        chance = per_day / 24 * (0.3 if now.weekday() >= 5 else 1.28)
        new = int(chance) + (source.random() < chance % 1)
        last_new = now if new else record.last_new
        record = replace(record, last_new=last_new, **asdict(counted(record, new, now, last_new)))
    return record


def feed() -> FeedRecord:
    return FeedRecord("https://ashmere.example/feed", interval=900, last_new=START)


@pytest.mark.parametrize("per_day", [0.2, 1, 12, 300])
@pytest.mark.parametrize("seed", range(5))
def test_a_feed_that_keeps_its_habit_is_never_odd(per_day: float, seed: int) -> None:
    record = feed()
    for week in range(12):
        for day in range(7):
            record = lived(record, 1, per_day, from_day=week * 7 + day, seed=seed * 1000 + week * 7 + day)
            assert record.anomaly == ""


def test_a_busy_feed_that_falls_silent_is_odd_after_two_days() -> None:
    record = lived(feed(), 35, 40)
    assert lived(record, 1, 0, from_day=35).anomaly == ""
    silent = lived(record, 3, 0, from_day=35)
    assert silent.anomaly.startswith("nothing new for ")
    assert lived(silent, 1, 40, from_day=38).anomaly == ""


def test_a_slow_feed_may_be_silent_for_long() -> None:
    assert lived(lived(feed(), 35, 1), 10, 0, from_day=35).anomaly == ""


def test_a_flood_is_odd() -> None:
    flooded = lived(lived(feed(), 35, 3), 1, 400, from_day=35)
    assert "new this week, where" in flooded.anomaly


def test_nothing_is_said_before_three_weeks() -> None:
    assert lived(lived(feed(), 14, 3), 2, 400, from_day=14).anomaly == ""


def test_the_past_that_a_first_poll_brings_is_not_counted() -> None:
    volume = counted(FeedRecord("https://ashmere.example/feed"), 500, START, START)
    assert volume.week_new == 0


def test_an_anomaly_is_shown_with_the_reason_of_the_state() -> None:
    record = replace(feed(), state="quiet", reason="nothing new since 2026-03-02", anomaly="nothing new for 8 days")
    [view] = feed_views([FeedSource(record.url)], {record.url: record}, {})
    assert view.anomaly == "nothing new for 8 days"
    assert view.reason == "nothing new since 2026-03-02; nothing new for 8 days"
