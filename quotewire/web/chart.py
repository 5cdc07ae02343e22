"""Counts over time as the bars of a small chart. Pure: where the bars stand, not how they look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

MOST_BARS = 60
"""With more days than this, a bar stands for several days."""

WIDTH, HEIGHT = 600, 72
"""Of the chart, in the units of its SVG."""

_NARROWEST_SCALE = 14


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the days `first` to `last` with their count, and its place."""

    first: date
    last: date
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of all spans of days from the first to the last counted, empty ones too; `days` each bar spans."""

    bars: tuple[Bar, ...]
    days: int
    highest: int
    width: int = WIDTH
    height: int = HEIGHT


def chart(days: Iterable[date]) -> Chart | None:
    """The chart of how often each day occurs; none where there is no day."""
    counts = Counter(days)
    if not counts:
        return None
    first, last = min(counts), max(counts)
    length = (last - first).days + 1
    span = next(span for span in count(1) if -(-length // span) <= MOST_BARS)
    totals = [0] * -(-length // span)
    for day, times in counts.items():
        totals[(day - first).days // span] += times
    highest = max(totals)
    # A few days are shown as slim bars at the beginning, not as slabs.
    step = WIDTH / max(len(totals), _NARROWEST_SCALE)
    bars = []
    for place, total in enumerate(totals):
        height = round(total / highest * (HEIGHT - 2), 1)
        start = first + timedelta(days=place * span)
        end = min(last, start + timedelta(days=span - 1))
        bars.append(
            Bar(start, end, total, round(place * step + step * 0.1, 1), HEIGHT - height, round(step * 0.8, 1), height)
        )
    return Chart(tuple(bars), span, highest)
