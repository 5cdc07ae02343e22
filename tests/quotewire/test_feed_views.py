"""How feeds are shown: how each stands with its hub, and no secret in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from producers.opml import FeedSource
from quotewire.feed_views import feed_views
from quotewire.ports import FeedRecord
from quotewire.subscription_port import Subscription
from tests.contracts.subscription_suite import FEED, NOW, subscription


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (subscription(), "asked of hub.example, not confirmed"),
        (subscription(reason="HTTP 500"), "asked of hub.example, not confirmed: HTTP 500"),
        (
            subscription(state="active", lease_until=NOW + timedelta(days=1), pushes=3, refused=2),
            "pushed by hub.example until 2026-03-05 05:06, 3 so far, 2 pushes refused: wrong signature",
        ),
        (subscription(state="denied", reason="not for you"), "denied by hub.example: not for you"),
    ],
)
def test_how_a_feed_stands_with_its_hub_is_told(made: Subscription, told: str) -> None:
    [view] = feed_views([FeedSource(FEED.replace("//", "//me:hunter2@"))], {FEED: FeedRecord(FEED)}, {FEED: made})
    assert (view.push, view.push_state) == (told, made.state)
    assert made.secret not in repr(view)
    assert made.token not in repr(view)
    assert "hunter2" not in repr(view)


def test_a_feed_without_a_hub_says_nothing_of_one() -> None:
    [view] = feed_views([FeedSource(FEED)], {}, {})
    assert (view.push, view.push_state) == ("", "")
