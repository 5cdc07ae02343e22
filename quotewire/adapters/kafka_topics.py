"""Topics and groups of Kafka as its administrator sees them: what there is, and where everyone stands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition, errors
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.structs import OffsetAndMetadata

from quotewire.adapters.kafka_connection import BATCH_OVERHEAD, KafkaConnection, milliseconds, refusals
from quotewire.adapters.stream_rules import prepared_topic, unknown_topic
from quotewire.ports import ConfigurationError, Prepared, Unavailable
from schemas.topics import Topic

_REMEMBER = 60.0
"""Seconds for which the number of a topic's partitions is taken to stay the same."""

_SECOND_LOOK = 2.0
"""Seconds after which a topic that was there and is not any more is looked for once again."""

_SETTLING = 5.0
"""Seconds that offsets inside an unfinished transaction are waited for, and changes of a topic to be seen."""

_LOOK_AGAIN = 0.05
"""Seconds between looks at a topic that was changed."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def moment(timestamp: int) -> datetime:
    """Kafka's milliseconds since 1970 as a time in UTC."""
    return _EPOCH + max(0, timestamp) * _MILLISECOND


def _is_unknown(described: Mapping[str, Any]) -> bool:
    return bool(described["error_code"] == errors.UnknownTopicOrPartitionError.errno)


def _enough(there: str, wanted: str) -> bool:
    """Whether a topic's setting will do: words are to be the same, and no number smaller; -1 is without limit."""
    if wanted.isdigit() and there.lstrip("-").isdigit():
        return int(there) < 0 or int(there) >= int(wanted)
    return there == wanted


