"""The whole pipeline on the real servers, at work on a site that publishes more and more, for tests to break."""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from elasticsearch import Elasticsearch
from typer.testing import CliRunner, Result

from quotewire.audit import audit
from quotewire.audit_parts import Audit
from quotewire.cli import app
from quotewire.ports import Message, Unavailable
from quotewire.settings import Settings
from quotewire.stages import STAGES
from schemas.codec import decode, encode
from schemas.records import Alert, Entry, FeedReference, RawArticle
from schemas.topics import ALERTS, RAW, STORIES
from tests.consumers.notify.receiver import Receiver
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import NewsSite, numbered
from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.flaky_proxy import FlakyProxy
from tests.real_stack.forks import Forks
from tests.real_stack.kafka_server import KafkaServer
from tests.real_stack.parts import SHORTENED, ImpatientWiring, Parts

PARTS = ("poll", "enrich", "enrich-2", "alerts", "notify", "index")


class Pipeline:
    """A poller, two enrichers, alerts, notify and index at work on a site."""

    def __init__(
        self, folder: Path, kafka: KafkaServer, elasticsearch: ElasticsearchServer, site: NewsSite, forks: Forks
    ) -> None:
        self.kafka, self.elasticsearch, self.site = kafka, elasticsearch, site
        self.prefix = f"faults-{uuid.uuid4().hex[:8]}"
        self.proxy = FlakyProxy(elasticsearch.port)
        self.receiver = Receiver()
        self.receiver.start()
        self.client = Elasticsearch(elasticsearch.address, request_timeout=30)
        self._stories = iter(numbered(2_000))
        folder.mkdir(exist_ok=True)
        sinks = folder / "sinks.yaml"
        sinks.write_text(f'- {{name: desk, webhook: "{self.receiver.address}", secret: "${{DESK_SECRET}}"}}\n')
        servers = {
            "QUOTEWIRE_STREAM": f"kafka://{kafka.address}/{self.prefix}",
            "QUOTEWIRE_INDEX": self.proxy.address,
            "QUOTEWIRE_ELASTICSEARCH_PREFIX": self.prefix,
            "QUOTEWIRE_POLL_SHORTEST": "0.3",
            "QUOTEWIRE_POLL_LONGEST": "0.3",
            "QUOTEWIRE_BATCH": "4",
            "QUOTEWIRE_SINKS": str(sinks),
            "DESK_SECRET": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        }
        self.installation = Installation(folder, [site.feed], [{"name": "Ilse Brandt"}], servers)
        self.log = folder / "parts.log"
        self.parts = Parts(forks, self.installation.environment, self.log)
        self.wiring = ImpatientWiring(
            Settings(
                data=folder / "data",
                stream=servers["QUOTEWIRE_STREAM"],
                index=elasticsearch.address,
                elasticsearch_prefix=self.prefix,
            )
        )
        self.wiring.open_all()
        for name in PARTS:
            self.parts.start(name)

    def publish(self, count: int) -> None:
        """The site has so many more stories."""
        self.site.stories += [next(self._stories) for _ in range(count)]

    def edit(self, number: int) -> None:
        """A story of the site is edited: one of its two quotes is gone."""
        story = self.site.stories[number]
        paragraphs = (*story.paragraphs, f"This is {SHORTENED}.")
        self.site.stories[number] = replace(story, summary=f"{story.summary} Edited.", paragraphs=paragraphs)

    def audit(self) -> Audit:
        """A thorough audit."""
        now = datetime.now(UTC)
        return audit(self.wiring.stream, self.wiring.index, self.wiring.feed_store, now, thorough=True)

    def settled(self) -> Audit:
        """The audit once everything has arrived; whoever dies meanwhile is started again."""
        result = Audit()

        def arrived() -> bool:
            nonlocal result
            self.parts.tend()
            if any(self.lag(stage) for stage in STAGES):
                return False
            if len(self.polled()) < len(self.site.stories):
                return False
            result = self.audit()
            return not result.under_way and not result.alerts_under_way

        until(arrived)
        return result

    def polled(self) -> set[str]:
        """The articles that the poller has found: what a test has published itself is not among them."""
        return {found.article for found in self.wiring.feed_store.found()}

    def lag(self, stage: str) -> int:
        """How many records a stage has still to process."""
        stream = self.wiring.stream
        return sum(at.lag for topic in STAGES[stage].topics for at in stream.positions(topic.name, stage))

    def assert_all_is_well(self) -> Audit:
        """Nothing is missing and nothing twice, in the index, in what was looked through, and in what was told."""
        result = self.settled()
        told = [str(finding) for finding in result.missing] + result.twice
        assert result.complete, f"{told}\n{self.log.read_text()[-3000:]}"
        assert result.states["expired"] == 0
        looked_through = Counter(
            (record.key, orjson.loads(record.value)["revision"]) for record in self.wiring.stream.read(STORIES.name)
        )
        assert set(looked_through.values()) == {1}, "an article was looked through twice"
        self._assert_all_were_told()
        return result

    def _assert_all_were_told(self) -> None:
        raised = set()
        for record in self.wiring.stream.read(ALERTS.name):
            alert = decode(ALERTS, record.value)
            assert isinstance(alert, Alert)
            if alert.raised > datetime.now(UTC) - timedelta(hours=1):
                raised.add(alert.id)
        until(lambda: raised <= self._keys().keys())
        assert all(len(keys) == 1 for keys in self._keys().values()), "an alert was told under two keys"

    def _keys(self) -> dict[str, set[str]]:
        """The keys under which a sink was told of each alert: by these it knows what comes again."""
        keys = defaultdict(set)
        for received in list(self.receiver.received):
            for one in json.loads(received.body)["alerts"]:
                keys[one["alert"]["id"]].add(one["key"])
        return keys

    def command(self, *arguments: str) -> Result:
        """What a command of ours says, called in this process: one of its own would import for seconds."""
        others = {name: None for name in os.environ if name.startswith("QUOTEWIRE_")}
        return CliRunner().invoke(app, arguments, env={**others, **self.installation.environment})

    def ok(self, *arguments: str) -> str:
        """What a command prints that ends well."""
        result = self.command(*arguments)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.ok(*arguments, "--json"))

    @contextlib.contextmanager
    def logged(self, words: str) -> Any:
        """At the end of the context a part has logged these words since its beginning, or does so soon."""
        before = self.log.stat().st_size
        yield
        until(lambda: words in self.log.read_bytes()[before:].decode(errors="replace"), 90)

    def close(self) -> None:
        """End everything; the index is emptied."""
        self.parts.close()
        self.receiver.stop()
        self.wiring.__exit__(None, None, None)
        names = list(self.client.indices.get(index=f"{self.prefix}-*"))
        self.client.indices.delete(index=names)
        self.client.close()
        self.proxy.close()


def raw(name: str, text: str, published: datetime | None = None) -> Message:
    """An article as the poller publishes it."""
    entry = Entry(title=f"About {name}", content=f"<p>{text}</p>", published=published)
    reference = FeedReference(url="https://gazette.example/feed")
    revision = int(time.time() * 1000)
    article = RawArticle(id=name, revision=revision, feed=reference, entry=entry, fetched=datetime.now(UTC))
    return Message(RAW.name, name, encode(article))


def until(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait until it holds; a server that is away meanwhile is no hindrance."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(Unavailable):
            if condition():
                return
        time.sleep(0.2)
    raise AssertionError("it never came about")
