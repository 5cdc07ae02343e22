"""What the parts of the pipeline count and time, by the conventions of Prometheus; see docs/metrics.md.

Only what a part knows of itself is here, and all of it grows: counters and histograms. What can be looked at from
outside (lag, states of feeds, which parts are up) is `quotewire.monitoring`'s.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, values

from producers.schedule import FAILED_STATES
from producers.walls import Wall
from quotewire.alert_ports import Delivery
from quotewire.observing import BatchReport
from quotewire.ports import Clock, Outcome
from schemas.records import Alert, DeadLetter, EnrichedArticle

if TYPE_CHECKING:
    from producers.callback import PushOutcome
    from producers.polls import FeedPoll  # with what it takes to fetch, which only the poller needs

_BATCH_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Seconds. Half an hour is the longest batch that keeps its group."""

_LATENCY_BUCKETS = (0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
"""Seconds. From the two seconds that we mean to keep to the hour between two polls of a quiet feed, and a day."""

disable_created_metrics()  # type: ignore[no-untyped-call]


def share(folder: Path, part: str) -> None:
    """Keep this process's metrics in files of `folder`, for the supervisor to read; to be called before any is made.

    The files are named for the part, not for the process: one that is started again goes on counting where its
    predecessor was killed, and a part that dies every minute leaves no file behind for each death.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: part)  # type: ignore[no-untyped-call]


class PipelineMetrics:
    """The metrics of every part; a part leaves those of the others alone. Its methods are the observers of the parts.

    Any thread may call any method.
    """

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._clock = clock

        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"quotewire_{name}", about, labels, registry=registry)

        def histogram(name: str, about: str, label: str, buckets: Sequence[float]) -> Histogram:
            return Histogram(f"quotewire_{name}", about, [label], registry=registry, buckets=buckets)

        self._processed = counter("records_processed", "Records that a stage has processed and committed.", "stage")
        self._published = counter("records_published", "Records that a stage has made of them.", "stage")
        self._buried = counter("dead_letters", "Records that a stage has buried in the dead letters.", "stage")
        self._retries = counter("retries", "Times that a stage began to wait for a server that was away.", "stage")
        self._waited = counter("retry_wait_seconds", "Seconds that a stage has waited for such servers.", "stage")
        self._batch = histogram("batch_seconds", "From the poll of a batch to its commit.", "stage", _BATCH_BUCKETS)
        self._age = histogram(
            "record_age_seconds",
            "From the publication of a batch's oldest record to the topic, to the batch's commit.",
            "stage",
            _LATENCY_BUCKETS,
        )
        self._outcomes = counter("index_writes", "Documents given to the index, by outcome.", "kind", "outcome")
        self._searchable = histogram(
            "article_searchable_seconds",
            "How long it took an article to reach the index, since its feed published it or we first saw it.",
            "since",
            _LATENCY_BUCKETS,
        )
        self._alerted = histogram(
            "alert_raised_seconds",
            "How long it took an article to raise an alert, since its feed published it or we first saw it.",
            "since",
            _LATENCY_BUCKETS,
        )
        self._deliveries = counter("deliveries", "Tries of a message to a sink, by outcome.", "sink", "outcome")
        self._told = histogram(
            "alert_told_seconds", "From an alert's raising until a sink had taken it.", "sink", _LATENCY_BUCKETS
        )
        self._polls = counter("feed_polls", "Polls of feeds, by what they brought.", "outcome")
        self._failures = counter("feed_failures", "Polls that failed, by the state that the feed is in now.", "state")
        self._found = counter("articles_found", "Articles published by the poller.", "kind")
        self._pages = counter("page_fetches", "Articles' pages asked for.", "outcome")
        self._walls = counter("page_walls", "Articles' pages with a wall before them, or the rest of them.", "wall")
        # Shown as 0 from the start: a rate cannot be told from a series that begins with its first event.
        for kind in ("new", "edited"):
            self._found.labels(kind)
        for outcome in ("fetched", "late", "failed"):
            self._pages.labels(outcome)
        for wall in get_args(Wall):
            self._walls.labels(wall)
        self._pushes = counter("websub_pushes", "Pushes that hubs sent, by what became of them.", "outcome")

    # --- the worker: see quotewire.observing.WorkerObserver ---------------------------------------------------------

    def committed(self, report: BatchReport) -> None:
        """A batch was processed and committed."""
        self._processed.labels(report.stage).inc(report.records)
        self._published.labels(report.stage).inc(report.outputs)
        self._batch.labels(report.stage).observe(report.seconds)
        self._age.labels(report.stage).observe(self._since(report.oldest))

    def buried(self, letter: DeadLetter) -> None:
        """A record was buried."""
        self._buried.labels(letter.stage).inc()

    def waiting(self, stage: str, reason: str, seconds: float) -> None:  # noqa: ARG002 - the reason is the status's
        """A server is away."""
        self._retries.labels(stage).inc()
        self._waited.labels(stage).inc(seconds)

    def working(self, stage: str) -> None:
        """The servers answer: nothing to count."""

    # --- the stages -------------------------------------------------------------------------------------------------

    def indexed(self, records: Sequence[EnrichedArticle | Alert], outcomes: Sequence[Outcome]) -> None:
        """Documents were given to the index, with these outcomes.

        Timed are articles that were not there before: one that is edited or enriched anew was searchable already.
        """
        for record, outcome in zip(records, outcomes, strict=True):
            kind = "alert" if isinstance(record, Alert) else "article"
            self._outcomes.labels(kind, outcome.status).inc()
            if outcome.first and isinstance(record, EnrichedArticle):
                self._observe_age(self._searchable, record)

    def raised(self, article: EnrichedArticle, alerts: Sequence[Alert]) -> None:
        """An article raised alerts."""
        for _ in alerts:
            self._observe_age(self._alerted, article)

    def _observe_age(self, histogram: Histogram, article: EnrichedArticle) -> None:
        since: dict[Literal["published", "seen"], datetime | None] = {
            "published": article.published,
            "seen": article.fetched,
        }
        for start, moment in since.items():
            if moment is not None:
                histogram.labels(start).observe(self._since(moment))

    def _since(self, moment: datetime) -> float:
        """Seconds since a moment; feeds also date articles in the future."""
        return max(0.0, (self._clock.now() - moment).total_seconds())

    def told(self, delivery: Delivery) -> None:
        """A sink was told, or could not be."""
        outcome = {"open": "retried"}.get(delivery.state, delivery.state)
        self._deliveries.labels(delivery.sink, outcome).inc()
        if delivery.state == "delivered":
            for notice in delivery.notices:
                self._told.labels(delivery.sink).observe(self._since(notice.alert.raised))

    # --- the poller -------------------------------------------------------------------------------------------------

    def polled(self, poll: FeedPoll) -> None:
        """A feed was polled."""
        failed = poll.record.state in FAILED_STATES
        self._polls.labels("failed" if failed else "unchanged" if poll.unchanged else "answered").inc()
        if failed:
            self._failures.labels(poll.record.state).inc()
        # Most polls bring nothing, and are counted a thousand times a second where many feeds are due.
        for kind, count in (("new", poll.new), ("edited", poll.edited)):
            if count:
                self._found.labels(kind).inc(count)
        for outcome, count in (
            ("fetched", poll.pages - poll.late_pages),
            ("late", poll.late_pages),
            ("failed", poll.page_problems),
        ):
            if count:
                self._pages.labels(outcome).inc(count)
        for wall in poll.walls:
            self._walls.labels(wall).inc()

    # --- what takes pushes ------------------------------------------------------------------------------------------

    def received(self, outcome: PushOutcome) -> None:
        """A hub sent something."""
        self._pushes.labels(outcome).inc()
