"""What a supervisor shows of its parts at one port: /metrics for Prometheus, /healthz and /readyz for whoever restarts.

What the parts count is read from their files (or from this process, where they are its threads); what can be looked at
from outside (lag, feeds) is looked at now and then on a thread, so that no request ever waits for a server.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from quotewire.observing import PartState
from quotewire.ports import ConfigurationError, Unavailable
from quotewire.stages import STAGES
from quotewire.wiring import Wiring

LOOK_EVERY = 10.0
"""Seconds between two looks at lag and feeds."""
FORGET_AFTER = 60.0
"""Seconds after which a look says nothing of now: a missing figure is better than an old one."""

_SLOWEST_CLIENT = 10.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen at one moment.

    Records that groups have still to process by group and topic; feeds by state, those whose volume differs from their
    habit, and subscriptions at hubs by state; notices by sink and state.
    """

    taken: float = field(default_factory=time.monotonic)
    lag: dict[tuple[str, str], int] = field(default_factory=dict)
    feeds: dict[str, int] = field(default_factory=dict)
    anomalies: int = 0
    subscriptions: dict[str, int] = field(default_factory=dict)
    notices: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Outside:
    """A collector of what can be seen of parts from outside. Without arguments it only describes its metrics."""

    def __init__(
        self,
        parts: Callable[[], Sequence[PartState]] = lambda: (),
        looked: Callable[[], _Look | None] = lambda: None,
    ) -> None:
        self._parts = parts
        self._looked = looked

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        build = GaugeMetricFamily("quotewire_build_info", "The version that runs; always 1.", labels=["version"])
        build.add_metric([version("quotewire")], 1)
        up = GaugeMetricFamily("quotewire_part_up", "Whether a part's process runs.", labels=["part"])
        ready = GaugeMetricFamily("quotewire_part_ready", "Whether a part has its servers.", labels=["part"])
        restarts = CounterMetricFamily("quotewire_part_restarts", "Times a part was started again.", labels=["part"])
        for part in self._parts():
            up.add_metric([part.name], part.up)
            ready.add_metric([part.name], part.up and part.said == "")
            restarts.add_metric([part.name], part.restarts)
        lag = GaugeMetricFamily(
            "quotewire_lag_records", "Records that a group has still to process.", labels=["group", "topic"]
        )
        feeds = GaugeMetricFamily("quotewire_feeds", "Feeds by state.", labels=["state"])
        odd = GaugeMetricFamily("quotewire_feed_anomalies", "Feeds whose volume differs from their habit.")
        notices = GaugeMetricFamily(
            "quotewire_notices", "Alerts that a sink is still to be told of, or was not.", labels=["sink", "state"]
        )
        subscriptions = GaugeMetricFamily(
            "quotewire_websub_subscriptions", "Subscriptions at hubs by state.", labels=["state"]
        )
        look = self._looked()
        if look is not None:
            for (group, topic), records in look.lag.items():
                lag.add_metric([group, topic], records)
            for state, count in look.feeds.items():
                feeds.add_metric([state], count)
            odd.add_metric([], look.anomalies)
            for state, count in look.subscriptions.items():
                subscriptions.add_metric([state], count)
            for sink, counts in look.notices.items():
                for state in ("waiting", "failed"):
                    notices.add_metric([sink, state], counts.get(state, 0))
        yield from (build, up, ready, restarts, lag, feeds, odd, subscriptions, notices)


class Monitor:
    """Serves the metrics and the health of the parts of one supervisor, while the context is open.

    parts: how each part is now. folder: where parts that are processes keep their metrics. Raises ConfigurationError
    where host and port cannot be had.
    """

    def __init__(self, wiring: Wiring, parts: Callable[[], Sequence[PartState]], folder: Path) -> None:
        self._wiring = wiring
        self._parts = parts
        self._look: _Look | None = None
        self._stop = threading.Event()
        self._server = _listening(wiring.settings.metrics_host, wiring.settings.metrics_port, self._answer)
        self.waits = ""
        """What is waited for before the parts are started."""
        self._registry = CollectorRegistry()
        # Threads count in this process, for the registry of the wiring; processes in their files.
        inside = wiring.registry if wiring.in_memory else MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]
        self._registry.register(inside)
        self._registry.register(Outside(parts, self._recent_look))

    @property
    def port(self) -> int:
        """The port that is listened at."""
        return self._server.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="monitor", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()

    def watch(self) -> None:
        """Begin to look at lag and feeds; to be called once the wiring's parts are open."""
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self._look = self._look_now({state.name.partition("-")[0] for state in self._parts()})
            except (Unavailable, ConfigurationError) as error:
                _log.debug("could not look at lag and feeds", reason=str(error))
            except Exception:
                _log.exception("could not look at lag and feeds")
            self._stop.wait(LOOK_EVERY)

    def _look_now(self, parts: set[str]) -> _Look:
        lag = {
            (name, topic.name): sum(at.lag for at in self._wiring.stream.positions(topic.name, name))
            for name, stage in STAGES.items()
            if name in parts
            for topic in stage.topics
        }
        notices = self._wiring.outbox.counts() if "notify" in parts else {}
        if "poll" not in parts:
            return _Look(lag=lag, notices=notices)
        views = self._wiring.feed_views()
        return _Look(
            lag=lag,
            feeds=dict(Counter(view.state for view in views)),
            anomalies=sum(bool(view.anomaly) for view in views),
            subscriptions=dict(Counter(view.push_state for view in views if view.push_state)),
            notices=notices,
        )

    def _recent_look(self) -> _Look | None:
        look = self._look
        return look if look is not None and time.monotonic() - look.taken < FORGET_AFTER else None

    # --- answers ----------------------------------------------------------------------------------------------------

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a path."""
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)
        if path in ("/healthz", "/readyz"):
            problems = self._unhealthy() if path == "/healthz" else self._not_ready()
            text = "\n".join(problems) or ("healthy" if path == "/healthz" else "ready")
            return (503 if problems else 200), "text/plain; charset=utf-8", f"{text}\n".encode()
        return 404, "text/plain; charset=utf-8", b"there is /metrics, /healthz and /readyz\n"

    def _unhealthy(self) -> list[str]:
        return [f"{part.name}: dies again and again" for part in self._parts() if part.crash_looping]

    def _not_ready(self) -> list[str]:
        if self.waits:
            return [f"waiting: {self.waits}"]
        problems = [] if (parts := self._parts()) else ["starting"]
        for part in parts:
            if not part.up:
                problems.append(f"{part.name}: not running")
            elif part.said is None:
                problems.append(f"{part.name}: starting")
            elif part.said:
                problems.append(f"{part.name}: waiting: {part.said}")
        return problems


def _listening(host: str, port: int, answer: Callable[[str], tuple[int, str, bytes]]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SLOWEST_CLIENT

        def do_GET(self) -> None:
            status, kind, body = answer(self.path.partition("?")[0])
            with contextlib.suppress(OSError):  # whoever asked has gone
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise ConfigurationError(
            f"metrics cannot be served at {host}:{port}: {error.strerror or error}: set QUOTEWIRE_METRICS_PORT to a"
            " port that is free, or to 0 for no metrics"
        ) from error
    server.daemon_threads = True
    return server
