"""Metrics and health of `quotewire run`: of processes and of threads, through kills, and as whoever restarts asks."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from quotewire.adapters.memory_stream import MemoryStream
from quotewire.metrics import PipelineMetrics
from quotewire.monitoring import Monitor
from quotewire.observing import Observers, PartState
from quotewire.part_status import PartStatus, said_by
from quotewire.ports import FeedRecord, Outcome
from quotewire.settings import Settings
from quotewire.wiring import Wiring
from quotewire.worker import Backoff, Worker
from schemas.records import EnrichedArticle
from schemas.topics import RAW, TOPICS
from tests.contracts.subscription_suite import put, subscription
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import BRIDGE, NewsSite, numbered
from tests.quotewire.worker_parts import NOON, FixedClock, Obedient, message
from tests.real_stack.server import free_ports

Samples = dict[tuple[str, str], float]


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(port: int) -> Samples:
    """Every sample by name and the value of its labels, joined by a comma."""
    status, text = get(port, "/metrics")
    assert status == 200
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if condition():
                return
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)


@pytest.fixture(params=["processes", "threads"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Installation, int, psutil.Process]]:
    """A running pipeline with its port of metrics."""
    port, web = free_ports(2)
    settings = {"QUOTEWIRE_METRICS_PORT": str(port), "QUOTEWIRE_WEB_PORT": str(web)}
    if request.param == "threads":
        settings |= {"QUOTEWIRE_STREAM": "memory://", "QUOTEWIRE_INDEX": "memory://"}
    with NewsSite([BRIDGE, *numbered(5)]) as site:
        installation = Installation(tmp_path, [site.feed], [{"name": "Ilse Brandt"}], settings)
        process = installation.start("run")
        try:
            yield installation, port, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)


def test_everything_is_counted_and_timed(running: tuple[Installation, int, psutil.Process]) -> None:
    installation, port, supervisor = running
    until(lambda: samples(port).get(("quotewire_index_writes_total", "alert,stored"), 0) == 3)
    until(lambda: installation.run("healthcheck").returncode == 0)
    assert get(port, "/healthz") == (200, "healthy\n")
    assert get(port, "/readyz") == (200, "ready\n")
    found = samples(port)
    assert found[("quotewire_articles_found_total", "new")] == 6
    assert found[("quotewire_page_fetches_total", "fetched")] == 6
    assert found[("quotewire_feed_polls_total", "answered")] == 1
    assert found[("quotewire_records_processed_total", "enrich")] == 6
    assert found[("quotewire_records_published_total", "alerts")] == 9, "six members of stories, three alerts"
    assert found[("quotewire_records_processed_total", "index")] == 9
    assert found[("quotewire_index_writes_total", "article,stored")] == 6
    for metric in ("quotewire_article_searchable_seconds", "quotewire_alert_raised_seconds"):
        count = 6 if "article" in metric else 3
        assert found[(f"{metric}_count", "seen")] == found[(f"{metric}_count", "published")] == count
        assert 0 < found[(f"{metric}_sum", "seen")] / count < 60, "seen is lately"
        assert found[(f"{metric}_sum", "published")] / count > 86_400, "the stories are of March"
    until(lambda: samples(port).get(("quotewire_feeds", "fresh")) == 1, 30)
    assert {
        label: value for (name, label), value in samples(port).items() if name == "quotewire_lag_records"
    }.keys() >= {
        "enrich,raw",
        "alerts,enriched",
        "index,enriched",
        "index,alerts",
    }

    children = {name: child for child in supervisor.children() if (name := child.cmdline()[3]) in ("enrich", "index")}
    for child in children.values():
        child.kill()
    if children:
        until(lambda: samples(port)[("quotewire_part_restarts_total", "enrich")] == 1)
        until(lambda: get(port, "/readyz")[0] == 200)
        assert samples(port)[("quotewire_records_processed_total", "enrich")] == 6, "counters survive a kill"


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = Installation(tmp_path, [], settings={"QUOTEWIRE_METRICS_PORT": str(port)}).run("run", "alerts")
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "QUOTEWIRE_METRICS_PORT" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_before_a_server_has_ever_answered_it_is_alive_but_not_ready(tmp_path: Path) -> None:
    port, kafka = free_ports(2)
    settings = {"QUOTEWIRE_METRICS_PORT": str(port), "QUOTEWIRE_STREAM": f"kafka://127.0.0.1:{kafka}"}
    installation = Installation(tmp_path, [], settings=settings)
    process = installation.start("run", "alerts")
    try:
        until(lambda: f"127.0.0.1:{kafka}" in get(port, "/readyz")[1])
        assert get(port, "/readyz")[0] == 503
        assert get(port, "/healthz")[0] == 200
        asked = installation.run("healthcheck")
        assert asked.returncode == 1
        assert asked.stderr.startswith("quotewire: not ready: waiting: ")
    finally:
        process.terminate()
    assert process.wait(60) == 0, "it stops cleanly while it waits"


def test_where_nothing_runs_the_health_check_says_so(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    for number, words in ((port, "nothing answers"), (0, "QUOTEWIRE_METRICS_PORT is 0")):
        done = Installation(tmp_path, [], settings={"QUOTEWIRE_METRICS_PORT": str(number)}).run("healthcheck")
        assert done.returncode == 1
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    (port,) = free_ports(1)
    with Wiring(Settings(data=tmp_path, metrics_port=port, websub_callback="https://news.example/")) as wiring:
        yield wiring


@pytest.mark.parametrize(
    ("parts", "healthy", "ready"),
    [
        ([], 200, "starting"),
        ([PartState("enrich", True, 0, False, None)], 200, "enrich: starting"),
        ([PartState("enrich", True, 3, False, "")], 200, "ready"),
        ([PartState("enrich-2", True, 0, False, "Kafka is away")], 200, "enrich-2: waiting: Kafka is away"),
        ([PartState("poll", False, 1, False, ""), PartState("web", True, 0, False, "")], 200, "poll: not running"),
        ([PartState("index", False, 7, True, None)], 503, "index: not running"),
    ],
)
def test_what_healthy_and_ready_mean(
    wiring: Wiring, tmp_path: Path, parts: Sequence[PartState], healthy: int, ready: str
) -> None:
    with Monitor(wiring, lambda: parts, tmp_path) as monitor:
        assert get(monitor.port, "/healthz")[0] == healthy
        assert get(monitor.port, "/readyz") == (200 if ready == "ready" else 503, f"{ready}\n")
        assert get(monitor.port, "/")[0] == 404


def test_a_stage_that_waits_says_so_until_it_works_again(tmp_path: Path) -> None:
    registry, stop = CollectorRegistry(), threading.Event()
    said: list[str | None] = []
    stream = MemoryStream()
    stream.create_topics(TOPICS.values())
    stream.publish([message("a", "away"), message("b", "reject")])

    class Saying(PartStatus):
        def _say(self, text: str) -> None:
            super()._say(text)
            said.append(said_by(tmp_path, "enrich"))
            if text == "" and len(said) > 1:
                stop.set()

    worker = Worker(
        stage="enrich",
        stream=stream,
        topics=[RAW.name],
        processor=Obedient(),
        clock=FixedClock(),
        observer=Observers([PipelineMetrics(registry, FixedClock()), Saying(tmp_path, "enrich")]),
        backoff=Backoff(first=0.01),
    )
    worker.run(stop)
    assert said == ["the server is having its lunch", ""]
    assert registry.get_sample_value("quotewire_retries_total", {"stage": "enrich"}) == 1
    assert registry.get_sample_value("quotewire_dead_letters_total", {"stage": "enrich"}) == 1
    assert registry.get_sample_value("quotewire_records_processed_total", {"stage": "enrich"}) == 2


def test_only_what_was_stored_for_the_first_time_is_timed() -> None:
    registry = CollectorRegistry()
    metrics = PipelineMetrics(registry, FixedClock())
    article = EnrichedArticle(id="a", text="", published=NOON - timedelta(seconds=40), fetched=NOON + timedelta(days=1))
    undated = EnrichedArticle(id="b", text="")
    outcomes = [Outcome("a", "stored", first=True), Outcome("a", "unchanged"), Outcome("a", "stored")]
    metrics.indexed([article, article, article, undated], [*outcomes, Outcome("b", "stored", first=True)])

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"quotewire_{name}", labels)

    assert value("index_writes_total", kind="article", outcome="stored") == 3
    assert value("article_searchable_seconds_sum", since="published") == 40
    assert value("article_searchable_seconds_count", since="published") == 1
    assert value("article_searchable_seconds_sum", since="seen") == 0, "no latency is negative, whatever the clocks say"


def test_states_anomalies_and_subscriptions_of_feeds_are_figures(wiring: Wiring, tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(
        "<opml version='2.0'><body>"
        + "".join(f"<outline text='x' xmlUrl='https://{name}.example/'/>" for name in "abc")
        + "</body></opml>"
    )
    wiring.feed_store.save(FeedRecord("https://a.example/", state="fresh", anomaly="nothing new for 9 days"), [])
    wiring.feed_store.save(FeedRecord("https://b.example/", state="blocked"), [])
    for name in "abz":  # z is not on the list
        put(wiring.subscriptions, subscription(f"https://{name}.example/", state="active" if name == "a" else "denied"))
    folder = tmp_path / "metrics"
    folder.mkdir()
    with Monitor(wiring, lambda: [PartState("poll", up=True, restarts=0, crash_looping=False, said="")], folder) as m:
        m.watch()
        until(lambda: ("quotewire_feeds", "fresh") in samples(m.port))
        found = samples(m.port)
    assert {state: found["quotewire_feeds", state] for state in ("fresh", "blocked", "new")} == {
        "fresh": 1,
        "blocked": 1,
        "new": 1,
    }
    assert found["quotewire_feed_anomalies", ""] == 1
    assert found["quotewire_websub_subscriptions", "active"] == 1
    assert found["quotewire_websub_subscriptions", "denied"] == 1


def test_pushes_are_counted_by_what_became_of_them() -> None:
    registry = CollectorRegistry()
    metrics = PipelineMetrics(registry, FixedClock())
    metrics.received("kept")
    metrics.received("bad signature")
    metrics.received("bad signature")
    assert registry.get_sample_value("quotewire_websub_pushes_total", {"outcome": "bad signature"}) == 2
