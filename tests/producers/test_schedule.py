"""When feeds are asked again, and what state they are in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.documents import FeedHints
from producers.schedule import (
    FAILED_STATES,
    Answered,
    Failed,
    ScheduleLimits,
    after_answer,
    after_failure,
    due,
)
from quotewire.ports import FeedRecord

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LIMITS = ScheduleLimits(jitter=0.1)
RECORD = FeedRecord("https://ashmere.example/feed.xml", interval=1_800, polls=9, last_good=NOW, last_new=NOW)


def middle() -> float:
    return 0.5


def answered(record: FeedRecord = RECORD, *, now: datetime = NOW, **fields: Any) -> FeedRecord:
    answer = Answered(**({"entries": 20} | fields))
    return after_answer(record, answer, now, LIMITS, middle)


def failed(
    record: FeedRecord = RECORD, kind: str = "hard", *, retry_after: float | None = None, now: datetime = NOW
) -> FeedRecord:
    failure = Failed(kind, f"why: {kind}", retry_after)  # type: ignore[arg-type]
    return after_failure(record, failure, now, LIMITS, middle)


def wait(record: FeedRecord, now: datetime = NOW) -> float:
    assert record.next_poll is not None
    return (record.next_poll - now).total_seconds()


def test_a_feed_never_polled_is_due() -> None:
    assert due(None, NOW)
    assert due(FeedRecord("https://ashmere.example/"), NOW)
    assert due(replace(RECORD, next_poll=NOW), NOW)
    assert not due(replace(RECORD, next_poll=NOW + timedelta(seconds=1)), NOW)


def test_nothing_new_makes_the_interval_longer_and_something_makes_it_a_good_deal_shorter() -> None:
    longer = answered().interval
    shorter = answered(new=1).interval
    much_shorter = answered(new=15).interval
    assert much_shorter < shorter < 1_800 < longer
    assert longer / 1_800 < 1_800 / shorter


def test_the_first_answer_says_nothing_of_how_often_a_feed_changes() -> None:
    assert answered(FeedRecord("https://ashmere.example/"), new=20).interval == LIMITS.start


@given(new=st.lists(st.integers(0, 20), max_size=200), jitter=st.floats(0, 0.999))
def test_the_interval_stays_between_floor_and_ceiling(new: list[int], jitter: float) -> None:
    record = RECORD
    for number in new:
        record = after_answer(record, Answered(entries=20, new=number), NOW, LIMITS, lambda: jitter)
        assert LIMITS.floor <= record.interval <= LIMITS.ceiling
        assert LIMITS.floor * 0.9 <= wait(record) <= LIMITS.ceiling * 1.1


@pytest.mark.parametrize(
    "fields",
    [
        {"hints": FeedHints(ttl=1_700)},
        {"hints": FeedHints(update_interval=1_700)},
        {"freshness": 1_700.0},
        {"hints": FeedHints(ttl=100), "freshness": 1_700.0},
    ],
)
def test_a_feeds_own_word_is_heeded(fields: dict[str, Any]) -> None:
    record = answered(replace(RECORD, interval=300), new=1, **fields)
    assert wait(record) == pytest.approx(1_700)
    # And forgotten where the feed takes it back.
    assert wait(answered(record, new=1, hints=FeedHints())) == pytest.approx(300)


def test_a_feeds_own_word_is_capped() -> None:
    record = answered(replace(RECORD, interval=300), new=1, hints=FeedHints(ttl=1e8), freshness=31_536_000.0)
    assert wait(record) == pytest.approx(LIMITS.hint)


def test_hours_and_days_to_skip_are_skipped_and_never_for_more_than_a_day() -> None:
    hours = answered(hints=FeedHints(skip_hours=(5, 6, 7)))
    assert hours.next_poll is not None
    assert (hours.next_poll.hour, hours.next_poll.minute) == (8, (NOW + timedelta(seconds=1_980)).minute)
    days = answered(hints=FeedHints(skip_days=(NOW.weekday(),)))
    assert days.next_poll is not None
    assert days.next_poll.weekday() != NOW.weekday()
    always = answered(hints=FeedHints(skip_hours=tuple(range(24)), skip_days=tuple(range(7))))
    assert wait(always) <= 86_400 + LIMITS.ceiling


def test_jitter_spreads_feeds_that_march_in_step() -> None:
    numbers = iter(number / 50 for number in range(50))
    waits = {wait(after_answer(RECORD, Answered(20), NOW, LIMITS, lambda: next(numbers))) for _ in range(50)}
    assert len(waits) == 50
    assert max(waits) / min(waits) > 1.15


# --- failures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("soft", "failing"),
        ("hard", "failing"),
        ("refused", "failing"),
        ("blocked", "blocked"),
        ("gone", "gone"),
        ("not a feed", "not a feed"),
    ],
)
def test_each_failure_is_a_state_with_its_reason(kind: str, state: str) -> None:
    record = failed(kind=kind)
    assert (record.state, record.reason, record.failures) == (state, f"why: {kind}", 1)
    assert state in FAILED_STATES
    assert record.interval == RECORD.interval


def test_hard_failures_weigh_more_than_soft_ones() -> None:
    soft = hard = RECORD
    for _ in range(5):
        soft, hard = failed(soft, "soft"), failed(hard, "hard")
    assert wait(hard) > 2 * wait(soft) > 4 * RECORD.interval


def test_a_good_answer_forgets_every_failure() -> None:
    record = RECORD
    for _ in range(6):
        record = failed(record)
    record = answered(record)
    assert (record.state, record.reason, record.failures) == ("fresh", "", 0)
    assert wait(record) < 2_000


def test_dead_feeds_are_tried_ever_more_rarely_and_never_given_up() -> None:
    record, now, waits = RECORD, NOW, []
    for _ in range(60):
        record = failed(record, now=now)
        waits.append(wait(record, now))
        assert record.next_poll is not None
        now = record.next_poll
    assert waits == sorted(waits)
    assert max(waits[: LIMITS.dead_after - 1]) == LIMITS.failing
    assert waits[-1] == LIMITS.dead
    assert record.state == "dead"
    assert "2026-03-04" in record.reason
    assert answered(record, now=now).state == "fresh" or answered(record, now=now).state == "quiet"


def test_a_fault_that_may_be_at_this_end_kills_no_feed_for_weeks() -> None:
    record, now = RECORD, NOW
    while now < NOW + timedelta(days=45):
        record = failed(record, "soft", now=now)
        assert record.state == "failing"
        assert wait(record, now) <= 6 * 3_600
        assert record.next_poll is not None
        now = record.next_poll


def test_a_feed_that_is_gone_is_asked_once_a_month() -> None:
    assert wait(failed(kind="gone")) == LIMITS.dead


@given(seconds=st.floats(0, 1e9), number=st.floats(0, 0.999), kind=st.sampled_from(["soft", "hard", "blocked"]))
def test_retry_after_is_heeded_up_to_a_day_and_never_undercut(seconds: float, number: float, kind: str) -> None:
    failure = Failed(kind, "busy", seconds)  # type: ignore[arg-type]
    waited = wait(after_failure(RECORD, failure, NOW, LIMITS, lambda: number))
    assert waited >= min(seconds, LIMITS.retry_after) - 1e-3
    assert waited <= LIMITS.retry_after * 1.1 + 1


@given(st.integers(0, 10**6))
def test_any_number_of_failures_can_be_counted(failures: int) -> None:
    assert wait(failed(replace(RECORD, failures=failures))) <= LIMITS.dead * 1.1


# --- states ---------------------------------------------------------------------------------------------------------


def test_a_feed_with_news_is_fresh_and_without_for_a_week_quiet() -> None:
    assert answered(new=1).state == "fresh"
    week = NOW + timedelta(days=7, seconds=1)
    quiet = answered(now=week)
    assert (quiet.state, quiet.reason) == ("quiet", "nothing new since 2026-03-04")
    assert answered(quiet, now=week, new=1).state == "fresh"


def test_a_feed_without_entries_is_empty_since_a_day() -> None:
    empty = answered(entries=0, now=NOW + timedelta(days=3))
    assert (empty.state, empty.reason, empty.last_good) == ("empty", "empty for 3 days, since 2026-03-04", NOW)
    again = answered(empty, entries=0, now=NOW + timedelta(days=9))
    assert again.reason == "empty for 9 days, since 2026-03-04"


def test_a_feed_that_never_had_entries_is_empty_since_its_first_answer() -> None:
    empty = answered(FeedRecord("https://ashmere.example/"), entries=0)
    assert empty.reason == "no entries yet"
    for days in range(1, 40):
        empty = answered(empty, entries=0, now=NOW + timedelta(days=days))
        assert empty.reason.endswith(f"empty for {days} day{'s' if days > 1 else ''}, since 2026-03-04")
        assert empty.last_good is None
    # So it is for one that an earlier release remembered, by the weeks that its volume has been watched.
    known = replace(empty, reason="no entries yet", week_start=NOW - timedelta(days=2), weeks=2)
    assert answered(known, entries=0).reason == "no entries yet, empty for 16 days, since 2026-02-16"


def test_a_feed_that_moved_says_where_to() -> None:
    moved = answered(moved_to="https://harrow.example/feed")
    assert moved.state == "moved"
    assert "https://harrow.example/feed" in moved.reason


def test_a_document_with_a_fault_is_fresh_and_says_so() -> None:
    record = answered(new=1, problem="not well-formed, 3 entries could be read")
    assert (record.state, record.reason) == ("fresh", "not well-formed, 3 entries could be read")


def test_a_304_repeats_what_the_document_said_of_coming_back() -> None:
    first = answered(FeedRecord("https://ashmere.example/"), hints=FeedHints(ttl=1_800, skip_hours=(3,)))
    again = answered(replace(first, interval=300), hints=None)
    assert again.hints == first.hints != ""
    assert again.next_poll is not None
    assert (again.next_poll - NOW).total_seconds() > 1_600
    assert answered(again, hints=FeedHints()).hints == ""
