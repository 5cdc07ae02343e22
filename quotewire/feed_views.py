"""The feeds as people are shown them: what is listed, joined with what the poller remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from producers.opml import FeedSource
from producers.urls import without_credentials
from quotewire.ports import FeedRecord
from quotewire.subscription_port import Subscription


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
    push: str = ""
    """How it stands with its WebSub hub; empty where it has none, or WebSub is not used."""
    push_state: str = ""
    """The same in one word: `asked`, `active`, `denied`."""


def feed_views(
    sources: Sequence[FeedSource], records: Mapping[str, FeedRecord], subscriptions: Mapping[str, Subscription]
) -> list[FeedView]:
    """A view of each source, in order; credentials in addresses are left out."""
    views = []
    for source in sources:
        name = without_credentials(source.url)
        views.append(_view(source, records.get(name) or FeedRecord(source.url), subscriptions.get(name)))
    return views


def _view(source: FeedSource, record: FeedRecord, subscription: Subscription | None) -> FeedView:
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
        push=_push(subscription) if subscription else "",
        push_state=subscription.state if subscription else "",
    )


def _push(subscription: Subscription) -> str:
    hub = urlsplit(subscription.hub).hostname or subscription.hub
    refused = f", {subscription.refused} pushes refused: wrong signature" if subscription.refused else ""
    if subscription.state == "denied":
        return f"denied by {hub}: {subscription.reason}{refused}"
    if subscription.state == "active" and subscription.lease_until:
        return f"pushed by {hub} until {subscription.lease_until:%Y-%m-%d %H:%M}, {subscription.pushes} so far{refused}"
    failure = f": {subscription.reason}" if subscription.reason else ""
    return f"asked of {hub}, not confirmed{failure}{refused}"
