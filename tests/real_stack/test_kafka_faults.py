"""What Kafka and its clients do to us in production: nothing is lost, nothing is twice, and every refusal says why."""

from __future__ import annotations

import contextlib
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import trustme
from kafka import KafkaAdminClient, TopicPartition, errors
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.structs import OffsetAndMetadata

from quotewire.adapters import kafka_producer
from quotewire.adapters.kafka_connection import KafkaOptions
from quotewire.adapters.kafka_producer import Transactions
from quotewire.adapters.kafka_stream import KafkaStream
from quotewire.adapters.stream_rules import MachineClock
from quotewire.alert_memory import AlertMemory
from quotewire.ports import ConfigurationError, Message, Rebalanced, StreamRecord, Subscription, Unavailable
from schemas.topics import ALERTS, ENRICHED, RAW, TOPICS
from tests.real_stack.copying import OPTIONS, copied, lag, raw_articles, worker
from tests.real_stack.forks import Fork, Forks
from tests.real_stack.kafka_server import MECHANISMS, PASSWORD, USER, KafkaServer
from tests.real_stack.server import free_ports


@pytest.fixture
def address(kafka_server: KafkaServer) -> str:
    """An address with topics of its own."""
    return f"kafka://{kafka_server.address}/test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def stream(address: str) -> Iterator[KafkaStream]:
    with contextlib.closing(KafkaStream(address, OPTIONS)) as stream:
        stream.create_topics(TOPICS.values())
        yield stream


@contextlib.contextmanager
def at_work(stream: KafkaStream, seconds: float = 0.05) -> Iterator[None]:
    """A worker in a thread."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            worker(stream, seconds).run(stop)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert failures == []


def until(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(Unavailable):  # a server that was just started is not ready for everything at once
            if condition():
                return
        time.sleep(0.2)
    raise AssertionError("it never came about")


def once_each(count: int) -> Counter[str]:
    return Counter(f"a{number}" for number in range(count))


# --- servers and members that go away -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_kafka_goes_away_while_a_stage_is_at_work(kafka_server: KafkaServer, stream: KafkaStream, way: str) -> None:
    stream.publish(raw_articles(150))
    with at_work(stream):
        until(lambda: len(copied(stream)) > 10)
        try:
            getattr(kafka_server, way)()
            with pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
                stream.publish(raw_articles(1, start=900))
            with pytest.raises(Unavailable):
                lag(stream)
            time.sleep(8)
        finally:
            kafka_server.start()
        until(lambda: len(copied(stream)) == 150)
    assert copied(stream) == once_each(150)
    assert lag(stream) == 0


@pytest.mark.slow
def test_members_are_killed_again_and_again(forks: Forks, stream: KafkaStream, address: str) -> None:
    count, chance = 400, random.Random(1)
    stream.publish(raw_articles(count))

    def start() -> Fork:
        return forks.start("tests.real_stack.copying", address)

    members = [start(), start()]
    try:
        for _ in range(8):
            before = len(copied(stream))
            until(lambda before=before: len(copied(stream)) > before or before == count)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.3))
            killed = members.pop(chance.randrange(2))
            assert killed.running
            killed.kill()
            members.append(start())
        until(lambda: len(copied(stream)) == count)
        until(lambda: lag(stream) == 0)
    finally:
        for member in members:
            member.kill()
    assert copied(stream) == once_each(count)


@pytest.mark.parametrize("happened", [True, False])
def test_a_commit_of_which_nobody_knows_whether_it_happened(
    stream: KafkaStream, monkeypatch: pytest.MonkeyPatch, happened: bool
) -> None:
    finish = kafka_producer._Producer.finish
    cut_off: list[bool] = []

    def once_without_an_answer(producer: kafka_producer._Producer, *, commit: bool, seconds: float) -> None:
        if commit and not cut_off:
            cut_off.append(True)
            if happened:
                finish(producer, commit=commit, seconds=seconds)
            raise errors.KafkaTimeoutError("cut off")
        finish(producer, commit=commit, seconds=seconds)

    monkeypatch.setattr(kafka_producer._Producer, "finish", once_without_an_answer)
    stream.publish(raw_articles(20))
    with at_work(stream):
        until(lambda: len(copied(stream)) == 20)
    assert cut_off
    assert copied(stream) == once_each(20)
    assert lag(stream) == 0


def test_offsets_that_were_refused_do_not_come_with_the_next_commit(stream: KafkaStream) -> None:
    """kafka-python keeps them for its next transaction: the records up to there would never be processed."""
    stream.publish(raw_articles(40))
    member = stream.subscribe([RAW.name], "copy")
    take(member, 40)
    membership, transactions = member._membership, member._transactions
    first, second = ({TopicPartition(stream._connection.name(RAW.name), part): _AT_ONE} for part in (0, 1))
    with pytest.raises(Rebalanced):
        transactions.commit([_COPY], first, membership._replace(member_id="whoever was here before"))
    transactions.commit([_COPY], second, membership)
    assert [at.committed for at in stream.positions(RAW.name, "copy")][:2] == [0, 1]
    member.close()


_AT_ONE = OffsetAndMetadata(1, "", -1)
_COPY = Message(ENRICHED.name, "a1", b"{}")


# --- what transactions leave in a topic -----------------------------------------------------------------------------


def test_ends_of_transactions_are_passed_without_a_wait(stream: KafkaStream) -> None:
    """kafka-python's poll waits for its whole timeout where a fetch brings nothing else: half a second a partition."""
    stream.publish(raw_articles(30))
    copying, reading = stream.subscribe([RAW.name], "copy"), stream.subscribe([ALERTS.name], "notify")
    take(copying, 30)
    copying.commit([Message(ALERTS.name, f"a{number}", b"{}") for number in range(30)])
    take(reading, 30)
    reading.commit()
    memory = AlertMemory(stream, MachineClock())
    memory.recall()
    assert sum(at.lag for at in stream.positions(ALERTS.name, "notify")) == 0
    assert quickest(lambda: stream.positions(ALERTS.name, "notify")) < 0.5
    assert quickest(memory.recall) < 0.5
    copying.close()
    reading.close()


