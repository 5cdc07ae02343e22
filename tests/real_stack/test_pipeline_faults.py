"""The whole pipeline on the real servers through what articles, its own processes and operators do to it. After each
fault the audit finds nothing missing and nothing twice, and every article was looked through for alerts exactly once.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from quotewire.dead_letters import dead_letters
from quotewire.ports import ArticleQuery, Message, Unavailable
from schemas.codec import decode
from schemas.records import Alert, EnrichedArticle
from schemas.topics import ALERTS, ENRICHED, RAW
from tests.end_to_end.news_site import Story
from tests.real_stack.parts import DEADLY, SLOW, SLOWED
from tests.real_stack.pipeline import PARTS, Pipeline, raw, until

SEED = 20260322
KILLS = 24
"""Of each stage, and of the poller."""
OLD_RECORDS = Path(__file__).parents[1] / "schemas" / "old_records"


def test_poison_of_every_kind_is_buried_and_accounted_for(pipeline: Pipeline) -> None:
    """Bytes that are no record, a document that the mapping refuses, an article that kills whoever reads it."""
    pipeline.client.indices.put_index_template(
        name=f"{pipeline.prefix}-2001",
        index_patterns=[f"{pipeline.prefix}-articles-2001"],
        priority=900,
        template={
            "mappings": {"dynamic": "strict", "properties": {"id": {"type": "keyword"}}},
            "aliases": {f"{pipeline.prefix}-articles": {}},
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
    buried = _buried(pipeline)
    pipeline.publish(12)
    for turn in range(KILLS):
        pipeline.publish(2)
        if turn % 4 == 0:
            pipeline.edit(turn // 4)
        names = [name for name in PARTS if name != ("enrich", "enrich-2")[turn % 2]]
        for name in chance.sample(names, len(names)):
            time.sleep(chance.uniform(0.05, 0.6))
            pipeline.parts.kill(name)
            killed[name.partition("-")[0]] += 1
            pipeline.parts.tend()
    assert killed == dict.fromkeys(("poll", "enrich", "alerts", "notify", "index"), KILLS)
    pipeline.assert_all_is_well()
    assert _buried(pipeline) == buried, "no article is to blame for kills"
    until(lambda: _quotes_of(pipeline, pipeline.site.stories[0]) == 1)
    assert _quotes_of(pipeline, pipeline.site.stories[-1]) == 2


def _buried(pipeline: Pipeline) -> set[str]:
    return {letter.id for letter in dead_letters(pipeline.wiring.stream)}


def _quotes_of(pipeline: Pipeline, story: Story) -> int:
    return len(_stored(pipeline, _found(pipeline, story)).quotes)


def test_replay_and_the_commands_of_an_operator(pipeline: Pipeline) -> None:
    pipeline.publish(4)
    pipeline.wiring.stream.publish([Message(RAW.name, "nonsense", b"\x01 no record")])
    pipeline.assert_all_is_well()
    refused = pipeline.command("replay", "--stage", "enrich", "--from", "beginning")
    assert isinstance(refused.exception, Unavailable)
    assert "stop every `quotewire run` that has the stage enrich" in str(refused.exception)

    article = _found(pipeline, pipeline.site.stories[-1])
    for name in ("enrich", "enrich-2"):
        pipeline.parts.stop(name)
    before = _stored(pipeline, article)
    until(lambda: not pipeline.lag("alerts"))
    alerts = _raised(pipeline)
    pipeline.ok("replay", "--stage", "enrich", "--from", "beginning")
    assert pipeline.json("status")["lag"]["enrich"] > 0
    pipeline.parts.start("enrich")
    pipeline.parts.start("enrich-2")
    result = pipeline.settled()
    assert result.complete
    assert _raised(pipeline) == alerts, "a replay alerts nobody again"
    after = _stored(pipeline, article)
    assert after.revision == before.revision
    assert before.enriched is not None
    assert after.enriched is not None
    assert after.enriched > before.enriched, "the newer enrichment has taken the older one's place"
    assert pipeline.json("status")["lag"] == dict.fromkeys(("enrich", "alerts", "notify", "index"), 0)
    there = result.states["indexed"] + result.states["superseded"]
    until(lambda: pipeline.json("status")["index"]["articles"] == there)

    letters = {letter["key"]: letter["id"] for letter in pipeline.json("dead", "list")}
    assert "no record" in pipeline.ok("dead", "show", letters["nonsense"])
    pipeline.ok("dead", "replay", letters["nonsense"])
    until(lambda: sum(letter.key == "nonsense" for letter in dead_letters(pipeline.wiring.stream)) == 2)
    assert pipeline.json("audit", "--thorough")["complete"]


def test_a_month_of_the_index_is_lost(pipeline: Pipeline) -> None:
    """And comes back by the replay that the runbook gives for it."""
    pipeline.publish(10)
    before = pipeline.assert_all_is_well().states["indexed"]
    months = pipeline.client.indices.get(index=f"{pipeline.prefix}-articles-*")
    pipeline.client.indices.delete(index=max(months, key=lambda name: pipeline.client.count(index=name)["count"]))
    lost = pipeline.audit()
    assert not lost.complete
    assert lost.missing
    pipeline.parts.stop("index")
    pipeline.ok("replay", "--stage", "index", "--from", "beginning")
    pipeline.parts.start("index")
    until(lambda: not any(at.lag for at in pipeline.wiring.stream.positions(ENRICHED.name, "index")))
    assert pipeline.assert_all_is_well().states["indexed"] == before


def _raised(pipeline: Pipeline) -> list[str]:
    """The id of every alert that was raised, as often as it was; an edit that is found meanwhile only revises one."""
    alerts = [decode(ALERTS, record.value) for record in pipeline.wiring.stream.read(ALERTS.name)]
    return sorted(alert.id for alert in alerts if isinstance(alert, Alert) and alert.revision == 1)


def _found(pipeline: Pipeline, story: Story) -> str:
    """The id of a story's article, once a search finds it: what is indexed is seen within a second."""
    only = ArticleQuery(words=f'"{story.title}"')
    until(lambda: pipeline.wiring.index.search(only).total == 1)
    return pipeline.wiring.index.search(only).hits[0].id


def _stored(pipeline: Pipeline, article: str) -> EnrichedArticle:
    stored = pipeline.wiring.index.article(article)
    assert stored is not None
    return stored
