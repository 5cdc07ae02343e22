"""A feed's volume beside its own habit."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
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
        record = replace(record, last_good=now, last_new=last_new, **asdict(counted(record, new, now, last_new)))
    return record


def feed() -> FeedRecord:
    return FeedRecord("https://ashmere.example/feed", interval=900, last_new=START)


def polled(record: FeedRecord, days: int, comes: Callable[[int], int], *, from_day: int = 0) -> Iterator[FeedRecord]:
    """The records of a feed after each of its polls, every six hours. comes: what each brings, by hours since START."""
    for hour in range(from_day * 24, (from_day + days) * 24, 6):
        now, new = START + timedelta(hours=hour), comes(hour)
        last_new = now if new else record.last_new
        record = replace(record, last_good=now, last_new=last_new, **asdict(counted(record, new, now, last_new)))
        yield record


def every(hours: int) -> Callable[[int], int]:
    return lambda hour: int(hour % hours < 6)


def by_chance(rate: Callable[[int], float], seed: int) -> Callable[[int], int]:
    """What a Poisson process of so many a week brings in six hours."""
    source = random.Random(seed)

    def comes(hour: int) -> int:
        waited, count = source.expovariate(1), 0
        while waited < rate(hour) / 28:
            waited, count = waited + source.expovariate(1), count + 1
        return count

    return comes


def at_work(hour: int) -> bool:
    """Monday to Friday, from six to six."""
    return hour // 24 % 7 < 5 and 6 <= hour % 24 < 18


@pytest.mark.parametrize("per_week", [1, 5, 20, 100])
@pytest.mark.parametrize("share", [1.0, 2.8], ids=["always", "at work"])
@pytest.mark.parametrize("seed", range(3))
def test_chance_and_the_rhythm_of_a_week_are_no_anomaly(per_week: int, share: float, seed: int) -> None:
    comes = by_chance(lambda hour: per_week * share if share == 1 or at_work(hour) else 0, seed)
    assert {record.anomaly for record in polled(feed(), 364, comes)} == {""}


@pytest.mark.parametrize("seed", range(5))
def test_a_silent_fortnight_of_a_slow_feed_is_no_anomaly(seed: int) -> None:
    comes = by_chance(lambda hour: 0 if hour // 168 in (20, 21, 40, 41) else 3, seed)
    assert {record.anomaly for record in polled(feed(), 364, comes)} == {""}


def test_what_comes_once_a_month_may_be_silent_in_between() -> None:
    # Three weeks after its first issue nobody can know that yet.
    *_, known = polled(feed(), 56, lambda hour: 12 * (hour % 672 == 24))
    later = polled(known, 364, lambda hour: 12 * (hour % 672 == 24), from_day=56)
    assert {record.anomaly for record in later} == {""}


@pytest.mark.parametrize("per_week", [12, 14])
@pytest.mark.parametrize("kind", ["even", "by chance"])
def test_a_feed_of_two_a_day_that_never_brings_anything_again_is_odd_for_as_long(per_week: int, kind: str) -> None:
    *_, record = polled(feed(), 140, every(168 // per_week) if kind == "even" else by_chance(lambda _: per_week, 1))
    assert record.anomaly == ""
    silent = list(polled(record, 400, lambda _: 0, from_day=140))
    assert not any(each.anomaly for each in silent[: 5 * 4])
    assert all(each.anomaly.startswith("nothing new for ") for each in silent[16 * 4 :])
    assert f"where {per_week} in a week are usual" in silent[-1].anomaly or kind == "by chance"


def test_a_feed_that_falls_to_a_trickle_is_odd_until_that_is_its_habit() -> None:
    *_, record = polled(feed(), 140, lambda _: 6)
    trickle = list(polled(record, 140, every(24), from_day=140))
    weeks = [{each.anomaly for each in trickle[week * 28 : week * 28 + 28]} for week in range(20)]
    assert weeks[0] == {""}
    assert weeks[1] == {"only 7 new in the week before, where 168 in a week are usual"}
    assert weeks[5:] == [{""}] * 15
    # And at once no more where it brings again what it used to.
    *_, again = polled(trickle[30], 2, lambda _: 6, from_day=148)
    assert again.anomaly == ""


@pytest.mark.parametrize("days", [3, 5, 12, 40])
@pytest.mark.parametrize("backlog", [1, 50, 400])
def test_what_nobody_watched_is_no_habit(days: int, backlog: int) -> None:
    # The feed failed, or no poller ran: then all feeds together would differ from their habits.
    *_, record = polled(feed(), 143, lambda _: 6)
    back = 143 + days
    after = list(polled(record, 30, lambda hour: backlog if hour == back * 24 else 6, from_day=back))
    assert {each.anomaly for each in after[1:]} == {""}
    assert after[-1].habit == pytest.approx(168, abs=1)
    assert after[-1].longest_pause < 86_400
    *_, silent = polled(after[-1], 4, lambda _: 0, from_day=back + 30)
    assert silent.anomaly.startswith("nothing new for 4 days")


def test_a_feed_that_is_asked_every_third_day_is_watched() -> None:
    record = replace(feed(), interval=3 * 86_400)
    for poll in range(30):
        now = START + timedelta(days=3 * poll)
        record = replace(record, last_good=now, last_new=now, **asdict(counted(record, 9, now, now)))
    assert record.habit == pytest.approx(21, abs=5)


def test_a_silence_that_ended_counts_into_the_habit() -> None:
    *_, record = polled(feed(), 70, every(12))
    *_, back = polled(record, 42, lambda hour: int(hour >= 110 * 24), from_day=70)
    assert (back.weeks, round(back.habit, 1), back.week_before) == (15, round(14 * (2 / 3) ** 5, 1), 0)


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
