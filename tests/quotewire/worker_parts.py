"""What the tests of the worker share: articles, a processor that does what an article's title says, a real stream."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from quotewire.ports import Message, Rejected, Stream, Unavailable
from quotewire.worker import Backoff, BatchReport, Processor, Result, Worker
from schemas.codec import decode, encode
from schemas.records import DeadLetter, EnrichedArticle, Entry, FeedReference, RawArticle, TopicRecord
from schemas.topics import DEAD_LETTERS, ENRICHED, RAW

NOON = datetime(2031, 5, 17, 12, 0, tzinfo=UTC)
QUICK = Backoff(first=0.01, longest=0.05)


class FixedClock:
    def now(self) -> datetime:
        return NOON


def raw(article_id: str, title: str = "", revision: int = 1) -> RawArticle:
    return RawArticle(
        id=article_id,
        revision=revision,
        feed=FeedReference(url="https://herald.example/feed"),
        entry=Entry(title=title),
        fetched=NOON,
    )


def message(article_id: str, title: str = "", revision: int = 1) -> Message:
    return Message(RAW.name, article_id, encode(raw(article_id, title, revision)))


def enriched(record: RawArticle) -> EnrichedArticle:
    return EnrichedArticle(id=record.id, revision=record.revision, text=record.entry.title or "nothing")


class Unprepared:
    """A processor that has nothing to load."""

    def prepare(self) -> None:
        pass


class Obedient(Unprepared):
    """Does with each article what its title says; `before` is called with each batch first."""

    def __init__(self, before: Callable[[Sequence[RawArticle]], None] = lambda _: None) -> None:
        self.before = before
        self.batches: list[list[str]] = []
        self.away: set[str] = set()

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
        articles = [record for record in batch if isinstance(record, RawArticle)]
        self.batches.append([article.id for article in articles])
        self.before(articles)
        return [self._one(article) for article in articles]

    def _one(self, article: RawArticle) -> Result:
        match article.entry.title:
            case "reject":
                return Rejected(f"{article.id} is not to be processed")
            case "raise":
                raise ValueError(f"no idea what to do with {article.id}")
            case "none":
                return []
            case "twice":
                return [enriched(article), enriched(article)]
            case "away" if article.id not in self.away:
                self.away.add(article.id)
                raise Unavailable("the server is having its lunch")
        return [enriched(article)]


def enriched_ids(stream: Stream) -> list[str]:
    return [record.key for record in stream.read(ENRICHED.name)]


def letters(stream: Stream) -> list[DeadLetter]:
    found = []
    for record in stream.read(DEAD_LETTERS.name):
        letter = decode(DEAD_LETTERS, record.value)
        assert isinstance(letter, DeadLetter)
        assert letter.id == record.key
        found.append(letter)
    return found


def lag(stream: Stream, group: str = "enrich") -> int:
    return sum(position.lag for position in stream.positions(RAW.name, group))


def make(stream: Stream, processor: Processor | None = None, **options: Any) -> Worker:
    return Worker(
        stage="enrich",
        stream=stream,
        topics=[RAW.name],
        processor=processor or Obedient(),
        clock=FixedClock(),
        backoff=QUICK,
        **options,
    )


def drain(worker: Worker, stream: Stream) -> None:
    deadline = time.monotonic() + 20
    with contextlib.closing(worker):
        while lag(stream):
            assert time.monotonic() < deadline, "it never ends"
            with contextlib.suppress(Unavailable):
                worker.step(0)


def titled(*titles: str) -> list[Message]:
    return [message(f"article {n}", title) for n, title in enumerate(titles)]


class Silent:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.reports: list[BatchReport] = []
        self.letters: list[DeadLetter] = []

    def committed(self, report: BatchReport) -> None:
        self.reports.append(report)

    def buried(self, letter: DeadLetter) -> None:
        self.letters.append(letter)

    def waiting(self, stage: str, reason: str, seconds: float) -> None:
        pass

    def working(self, stage: str) -> None:
        pass
