"""The whole pipeline on the real servers while these are away, full, busy, or refuse it. After each fault the audit
finds nothing missing and nothing twice.
"""

from __future__ import annotations

import time

import pytest
from kafka import KafkaAdminClient

from schemas.topics import FORGOTTEN
from tests.real_stack.kafka_server import PASSWORD, USER
from tests.real_stack.pipeline import Pipeline, until

A_MINUTE = 60.0
WATERMARKS = {"low": "9999tb", "high": "9998tb", "flood_stage": "9997tb"}
"""Free space that no disk has."""


def test_kafka_goes_away_while_polling_and_enriching(pipeline: Pipeline) -> None:
    pipeline.publish(40)
    until(lambda: pipeline.audit().states["indexed"] > 3)
    for way in ("stop", "kill"):
        pipeline.publish(20)
        time.sleep(0.5)
        try:
            getattr(pipeline.kafka, way)()
            pipeline.publish(5)
            time.sleep(4)
        finally:
            pipeline.kafka.start()
    assert pipeline.assert_all_is_well().states["indexed"] == 90


def test_elasticsearch_goes_away_for_a_minute(pipeline: Pipeline) -> None:
    """Meanwhile names are found and told: that needs no index."""
    pipeline.publish(10)
    time.sleep(1)
    told = len(pipeline.receiver.received)
    stopped = time.monotonic()
    try:
        pipeline.elasticsearch.stop()
        for _ in range(5):
            pipeline.publish(4)
            time.sleep(2)
        until(lambda: not pipeline.lag("enrich") and not pipeline.lag("alerts") and not pipeline.lag("notify"))
        until(lambda: len(pipeline.receiver.received) > told, 30)
        assert pipeline.lag("index") > 0
        time.sleep(max(0.0, stopped + A_MINUTE - time.monotonic()))
    finally:
        pipeline.elasticsearch.start()
    assert pipeline.assert_all_is_well().states["dead"] == 0


@pytest.mark.parametrize("status", [429, 503])
def test_elasticsearch_refuses_everything_for_a_while(pipeline: Pipeline, status: int) -> None:
    pipeline.proxy.refuse = status
    try:
        pipeline.publish(15)
        until(lambda: pipeline.proxy.refused > 3)
        assert pipeline.audit().complete, "what waits is not missing"
    finally:
        pipeline.proxy.refuse, pipeline.proxy.refused = None, 0
    assert pipeline.assert_all_is_well().states["dead"] == 0


@pytest.mark.parametrize("status", [429, 503])
def test_elasticsearch_refuses_some_documents_of_each_bulk(pipeline: Pipeline, status: int) -> None:
    """An article, or some of its quotes, is there, and its neighbour is not; edits take quotes back, too."""
    pipeline.proxy.refuse_items = status
    try:
        pipeline.publish(15)
        for number in range(6):
            pipeline.edit(number + 6 * (status == 503))
        until(lambda: pipeline.proxy.refused > 20)
        assert not pipeline.audit().missing, "what waits is not missing"
    finally:
        pipeline.proxy.refuse_items, pipeline.proxy.refused = None, 0
    assert pipeline.assert_all_is_well().states["dead"] == 0


def test_the_disk_is_over_the_flood_stage(pipeline: Pipeline) -> None:
    disk = "cluster.routing.allocation.disk"
    room = {f"{disk}.watermark.{name}": space for name, space in WATERMARKS.items()}
    room[f"{disk}.threshold_enabled"] = "true"
    often = {"cluster.info.update.interval": "10s"}
    pipeline.client.cluster.put_settings(persistent=room | often)
    try:
        with pipeline.logged("cluster_block_exception"):
            until(lambda: _is_blocked(pipeline), 60)
            pipeline.publish(10)
        assert pipeline.audit().complete
        pipeline.client.cluster.put_settings(persistent=dict.fromkeys(room))
        assert pipeline.assert_all_is_well().states["dead"] == 0
    finally:
        pipeline.client.cluster.put_settings(persistent=dict.fromkeys(room | often))


def _is_blocked(pipeline: Pipeline) -> bool:
    settings = pipeline.client.indices.get_settings(index=f"{pipeline.prefix}-*", name="index.blocks.*")
    return any(found["settings"] for found in settings.values())


def test_a_topic_does_not_exist(pipeline: Pipeline) -> None:
    """Whoever starts then says so and ends; what is at work goes on, and `quotewire setup` mends it."""
    pipeline.publish(2)
    pipeline.settled()
    pipeline.parts.stop("alerts")
    name = f"{pipeline.prefix}.{FORGOTTEN.name}"
    with KafkaAdminClient(bootstrap_servers=pipeline.kafka.address) as admin:
        admin.delete_topics([name])
    with pipeline.logged(f"there is no topic {FORGOTTEN.name}"):
        refused = pipeline.parts.start("alerts")
        pipeline.publish(6)
    until(lambda: not refused.running)
    until(lambda: pipeline.lag("alerts") > 0 and not pipeline.lag("index"))
    assert FORGOTTEN.name in pipeline.ok("setup", "topics")
    pipeline.assert_all_is_well()


def test_a_wrong_password_of_kafka(pipeline: Pipeline) -> None:
    settings = {
        "QUOTEWIRE_STREAM": f"kafka://127.0.0.1:{pipeline.kafka.scram_port}/{pipeline.prefix}",
        "QUOTEWIRE_KAFKA_USER": USER,
        "QUOTEWIRE_KAFKA_MECHANISM": "SCRAM-SHA-256",
    }
    for name in ("enrich", "enrich-2"):
        pipeline.parts.stop(name)
    with pipeline.logged(f"answers, but not to user {USER}"):
        refused = pipeline.parts.start("enrich", **settings, QUOTEWIRE_KAFKA_PASSWORD="not this one")
        pipeline.publish(6)
    until(lambda: not refused.running)
    assert "not this one" not in pipeline.log.read_text()
    until(lambda: pipeline.lag("enrich") > 0)
    accepted = pipeline.parts.start("enrich", **settings, QUOTEWIRE_KAFKA_PASSWORD=PASSWORD)
    pipeline.assert_all_is_well()
    assert accepted.running
    pipeline.parts.start("enrich-2")


def test_a_wrong_password_of_elasticsearch(pipeline: Pipeline) -> None:
    """The server of the tests has no users: the proxy before it refuses as one with users does."""
    pipeline.proxy.refuse = 401
    try:
        with pipeline.logged("refuses this API key, or this user and password"):
            pipeline.publish(6)
        until(lambda: not pipeline.parts.processes["index"].running)
        assert pipeline.audit().complete
    finally:
        pipeline.proxy.refuse, pipeline.proxy.refused = None, 0
    assert pipeline.assert_all_is_well().states["dead"] == 0
