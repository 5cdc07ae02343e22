"""A pipeline that takes each step when a test tells it to, for tests of what accounts for all of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeGuard

from consumers.index import Indexing
from quotewire.audit import audit
from quotewire.audit_parts import Audit
from quotewire.ports import FeedRecord, FeedStore, Index, Message, Rejected, SeenEntry, Stream
from quotewire.stages import STAGES
from quotewire.worker import Processor, Result, Worker
from schemas.codec import encode
from schemas.records import EnrichedArticle, Entry, FeedReference, RawArticle, TopicRecord
from schemas.topics import RAW, TOPICS
from tests.quotewire.worker_parts import Obedient, Unprepared

FEED, OTHER = "https://herald.example/feed", "https://gazette.example/feed"


class SetClock:
    def __init__(self) -> None:
        self.time = datetime(2031, 5, 17, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Nothing(Unprepared):
    """A stage that swallows what it gets: the fault that an audit is for."""

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
        return [[] for _ in batch]


class Everything(Unprepared):
    """A stage that enriches whatever it gets."""

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
        return [[EnrichedArticle(id=each.id, revision=each.revision, text="")] for each in batch if is_raw(each)]


class Refusing(Unprepared):
    """A stage that can process nothing of what it gets."""

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
        return [Rejected("not to be processed") for _ in batch]


def is_raw(record: TopicRecord) -> TypeGuard[RawArticle]:
    return isinstance(record, RawArticle)


class Newsroom:
    """A pipeline that takes each step when it is told to."""

    def __init__(self, stream: Stream, index: Index, store: FeedStore, clock: SetClock) -> None:
        self.stream, self.index, self.store, self.clock = stream, index, store, clock
        stream.create_topics(TOPICS.values())
        index.setup()

    @property
    def revision(self) -> int:
        return int(self.clock.time.timestamp() * 1000)

    def find(self, *names: str, feed: str = FEED, publish: bool = True, title: str = "") -> None:
        """Articles are found in a feed, published, and remembered."""
        now = self.clock.now()
        reference = FeedReference(url=feed)
        for name in names:
            entry = Entry(title=title)
            article = RawArticle(id=name, revision=self.revision, feed=reference, entry=entry, fetched=now)
            if publish:
                self.stream.publish([Message(RAW.name, name, encode(article))])
        seen = [
            SeenEntry(f"{kind}:{name}", name, "hash", self.revision, 0, now)
            for name in names
            for kind in ("guid", "url")
        ]
        self.store.save(FeedRecord(feed), seen)

    def work(self, stage: str, processor: Processor | None = None) -> None:
        """A stage processes what there is."""
        topics = [topic.name for topic in STAGES[stage].topics]
        default: Processor = Obedient() if stage == "enrich" else Indexing(self.index)
        worker = Worker(
            stage=stage, stream=self.stream, topics=topics, processor=processor or default, clock=self.clock, batch=100
        )
        with contextlib.closing(worker):
            while worker.step(0.05):
                pass

    def audit(self, *, thorough: bool = False) -> Audit:
        return audit(self.stream, self.index, self.store, self.clock.now(), thorough=thorough)


def states(result: Audit) -> dict[str, int]:
    return {state: count for state, count in result.states.items() if count}
