"""What all parts of the audit use: what it accounts for, what it finds, and how it reads records and dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, TypeVar

import orjson

from quotewire.ports import Stream, StreamRecord
from schemas.records import DeadLetter
from schemas.topics import ALERTS, Topic

State = Literal["indexed", "superseded", "under way", "dead", "expired", "missing"]
"""What became of an article: the index has it, or a newer revision; a stage has still to process it; a stage has buried
it; the topics no longer keep what would tell; or it is nowhere."""

_Item = TypeVar("_Item")

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Article:
    """An article that was found, and the revision that it is accounted for in."""

    id: str
    revision: int
    feed: str

    @property
    def seen(self) -> datetime:
        """When this revision was first seen: that is what a revision is."""
        return datetime.fromtimestamp(min(self.revision, 4_102_444_800_000) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an article or alert, and why. `stage` is where it is or was lost; `feed` of an alert is empty."""

    kind: Literal["article", "alert"]
    id: str
    feed: str
    revision: int
    state: State
    stage: str = ""
    reason: str = ""

    def __str__(self) -> str:
        of_feed = f" of {self.feed}" if self.feed else ""
        return f"{self.kind} {self.id}{of_feed}, revision {self.revision}, at {self.stage or '?'}: {self.reason}"


@dataclass(slots=True)
class Audit:
    """What an audit has found. `twice` names what exists more than once, or is not whole."""

    found: int = 0
    feeds: int = 0
    copies: int = 0
    """Articles that more than one feed had."""
    states: Counter[State] = field(default_factory=Counter)
    """Articles by what became of them."""
    under_way: Counter[str] = field(default_factory=Counter)
    """Articles that a stage has still to process, by stage."""
    findings: list[Finding] = field(default_factory=list)
    """All that is neither indexed nor under way."""
    alerts_raised: int = 0
    alerts_indexed: int = 0
    alerts_under_way: int = 0
    twice: list[str] = field(default_factory=list)

    @property
    def published(self) -> int:
        """Articles that the poller has published."""
        return self.found - self._stopped_at("poll") - self._stopped_at("")

    @property
    def enriched(self) -> int:
        """Articles that were enriched."""
        return self.published - self._stopped_at("enrich")

    def _stopped_at(self, stage: str) -> int:
        found = sum(finding.kind == "article" and finding.stage == stage for finding in self.findings)
        return self.under_way[stage] + found

    @property
    def missing(self) -> list[Finding]:
        """What should be somewhere and is nowhere."""
        return [finding for finding in self.findings if finding.state == "missing"]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and nothing is there twice."""
        return not self.missing and not self.twice


class Letters:
    """The dead letters. One that was replayed excuses nothing: what is refused again gets a letter of its own."""

    def __init__(self, letters: Sequence[DeadLetter]) -> None:
        self._by_place: dict[tuple[str, str, int, int], DeadLetter] = {}
        self._by_article: dict[tuple[str, str], list[DeadLetter]] = {}
        self._replays: Counter[str] = Counter()
        for letter in letters:
            if letter.replayed is not None:
                self._replays[letter.key] += letter.topic == ALERTS.name
                continue
            self._by_place[letter.stage, letter.topic, letter.partition, letter.offset] = letter
            if letter.topic != ALERTS.name:
                self._by_article.setdefault((letter.stage, letter.key), []).append(letter)

    def at(self, record: StreamRecord, stage: str) -> DeadLetter | None:
        """The letter by which a stage has buried this very record."""
        return self._by_place.get((stage, record.topic, record.partition, record.offset))

    def of(self, article: Article, stage: str) -> DeadLetter | None:
        """The newest letter of a stage about an article whose record is not known; one about an older revision says
        nothing of this one.
        """
        for letter in reversed(self._by_article.get((stage, article.id), [])):
            fields = fields_in(letter.value)
            if "revision" not in fields or revision_in(fields) >= article.revision:
                return letter
        return None

    def replays_of_alert(self, alert: str) -> int:
        """How often an alert was published again, by hand, after it had been buried."""
        return self._replays[alert]


def burial(letter: DeadLetter) -> str:
    """Why something was buried, and by which letter."""
    return f"{letter.reason} (dead letter {letter.id})"


def passed_by(stream: Stream, topic: Topic, group: str) -> Callable[[StreamRecord], bool]:
    """Whether a group has passed a record."""
    committed = {at.partition: at.committed for at in stream.positions(topic.name, group)}
    return lambda record: record.offset < committed[record.partition]


def fields_of(record: StreamRecord) -> dict[str, object]:
    """The fields of a record on a topic, unchecked: nothing where it is none."""
    return fields_in(record.value)


def fields_in(value: bytes) -> dict[str, object]:
    """The fields of a record, unchecked: nothing where it is none."""
    try:
        fields = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def revision_in(fields: Mapping[str, object]) -> int:
    """The revision among the fields of a record; 0 where there is none."""
    revision = fields.get("revision", 0)
    return revision if isinstance(revision, int) else 0


def some_at_a_time(items: Collection[_Item]) -> Iterator[list[_Item]]:
    """As many as an index is asked for at once."""
    waiting = iter(items)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
