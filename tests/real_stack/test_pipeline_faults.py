"""The whole pipeline on the real servers through everything that breaks at night. After each fault the audit finds
nothing missing and nothing twice, and every article was looked through for alerts exactly once.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from elasticsearch import Elasticsearch

from quotewire.audit import audit
from quotewire.audit_parts import Audit
from quotewire.dead_letters import dead_letters
from quotewire.ports import ArticleQuery, Message, Unavailable
from quotewire.settings import Settings
from schemas.codec import encode
from schemas.records import EnrichedArticle, Entry, FeedReference, RawArticle
from schemas.topics import ALERTS, ENRICHED, RAW, STORIES
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import NewsSite, Story, numbered
from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.flaky_proxy import FlakyProxy
from tests.real_stack.kafka_server import KafkaServer
from tests.real_stack.parts import DEADLY, SLOW, SLOWED, ImpatientWiring, Parts

SEED = 20260322
KILLS = 30
OLD_RECORDS = Path(__file__).parents[1] / "schemas" / "old_records"
PREFIX = "faults"


class Pipeline:
    """A poller, two enrichers, alerts and index at work on a site that publishes more and more."""

    def __init__(self, folder: Path, kafka: KafkaServer, elasticsearch: ElasticsearchServer, site: NewsSite) -> None:
        self.kafka, self.elasticsearch, self.site = kafka, elasticsearch, site
        self.proxy = FlakyProxy(elasticsearch.port)
        self.client = Elasticsearch(elasticsearch.address, request_timeout=30)
        self.stories = iter(numbered(2_000))
        servers = {
            "QUOTEWIRE_STREAM": f"kafka://{kafka.address}/{PREFIX}",
            "QUOTEWIRE_INDEX": self.proxy.address,
            "QUOTEWIRE_ELASTICSEARCH_PREFIX": PREFIX,
            "QUOTEWIRE_POLL_SHORTEST": "0.3",
            "QUOTEWIRE_POLL_LONGEST": "0.3",
            "QUOTEWIRE_BATCH": "4",
        }
        self.installation = Installation(folder, [site.feed], [{"name": "Ilse Brandt"}], servers)
        self.log = folder / "parts.log"
        self.parts = Parts(self.installation.environment, self.log)
        self.wiring = ImpatientWiring(
            Settings(
                data=folder / "data",
                stream=servers["QUOTEWIRE_STREAM"],
                index=elasticsearch.address,
                elasticsearch_prefix=PREFIX,
            )
        )
        self.wiring.open_all()
        for name in ("poll", "enrich", "enrich-2", "alerts", "index"):
            self.parts.start(name)

    def publish(self, count: int) -> None:
        """The site has so many more stories."""
        self.site.stories += [next(self.stories) for _ in range(count)]

    def audit(self) -> Audit:
        now = datetime.now(UTC)
        return audit(self.wiring.stream, self.wiring.index, self.wiring.feed_store, now, thorough=True)

    def settled(self) -> Audit:
        """The audit once everything has arrived; whoever dies meanwhile is started again."""
        result = Audit()

        def arrived() -> bool:
            nonlocal result
            self.parts.tend()
            lag = sum(at.lag for at in self.wiring.stream.positions(ENRICHED.name, "alerts"))
            result = self.audit()
            enough = result.found >= len(self.site.stories)
            return enough and not lag and not result.under_way and not result.alerts_under_way

        until(arrived)
        return result

    def assert_all_is_well(self) -> Audit:
        result = self.settled()
        told = [str(finding) for finding in result.missing] + result.twice
        assert result.complete, f"{told}\n{self.log.read_text()[-3000:]}"
        assert result.states["expired"] == 0
        looked_through = Counter(
            (record.key, orjson.loads(record.value)["revision"]) for record in self.wiring.stream.read(STORIES.name)
        )
        assert set(looked_through.values()) == {1}, "an article was looked through twice"
        return result

    def close(self) -> None:
        self.parts.close()
        self.wiring.__exit__(None, None, None)
        names = list(self.client.indices.get(index=f"{PREFIX}-*"))
        self.client.indices.delete(index=names)
        self.client.close()
        self.proxy.close()


def until(condition: Callable[[], bool], seconds: float = 600.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(Unavailable):
            if condition():
                return
        time.sleep(0.3)
    raise AssertionError("it never came about")


@pytest.fixture(scope="module")
def pipeline(
    tmp_path_factory: pytest.TempPathFactory, kafka_server: KafkaServer, elasticsearch_server: ElasticsearchServer
) -> Iterator[Pipeline]:
    with NewsSite([]) as site:
        folder = tmp_path_factory.mktemp("pipeline")
        with contextlib.closing(Pipeline(folder, kafka_server, elasticsearch_server, site)) as made:
            yield made


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


def test_elasticsearch_goes_away_and_comes_back(pipeline: Pipeline) -> None:
    pipeline.publish(20)
    time.sleep(1)
    try:
        pipeline.elasticsearch.stop()
        pipeline.publish(20)
        time.sleep(8)
    finally:
        pipeline.elasticsearch.start()
    assert pipeline.assert_all_is_well().states["dead"] == 0


@pytest.mark.parametrize("status", [429, 503])
def test_elasticsearch_refuses_for_a_while(pipeline: Pipeline, status: int) -> None:
    pipeline.proxy.refuse = status
    try:
        pipeline.publish(15)
        until(lambda: pipeline.proxy.refused > 3)
        assert pipeline.audit().complete, "what waits is not missing"
    finally:
        pipeline.proxy.refuse, pipeline.proxy.refused = None, 0
    assert pipeline.assert_all_is_well().states["dead"] == 0


def test_the_disk_is_full(pipeline: Pipeline) -> None:
    """The block is what the server sets itself at the flood stage; that it does is tested with the index's adapter."""
    block = "index.blocks.read_only_allow_delete"
    pipeline.client.indices.put_settings(index=f"{PREFIX}-*", settings={block: True})
    try:
        pipeline.publish(10)
        until(lambda: "cluster_block_exception" in pipeline.log.read_text())
    finally:
        pipeline.client.indices.put_settings(index=f"{PREFIX}-*", settings={block: None})
    assert pipeline.assert_all_is_well().states["dead"] == 0


