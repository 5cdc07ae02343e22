"""The pipeline as a table: what each stage reads, and the function that processes it.

A stage's name is also its consumer group. `Parts` is what a stage may ask for; wiring provides it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Protocol

from quotewire.ports import Clock, Index
from schemas.topics import ALERTS, ENRICHED, RAW, Topic

if TYPE_CHECKING:
    # The language libraries take a second to import; only a process that enriches needs them.
    from consumers.alerts.matcher import Matcher
    from consumers.alerts.state import AlertState
    from consumers.enrich.stage import Annotator
    from consumers.stories.fingerprint import Embedder
    from quotewire.alert_ports import Outbox, Sink
    from quotewire.delivery import Deliveries
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
    def outbox(self) -> Outbox:
        """What sinks are to be told and were told."""
        ...

    def sinks(self) -> Sequence[Sink]:
        """Where alerts are told, as it is configured now."""
        ...

    def deliveries(self) -> Deliveries:
        """The couriers that take notices from the outbox to the sinks."""
        ...

    @property
    def metrics(self) -> PipelineMetrics:
        """What counts and times."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage between topics, or from topics into the index or the outbox."""

    name: str
    topics: tuple[Topic, ...]
    make: Callable[[Parts], Processor]
    about: str
    beside: Callable[[Parts, Event], None] | None = None
    """What works in the same process, in a thread of its own, until the event is set."""
    batches: int = 1
    """How many batches of the setting it takes at once. A stage that is quick has more of rounds than of records."""


def _enrich(parts: Parts) -> Processor:
    from consumers.enrich.stage import Enrichment

    return Enrichment(parts.annotator, parts.clock)


def _alerts(parts: Parts) -> Processor:
    from consumers.alerts.stage import Alerting

    return Alerting(parts.matcher, parts.alert_state, parts.embedder, parts.clock, parts.metrics.raised)


def _index(parts: Parts) -> Processor:
    from consumers.index import Indexing

    return Indexing(parts.index, parts.metrics.indexed)


def _notify(parts: Parts) -> Processor:
    from consumers.notify.stage import Notifying

    return Notifying(parts.sinks, parts.outbox, parts.clock)


def _deliver(parts: Parts, stop: Event) -> None:
    parts.deliveries().run(stop)


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("enrich", (RAW,), _enrich, "finds text, language, entities and quotes"),
        Stage(
            "alerts",
            (ENRICHED,),
            _alerts,
            "tells stories apart, and raises one alert a story and tracked name",
            batches=8,
        ),
        Stage("notify", (ALERTS,), _notify, "tells sinks of alerts", beside=_deliver),
        Stage("index", (ENRICHED, ALERTS), _index, "writes articles and alerts to the index", batches=8),
    )
}
"""Every stage by name, in the order of an article's path: a stage reads only what stages before it write."""

SERVICES: dict[str, str] = {
    "poll": "asks the feeds and publishes new articles",
    "websub": "keeps what publishers push, for the pollers",
    "web": "serves the page",
}
"""What runs beside the stages, and what it does."""
