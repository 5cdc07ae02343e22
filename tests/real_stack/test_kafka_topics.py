"""Topics of a real Kafka that are there already, are missing, or are deleted: mended or told of, never passed over."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from quotewire.adapters import kafka_subscription, kafka_topics
from quotewire.adapters.kafka_stream import KafkaStream
from quotewire.ports import ConfigurationError
from schemas.topics import ALERTS, ENRICHED, RAW, STORIES, TOPICS
from tests.end_to_end.installation import Installation
from tests.real_stack.copying import OPTIONS, raw_articles, worker
from tests.real_stack.kafka_server import KafkaServer

DAY = 86_400_000


class Broker:
    """Topics under a prefix of their own, as an administrator sees them."""

    def __init__(self, server: KafkaServer) -> None:
        self.prefix = f"test-{uuid.uuid4().hex[:12]}"
        self.address = f"kafka://{server.address}/{self.prefix}"
        self.admin = KafkaAdminClient(bootstrap_servers=server.address)
        self.stream = KafkaStream(self.address, OPTIONS)

    def create(self, name: str, partitions: int, **configs: str) -> None:
        configs = {key.replace("_", "."): value for key, value in configs.items()}
        self.admin.create_topics({f"{self.prefix}.{name}": {"num_partitions": partitions, "configs": configs}})
        self.admin.wait_for_topics([f"{self.prefix}.{name}"], timeout_ms=10_000)

    def delete(self, name: str) -> None:
        self.admin.delete_topics([f"{self.prefix}.{name}"])
        deadline = time.monotonic() + 20
        while name in self.there():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def there(self) -> set[str]:
        topics = self.admin.list_topics()
        return {name.removeprefix(f"{self.prefix}.") for name in topics if name.startswith(f"{self.prefix}.")}

    def partitions(self, name: str) -> int:
        (found,) = self.admin.describe_topics([f"{self.prefix}.{name}"])
        return len(found["partitions"])

    def configs(self, name: str) -> dict[str, str]:
        resource = ConfigResource(ConfigResourceType.TOPIC, f"{self.prefix}.{name}")
        (found,) = self.admin.describe_configs([resource], config_filter="all")["topic"].values()
        return {key: config["value"] for key, config in found.items()}

    def set_up(self) -> dict[str, tuple[str, str]]:
        """What is done about each topic, and how it is said to be."""
        prepared = self.stream.create_topics(TOPICS.values())
        return {name: (each.done, each.what.partition(": ")[2]) for name, each in zip(TOPICS, prepared, strict=True)}

    def close(self) -> None:
        self.stream.close()
        self.admin.close()


@pytest.fixture
def broker(kafka_server: KafkaServer) -> Iterator[Broker]:
    with contextlib.closing(Broker(kafka_server)) as broker:
        yield broker


def test_setup_changes_what_is_otherwise_and_says_how_topics_are(broker: Broker) -> None:
    broker.create(RAW.name, 3, retention_ms=str(DAY), max_message_bytes="1000000")
    broker.create(ENRICHED.name, 1, retention_ms=str(400 * DAY), message_timestamp_type="LogAppendTime")
    broker.create(ALERTS.name, 1)
    done = broker.set_up()
    assert done[RAW.name] == ("changed", "6 partitions, kept 14 days")
    assert done[ENRICHED.name] == ("changed", "1 partition, kept 400 days")
    assert done[ALERTS.name][0] == "changed"
    assert done[STORIES.name][0] == "created"
    assert broker.partitions(RAW.name) == 6
    assert broker.partitions(ALERTS.name) == 1, "a key's records would stand in two partitions for ever"
    raw, alerts = broker.configs(RAW.name), broker.configs(ALERTS.name)
    assert (raw["retention.ms"], raw["message.timestamp.type"]) == (str(14 * DAY), "LogAppendTime")
    assert int(raw["max.message.bytes"]) > OPTIONS.maximum_bytes
    assert alerts["cleanup.policy"] == "compact"
    assert alerts["min.compaction.lag.ms"] == str(90 * DAY), "no revision goes before its time"
    assert broker.configs(ENRICHED.name)["retention.ms"] == str(400 * DAY), "what is kept longer stays so"
    assert {what for what, _ in broker.set_up().values()} == {"unchanged"}
    broker.stream.publish(raw_articles(60))
    assert {record.partition for record in broker.stream.read(RAW.name)} == set(range(6))


def test_a_topic_that_must_be_seen_whole_has_one_partition_or_is_refused(broker: Broker) -> None:
    broker.create(ENRICHED.name, 6)
    for ask in (broker.stream.create_topics, broker.stream.missing_topics):
        with pytest.raises(ConfigurationError, match=r"enriched has 6 partitions.*delete the topic.*`quotewire setup`"):
            ask(TOPICS.values())
    assert broker.there() == {ENRICHED.name}, "nothing is begun that cannot be ended"


def test_only_setup_and_a_first_run_create_topics(broker: Broker, tmp_path: Path) -> None:
    command = Installation(tmp_path, [], settings={"QUOTEWIRE_STREAM": broker.address})
    for arguments in (("status",), ("audit",), ("replay", "--stage", "index", "--from", "beginning")):
        refused = command.run(*arguments)
        assert refused.returncode == 2
        assert "there is no topic raw, enriched" in refused.stderr
        assert "`quotewire setup`" in refused.stderr
        assert broker.there() == set()
    command.ok("run", "--once", "poll", "index")
    assert broker.there() == set(TOPICS)

    broker.delete(STORIES.name)
    refused = command.run("run", "--once", "poll", "index")
    assert refused.returncode == 2
    assert "there is no topic stories:" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert STORIES.name not in broker.there()
    assert "created    topic stories" in command.ok("setup", "topics")
    command.ok("run", "--once", "poll", "index")


def test_a_topic_that_is_deleted_while_a_stage_works_stops_it(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_topics, "_REMEMBER", 1.0)
    monkeypatch.setattr(kafka_subscription, "_LOOK", 1.0)
    broker.set_up()
    broker.stream.publish(raw_articles(5))
    stopped = list[BaseException]()

    def work() -> None:
        try:
            worker(broker.stream).run(threading.Event())
        except BaseException as error:
            stopped.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    time.sleep(2)
    broker.delete(RAW.name)
    thread.join(30)
    assert [type(error).__mro__[1] for error in stopped] == [ConfigurationError]
    assert str(stopped[0]) == (
        f"topic '{broker.prefix}.raw' was never created or is gone: `quotewire setup` creates it"
    )
    assert RAW.name not in broker.there()
