"""The pipeline as a table: what each stage reads, and the function that processes it.

A stage's name is also its consumer group. `Parts` is what a stage may ask for; wiring provides it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from consumers.alerts import Alerting, Matcher
from consumers.enrich.stage import Annotator, Enrichment
from consumers.index import Indexing
from quotewire.ports import Clock, Index
from quotewire.worker import Processor
from schemas.topics import ALERTS, ENRICHED, RAW, Topic


class Parts(Protocol):
    """What stages are made of. Each part is made when it is first asked for."""

    clock: Clock

    @property
    def annotator(self) -> Annotator:
        """The language pipeline."""
        ...

    @property
    def index(self) -> Index:
        """The index."""
        ...

    def matcher(self) -> Matcher:
        """The matcher of the watchlist as it is now."""
        ...

    @property
    def already_raised(self) -> Callable[[Collection[str]], Collection[str]]:
        """Tells which of some alert ids were raised before."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage between topics, or from topics into the index."""

    name: str
    topics: tuple[Topic, ...]
    make: Callable[[Parts], Processor]
    about: str


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "enrich",
            (RAW,),
            lambda parts: Enrichment(parts.annotator, parts.clock),
            "finds text, language, entities and quotes",
        ),
        Stage(
            "alerts",
            (ENRICHED,),
            lambda parts: Alerting(parts.matcher, parts.already_raised, parts.clock),
            "raises an alert for each tracked name that is new in an article",
        ),
        Stage(
            "index", (ENRICHED, ALERTS), lambda parts: Indexing(parts.index), "writes articles and alerts to the index"
        ),
    )
}
"""Every stage by name, in the order of an article's path: a stage reads only what stages before it write."""

SERVICES: dict[str, str] = {
    "poll": "asks the feeds and publishes new articles",
    "web": "serves the page",
}
"""What runs beside the stages, and what it does."""
