"""On the real Kafka and Elasticsearch: one alert a story and name, through kills, replays and reindexing."""

from __future__ import annotations

import contextlib
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from kafka import KafkaAdminClient

from consumers.index import Indexing
from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions
from quotewire.adapters.elasticsearch_index import ElasticsearchIndex
from quotewire.adapters.kafka_stream import KafkaStream
from quotewire.adapters.stream_rules import MachineClock
from quotewire.audit_alerts import account_for_alerts
from quotewire.audit_parts import Audit, Letters
from quotewire.ports import Stream
from quotewire.replaying import Start, forget_alerts
from quotewire.stages import STAGES
from quotewire.worker import Worker
from schemas.codec import decode
from schemas.records import Alert, EnrichedArticle, StoryMember
from schemas.topics import ALERTS, ENRICHED, STORIES, TOPICS
from tests.real_stack.alerting import CHIEFS, copies, messages, worker
from tests.real_stack.copying import OPTIONS
from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.forks import Forks
from tests.real_stack.kafka_server import KafkaServer

COPIES = 5
KILLS = 6
SEED = 20261126
WATCHED = [f"Orla {chief}" for chief in CHIEFS[:6]]


@pytest.mark.slow
def test_one_alert_a_story_and_name_through_kills_replays_and_reindexing(
    forks: Forks, kafka_server: KafkaServer, elasticsearch_server: ElasticsearchServer
) -> None:
    address = f"kafka://{kafka_server.address}/alerts-{uuid.uuid4().hex[:12]}"
    with contextlib.closing(KafkaStream(address, OPTIONS)) as stream:
        stream.create_topics(TOPICS.values())
        _alert_while_killed(stream, address, copies(COPIES), forks)
        _check(stream, address, elasticsearch_server.address)


def _check(stream: Stream, address: str, index_address: str) -> None:
    articles = copies(COPIES)
    _work(stream, WATCHED)
    told = _alerts(stream)
    members = [record.id for record in _stories(stream)]
    assert sorted(members) == sorted(article.id for article in articles), "each article was looked through once"
    assert {alert.name for grown in told.values() for alert in grown} == set(WATCHED)
    assert len(told) == len(WATCHED), "one alert a story and name"
    for grown in told.values():
        assert [alert.revision for alert in grown] == list(range(1, COPIES + 1)), "each revision was published once"
        assert len({listed.outlet for listed in grown[-1].articles}) == COPIES

    # A replay of the topic, the same articles published again, and names that are new on the watchlist.
    _move_back(stream, ENRICHED.name, "alerts")
    stream.publish(messages(articles))
    _work(stream, [f"Orla {chief}" for chief in CHIEFS])
    assert _alerts(stream) == told
    assert [record.id for record in _stories(stream)] == members

    options = ElasticsearchOptions(prefix=f"alerts-{uuid.uuid4().hex[:12]}", answer=20)
    with contextlib.closing(ElasticsearchIndex(index_address, options)) as index:
        index.setup()
        newest = {grown[-1].id: grown[-1] for grown in told.values()}
        for _ in range(2):
            _index(stream, index)
            # A search sees what was written only after the index has refreshed, each alert for itself.
            _until(lambda: {alert.id: alert for alert in index.alerts(limit=100)} == newest)
            _move_back(stream, ALERTS.name, "index")
        _alert_again(stream, address, told)
        _index(stream, index)
        result = Audit()
        account_for_alerts(stream, index, Letters([]), result)
        assert (result.complete, result.alerts_indexed) == (True, len(told))


def _alert_again(stream: Stream, address: str, told: dict[str, list[Alert]]) -> None:
    """As `replay --alert-again` does; then Kafka lets go of every group's positions, as it does after a week."""
    forget_alerts(stream, STAGES["alerts"], Start(offset=0), datetime.now(UTC))
    _move_back(stream, ENRICHED.name, "alerts")
    _work(stream, WATCHED)
    again = _alerts(stream)
    assert {key: len(grown) for key, grown in again.items()} == {key: 2 * len(grown) for key, grown in told.items()}
    server, _, prefix = address.removeprefix("kafka://").partition("/")
    with KafkaAdminClient(bootstrap_servers=server) as admin:
        groups = [group["group_id"] for group in admin.list_groups() if group["group_id"].startswith(f"{prefix}.")]
        assert groups
        admin.delete_groups(groups)
    _work(stream, WATCHED)
    assert _alerts(stream) == again, "a stage that begins again from the start remembers what it has raised again"


def _alert_while_killed(stream: Stream, address: str, articles: Sequence[EnrichedArticle], forks: Forks) -> None:
    """Publish the articles bit by bit while the stage's process is killed with -9 again and again."""
    chance = random.Random(SEED)
    size = len(articles) // KILLS
    for turn in range(KILLS):
        stream.publish(messages(articles[turn * size : (turn + 1) * size if turn < KILLS - 1 else None]))
        before = _lag(stream)
        process = forks.start("tests.real_stack.alerting", address, *WATCHED)
        # It commits something, and is killed a moment later, whatever it has in hand.
        _until(lambda before=before: _lag(stream) < before)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.5))
        assert process.running
        process.kill()


def _move_back(stream: Stream, topic: str, group: str) -> None:
    stream.move(topic, group, {position.partition: 0 for position in stream.positions(topic, group)})


def _work(stream: Stream, names: list[str]) -> None:
    alerting = worker(stream, names)
    with contextlib.closing(alerting):
        _until(lambda: alerting.step(1.0) >= 0 and _lag(stream) == 0)


def _index(stream: Stream, index: ElasticsearchIndex) -> None:
    indexing = Worker(
        stage="index", stream=stream, topics=[ALERTS.name], processor=Indexing(index), clock=MachineClock(), batch=16
    )
    with contextlib.closing(indexing):
        _until(lambda: indexing.step(1.0) >= 0 and sum(p.lag for p in stream.positions(ALERTS.name, "index")) == 0)


def _lag(stream: Stream) -> int:
    return sum(position.lag for position in stream.positions(ENRICHED.name, "alerts"))


def _alerts(stream: Stream) -> dict[str, list[Alert]]:
    """Every alert with all its revisions, in the order of the topic."""
    found: defaultdict[str, list[Alert]] = defaultdict(list)
    for record in stream.read(ALERTS.name):
        alert = decode(ALERTS, record.value)
        assert isinstance(alert, Alert)
        found[alert.id].append(alert)
    return dict(found)


def _stories(stream: Stream) -> list[StoryMember]:
    members = [decode(STORIES, record.value) for record in stream.read(STORIES.name)]
    return [member for member in members if isinstance(member, StoryMember)]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)
