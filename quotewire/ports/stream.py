"""The port of the stream: topics, consumer groups, atomic commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from quotewire.ports.prepared import Prepared
from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish. Messages of one key keep their order."""

    topic: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A message as it stands in a topic.

    `offset` counts the records of one partition from 0, in order; there may be gaps.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    time: datetime


@dataclass(frozen=True, slots=True)
class PartitionPosition:
    """Where a group stands in one partition. Offsets name the next record: `lag` is `end - committed`.

    `beginning` is the oldest record still kept, `end` the offset that the next record will get. A group that never
    committed stands at the beginning.
    """

    topic: str
    partition: int
    beginning: int
    end: int
    committed: int

    @property
    def lag(self) -> int:
        """How many records are still to be processed (gaps counted, so never too few)."""
        return max(0, self.end - max(self.committed, self.beginning))


class Subscription(Protocol):
    """One member of a consumer group; used by one thread.

    The group's partitions are shared out among its live members, each partition to one member. A member that dies or
    closes leaves its partitions to the others, who start at the last commit.
    """

    def poll(self, limit: int, timeout: float) -> Sequence[StreamRecord]:
        """Up to `limit` further records of the partitions this member holds, waiting up to `timeout` seconds.

        Records of one partition come in order, each once between two rewinds. An empty answer means nothing came in
        time. Joining, leaving and rebalancing happen inside this call. Raises Unavailable.
        """
        ...

    def commit(self, outputs: Sequence[Message] = ()) -> None:
        """Publish `outputs` and mark everything polled so far as processed, in one step: both happen or neither.

        When it returns, both are durable. Raises Rebalanced where another member holds the partitions by now, and
        Unavailable; after either nothing has happened, `rewind` is called and the records are polled again. For outputs
        it also raises what `publish` does, and then nothing has happened either.
        """
        ...

    def rewind(self) -> None:
        """Go back to the last commit: the next poll brings the records after it again."""
        ...

    def close(self) -> None:
        """Leave the group without committing. Never raises; a second call does nothing."""
        ...


class Stream(Protocol):
    """Topics with partitions, consumer groups and atomic commits. A topic never created is an UnknownTopic everywhere,
    which is a KeyError.
    """

    def create_topics(self, topics: Iterable[Topic]) -> Sequence[Prepared]:
        """Create what is missing of these topics, and let those that are there keep records as long as these say.

        What keeps them longer stays so. What was done about each, in order. Raises Unavailable; ConfigurationError for
        a topic that is there and cannot be made to fit.
        """
        ...

    def missing_topics(self, topics: Iterable[Topic]) -> Sequence[str]:
        """The names of those topics that there are not. Raises Unavailable; ConfigurationError as `create_topics`."""
        ...

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish messages. Durable when it returns; where it raises, any part of them may have been published.

        Raises Unavailable; KeyError for a topic that was never created; Rejected for a message that the stream will
        never take (too large).
        """
        ...

    def subscribe(self, topics: Sequence[str], group: str) -> Subscription:
        """Join a consumer group. Where the group never committed it starts at the oldest record."""
        ...

    def read(
        self, topic: str, start: Mapping[int, int] | None = None, end: Mapping[int, int] | None = None
    ) -> Iterator[StreamRecord]:
        """Every committed record from `start` (partition to offset; default the oldest) on and before `end`; by default
        to the end as it is now.

        For looking, outside any group: partition by partition, in order. Raises Unavailable.
        """
        ...

    def ends(self, topic: str) -> Mapping[int, int]:
        """For each partition the offset that the next record will get. Raises Unavailable."""
        ...

    def positions(self, topic: str, group: str) -> Sequence[PartitionPosition]:
        """Where a group stands in each partition of a topic. Raises Unavailable."""
        ...

    def offsets_at(self, topic: str, time: datetime) -> Mapping[int, int]:
        """For each partition the offset of the first record published at or after `time`, else its end."""
        ...

    def move(self, topic: str, group: str, offsets: Mapping[int, int]) -> None:
        """Set where a group stands, for a replay. Raises Unavailable where the group has live members."""
        ...

    def close(self) -> None:
        """Release what it holds. Subscriptions made from it are closed first."""
        ...
