"""The topics: what travels on each, how it is keyed and partitioned, and how long it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from schemas.records import Alert, DeadLetter, EnrichedArticle, Forgotten, RawArticle, StoryMember, TopicRecord


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Records of one key go to one partition and so stay in order; `key` is chosen such that whatever must stay in order
    shares it. A compacted topic keeps every record for `retention`, and the newest of each key for ever. A topic that
    is read as a `whole`, in one order by one member, never has more than one partition.
    """

    name: str
    record: type[TopicRecord]
    key: Callable[[Any], str]
    partitions: int
    retention: timedelta
    compacted: bool = False
    whole: bool = False


RAW = Topic("raw", RawArticle, lambda record: record.id, partitions=6, retention=timedelta(days=14))
ENRICHED = Topic(
    "enriched", EnrichedArticle, lambda record: record.id, partitions=1, retention=timedelta(days=30), whole=True
)
"""One partition: whoever tells stories apart must see every article, and in one order."""
STORIES = Topic(
    "stories", StoryMember, lambda record: record.id, partitions=1, retention=timedelta(days=60), whole=True
)
"""Kept longer than `enriched`, of which Kafka deletes whole segments, so that some records outlive their time by days:
what can come again from there is known here.
"""
ALERTS = Topic("alerts", Alert, lambda record: record.id, partitions=3, retention=timedelta(days=90), compacted=True)
DEAD_LETTERS = Topic("dead-letters", DeadLetter, lambda record: record.id, partitions=1, retention=timedelta(days=90))
FORGOTTEN = Topic(
    "forgotten", Forgotten, lambda record: record.id, partitions=1, retention=timedelta(days=90), compacted=True
)
"""Kept for ever: so may the alerts be of which it speaks. Each has a key of its own, and there are few."""

TOPICS: dict[str, Topic] = {topic.name: topic for topic in (RAW, ENRICHED, STORIES, ALERTS, DEAD_LETTERS, FORGOTTEN)}
"""Every topic by its name."""


def topic_of(record: TopicRecord) -> Topic:
    """The topic that a record travels on."""
    for topic in TOPICS.values():
        if isinstance(record, topic.record):
            return topic
    raise TypeError(f"{type(record).__name__} travels on no topic")