def raw(name: str, text: str, published: datetime | None = None) -> Message:
    entry = Entry(title=f"About {name}", content=f"<p>{text}</p>", published=published)
    reference = FeedReference(url="https://gazette.example/feed")
    revision = int(time.time() * 1000)
    article = RawArticle(id=name, revision=revision, feed=reference, entry=entry, fetched=datetime.now(UTC))
    return Message(RAW.name, name, encode(article))


def test_poison_of_every_kind_is_buried_and_accounted_for(pipeline: Pipeline) -> None:
    """Bytes that are no record, a document that the mapping refuses, an article that kills whoever reads it."""
    pipeline.client.indices.put_index_template(
        name=f"{PREFIX}-2001",
        index_patterns=[f"{PREFIX}-articles-2001"],
        priority=900,
        template={
            "mappings": {"dynamic": "strict", "properties": {"id": {"type": "keyword"}}},
            "aliases": {f"{PREFIX}-articles": {}},
        },
    )
    before = pipeline.audit().states["dead"]
    pipeline.publish(6)
    pipeline.wiring.stream.publish(
        [
            Message(RAW.name, "rubbish", b"\x00 no record"),
            raw("refused", "The mapping takes none of its fields.", datetime(2001, 3, 4, tzinfo=UTC)),
            raw("deadly", f"This is {DEADLY}."),
        ]
    )

    def all_are_buried() -> bool:
        pipeline.parts.tend()
        return len(dead_letters(pipeline.wiring.stream)) == before + 3

    until(all_are_buried)
    result = pipeline.assert_all_is_well()
    dead = {finding.id: finding for finding in result.findings}
    assert dead.keys() >= {"refused", "deadly"}
    assert (dead["refused"].stage, dead["deadly"].stage) == ("index", "enrich")
    assert "strict_dynamic_mapping_exception" in dead["refused"].reason
    assert "died" in dead["deadly"].reason
    letters = {letter.key: letter for letter in dead_letters(pipeline.wiring.stream)}
    assert "not JSON" in letters["rubbish"].reason


def test_a_batch_slower_than_the_group_waits_is_processed_again(pipeline: Pipeline) -> None:
    pipeline.wiring.stream.publish([raw("slow", f"This is {SLOW}.")])
    until((pipeline.installation.folder / "data" / SLOWED).exists)
    pipeline.publish(6)
    pipeline.assert_all_is_well()
    assert Counter(record.key for record in pipeline.wiring.stream.read(ENRICHED.name))["slow"] == 1


