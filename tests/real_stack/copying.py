"""A worker that copies raw articles to enriched ones; in this process, or as one of its own to be killed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from quotewire.adapters.kafka_connection import KafkaOptions
from quotewire.adapters.kafka_stream import KafkaStream
from quotewire.adapters.stream_rules import MachineClock
from quotewire.batch import Result
from quotewire.ports import Message, Stream
from quotewire.worker import Backoff, Worker
from schemas.codec import encode
from schemas.records import EnrichedArticle, Entry, FeedReference, RawArticle, TopicRecord
from schemas.topics import ENRICHED, RAW

IMPATIENT: dict[str, Any] = {"session": 3, "answer": 5, "connect": 3, "transaction": 3}
"""So that a test need not wait as long as an operator would."""
OPTIONS = KafkaOptions(**IMPATIENT)


class Copier:
    """Makes of each raw article an enriched one."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def prepare(self) -> None:
        """Nothing to load."""

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
        time.sleep(self._seconds)
        return [[EnrichedArticle(id=record.id, text="")] for record in batch if isinstance(record, RawArticle)]


def worker(stream: Stream, seconds: float = 0.0) -> Worker:
    """A worker that takes so many seconds for each batch of five."""
    return Worker(
        stage="copy",
        stream=stream,
        topics=[RAW.name],
        processor=Copier(seconds),
        clock=MachineClock(),
        batch=5,
        backoff=Backoff(longest=1.0),
    )


def raw_articles(count: int, start: int = 0) -> list[Message]:
    """Messages of raw articles, numbered."""
    feed, now = FeedReference(url="https://news.example/feed"), datetime.now(UTC)
    articles = [
        RawArticle(id=f"a{number}", revision=1, feed=feed, entry=Entry(), fetched=now)
        for number in range(start, start + count)
    ]
    return [Message(RAW.name, article.id, encode(article)) for article in articles]


def copied(stream: Stream) -> Counter[str]:
    """How often each article was copied."""
    return Counter(record.key for record in stream.read(ENRICHED.name))


def lag(stream: Stream) -> int:
    """How many raw articles are not copied yet."""
    return sum(position.lag for position in stream.positions(RAW.name, "copy"))


def main(address: str) -> None:
    """Copy until killed."""
    own = KafkaStream(address, OPTIONS)
    worker(own, 0.05).run(threading.Event())
