"""The bars of a chart: every day counted once, within the frame."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from quotewire.web.chart import MOST_BARS, chart

days = st.lists(st.dates(date(2020, 1, 1), date(2026, 12, 31)), min_size=1)


@given(days)
def test_every_day_is_counted_once_in_order(given_days: list[date]) -> None:
    drawn = chart(given_days)
    assert drawn is not None
    assert sum(bar.count for bar in drawn.bars) == len(given_days)
    assert len(drawn.bars) <= MOST_BARS
    assert drawn.bars[0].first == min(given_days)
    assert drawn.bars[-1].last == max(given_days)
    for bar in drawn.bars:
        assert bar.count == sum(bar.first <= day <= bar.last for day in given_days)


@given(days)
def test_bars_stand_within_the_frame_side_by_side(given_days: list[date]) -> None:
    drawn = chart(given_days)
    assert drawn is not None
    assert max(bar.height for bar in drawn.bars) > drawn.height / 2
    for left, right in zip(drawn.bars, drawn.bars[1:], strict=False):
        assert left.x + left.width <= right.x + 0.11
    assert all(bar.x >= 0 and bar.x + bar.width <= drawn.width and bar.y >= 0 for bar in drawn.bars)


def test_no_days_make_no_chart() -> None:
    assert chart([]) is None