def test_lag_is_told_while_a_transaction_is_under_way(stream: KafkaStream) -> None:
    producer = Transactions(stream._connection, stream._outbox).ready()
    producer.begin_transaction()
    producer.send(stream._connection.name(ENRICHED.name), key=b"a1", value=b"{}").get(10)
    started = time.monotonic()
    assert sum(at.lag for at in stream.positions(ENRICHED.name, "alerts")) == 1
    assert time.monotonic() - started < 3 * OPTIONS.transaction
    producer.discard()  # the broker gives it up after the time that a transaction has
    until(lambda: sum(at.lag for at in stream.positions(ENRICHED.name, "alerts")) == 0)


def take(member: Subscription, count: int) -> list[StreamRecord]:
    records: list[StreamRecord] = []
    until(lambda: len(records.extend(member.poll(count, 0.5)) or records) == count)  # type: ignore[func-returns-value]
    return records


def quickest(do: Callable[[], object]) -> float:
    """Seconds of the quickest of some times."""
    seconds = []
    for _ in range(5):
        started = time.monotonic()
        do()
        seconds.append(time.monotonic() - started)
    return min(seconds)


# --- slow batches ---------------------------------------------------------------------------------------------------


def test_a_batch_longer_than_the_session_is_committed(stream: KafkaStream) -> None:
    stream.publish(raw_articles(3))
    with at_work(stream, seconds=OPTIONS.session * 2):
        until(lambda: len(copied(stream)) == 3)
    assert copied(stream) == once_each(3)


def test_a_slow_batch_is_not_lost_and_not_given_up_when_another_member_joins(stream: KafkaStream) -> None:
    stream.publish(raw_articles(30))
    first, second = stream.subscribe([RAW.name], "copy"), stream.subscribe([RAW.name], "copy")
    in_hand: list[StreamRecord] = []
    while len(in_hand) < 30:
        in_hand += first.poll(30, 0.2)
    for _ in range(5):
        assert second.poll(30, 0.5) == []
    first.commit([Message(ENRICHED.name, record.key, record.value) for record in in_hand])
    assert copied(stream) == once_each(30)
    assert lag(stream) == 0
    first.close()
    second.close()


def test_a_batch_slower_than_the_poll_interval_is_processed_again(address: str, stream: KafkaStream) -> None:
    stream.publish(raw_articles(5))
    hasty = KafkaStream(address, replace(OPTIONS, longest_batch=3))
    with contextlib.closing(hasty):
        member = hasty.subscribe([RAW.name], "copy")

        def copies() -> list[Message]:
            return [Message(ENRICHED.name, record.key, record.value) for record in take(member, 5)]

        outputs = copies()
        time.sleep(6)
        with pytest.raises(Rebalanced):
            member.commit(outputs)
        member.rewind()
        member.commit(copies())
    assert copied(stream) == once_each(5)
    assert lag(stream) == 0


# --- mistakes -------------------------------------------------------------------------------------------------------


