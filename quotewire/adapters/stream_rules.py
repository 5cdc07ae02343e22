"""What the embedded streams have in common: which partition a key goes to, who of a group gets which partition."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from quotewire.ports import Message, Prepared, Rejected, UnknownTopic
from schemas.topics import Topic

MAXIMUM_BYTES = 64 * 1024 * 1024
"""Largest key and value together that a stream takes, in bytes."""

MAXIMUM_POLLED_BYTES = 32 * 1024 * 1024
"""A poll brings no further records once it has this many bytes of values, so that memory stays bounded."""

PartitionId = tuple[str, int]
"""A topic's name and the partition's number."""


class MachineClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)


def partition_of(message: Message, partitions: int, maximum_bytes: int = MAXIMUM_BYTES) -> int:
    """The partition that a message belongs to: CRC-32 of its key in UTF-8, modulo the number of partitions.

    Raises Rejected for a message that no stream takes: too large, or with a key that has no UTF-8 form.
    """
    try:
        key = message.key.encode()
    except UnicodeEncodeError as error:
        raise Rejected(f"a key of topic {message.topic} is not valid Unicode: {error}") from error
    size = len(key) + len(message.value)
    if size > maximum_bytes:
        raise Rejected(f"a message for topic {message.topic} has {size:,} bytes, more than {maximum_bytes:,}")
    return zlib.crc32(key) % partitions


def prepared_topic(
    topic: Topic,
    done: Literal["created", "changed", "unchanged"],
    partitions: int | None = None,
    retention: timedelta | None = None,
) -> Prepared:
    """What was done about a topic; how it is now, where that is more than is wanted."""
    count, days = partitions or topic.partitions, (retention or topic.retention).days
    kept = f"kept {days} days{', compacted' if topic.compacted else ''}"
    return Prepared(f"topic {topic.name}: {count} partition{'s' if count != 1 else ''}, {kept}", done)


def unknown_topic(topic: str) -> UnknownTopic:
    """The error for a topic that was never created."""
    return UnknownTopic(f"topic {topic!r} was never created or is gone: `quotewire setup` creates it")


def share_out(partitions: Iterable[PartitionId], subscribed: Mapping[int, Sequence[str]]) -> Mapping[PartitionId, int]:
    """Who gets which partition: dealt out one by one, in order, to the members that subscribed to its topic.

    `subscribed` maps a member's number to its topics. Every member computes the same of the same input.
    """
    shares: dict[PartitionId, int] = {}
    for turn, partition in enumerate(sorted(partitions)):
        takers = [member for member in sorted(subscribed) if partition[0] in subscribed[member]]
        if takers:
            shares[partition] = takers[turn % len(takers)]
    return shares
