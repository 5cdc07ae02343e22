"""One member of a consumer group of Kafka, whose commits are transactions.

What the group may rely on: a commit carries the member's id and generation as they were when the records were polled,
so that the broker refuses it once the partitions have passed on; and whoever gets the partitions waits for a
transaction that is still ending before it reads where the group stands.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition, errors
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.base import MemberState
from kafka.structs import OffsetAndMetadata

from quotewire.adapters.kafka_connection import KafkaConnection, milliseconds, refusals
from quotewire.adapters.kafka_producer import Outbox, Transactions, Unsure
from quotewire.adapters.kafka_topics import KafkaTopics, moment
from quotewire.adapters.stream_rules import MAXIMUM_POLLED_BYTES
from quotewire.ports import Message, Rebalanced, StreamRecord, Unavailable

_LOOK = 5.0
"""Seconds of silence after which it is made sure that Kafka still answers and has the topics: its client alone would
wait for ever."""

_LEAVE = 3.0
"""Seconds that leaving the group may take."""


class _Consumer(KafkaConsumer):  # type: ignore[misc] # kafka-python has no types
    """kafka-python's consumer, which ends each joining of its group that it has begun.

    A joining that ends in the background between two polls its own either takes for done, and then it never gets what
    was assigned to it and polls for ever without a wait (where it was for new metadata), or begins anew.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        coordinator = self._coordinator
        needed, join = coordinator.need_rejoin, coordinator.join_group_async

        async def end_or_join(timeout_ms: float | None = None) -> bool:
            joining = coordinator._join_task
            if not (coordinator.rejoining and joining is not None and joining.is_done and joining.succeeded()):
                return bool(await join(timeout_ms))
            coordinator._join_task = None
            with coordinator._lock:
                coordinator.rejoining = coordinator.rejoin_needed = False
                coordinator.state = MemberState.STABLE
                coordinator._enable_heartbeat()
            member = coordinator._generation
            await coordinator._on_join_complete_async(
                member.generation_id, member.member_id, member.protocol, joining.value
            )
            return True

        coordinator.need_rejoin = lambda: coordinator.rejoining or needed()
        coordinator.join_group_async = end_or_join


