"""Alerts through the real Kafka to a sink that is stopped, by a part that is killed: each is told, and known again."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quotewire.adapters.kafka_stream import KafkaStream
from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.ports import Message, Stream
from schemas.codec import encode
from schemas.topics import ALERTS, TOPICS
from tests.consumers.notify.receiver import Receiver
from tests.contracts.outbox_suite import make_alert
from tests.end_to_end.installation import Installation
from tests.real_stack.copying import OPTIONS
from tests.real_stack.kafka_server import KafkaServer

SINKS = """
- {{name: desk, webhook: "{desk}", secret: "${{DESK_SECRET}}"}}
- {{name: gone, webhook: "{gone}", secret: "${{DESK_SECRET}}"}}
"""


class Newsroom:
    """The part `notify` with two sinks, one of which is never there."""

    def __init__(self, folder: Path, address: str, stream: Stream, receiver: Receiver, gone: Receiver) -> None:
        self.stream, self.receiver = stream, receiver
        file = folder / "sinks.yaml"
        file.write_text(SINKS.format(desk=receiver.address, gone=gone.address))
        settings = {
            "QUOTEWIRE_STREAM": address,
            "QUOTEWIRE_SINKS": str(file),
            "DESK_SECRET": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        }
        self.installation = Installation(folder, [], [], settings)
        self._log = (folder / "notify.log").open("ab")

    @contextlib.contextmanager
    def notifying(self) -> Iterator[subprocess.Popen[bytes]]:
        """The part as a process; stopped at the end, unless it was killed."""
        process = subprocess.Popen(
            [sys.executable, "-m", "quotewire.running", "notify"],
            env=self.installation.environment,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(60)
            assert process.stdin is not None
            process.stdin.close()

    def publish(self, numbers: range, revision: int = 1) -> None:
        now = datetime.now(UTC)
        alerts = [make_alert(number, raised=now, updated=now, revision=revision) for number in numbers]
        self.stream.publish([Message(ALERTS.name, alert.id, encode(alert)) for alert in alerts])

    def lag(self) -> int:
        return sum(at.lag for at in self.stream.positions(ALERTS.name, "notify"))

    def told(self) -> Counter[str]:
        """How often each alert was told."""
        messages = [json.loads(received.body) for received in list(self.receiver.received)]
        return Counter(one["alert"]["id"] for message in messages for one in message["alerts"])

    def keys(self) -> dict[str, set[str]]:
        """Under which keys each alert was told."""
        keys = defaultdict(set)
        for received in self.receiver.received:
            for one in json.loads(received.body)["alerts"]:
                keys[one["alert"]["id"]].add(one["key"])
        return keys


def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it never came about")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def test_alerts_through_kafka_reach_a_sink_that_is_stopped_and_started(
    tmp_path: Path, kafka_server: KafkaServer, receiver: Receiver
) -> None:
    address = f"kafka://{kafka_server.address}/notify"
    with contextlib.closing(KafkaStream(address, OPTIONS)) as stream:
        stream.create_topics(TOPICS.values())
        newsroom = Newsroom(tmp_path, address, stream, receiver, Receiver())
        everything = {f"alert-{number}" for number in range(60)}
        with newsroom.notifying() as process:
            newsroom.publish(range(20))
            until(lambda: len(newsroom.told()) == 20)
            receiver.stop()
            newsroom.publish(range(20, 50))
            until(lambda: newsroom.lag() == 0)
            time.sleep(2)  # in which it is tried
            process.kill()
        newsroom.publish(range(50, 60))
        receiver.start()
        with newsroom.notifying():
            until(lambda: set(newsroom.told()) == everything)
            newsroom.publish(range(60), revision=2)
            until(lambda: newsroom.lag() == 0)
        assert all(len(keys) == 1 for keys in newsroom.keys().values())

        told = newsroom.told()
        stream.move(ALERTS.name, "notify", dict.fromkeys(range(ALERTS.partitions), 0))
        with newsroom.notifying():
            until(lambda: newsroom.lag() == 0)
            time.sleep(2)
        assert newsroom.told() == told, "a replay tells nothing"
        (desk, gone) = newsroom.installation.json("notify", "sinks")
        assert (desk["delivered"], desk["waiting"]) == (60, 0)
        assert (gone["delivered"], gone["waiting"]) == (0, 60), "one sink holds up no other"


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("kafka", marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_loses_nothing_and_repeats_under_the_same_key(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, receiver: Receiver
) -> None:
    stream: SqliteStream | KafkaStream
    if kind == "kafka":
        address = f"kafka://{request.getfixturevalue('kafka_server').address}/kills-while-telling"
        stream = KafkaStream(address, OPTIONS)
    else:
        address = f"sqlite:///{tmp_path / 'stream.db'}"
        stream = SqliteStream(tmp_path / "stream.db")
    with contextlib.closing(stream):
        stream.create_topics(TOPICS.values())
        newsroom = Newsroom(tmp_path, address, stream, receiver, Receiver())
        published = 0
        for _ in range(3):
            newsroom.publish(range(published, published + 40))
            published += 40
            behind = newsroom.lag()
            with newsroom.notifying() as process:
                # Until it has read more, which in Kafka takes as long as the group waits for the one that was killed.
                until(lambda behind=behind: newsroom.lag() < behind)  # type: ignore[misc]
                time.sleep(random.uniform(0, 0.15))
                process.kill()
        with newsroom.notifying():
            until(lambda: len(newsroom.told()) == published)
        assert set(newsroom.told()) == {f"alert-{number}" for number in range(published)}
        assert all(len(keys) == 1 for keys in newsroom.keys().values())
        bodies = defaultdict(set)
        for received in receiver.received:
            bodies[received.headers["webhook-id"]].add(received.body)
        assert all(len(said) == 1 for said in bodies.values()), "a repeat says the same"
        # One message was in hand at each kill, at the most.
        assert len(receiver.received) - len(bodies) <= 3
