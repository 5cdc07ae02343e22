"""How long it took from publication, and from when we first saw it, until an alert was raised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from quotewire.ports import Index
from schemas.records import Alert

_AT_ONCE = 200
MOST_ALERTS = 2_000
"""Alerts that are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds within which half, 95 and 99 of a hundred alerts were raised, and of how many alerts that is."""

    alerts: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Since the feed's date of publication, which is what a reader feels, and since the poller saw the article, which
    is what this program answers for. None where no alert has that time.
    """

    published: Spread | None
    seen: Spread | None


def alerts_since(index: Index, moment: datetime, *, name: str | None = None) -> Iterator[Alert]:
    """The alerts raised since a moment, the newest first. Raises Unavailable."""
    for offset in range(0, MOST_ALERTS, _AT_ONCE):
        page = index.alerts(name=name, offset=offset, limit=_AT_ONCE)
        for alert in page:
            if alert.raised < moment:
                return
            yield alert
        if len(page) < _AT_ONCE:
            return


def latency(alerts: Iterable[Alert]) -> Latency:
    """How long these alerts took."""
    published, seen = [], []
    for alert in alerts:
        if alert.published is not None:
            published.append(_seconds(alert.published, alert.raised))
        article = alert.in_article(alert.article)
        if article is not None and article.fetched is not None:
            seen.append(_seconds(article.fetched, alert.raised))
    return Latency(_spread(published), _spread(seen))


def _seconds(start: datetime, end: datetime) -> float:
    """Feeds also date articles in the future."""
    return max(0.0, (end - start).total_seconds())


def _spread(seconds: list[float]) -> Spread | None:
    if not seconds:
        return None
    seconds.sort()
    return Spread(len(seconds), *(_percentile(seconds, share) for share in (50, 95, 99)))


def _percentile(ordered: Sequence[float], share: int) -> float:
    """The least of the values that so many of a hundred do not exceed (nearest rank)."""
    return ordered[-(-len(ordered) * share // 100) - 1]