class KafkaSubscription:
    """A member of a consumer group; see `quotewire.ports.Subscription` for what it promises."""

    def __init__(
        self, connection: KafkaConnection, kafka_topics: KafkaTopics, outbox: Outbox, topics: Sequence[str], group: str
    ) -> None:
        self._connection = connection
        self._kafka_topics = kafka_topics
        self._topics = tuple(topics)
        self._group = group
        self._transactions = Transactions(connection, outbox)
        self._names = {connection.name(topic): topic for topic in topics}
        self._consumer: Any = None
        self._membership: Any = None
        self._first: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._lost = False
        self._unsure = False
        self._heard = 0.0
        self._closed = False

    # --- the port ---------------------------------------------------------------------------------------------------

    def poll(self, limit: int, timeout: float) -> Sequence[StreamRecord]:
        """See `quotewire.ports.Subscription`. Raises KeyError too, for a topic that was never created."""
        self._check_open()
        if limit <= 0:
            return []
        consumer = self._joined()
        if self._unsure:
            self._make_sure(consumer)
        with refusals(f"Kafka at {self._connection.where}, group {self._group}"):
            found = self._bounded(consumer, consumer.poll(timeout_ms=milliseconds(timeout), max_records=limit))
        if not found:
            self._listen()
            return []
        self._heard = time.monotonic()
        for partition, records in found.items():
            self._first.setdefault(partition, records[0].offset)
            self._next[partition] = records[-1].offset + 1
        return [self._record(record) for records in found.values() for record in records]

    def commit(self, outputs: Sequence[Message] = ()) -> None:
        """See `quotewire.ports.Subscription`. Raises KeyError and Rejected too, as `Stream.publish`."""
        self._check_open()
        if self._lost:
            raise Rebalanced(f"another member of group {self._group} holds partitions that were polled")
        if self._next and self._membership.generation_id < 0:
            raise Rebalanced(f"this member is no longer in group {self._group}")
        if self._unsure:
            raise Unavailable(f"group {self._group}: what became of the last commit is not known yet")
        offsets = {partition: OffsetAndMetadata(offset, "", -1) for partition, offset in self._next.items()}
        if outputs:
            self._commit_with(outputs, offsets)
        elif offsets:
            self._commit_only(offsets)
        self._first.clear()
        self._next.clear()

    def rewind(self) -> None:
        """See `quotewire.ports.Subscription`."""
        if self._unsure or self._consumer is None:
            return  # the next poll finds out where the last commit was
        for partition, offset in self._first.items():
            # Not ours any more: it starts at the last commit anyway if it comes back.
            with suppress(ValueError, errors.KafkaError):
                self._consumer.seek(partition, offset)
        self._forget()

    def close(self) -> None:
        """See `quotewire.ports.Subscription`."""
        if self._closed:
            return
        self._closed = True
        self._transactions.close()
        if self._consumer is not None:
            with suppress(errors.KafkaError, OSError, RuntimeError):
                self._consumer.close(autocommit=False, timeout_ms=milliseconds(_LEAVE))

    # --- joining ----------------------------------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("this subscription is closed")

    def _joined(self) -> Any:
        if self._consumer is None:
            for topic in self._topics:
                self._kafka_topics.partitions(topic)
            options = self._connection.options
            self._consumer = self._connection.client(
                _Consumer,
                group_id=self._connection.name(self._group),
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                metrics_enabled=False,
                partition_assignment_strategy=(RoundRobinPartitionAssignor,),
                max_poll_interval_ms=milliseconds(options.longest_batch),
                session_timeout_ms=milliseconds(options.session),
                heartbeat_interval_ms=milliseconds(min(3.0, options.session / 6)),
                fetch_max_bytes=16 * 1024 * 1024,
                max_partition_fetch_bytes=2 * 1024 * 1024,
                retry_backoff_ms=50,
            )
            self._consumer.subscribe(list(self._names), listener=_Listener(self))
            self._heard = time.monotonic()
        return self._consumer

    def hold(self, partitions: Collection[TopicPartition]) -> None:
        """Told by the client, inside poll and close: from now on this member holds these partitions and no others.

        A partition that stays keeps its position, and what was polled of it is still to be committed, by the new
        generation of the group. The member's generation is remembered here, where it belongs to what it holds: the
        client raises its own already when it asks to join, and a commit with that would not be refused.
        """
        self._membership = self._consumer.group_metadata()
        for partition in [each for each in self._next if each not in partitions]:
            self._lost = True
            del self._first[partition], self._next[partition]

    def _listen(self) -> None:
        if time.monotonic() - self._heard > _LOOK:
            self._connection.reach()
            for topic in self._topics:
                self._kafka_topics.partitions(topic)
            self._heard = time.monotonic()

    def _bounded(
        self, consumer: Any, found: Mapping[TopicPartition, Sequence[Any]]
    ) -> dict[TopicPartition, Sequence[Any]]:
        """Of what was polled no more than memory is meant for; the rest comes with the next poll."""
        size, taken = 0, dict[TopicPartition, Sequence[Any]]()
        for partition, records in found.items():
            count = 0
            while count < len(records) and size <= MAXIMUM_POLLED_BYTES:
                size += len(records[count].value or b"")
                count += 1
            if count:
                taken[partition] = records[:count]
            if count < len(records):
                consumer.seek(partition, records[count].offset)
        return taken

    # --- committing -------------------------------------------------------------------------------------------------

    def _commit_with(self, outputs: Sequence[Message], offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
        try:
            self._transactions.commit(outputs, offsets, self._membership)
        except Unsure as error:
            self._unsure = True
            raise Unavailable(str(error)) from error

    def _commit_only(self, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
        """Offsets alone need no transaction; the broker checks the member's generation here too."""
        now = self._consumer.group_metadata()
        if (now.member_id, now.generation_id) != (self._membership.member_id, self._membership.generation_id):
            raise Rebalanced(f"group {self._group} was shared out anew")
        doing = f"Kafka at {self._connection.where}, group {self._group}"
        try:
            with refusals(doing):
                self._consumer.commit(offsets, timeout_ms=milliseconds(self._connection.options.answer))
        except Unavailable:
            self._unsure = True
            raise

    def _make_sure(self, consumer: Any) -> None:
        """After a commit whose end is not known: end it one way or the other, and go on from where the group stands.

        Raises Unavailable.
        """
        self._transactions.ready()
        in_hand = [partition for partition in self._first if partition in consumer.assignment()]
        with refusals(f"Kafka at {self._connection.where}, group {self._group}"):
            for partition in in_hand:
                committed = consumer.committed(partition, timeout_ms=milliseconds(self._connection.options.answer))
                consumer.seek(partition, max(committed or 0, self._first[partition]))
        self._unsure = False
        self._forget()

    def _forget(self) -> None:
        self._first.clear()
        self._next.clear()
        self._lost = False

    def _record(self, record: Any) -> StreamRecord:
        return stream_record(self._names[record.topic], record)


def stream_record(topic: str, record: Any) -> StreamRecord:
    """A record of kafka-python as one of ours; a missing key or value of someone else's is an empty one."""
    return StreamRecord(
        topic,
        record.partition,
        record.offset,
        (record.key or b"").decode(errors="replace"),
        record.value or b"",
        moment(record.timestamp),
    )


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # kafka-python has no types
    def __init__(self, subscription: KafkaSubscription) -> None:
        self._subscription = subscription

    def on_partitions_revoked(self, revoked: Any) -> None:
        pass  # told before each rebalance of all that is held; what stays is known only after it

    def on_partitions_assigned(self, assigned: Any) -> None:
        self._subscription.hold(assigned)

    def on_partitions_lost(self, lost: Any) -> None:  # noqa: ARG002 - the signature is the library's
        self._subscription.hold(())
