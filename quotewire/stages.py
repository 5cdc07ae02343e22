"""The pipeline as a table: what each stage reads, and the function that processes it.

A stage's name is also its consumer group. `Parts` is what a stage may ask for; wiring provides it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from quotewire.ports import Clock, Index
from schemas.topics import ALERTS, ENRICHED, RAW, Topic

if TYPE_CHECKING:
    # The language libraries take a second to import; only a process that enriches needs them.
    from consumers.alerts.matcher import Matcher
    from consumers.alerts.state import AlertState
    from consumers.enrich.stage import Annotator
    from consumers.stories.fingerprint import Embedder
    from quotewire.metrics import PipelineMetrics
    from quotewire.worker import Processor


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
    def embedder(self) -> Embedder:
        """What tells how alike texts are in meaning."""
        ...

    def alert_state(self) -> AlertState:
        """Stories and alerts as they are after all that is committed."""
        ...

    @property
    def metrics(self) -> PipelineMetrics:
        """What counts and times."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage between topics, or from topics into the index."""

    name: str
    topics: tuple[Topic, ...]
    make: Callable[[Parts], Processor]
    about: str


def _enrich(parts: Parts) -> Processor:
    from consumers.enrich.stage import Enrichment

    return Enrichment(parts.annotator, parts.clock)


def _alerts(parts: Parts) -> Processor:
    from consumers.alerts.stage import Alerting

    return Alerting(parts.matcher, parts.alert_state, parts.embedder, parts.clock, parts.metrics.raised)


def _index(parts: Parts) -> Processor:
    from consumers.index import Indexing

    return Indexing(parts.index, parts.metrics.indexed)


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("enrich", (RAW,), _enrich, "finds text, language, entities and quotes"),
        Stage("alerts", (ENRICHED,), _alerts, "tells stories apart, and raises one alert a story and tracked name"),
        Stage("index", (ENRICHED, ALERTS), _index, "writes articles and alerts to the index"),
    )
}
"""Every stage by name, in the order of an article's path: a stage reads only what stages before it write."""

SERVICES: dict[str, str] = {
    "poll": "asks the feeds and publishes new articles",
    "websub": "keeps what publishers push, for the pollers",
    "web": "serves the page",
}
"""What runs beside the stages, and what it does."""
