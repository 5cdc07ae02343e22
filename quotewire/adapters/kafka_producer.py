"""Publishing to Kafka: messages by themselves, and in transactions that carry a group's offsets."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer, TopicPartition, errors
from kafka.structs import OffsetAndMetadata

from quotewire.adapters.kafka_connection import BATCH_OVERHEAD, KafkaConnection, milliseconds, refusal, refusals
from quotewire.adapters.kafka_topics import KafkaTopics
from quotewire.adapters.stream_rules import partition_of
from quotewire.ports import Message


class _Producer(KafkaProducer):  # type: ignore[misc] # kafka-python has no types
    """kafka-python's producer whose every wait ends.

    Its own waits for the end of a transaction have no limit, and its close() gives up before it has stopped the
    sending where messages are pending, so that they could still be sent after we said that they were not.
    """

    def finish(self, *, commit: bool, seconds: float) -> None:
        """Commit or abort the transaction. Raises KafkaError; KafkaTimeoutError leaves open what became of it."""
        manager = self._transaction_manager
        _await(manager.begin_commit() if commit else manager.begin_abort(), self._sender, seconds)

    def send_offsets(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], member: Any, seconds: float) -> None:
        """Add a group's offsets to the transaction. Raises KafkaError."""
        result = self._transaction_manager.send_offsets_to_transaction(dict(offsets), member)
        _await(result, self._sender, seconds)

    @property
    def problem(self) -> Exception | None:
        """What brought the producer into a state in which it refuses to work."""
        error = self._transaction_manager.last_error
        return error if isinstance(error, Exception) else None

    def discard(self) -> None:
        """Stop at once; nothing is sent any more. Never raises."""
        self._unregister_cleanup()
        self._closed = True
        self._sender.force_close()
        self._sender.join(1)


def _await(result: Any, sender: Any, seconds: float) -> None:
    sender.wakeup()
    if not result.wait(timeout_ms=milliseconds(seconds)):
        raise errors.KafkaTimeoutError(f"no answer within {seconds:.0f} seconds")


def _made(connection: KafkaConnection, **settings: Any) -> _Producer:
    options = connection.options
    producer: _Producer = connection.client(
        _Producer,
        acks="all",
        enable_idempotence=True,
        compression_type=options.compression,
        # So that what is sent together travels together, compressed as one: three times as fast as a batch a message.
        linger_ms=5,
        batch_size=512 * 1024,
        max_request_size=options.maximum_bytes + BATCH_OVERHEAD,
        max_block_ms=milliseconds(options.answer),
        delivery_timeout_ms=milliseconds(2 * options.answer),
        allow_auto_create_topics=False,
        metrics_enabled=False,
        # A member's next transaction is refused until the broker has closed its last, which takes a few milliseconds.
        retry_backoff_ms=10,
        **settings,
    )
    return producer


class Outbox:
    """What all publishing shares: every message is checked before the first is sent."""

    def __init__(self, connection: KafkaConnection, topics: KafkaTopics) -> None:
        self._connection = connection
        self._topics = topics

    def checked(self, messages: Sequence[Message]) -> list[tuple[str, bytes, bytes]]:
        """Topic, key and value as Kafka takes them. Raises KeyError, Rejected and Unavailable."""
        for message in messages:
            self._topics.partitions(message.topic)
            partition_of(message, 1, self._connection.options.maximum_bytes)
        return [(self._connection.name(message.topic), message.key.encode(), message.value) for message in messages]

    def send(self, producer: _Producer, messages: Sequence[tuple[str, bytes, bytes]]) -> None:
        """Send and wait until all are durable. Raises KafkaError.

        Kafka's own rule says which partition a key goes to, so that publishers in other languages agree.
        """
        sent = [producer.send(topic, key=key, value=value) for topic, key, value in messages]
        for future in sent:
            future.get(timeout=self._connection.options.answer)


class Publisher:
    """Publishes without transactions. Any thread may call any method."""

    def __init__(self, connection: KafkaConnection, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox
        self._lock = threading.Lock()
        self._producer: _Producer | None = None

    def publish(self, messages: Sequence[Message]) -> None:
        """See `quotewire.ports.Stream`."""
        ready = self._outbox.checked(messages)
        if not ready:
            return
        with self._lock:
            if self._producer is None:
                self._producer = _made(self._connection)
            producer = self._producer
        try:
            with refusals(f"Kafka at {self._connection.where}, publishing"):
                self._outbox.send(producer, ready)
        except BaseException:
            # Without this it would go on trying to send what the caller is about to publish again.
            with self._lock:
                if self._producer is producer:
                    self._producer = None
            producer.discard()
            raise

    def close(self) -> None:
        """Close the producer."""
        with self._lock:
            if self._producer is not None:
                self._producer.discard()
                self._producer = None


class Unsure(Exception):
    """Whether a transaction was committed is not known; the cause says why."""


class Transactions:
    """The transactions of one member of a group; used by one thread.

    The member keeps its transactional id for life: a new producer under that id fences the one before it, and ends
    what that had begun, before anything else happens.
    """

    def __init__(self, connection: KafkaConnection, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox
        self._id = connection.name(uuid.uuid4().hex)
        self._producer: _Producer | None = None

    def ready(self) -> _Producer:
        """The producer, with no transaction under way. Raises Unavailable and ConfigurationError."""
        if self._producer is None:
            options = self._connection.options
            producer = _made(
                self._connection,
                transactional_id=self._id,
                transaction_timeout_ms=milliseconds(options.transaction),
            )
            try:
                with refusals(f"Kafka at {self._connection.where}, transactions"):
                    producer.init_transactions()
            except BaseException:
                producer.discard()
                raise
            self._producer = producer
        return self._producer

    def commit(
        self, messages: Sequence[Message], offsets: Mapping[TopicPartition, OffsetAndMetadata], member: Any
    ) -> None:
        """Publish messages and a group's offsets: both or neither.

        Raises KeyError, Rejected, Rebalanced, Unavailable and ConfigurationError, and then nothing has happened; Unsure
        where that is not known.
        """
        doing = f"Kafka at {self._connection.where}, committing"
        ready = self._outbox.checked(messages)
        producer = self.ready()
        seconds = self._connection.options.answer
        try:
            producer.begin_transaction()
            self._outbox.send(producer, ready)
            if offsets:
                producer.send_offsets(offsets, member, seconds)
        except errors.KafkaError as error:
            cause = producer.problem or error
            self._abort()
            raise refusal(cause, doing) from error
        except BaseException:
            self._abort()
            raise
        try:
            producer.finish(commit=True, seconds=seconds)
        except BaseException as error:
            self.close()
            raise Unsure(f"{doing}: {producer.problem or error}") from error

    def _abort(self) -> None:
        """Give the transaction up, and the producer with it; where the first fails, the next producer does it.

        kafka-python (3.0.12) keeps offsets that the broker refused, and sends them with the next transaction, as if the
        records up to there had been processed in that: they would be lost.
        """
        assert self._producer is not None
        with suppress(errors.KafkaError):
            self._producer.finish(commit=False, seconds=min(5.0, self._connection.options.answer))
        self.close()

    def close(self) -> None:
        """Discard the producer. Never raises."""
        if self._producer is not None:
            self._producer.discard()
            self._producer = None
