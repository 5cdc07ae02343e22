"""What the page reads and, where an analyst edits, writes; handed in by whoever starts it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from quotewire.alert_ports import Inbox
from quotewire.desk import Desk
from quotewire.feed_views import FeedView
from quotewire.ports import Index


@dataclass(frozen=True, slots=True)
class Sources:
    """Asked anew for every request, by several threads at once; raise Unavailable and ConfigurationError."""

    index: Index
    feeds: Callable[[], Sequence[FeedView]]
    inbox: Inbox
    desk: Desk

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return datetime.now(UTC)


def _sources(request: Request) -> Sources:
    return cast(Sources, request.app.state.sources)


FromSources = Annotated[Sources, Depends(_sources)]
"""The sources, as a parameter of an endpoint."""
