"""The alerts stage on a stream of its own, with articles to feed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from consumers.alerts.matcher import Matcher
from consumers.alerts.stage import Alerting
from consumers.stories.embedding import WordLlamaEmbedder
from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.stream_rules import MachineClock
from quotewire.alert_memory import AlertMemory
from quotewire.ports import Message, Rejected, Stream, TrackedName
from schemas.codec import encode
from schemas.records import Alert, EnrichedArticle, Span, StoryMember
from schemas.topics import TOPICS, topic_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WATCHED = [TrackedName("Orla Finch"), TrackedName("Kyiv", ("Kiev",))]

FIRE = (
    "Fire guts paper mill in Ostby",
    (
        "A fire destroyed the paper mill in Ostby on Sunday night, the fire chief, Orla Finch, said.\n\n"
        "“We were lucky that nobody was inside,” Finch said. Forty firemen from Ostby and Hallund fought the flames "
        "until dawn. The mill has 120 workers and was the largest employer in the valley."
    ),
)
FIRE_RETOLD = (
    "Blaze destroys Ostby mill, 120 workers without a job",
    (
        "Nobody was hurt when the paper mill in Ostby burned down in the night to Monday, said Orla Finch, chief of "
        "the fire brigade. Crews from Ostby and Hallund needed until dawn to put the blaze out. It had 120 workers."
    ),
)
ELECTION = (
    "Orla Finch to run for council in Marbeck",
    (
        "Orla Finch will stand for the council in Marbeck in May, she told a meeting of the Harbour Party on Monday. "
        "“The buses are late and the school roof leaks,” she said."
    ),
)


class Clock:
    """A clock that goes on by a minute each time it is asked."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time


class Pipeline:
    """The alerts stage on a stream of its own; `feed` commits what it makes, `lose` does not."""

    clock = MachineClock()

    def __init__(self, watched: Sequence[TrackedName] = WATCHED, stream: Stream | None = None) -> None:
        self.stream = stream or MemoryStream()
        self.stream.create_topics(TOPICS.values())
        self.matcher = Matcher(watched)
        self.restart()

    def restart(self) -> None:
        """Forget all that is not on the stream."""
        memory = AlertMemory(self.stream, self.clock)
        self.stage = Alerting(lambda: self.matcher, memory.recall, WordLlamaEmbedder(), Clock())

    def lose(self, *articles: EnrichedArticle) -> list[Alert | StoryMember]:
        results = self.stage.process(articles)
        assert len(results) == len(articles)
        outputs = [output for result in results if not isinstance(result, Rejected) for output in result]
        return [output for output in outputs if isinstance(output, Alert | StoryMember)]

    def feed(self, *articles: EnrichedArticle) -> list[Alert]:
        outputs = self.lose(*articles)
        self.stream.publish([Message(topic_of(each).name, topic_of(each).key(each), encode(each)) for each in outputs])
        return [output for output in outputs if isinstance(output, Alert)]


def article(
    title_and_body: tuple[str, str], name: str = "a1", revision: int = 1, hours: float = 0, outlet: str = "Courier"
) -> EnrichedArticle:
    title, body = title_and_body
    return EnrichedArticle(
        id=name,
        revision=revision,
        title=title,
        text=f"{title}\n\n{body}",
        headline=Span(start=0, end=len(title)),
        outlet=outlet,
        published=NOW + timedelta(hours=hours),
    )


def edited(title_and_body: tuple[str, str], more: str) -> tuple[str, str]:
    return title_and_body[0], f"{title_and_body[1]}\n\n{more}"
