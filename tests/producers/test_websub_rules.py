"""What is a hub and what its lease means: decided without one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from producers import websub
from producers.answers import Fetched
from producers.documents import ParsedFeed
from quotewire.subscription_port import Subscription
from tests.producers.polling import SetClock

FEED = "https://a.example/feed"


@pytest.mark.parametrize(
    ("link", "hubs", "topic"),
    [
        ("", ("https://hub.in.document/",), "https://self.in.document/"),
        ('<https://h.example/>; rel="hub"', ("https://h.example/",), "https://self.in.document/"),
        (
            '<https://h.example/a,b>;rel=hub , <//i.example/>; title="x, y"; rel="HUB nofollow", </topic>; rel=self',
            ("https://h.example/a,b", "https://i.example/"),
            "https://a.example/topic",
        ),
        ("<https://a.example/next>; rel=next", ("https://hub.in.document/",), "https://self.in.document/"),
        ("<ftp://h.example/>; rel=hub, <>; rel=hub", ("https://hub.in.document/",), "https://self.in.document/"),
        ("<" * 5_000, ("https://hub.in.document/",), "https://self.in.document/"),
    ],
)
def test_hubs_are_found_in_headers_else_in_the_document(link: str, hubs: tuple[str, ...], topic: str) -> None:
    answer = Fetched("https://a.example/feed", 200, {"link": link} if link else {})
    document = ParsedFeed(hubs=("https://hub.in.document/",), self_url="https://self.in.document/")
    assert websub.discovered(answer, document, FEED) == (hubs, topic)


def test_a_feed_that_says_no_address_of_its_own_is_known_by_the_one_that_is_listed() -> None:
    answer = Fetched("https://a.example/feed?session=17", 200)
    assert websub.discovered(answer, ParsedFeed(hubs=("https://h.example/",)), FEED)[1] == FEED
    assert websub.discovered(answer, ParsedFeed(), FEED)[0] == ()


def test_a_hub_in_a_header_that_names_no_topic_leaves_the_feed_its_own() -> None:
    answer = Fetched("https://a.example/feed?session=17", 200, {"link": '<https://h.example/>; rel="hub"'})
    assert websub.discovered(answer, ParsedFeed(), FEED) == (("https://h.example/",), FEED)
    document = ParsedFeed(self_url="https://self.in.document/")
    assert websub.discovered(answer, document, FEED)[1] == "https://self.in.document/"


def test_a_lease_of_a_second_does_not_say_how_often_a_hub_is_asked() -> None:
    now = SetClock().now()
    granted = websub.verified(Subscription(FEED, "https://h.example/", FEED, "token", "secret", next_step=now), 1, now)
    assert granted.lease_until == now + timedelta(seconds=1)
    assert granted.next_step == now + timedelta(minutes=5)
