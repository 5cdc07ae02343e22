"""The CPU time of our process for each stage, for transport and for the index, one stage after the other."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, cast

from quotewire.ports import Message, Stream
from quotewire.settings import Settings
from quotewire.stages import STAGES
from quotewire.wiring import Wiring
from quotewire.worker import Processor, Result, Worker
from schemas.codec import encode
from schemas.records import Entry, FeedReference, Page, RawArticle, TopicRecord
from schemas.topics import RAW

Article = tuple[str, str]
PARTS = ("enrich", "alerts", "index")
WARM_UP = 8
SILENCE = 0.05
"""Seconds for which a drained topic is polled: an idle client works too, and that is no work on articles."""
PAGE_BYTES = 120_000
"""Of the page that every other article has, of which most is no text, as on the pages of newspapers."""


class Counted:
    """A stream that adds up the CPU seconds of what is asked of it."""

    def __init__(self, inner: Stream) -> None:
        self._inner = inner
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._inner, name)

        def counted(*given: Any) -> Any:
            started = time.process_time()
            try:
                answer = asked(*given)
                return iter(list(answer)) if name == "read" else answer
            finally:
                self.seconds += time.process_time() - started

        return counted


class CountedWiring(Wiring):
    """The program's wiring with a stream that counts."""

    @cached_property
    def counted(self) -> Counted:
        """The stream."""
        return Counted(super().stream)

    @cached_property
    def stream(self) -> Stream:
        """The same."""
        return cast(Stream, self.counted)


@dataclass
class Timed:
    """A processor that adds up the CPU seconds it takes, but for those of the stream: what the alerts stage remembers
    it reads from topics, and that is transport.
    """

    inner: Processor
    stream: Counted
    seconds: float = 0.0

    def prepare(self) -> None:
        """As the processor inside."""
        self.inner.prepare()

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
        """As the processor inside."""
        started, aside = time.process_time(), self.stream.seconds
        try:
            return self.inner.process(batch)
        finally:
            self.seconds += time.process_time() - started - (self.stream.seconds - aside)


@dataclass
class Work:
    """CPU seconds of our process, apart for what they were spent on."""

    seconds: dict[str, float] = field(default_factory=dict)
    aside: float = 0.0

    @contextlib.contextmanager
    def not_counted(self) -> Iterator[None]:
        """What is done inside is no work."""
        started = time.process_time()
        yield
        self.aside += time.process_time() - started

    @contextlib.contextmanager
    def on(self, what: str, but: Callable[[], float] = lambda: 0.0) -> Iterator[None]:
        """Count what is done inside, but for so many seconds that are counted elsewhere."""
        started, before = time.process_time(), but()
        yield
        spent = time.process_time() - started - (but() - before)
        self.seconds[what] = self.seconds.get(what, 0.0) + spent


def work_on(articles: Sequence[Article], settings: Mapping[str, str], folder: Path) -> Work:
    """Every stage after the other, in this process."""
    made = Settings(
        data=folder,
        stream=settings.get("QUOTEWIRE_STREAM", ""),
        index=settings.get("QUOTEWIRE_INDEX", ""),
        elasticsearch_prefix=settings.get("QUOTEWIRE_ELASTICSEARCH_PREFIX", "quotewire"),
    )
    with CountedWiring(made) as wiring:
        wiring.open_all()
        processors = {name: Timed(STAGES[name].make(wiring), wiring.counted) for name in PARTS}
        workers = {name: _worker(name, processors[name], wiring) for name in PARTS}
        with contextlib.ExitStack() as closing:
            for worker in workers.values():
                closing.callback(worker.close)
            # Connections are made, groups joined and models warm before anything is measured.
            _one_after_the_other(_raw(articles[:WARM_UP], "warm"), wiring, workers, processors)
            return _one_after_the_other(_raw(articles, "a"), wiring, workers, processors)


def _one_after_the_other(
    messages: Sequence[Message], wiring: Wiring, workers: Mapping[str, Worker], processors: Mapping[str, Timed]
) -> Work:
    work = Work()
    with work.on("transport"):
        for start in range(0, len(messages), 20):  # as the poller does
            wiring.stream.publish(messages[start : start + 20])
    for name, worker in workers.items():
        timed = processors[name]
        before = timed.seconds
        what = "index" if name == "index" else "transport"
        with work.on(what, but=lambda timed=timed: timed.seconds + work.aside):  # type: ignore[misc]
            _drain(name, worker, wiring, work)
        work.seconds[name] = work.seconds.get(name, 0.0) + timed.seconds - before
    return work


def _worker(name: str, processor: Processor, wiring: Wiring) -> Worker:
    return Worker(
        stage=name,
        stream=wiring.stream,
        topics=[topic.name for topic in STAGES[name].topics],
        processor=processor,
        clock=wiring.clock,
        batch=STAGES[name].batches * wiring.settings.batch,
        journal=wiring.journal_folder,
    )


def _drain(name: str, worker: Worker, wiring: Wiring, work: Work) -> None:
    """Work until there is no lag."""
    left = True
    while left:
        while worker.step(SILENCE):
            pass
        with work.not_counted():
            positions = [at for topic in STAGES[name].topics for at in wiring.stream.positions(topic.name, name)]
            left = any(at.lag for at in positions)


def _raw(articles: Sequence[Article], prefix: str) -> list[Message]:
    now = datetime.now(UTC)
    feed = FeedReference(url="https://news.example/feed", title="Benchmark")
    messages = []
    for number, (title, text) in enumerate(articles):
        body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n"))
        has_page = number % 2 == 1
        article = RawArticle(
            id=f"{prefix}{number}",
            revision=int(now.timestamp() * 1000),
            feed=feed,
            entry=Entry(title=title, content="" if has_page else body, published=now),
            page=_page(title, body, number, now) if has_page else None,
            fetched=now,
        )
        messages.append(Message(RAW.name, article.id, encode(article)))
    return messages


def _page(title: str, body: str, number: int, now: datetime) -> Page:
    """The article among scripts, whose bytes are as hard to compress as those of real ones."""
    chance = random.Random(number)
    script = "".join(f"w{number}_{chance.getrandbits(40):x}();\n" for _ in range((PAGE_BYTES - len(body)) // 22))
    head = f"<html><head><title>{escape(title)}</title><script>{script}</script></head>"
    html = f"{head}<body><article><h1>{escape(title)}</h1>{body}</article></body></html>".encode()
    url = f"https://news.example/{number}"
    return Page.from_body(url=url, status=200, content_type="text/html; charset=utf-8", fetched=now, body=html)
