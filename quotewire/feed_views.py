"""The feeds as people are shown them: what is listed, joined with what the poller remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from producers.opml import FeedSource
from producers.urls import without_credentials
from quotewire.ports import FeedRecord


@dataclass(frozen=True, slots=True)
class FeedView:
    """A listed feed. `entries`: how many were in its last good answer. What the states mean: docs/feeds.md."""

    url: str
    title: str
    tags: tuple[str, ...]
    state: str
    reason: str
    entries: int
    last_poll: datetime | None
    last_good: datetime | None
    next_poll: datetime | None
    anomaly: str = ""
    """How its volume differs from its own habit, as `reason` says too; empty where it does not."""


def feed_views(sources: Sequence[FeedSource], records: Mapping[str, FeedRecord]) -> list[FeedView]:
    """A view of each source, in order; credentials in addresses are left out."""
    return [_view(source, records.get(without_credentials(source.url)) or FeedRecord(source.url)) for source in sources]


def _view(source: FeedSource, record: FeedRecord) -> FeedView:
    return FeedView(
        url=without_credentials(source.url),
        title=source.title or record.title,
        tags=source.tags,
        state=record.state,
        reason="; ".join(text for text in (record.reason, record.anomaly) if text),
        entries=record.entries,
        last_poll=record.last_poll,
        last_good=record.last_good,
        next_poll=record.next_poll,
        anomaly=record.anomaly,
    )