def test_a_topic_that_does_not_exist(address: str) -> None:
    with contextlib.closing(KafkaStream(address, OPTIONS)) as stream:
        member = stream.subscribe(["nowhere"], "copy")
        for ask in (
            lambda: member.poll(1, 0.1),
            lambda: stream.publish([Message("nowhere", "key", b"value")]),
            lambda: list(stream.read("nowhere")),
            lambda: stream.positions("nowhere", "copy"),
        ):
            with pytest.raises(KeyError, match="nowhere"):
                ask()


def test_nobody_answers(address: str) -> None:
    (port,) = free_ports(1)
    with contextlib.closing(KafkaStream(f"kafka://127.0.0.1:{port}", OPTIONS)) as stream:
        threads = threading.active_count()
        member = stream.subscribe([RAW.name], "copy")
        for _ in range(3):
            with pytest.raises(Unavailable, match=str(port)):
                member.poll(1, 0.1)
        assert threading.active_count() == threads


@pytest.fixture
def login(kafka_server: KafkaServer) -> KafkaOptions:
    return replace(OPTIONS, user=USER, password=PASSWORD)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_user_and_password(
    kafka_server: KafkaServer, login: KafkaOptions, mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512"]
) -> None:
    address = f"kafka://127.0.0.1:{kafka_server.scram_port}/test-{uuid.uuid4().hex[:12]}"
    with contextlib.closing(KafkaStream(address, replace(login, mechanism=mechanism))) as stream:
        stream.create_topics(TOPICS.values())
        stream.publish(raw_articles(3))
        with at_work(stream):
            until(lambda: copied(stream) == once_each(3))


def test_a_wrong_password(kafka_server: KafkaServer, login: KafkaOptions) -> None:
    wrong = replace(login, password="not this one")
    with contextlib.closing(KafkaStream(f"kafka://127.0.0.1:{kafka_server.scram_port}", wrong)) as stream:
        threads = threading.active_count()
        with pytest.raises(ConfigurationError, match="password") as refused:
            stream.publish(raw_articles(1))
        assert "not this one" not in str(refused.value)
        assert threading.active_count() == threads


def test_tls(kafka_server: KafkaServer, login: KafkaOptions) -> None:
    address = f"kafka://127.0.0.1:{kafka_server.tls_port}/test-{uuid.uuid4().hex[:12]}"
    safe = replace(login, tls=True, ca_file=kafka_server.authority)
    with contextlib.closing(KafkaStream(address, safe)) as stream:
        stream.create_topics(TOPICS.values())
        stream.publish(raw_articles(3))
        assert len(list(stream.read(RAW.name))) == 3


def test_a_certificate_of_someone_else(kafka_server: KafkaServer, login: KafkaOptions, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    stream = KafkaStream(f"kafka://127.0.0.1:{kafka_server.tls_port}", replace(login, tls=True, ca_file=other))
    with contextlib.closing(stream), pytest.raises(ConfigurationError, match="CA file"):
        stream.publish(raw_articles(1))


def test_a_ca_file_that_is_not_there(login: KafkaOptions, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.pem"):
        KafkaStream("kafka://127.0.0.1:9092", replace(login, tls=True, ca_file=tmp_path / "missing.pem"))


@pytest.mark.parametrize(
    "address",
    [
        "kafka://",
        "kafka:///prefix",
        "http://host:9092",
        "kafka://host:port",
        "kafka://host/a b",
        "kafka://u:s3cret@host",
    ],
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ConfigurationError, match="kafka://HOST:PORT") as refused:
        KafkaStream(address)
    assert "s3cret" not in str(refused.value)


def test_topics_are_created_with_partitions_retention_and_compaction(stream: KafkaStream, address: str) -> None:
    server, _, prefix = address.removeprefix("kafka://").partition("/")
    resources = [ConfigResource(ConfigResourceType.TOPIC, f"{prefix}.{name}") for name in TOPICS]
    with KafkaAdminClient(bootstrap_servers=server) as admin:
        described = admin.describe_configs(resources, config_filter="all")["topic"]
        partitions = {found["name"]: len(found["partitions"]) for found in admin.describe_topics(list(described))}
    for topic in TOPICS.values():
        name = f"{prefix}.{topic.name}"
        values = {key: config["value"] for key, config in described[name].items()}
        assert partitions[name] == topic.partitions
        assert values["cleanup.policy"] == ("compact" if topic.compacted else "delete")
        assert values["retention.ms"] == str(int(topic.retention.total_seconds() * 1000))
