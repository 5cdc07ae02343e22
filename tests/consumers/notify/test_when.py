"""Which alerts a sink is told of, when, and which of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.notify.planning import MOST_PLANNED, MOST_SINGLE, MOST_TOGETHER, messages_left, plan
from consumers.notify.routing import wants
from consumers.notify.times import is_quiet, next_digest
from quotewire.alert_ports import Delivery, Notice, RateLimit, Schedule, Sink
from schemas.records import AlertArticle
from tests.contracts.outbox_suite import make_alert

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (time(22), time(7))
NOON = datetime(2026, 5, 6, 10, 0, tzinfo=UTC)  # a Wednesday; 12:00 in Berlin


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def notices(count: int, created: datetime = NOON, first: int = 0) -> list[Notice]:
    return [Notice("desk", make_alert(first + number), created) for number in range(count)]


NIGHTLY = notices(2 * MOST_TOGETHER + 3, NOON.replace(hour=3))
DAILY = notices(MOST_PLANNED + 3, first=1000)


def sizes(deliveries: Sequence[Delivery]) -> list[tuple[int, str]]:
    return [(len(delivery.notices), delivery.gathered) for delivery in deliveries]


# --- which


def article(**fields: object) -> AlertArticle:
    alert = make_alert(1)
    given = {"id": "a", "added": NOON, "rule": "name", "confidence": 0.9}
    return AlertArticle.model_validate(given | {"mention": alert.mention, "sentence": alert.sentence} | fields)


ALERT = make_alert(
    1,
    conditions=("mentioned", "quoted"),
    articles=(
        article(outlet="Courier", language="en", tags=("world", "sea")),
        article(id="b", outlet="Küste", language="de", tags=("local",)),
        article(id="c", outlet="Gone", language="sv", tags=("old",), corrected=True),
    ),
)


@pytest.mark.parametrize(
    ("sink", "wanted"),
    [
        (Sink("s"), True),
        (Sink("s", names=("ada lindqvist", "Somebody")), True),
        (Sink("s", names=("Somebody",)), False),
        (Sink("s", conditions=("quoted", "headline")), True),
        (Sink("s", conditions=("headline",)), False),
        (Sink("s", least_confidence=0.9), True),
        (Sink("s", least_confidence=0.91), False),
        (Sink("s", outlets=("Küste",), languages=("de",)), True),
        (Sink("s", outlets=("Courier",), languages=("de",)), False),
        (Sink("s", tags=("sea",)), True),
        (Sink("s", tags=("sky",)), False),
        (Sink("s", tags=("old",)), False),
    ],
)
def test_a_sink_is_told_of_what_it_asks_for(sink: Sink, wanted: bool) -> None:
    assert wants(sink, ALERT) is wanted


# --- when


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-05-06T21:59:59+02:00", False),
        ("2026-05-06T22:00:00+02:00", True),
        ("2026-05-07T06:59:59+02:00", True),
        ("2026-05-07T07:00:00+02:00", False),
        ("2026-05-06T20:00:00+00:00", True),
        ("2026-12-06T20:30:00+00:00", False),  # 21:30 in a Berlin winter
    ],
)
def test_quiet_hours_are_by_the_sinks_own_clock(moment: str, quiet: bool) -> None:
    assert is_quiet(Sink("s", quiet=NIGHT, time_zone=BERLIN), at(moment)) is quiet


def test_quiet_hours_within_a_day() -> None:
    sink = Sink("s", quiet=(time(12), time(13, 30)))
    assert [is_quiet(sink, NOON.replace(hour=hour)) for hour in (11, 12, 13, 14)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("schedule", "moment", "due"),
    [
        (Schedule("hour"), "2026-05-06T10:00:00+02:00", "2026-05-06T11:00:00+02:00"),
        (Schedule("hour"), "2026-05-06T10:59:59.5+02:00", "2026-05-06T11:00:00+02:00"),
        (Schedule("day", time(8)), "2026-05-06T07:59:00+02:00", "2026-05-06T08:00:00+02:00"),
        (Schedule("day", time(8)), "2026-05-06T08:00:00+02:00", "2026-05-07T08:00:00+02:00"),
        (Schedule("week", time(8), 0), "2026-05-06T08:00:00+02:00", "2026-05-11T08:00:00+02:00"),
        (Schedule("week", time(8), 2), "2026-05-06T07:00:00+02:00", "2026-05-06T08:00:00+02:00"),
        # Clocks go forward on 29 March 2026 and back on 25 October: eight o'clock stays eight o'clock.
        (Schedule("day", time(8)), "2026-03-28T09:00:00+01:00", "2026-03-29T08:00:00+02:00"),
        (Schedule("day", time(8)), "2026-10-24T09:00:00+02:00", "2026-10-25T08:00:00+01:00"),
    ],
)
def test_a_digest_comes_at_its_time(schedule: Schedule, moment: str, due: str) -> None:
    assert next_digest(Sink("s", schedule=schedule, time_zone=BERLIN), at(moment)) == at(due)


@given(
    moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    schedule=st.builds(
        Schedule,
        st.sampled_from(["hour", "day", "week"]),
        st.times().map(lambda t: t.replace(second=0)),
        st.integers(0, 6),
    ),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_the_next_digest_lies_ahead_and_not_too_far(moment: datetime, schedule: Schedule, zone: str) -> None:
    due = next_digest(Sink("s", schedule=schedule, time_zone=ZoneInfo(zone)), moment)
    longest = {"hour": timedelta(hours=1), "day": timedelta(hours=25), "week": timedelta(days=7, hours=1)}
    assert moment < due <= moment + longest[schedule.every]


# --- together


def test_alerts_at_once_come_one_by_one() -> None:
    found = plan(Sink("desk"), notices(3), NOON)
    assert sizes(found) == [(1, ""), (1, ""), (1, "")]
    assert [delivery.key for delivery in found] == [notice.key for notice in notices(3)]


def test_many_at_a_time_come_together() -> None:
    found = plan(Sink("desk"), notices(MOST_SINGLE + 5), NOON)
    assert sizes(found) == [(1, "")] * (MOST_SINGLE - 1) + [(6, "many")]


def test_after_a_sink_was_away_all_comes_together() -> None:
    assert sizes(plan(Sink("desk"), notices(4), NOON, away=True)) == [(4, "many")]
    assert sizes(plan(Sink("desk"), notices(1), NOON, away=True)) == [(1, "")]


def test_nothing_comes_in_quiet_hours_and_then_all_of_it_in_one() -> None:
    sink = Sink("desk", quiet=NIGHT)
    night = notices(3, NOON.replace(hour=23))
    assert plan(sink, night, NOON.replace(hour=23)) == []
    morning = NOON.replace(day=7, hour=7)
    assert sizes(plan(sink, [*night, *notices(1, morning, first=9)], morning)) == [(3, "quiet hours"), (1, "")]


def test_a_rate_limit_holds_back_and_tells_the_rest_in_one() -> None:
    sink = Sink("desk", rate=RateLimit(3, timedelta(hours=1)))
    assert sizes(plan(sink, notices(5), NOON, left=3)) == [(1, ""), (1, ""), (3, "rate limit")]
    told = [NOON - timedelta(minutes=minutes) for minutes in (5, 10, 59)]
    assert messages_left(sink, told, NOON) == 0
    assert plan(sink, notices(5), NOON, left=0) == []
    assert messages_left(sink, told, NOON + timedelta(minutes=2)) == 1
    assert sizes(plan(sink, notices(5), NOON, left=1)) == [(5, "rate limit")]
    assert messages_left(Sink("desk"), told, NOON) is None


def test_more_than_a_message_holds_waits_for_the_next_one_that_the_limit_allows() -> None:
    sink = Sink("desk", rate=RateLimit(2, timedelta(hours=1)))
    assert sizes(plan(sink, notices(500), NOON, left=1)) == [(200, "rate limit")]
    assert sizes(plan(sink, notices(500), NOON, left=2)) == [(200, "rate limit"), (200, "rate limit")]
    assert sizes(plan(sink, notices(201), NOON, left=2)) == [(1, ""), (200, "rate limit")]
    daily = replace(sink, schedule=Schedule("day", time(8)))
    assert sizes(plan(daily, notices(500), NOON + timedelta(days=1), left=2)) == [(200, "digest"), (200, "digest")]


def test_a_digest_waits_for_its_time_and_says_that_it_is_one() -> None:
    sink = Sink("desk", schedule=Schedule("day", time(8)))
    waiting = [*notices(1), *notices(1, NOON.replace(day=7, hour=7), first=5)]
    assert plan(sink, waiting, NOON.replace(day=7, hour=7, minute=59)) == []
    assert sizes(plan(sink, waiting, NOON.replace(day=7, hour=8))) == [(2, "digest")]
    assert sizes(plan(sink, waiting[:1], NOON.replace(day=8))) == [(1, "digest")]
    assert plan(replace(sink, quiet=(time(7), time(9))), waiting, NOON.replace(day=7, hour=8)) == []


@given(
    count=st.integers(0, MOST_PLANNED + 3),
    in_quiet=st.integers(0, 2 * MOST_TOGETHER + 3),
    left=st.none() | st.integers(0, 30),
    away=st.booleans(),
)
@settings(max_examples=60)
def test_every_notice_is_told_once_or_waits(count: int, in_quiet: int, left: int | None, away: bool) -> None:
    waiting = [*NIGHTLY[:in_quiet], *DAILY[:count]]
    found = plan(Sink("desk", quiet=NIGHT), waiting, NOON, left=left, away=away)
    gone = {id(notice) for delivery in found for notice in delivery.notices}
    assert len(gone) == sum(len(delivery.notices) for delivery in found)
    budget = min(1 if away else MOST_SINGLE, MOST_SINGLE if left is None else left)
    assert len(found) <= budget
    assert len(gone) == min(len(waiting), budget * MOST_TOGETHER)
    # What waits on is what came last.
    assert gone == {id(notice) for notice in waiting[: len(gone)]}
    assert all(0 < len(delivery.notices) <= MOST_TOGETHER for delivery in found)
