"""What the suites of the stream share: names that nobody else uses, messages, and patience."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from quotewire.ports import Message, Stream, StreamRecord, Subscription
from schemas.records import RawArticle
from schemas.topics import Topic


def fresh(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}-{uuid.uuid4().hex[:12]}"


def make_topic(stream: Stream, partitions: int = 3) -> str:
    """A new topic on the stream."""
    topic = Topic(fresh("topic"), RawArticle, lambda record: record.id, partitions, timedelta(days=7))
    stream.create_topics([topic])
    return topic.name


def messages(topic: str, count: int, keys: int = 7, start: int = 0) -> list[Message]:
    """Messages whose values count up, over some keys."""
    return [Message(topic, f"key {n % keys}", f"value {n}".encode()) for n in range(start, start + count)]


def values(records: Sequence[StreamRecord] | Iterator[StreamRecord]) -> list[bytes]:
    """The values of records, sorted."""
    return sorted(record.value for record in records)


def by_key(records: Sequence[StreamRecord] | Iterator[StreamRecord]) -> dict[str, list[bytes]]:
    """The values of each key, in order."""
    found = defaultdict(list)
    for record in records:
        found[record.key].append(record.value)
    return dict(found)


class StreamParts:
    """What the suites need of an adapter: the fixture `stream`, and how patient to be with it."""

    patience = 10.0
    """Seconds within which a group is joined or shared out anew."""
    silence = 0.1
    """Seconds of polling after which nothing more is taken to come."""
    too_large = 9_000_000
    """Bytes of a value that the stream refuses."""

    @pytest.fixture
    def stream(self) -> Iterator[Stream]:
        pytest.fail("an adapter's test class gives the fixture `stream`")

    @pytest.fixture
    def subscribe(self, stream: Stream) -> Iterator[Callable[[str, str], Subscription]]:
        with contextlib.ExitStack() as open_ones:

            def subscribe(topic: str, group: str) -> Subscription:
                subscription = stream.subscribe([topic], group)
                open_ones.callback(subscription.close)
                return subscription

            yield subscribe

    def take(self, subscription: Subscription, count: int, limit: int = 100) -> list[StreamRecord]:
        """Poll until `count` records came."""
        records: list[StreamRecord] = []
        deadline = time.monotonic() + self.patience
        while len(records) < count and time.monotonic() < deadline:
            records += subscription.poll(min(limit, count - len(records)), 0.2)
        assert len(records) == count
        return records

    def assert_silent(self, *subscriptions: Subscription) -> None:
        for subscription in subscriptions:
            assert subscription.poll(100, self.silence) == []

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.patience
        while not condition():
            assert time.monotonic() < deadline, "it never came about"