class KafkaTopics:
    """Any thread may call any method. Names are those of the pipeline, without Kafka's prefix."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._admin: Any = None
        self._groups: dict[str, Any] = {}
        self._known: dict[str, tuple[float, int]] = {}

    def close(self) -> None:
        """Close the clients."""
        with self._lock:
            for group in self._groups.values():
                group.close(autocommit=False)
            self._groups.clear()
            if self._admin is not None:
                self._admin.close()
                self._admin = None

    def _client(self) -> Any:
        with self._lock:
            if self._admin is None:
                self._admin = self._connection.client(KafkaAdminClient)
            return self._admin

    def _doing(self, what: str) -> str:
        return f"Kafka at {self._connection.where}, {what}"

    # --- topics -----------------------------------------------------------------------------------------------------

    def create(self, topics: Iterable[Topic]) -> list[Prepared]:
        """Create what is missing and change what is otherwise; what was done about each.

        Raises Unavailable and ConfigurationError.
        """
        wanted = {self._connection.name(topic.name): topic for topic in topics}
        if not wanted:
            return []
        with refusals(self._doing("creating topics")):
            there = self._partitions_of(wanted)
            missing = {name: self._settings(topic) for name, topic in wanted.items() if name not in there}
            if missing:
                # In one request: who looks meanwhile sees all of them or none.
                self._client().create_topics(missing, raise_errors=False)
                self._client().wait_for_topics(list(missing), timeout_ms=milliseconds(self._connection.options.answer))
            return [
                prepared_topic(topic, "created") if name in missing else self._fitted(name, topic, there[name])
                for name, topic in wanted.items()
            ]

    def missing(self, topics: Iterable[Topic]) -> list[str]:
        """Which of these topics there are not. Raises Unavailable and ConfigurationError."""
        wanted = {self._connection.name(topic.name): topic for topic in topics}
        with refusals(self._doing("looking for topics")):
            there = self._partitions_of(wanted)
        return [topic.name for name, topic in wanted.items() if name not in there]

    def _partitions_of(self, wanted: Mapping[str, Topic]) -> dict[str, int]:
        """How many partitions those topics have that are there."""
        found = self._client().describe_topics(list(wanted))
        there = {each["name"]: len(each["partitions"]) for each in found if not each["error_code"]}
        for name, count in there.items():
            if wanted[name].whole and count > 1:
                raise ConfigurationError(
                    f"topic {name} has {count} partitions and may have one only, for one member must see all of it, in"
                    " one order: let the pipeline catch up (`quotewire status`), stop it, delete the topic with Kafka's"
                    " kafka-topics.sh, and create it with `quotewire setup`"
                )
        return there

    def _fitted(self, name: str, topic: Topic, partitions: int) -> Prepared:
        """Change a topic that is there where it is not as it should be. What is larger than that stays."""
        wanted: dict[str, str] = self._settings(topic)["configs"]
        there = self._configs(name, wanted)
        other = {key: value for key, value in wanted.items() if not _enough(there.get(key, ""), value)}
        if other:
            self._client().alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, other)])
        # Records of a key would stand in two partitions: those of a compacted topic for ever, others until they expire,
        # and what is made of them is told apart by its revision.
        grown = partitions < topic.partitions and not topic.compacted
        if grown:
            self._client().create_partitions({name: topic.partitions})
            self._known.pop(topic.name, None)
        if other or grown:
            least = topic.partitions if grown else partitions
            self._await(
                lambda: (
                    self._configs(name, other).items() >= other.items()
                    and len(self._described(topic.name)["partitions"]) >= least
                )
            )
        kept = (there | other)["retention.ms"]
        return prepared_topic(
            topic,
            "changed" if other or grown else "unchanged",
            topic.partitions if grown else partitions,
            timedelta.max if int(kept) < 0 else timedelta(milliseconds=int(kept)),
        )

    def _configs(self, name: str, keys: Iterable[str]) -> dict[str, str]:
        resource = ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(keys))
        found = self._client().describe_configs([resource], config_filter="all")["topic"][name]
        return {key: str(config["value"]) for key, config in found.items()}

    def _await(self, changed: Callable[[], bool]) -> None:
        # A broker learns of a change a moment after it was made; what is published until then may be refused.
        deadline = time.monotonic() + _SETTLING
        while not changed() and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN)

    def _settings(self, topic: Topic) -> dict[str, Any]:
        options = self._connection.options
        retention = str(int(topic.retention / _MILLISECOND))
        return {
            "num_partitions": topic.partitions,
            "replication_factor": options.replication,
            "configs": {
                "cleanup.policy": "compact" if topic.compacted else "delete",
                "retention.ms": retention,
                "min.compaction.lag.ms": retention if topic.compacted else "0",
                "max.message.bytes": str(options.maximum_bytes + BATCH_OVERHEAD),
                # The broker's clock: times within a partition then never go back, by which offsets_at searches.
                "message.timestamp.type": "LogAppendTime",
            },
        }

    def partitions(self, topic: str) -> list[TopicPartition]:
        """The partitions of a topic. Raises UnknownTopic for one that was never created, and Unavailable."""
        name = self._connection.name(topic)
        asked, count = self._known.get(topic, (0.0, 0))
        if not count or time.monotonic() - asked > _REMEMBER:
            found = self._described(topic)
            if _is_unknown(found) and count:
                # A server that is just starting may not know all of its topics yet.
                time.sleep(_SECOND_LOOK)
                found = self._described(topic)
            if _is_unknown(found):
                raise unknown_topic(name)
            if found["error_code"] or not found["partitions"]:
                reason = errors.for_code(found["error_code"]).__name__
                raise Unavailable(f"{self._doing(f'topic {topic}')} is not ready: {reason}")
            count = len(found["partitions"])
            self._known[topic] = (time.monotonic(), count)
        return [TopicPartition(name, number) for number in range(count)]

    def _described(self, topic: str) -> Mapping[str, Any]:
        with refusals(self._doing(f"looking for topic {topic}")):
            found: Mapping[str, Any] = self._client().describe_topics([self._connection.name(topic)])[0]
        return found

    def beginnings(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset of the oldest record that is kept in each. Raises Unavailable."""
        return self._offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))

    def ends(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset that the next record will get, those of unfinished transactions counted. Raises Unavailable."""
        return self._offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))

    def _offsets(self, asked: Mapping[TopicPartition, Any]) -> dict[TopicPartition, int]:
        with refusals(self._doing("asking for offsets")):
            found = self._client().list_partition_offsets(dict(asked))
        return {partition: found[partition].offset for partition in asked}

    def offsets_at(self, topic: str, time: datetime) -> Mapping[int, int]:
        """See `quotewire.ports.Stream`."""
        partitions = self.partitions(topic)
        since = max(0, -((_EPOCH - time) // _MILLISECOND))
        found = self._offsets(dict.fromkeys(partitions, since))
        ends = self.ends(partitions)
        return {each.partition: found[each] if found[each] >= 0 else ends[each] for each in partitions}

    # --- groups -----------------------------------------------------------------------------------------------------

    def committed(self, group: str, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int | None]:
        """Where a group stands; None where it never committed. Raises Unavailable.

        A commit inside a transaction that is just ending is waited for: to whoever committed it has happened already.
        """
        name = self._connection.name(group)
        with self._lock:
            client = self._groups.pop(name, None)
        if client is None:
            client = self._connection.client(
                KafkaConsumer,
                group_id=name,
                isolation_level="read_committed",
                enable_auto_commit=False,
                retry_backoff_ms=20,
            )
        try:
            with refusals(self._doing(f"asking where group {group} stands")):
                return {each: client.committed(each, timeout_ms=milliseconds(_SETTLING)) for each in partitions}
        except Unavailable:
            # A member died within a transaction: where the group stood before it is what counts if it is given up.
            with refusals(self._doing(f"asking where group {group} stands")):
                found = self._client().list_group_offsets({name: list(partitions)})[name]
            return {each: found[each].offset if found[each].offset >= 0 else None for each in partitions}
        finally:
            with self._lock:
                other = self._groups.pop(name, None)
                self._groups[name] = client
            if other is not None:
                other.close(autocommit=False)

    def move(self, topic: str, group: str, offsets: Mapping[int, int]) -> None:
        """See `quotewire.ports.Stream`."""
        partitions = {each.partition: each for each in self.partitions(topic)}
        if any(number not in partitions for number in offsets):
            raise KeyError(f"topic {topic!r} has only partitions 0 to {len(partitions) - 1}")
        ends = self.ends([partitions[number] for number in offsets])
        wanted = {
            partitions[number]: OffsetAndMetadata(min(max(offset, 0), ends[partitions[number]]), "", -1)
            for number, offset in offsets.items()
        }
        with refusals(self._doing(f"moving group {group}")):
            results = self._client().alter_group_offsets(self._connection.name(group), wanted)
        for error in results.values():
            if error in (errors.UnknownMemberIdError, errors.NonEmptyGroupError, errors.IllegalGenerationError):
                raise Unavailable(f"group {group} is at work: stop the stage first")
            if error is not errors.NoError:
                raise Unavailable(f"group {group} could not be moved: {error.__name__}")
