"""The stream on Kafka; see docs/decisions/ for what was chosen and why."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from quotewire.adapters.kafka_connection import KafkaConnection, KafkaOptions
from quotewire.adapters.kafka_producer import Outbox, Publisher
from quotewire.adapters.kafka_reader import KafkaReaders
from quotewire.adapters.kafka_subscription import KafkaSubscription, stream_record
from quotewire.adapters.kafka_topics import KafkaTopics
from quotewire.ports import Message, PartitionPosition, Prepared, StreamRecord
from schemas.topics import Topic


class KafkaStream:
    """A stream on Kafka; see `quotewire.ports.Stream` for what it promises. Any thread may call any method.

    `address` is as in `KafkaConnection`. Kafka is first asked when a method needs it. Raises ConfigurationError where
    the address or an option cannot work.
    """

    def __init__(self, address: str, options: KafkaOptions | None = None) -> None:
        self._connection = KafkaConnection(address, options)
        self._topics = KafkaTopics(self._connection)
        self._outbox = Outbox(self._connection, self._topics)
        self._publisher = Publisher(self._connection, self._outbox)
        self._readers = KafkaReaders(self._connection)
        self._subscriptions: weakref.WeakSet[KafkaSubscription] = weakref.WeakSet()

    def create_topics(self, topics: Iterable[Topic]) -> Sequence[Prepared]:
        """See `quotewire.ports.Stream`. Raises ConfigurationError where the broker's rules forbid it, too."""
        return self._topics.create(topics)

    def missing_topics(self, topics: Iterable[Topic]) -> Sequence[str]:
        """See `quotewire.ports.Stream`."""
        return self._topics.missing(topics)

    def publish(self, messages: Sequence[Message]) -> None:
        """See `quotewire.ports.Stream`."""
        self._publisher.publish(messages)

    def subscribe(self, topics: Sequence[str], group: str) -> KafkaSubscription:
        """See `quotewire.ports.Stream`. The group is joined at the first poll."""
        subscription = KafkaSubscription(self._connection, self._topics, self._outbox, topics, group)
        self._subscriptions.add(subscription)
        return subscription

    def read(
        self, topic: str, start: Mapping[int, int] | None = None, end: Mapping[int, int] | None = None
    ) -> Iterator[StreamRecord]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created.

        A commit is part of the topic for whoever committed, even before Kafka shows it to readers; so the transactions
        under way when the reading begins are waited for.
        """
        start, end = start or {}, self.ends(topic) if end is None else end
        partitions = [
            each for each in self._topics.partitions(topic) if start.get(each.partition, 0) < end[each.partition]
        ]
        beginnings = self._topics.beginnings(partitions)
        for partition in partitions:
            first = max(start.get(partition.partition, 0), beginnings[partition])
            for record in self._readers.records(partition, first, end[partition.partition]):
                yield stream_record(topic, record)

    def ends(self, topic: str) -> Mapping[int, int]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        ends = self._topics.ends(self._topics.partitions(topic))
        return {partition.partition: end for partition, end in ends.items()}

    def positions(self, topic: str, group: str) -> Sequence[PartitionPosition]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created.

        `committed` is the offset of the group's next record: what transactions leave between the two is no lag.
        """
        partitions = self._topics.partitions(topic)
        beginnings, ends = self._topics.beginnings(partitions), self._topics.ends(partitions)
        committed = self._topics.committed(group, partitions)
        stands = {each: max(committed[each] or 0, beginnings[each]) for each in partitions}
        stands = self._readers.next_records(stands, ends)
        return [
            PartitionPosition(topic, each.partition, beginnings[each], ends[each], stands[each]) for each in partitions
        ]

    def offsets_at(self, topic: str, time: datetime) -> Mapping[int, int]:
        """See `quotewire.ports.Stream`. Raises KeyError for a topic that was never created."""
        return self._topics.offsets_at(topic, time)

    def move(self, topic: str, group: str, offsets: Mapping[int, int]) -> None:
        """See `quotewire.ports.Stream`. An offset past the end means the end.

        Raises KeyError for a topic or partition that was never created.
        """
        self._topics.move(topic, group, offsets)

    def close(self) -> None:
        """See `quotewire.ports.Stream`."""
        for subscription in list(self._subscriptions):
            subscription.close()
        self._publisher.close()
        self._readers.close()
        self._topics.close()