def test_records_of_the_previous_version_are_taken(pipeline: Pipeline) -> None:
    old = {topic.name: (OLD_RECORDS / f"{topic.name}.v1.json").read_bytes() for topic in (ALERTS, ENRICHED, RAW)}
    keys = {name: orjson.loads(value)["id"] for name, value in old.items()}
    pipeline.wiring.stream.publish([Message(name, keys[name], value) for name, value in old.items()])
    pipeline.assert_all_is_well()
    assert keys["alerts"] in pipeline.wiring.index.stored_alerts([keys["alerts"]])
    for name in (ENRICHED.name, RAW.name):
        assert keys[name] in pipeline.wiring.index.stored([keys[name]])


def test_enrichers_join_and_leave(pipeline: Pipeline) -> None:
    for _ in range(3):
        pipeline.publish(8)
        pipeline.parts.start("enrich-3")
        time.sleep(2.5)
        pipeline.parts.stop("enrich-2")
        pipeline.publish(8)
        time.sleep(0.5)
        pipeline.parts.start("enrich-2")
        pipeline.parts.stop("enrich-3")
    pipeline.assert_all_is_well()


@pytest.mark.slow
def test_every_stage_is_killed_again_and_again(pipeline: Pipeline) -> None:
    chance = random.Random(SEED)
    killed: Counter[str] = Counter()
    while killed.total() < KILLS:
        pipeline.publish(4)
        name = chance.choice(list(pipeline.parts.processes))
        time.sleep(chance.uniform(0.1, 1.2))
        pipeline.parts.kill(name)
        killed[name] += 1
        pipeline.parts.tend()
    assert set(killed) == set(pipeline.parts.processes)
    assert pipeline.assert_all_is_well().found >= len(pipeline.site.stories)


def test_replay_and_the_commands_of_an_operator(pipeline: Pipeline) -> None:
    command, alerts = pipeline.installation, list(pipeline.wiring.stream.read(ALERTS.name))
    refused = command.run("replay", "--stage", "enrich", "--from", "beginning")
    assert refused.returncode == 3
    assert "stop every `quotewire run` that has the stage enrich" in refused.stderr

    for name in ("enrich", "enrich-2"):
        pipeline.parts.stop(name)
    story = pipeline.site.stories[-1]
    (hit,) = pipeline.wiring.index.search(_only(story)).hits
    before = _stored(pipeline, hit.id)
    command.ok("replay", "--stage", "enrich", "--from", "beginning")
    assert command.json("status")["lag"]["enrich"] > 0
    pipeline.parts.start("enrich")

    def caught_up() -> bool:
        pipeline.parts.tend()  # what kills its process comes again, too
        return not any(command.json("status")["lag"][stage] for stage in ("enrich", "alerts", "index"))

    until(caught_up)
    result = pipeline.settled()
    assert result.complete
    assert list(pipeline.wiring.stream.read(ALERTS.name)) == alerts, "a replay alerts nobody again"
    after = _stored(pipeline, hit.id)
    assert after.revision == before.revision
    assert before.enriched is not None
    assert after.enriched is not None
    assert after.enriched > before.enriched, "the newer enrichment has taken the older one's place"
    assert command.json("status")["index"]["articles"] == result.states["indexed"] + result.states["superseded"]

    letters = {letter["key"]: letter["id"] for letter in command.json("dead", "list")}
    assert "no record" in command.ok("dead", "show", letters["rubbish"])
    command.ok("dead", "replay", letters["rubbish"])
    until(lambda: sum(letter["key"] == "rubbish" for letter in command.json("dead", "list")) == 1)
    assert command.json("audit", "--thorough")["complete"]


def test_a_month_of_the_index_is_lost(pipeline: Pipeline) -> None:
    """And comes back by the replay that the runbook gives for it."""
    pipeline.publish(10)
    before = pipeline.assert_all_is_well().states["indexed"]
    months = pipeline.client.indices.get(index=f"{PREFIX}-articles-*")
    pipeline.client.indices.delete(index=max(months, key=lambda name: pipeline.client.count(index=name)["count"]))
    lost = pipeline.audit()
    assert not lost.complete
    assert lost.missing
    pipeline.parts.stop("index")
    pipeline.installation.ok("replay", "--stage", "index", "--from", "beginning")
    pipeline.parts.start("index")
    until(lambda: not any(at.lag for at in pipeline.wiring.stream.positions(ENRICHED.name, "index")))
    assert pipeline.assert_all_is_well().states["indexed"] == before


def _only(story: Story) -> ArticleQuery:
    return ArticleQuery(words=f'"{story.title}"')


def _stored(pipeline: Pipeline, article: str) -> EnrichedArticle:
    stored = pipeline.wiring.index.article(article)
    assert stored is not None
    return stored
