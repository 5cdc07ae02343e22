"""The alerts stage on a real Kafka; in this process, or as one of its own to be killed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from consumers.alerts.matcher import Matcher
from consumers.alerts.stage import Alerting
from consumers.stories.embedding import WordLlamaEmbedder
from quotewire.adapters.kafka_stream import KafkaStream
from quotewire.adapters.stream_rules import MachineClock
from quotewire.alert_memory import AlertMemory
from quotewire.ports import Message, Stream, TrackedName
from quotewire.worker import Backoff, Worker
from schemas.codec import encode
from schemas.records import EnrichedArticle, Span
from schemas.topics import ENRICHED
from tests.real_stack.copying import OPTIONS

TOWNS = "Ostby Hallund Marbeck Felden Luzhek Brodny Korsk Dorsten Senivka Kostiv Velia Torvik".split()
CHIEFS = "Finch Palko Brandt Okafor Lund Holm Rudenko Tkach Bilyk Keane Frew Dahl".split()
EVENTS = (
    "Fire guts the paper mill|A fire destroyed the old paper mill in {0} in the night, said the fire chief, Orla {1}.",
    "Strike stops every bus|No bus ran in {0} on Sunday because drivers want more pay, said Orla {1} of the union.",
    "Painting stolen from the museum|Thieves took a still life from the museum of {0}, its director, Orla {1}, said.",
)
FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)


def copies(each: int) -> list[EnrichedArticle]:
    """As many stories as there are towns, each in so many outlets; the copies of one do not follow one another."""
    return [_article(town, outlet) for outlet in range(each) for town in range(len(TOWNS))]


def _article(town: int, outlet: int) -> EnrichedArticle:
    title, body = EVENTS[town % len(EVENTS)].format(TOWNS[town], CHIEFS[town]).split("|")
    title = f"{title} in {TOWNS[town]}"
    return EnrichedArticle(
        id=f"{TOWNS[town]}-{outlet}",
        revision=1,
        title=title,
        text=f"{title}\n\n{body}",
        headline=Span(start=0, end=len(title)),
        outlet=f"Outlet {outlet}",
        published=FIRST + timedelta(minutes=10 * outlet),
    )


def messages(articles: Sequence[EnrichedArticle]) -> list[Message]:
    """Articles as they are published."""
    return [Message(ENRICHED.name, ENRICHED.key(article), encode(article)) for article in articles]


def worker(stream: Stream, names: Sequence[str]) -> Worker:
    """A worker of the alerts stage, in batches of four."""
    matcher, memory = Matcher([TrackedName(name) for name in names]), AlertMemory(stream, MachineClock())
    return Worker(
        stage="alerts",
        stream=stream,
        topics=[ENRICHED.name],
        processor=Alerting(lambda: matcher, memory.recall, WordLlamaEmbedder(), MachineClock()),
        clock=MachineClock(),
        batch=4,
        backoff=Backoff(longest=1.0),
    )


def main(address: str, *names: str) -> None:
    """Alert of these names until killed."""
    own = KafkaStream(address, OPTIONS)
    worker(own, names).run(threading.Event())
