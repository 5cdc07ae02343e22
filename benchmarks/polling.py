"""Feeds a second, CPU and memory of the poller, beside the same feeds read with `reader`, in the same run.

A local server in a process of its own answers after 100 milliseconds. A twentieth of the feeds fail. The rounds:
every feed for the first time, every feed with a tenth of them changed, and every feed unchanged (304), that three
times, for the speed of a machine changes by the minute. Both sides parse, decide what is new and store it in SQLite
files; neither fetches article pages. Memory is also measured with many more feeds known than are due, each with its
entries. The library reader is installed in a throw-away environment, and runs with 16 workers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import uvloop

READER = "reader==3.26"
HELPER = "sgmllib3k==1.0.0"
ENTRIES = 25
LATENCY = 0.1
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ROUNDS = ("first", "tenth changed", "unchanged", "unchanged", "unchanged")
WORDS = (
    "council vote flood wall harbour minister budget rail strike court ruling school winter energy price market".split()
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=5_000)
    parser.add_argument("--known", type=int, default=50_000, help="feeds known when memory is measured")
    parser.add_argument("--due", type=int, default=3_000, help="how many of those are due then")
    parser.add_argument("--reader-python", default="", help="an interpreter that has reader, instead of a new one")
    parser.add_argument("--only", choices=["serve", "quotewire", "reader", "memory"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.only == "serve":
        asyncio.run(_serve(chosen.feeds))
    elif chosen.only == "quotewire":
        _measure_quotewire(chosen.feeds, chosen.port)
    elif chosen.only == "memory":
        _measure_memory(chosen.feeds, chosen.known, chosen.port)
    else:
        _compare(chosen.feeds, chosen.reader_python)
        _with_many_known(chosen.due, chosen.known)


def _compare(feeds: int, reader_python: str) -> None:
    print(f"{feeds} feeds of {ENTRIES} entries, {LATENCY * 1000:.0f} ms latency; {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        python = reader_python or _with_reader(Path(folder))
        ours = [sys.executable, "-m", "benchmarks.polling", "--only=quotewire", f"--feeds={feeds}", "--port"]
        sides = {
            "reader": stack.enter_context(_Side(feeds, [python, "-c", READING, str(feeds)])),
            "quotewire": stack.enter_context(_Side(feeds, ours)),
        }
        ratios = []
        # Round by round, so that whatever else the machine does meanwhile is done to both.
        for number, name in enumerate(ROUNDS):
            found = {side: each.round(number) for side, each in sides.items()}
            for side, figures in found.items():
                print(
                    f"{name:14} {side:10} {feeds / figures['seconds']:7.0f} feeds/s  "
                    f"{figures['cpu'] / feeds * 1000:6.2f} ms CPU a feed  {figures['memory'] / 1e6:5.0f} MB",
                    flush=True,
                )
            wall, cpu = (found["reader"][of] / found["quotewire"][of] for of in ("seconds", "cpu"))
            print(f"{name:14} ratio      {wall:7.1f} by the clock, {cpu:.1f} by CPU", flush=True)
            ratios.append((wall, cpu))
        wall, cpu = (median(ratio) for ratio in zip(*ratios[2:], strict=True))
        print(f"unchanged      median of the ratios {wall:.1f} by the clock, {cpu:.1f} by CPU", flush=True)


def _with_many_known(due: int, known: int) -> None:
    ours = [sys.executable, "-m", "benchmarks.polling", "--only=memory", f"--known={known}", f"--feeds={due}", "--port"]
    with _Side(due, ours) as side:
        for number, name in enumerate(ROUNDS[:3]):
            memory = side.round(number)["memory"] / 1e6
            print(f"{name:14} {known} feeds known, {due} due: {memory:.0f} MB, parsers included", flush=True)


def _with_reader(folder: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(folder / "reader")], check=True)
    python = str(folder / "reader" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", READER, HELPER], check=True)
    return python


class _Side:
    """A server of feeds and one side that polls them, each a process; a context manager."""

    def __init__(self, feeds: int, command: list[str]) -> None:
        serving = [sys.executable, "-m", "benchmarks.polling", "--only=serve", f"--feeds={feeds}"]
        self._server = subprocess.Popen(serving, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        port = _line(self._server)
        self._side = subprocess.Popen([*command, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> _Side:
        return self

    def __exit__(self, *_: object) -> None:
        self._side.kill()
        self._server.kill()

    def round(self, number: int) -> dict[str, float]:
        """Have every feed polled: `seconds`, `cpu` seconds, `memory` in bytes at its most."""
        _line(self._server, f"{number}\n")
        with _Watch(self._side.pid) as watch:
            answer = json.loads(_line(self._side, f"{number}\n"))
        return {**answer, "memory": watch.most}


def _line(process: subprocess.Popen[str], said: str = "") -> str:
    """The next line of a process, after it was told something."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(said)
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a side of the comparison has died")
    return line.strip()


class _Watch:
    """The most memory that a process and its children take together, in bytes.

    A page that several processes share counts for each by its share (the kernel's proportional set size): as a whole
    where all of them are among these, in part where others of this benchmark have it too.
    """

    def __init__(self, process: int) -> None:
        self._process = psutil.Process(process)
        self._stop = threading.Event()
        self.most = 0

    def __enter__(self) -> _Watch:
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.5):
            total = 0
            for process in [self._process, *self._process.children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.most = max(self.most, total)


# --- the server -------------------------------------------------------------------------------------------------------


def _url(number: int, port: int) -> str:
    # Every feed has an owner of its own, as on the web: an address of the loopback network.
    return f"http://127.{number >> 16 & 127}.{number >> 8 & 255}.{number & 255}:{port}/{number}/feed.xml"


def _document(number: int, round_number: int) -> bytes:
    changed = round_number > 0 and number % 10 == 3
    newest = ENTRIES + (2 if changed else 0)
    items = "".join(_item(number, place) for place in range(newest, newest - ENTRIES, -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><channel>\n'
        f"<title>The {number} Courier</title><link>https://courier-{number}.example/</link>"
        f"<description>News of {number}</description><language>en-gb</language><ttl>15</ttl>"
        f'<atom:link href="https://courier-{number}.example/feed.xml" rel="self" type="application/rss+xml"/>\n'
        f"{items}</channel></rss>"
    ).encode()


def _item(feed: int, place: int) -> str:
    words = [WORDS[(feed * 7 + place * 3 + step * step) % len(WORDS)] for step in range(45)]
    address = f"https://courier-{feed}.example/2026/03/{' '.join(words[:5]).replace(' ', '-')}-{place}"
    return (
        f"<item><title>{' '.join(words[:9]).capitalize()} – {place}</title><link>{address}</link>"
        f'<guid isPermaLink="true">{address}</guid><dc:creator>Reporter {feed % 40}</dc:creator>'
        f"<pubDate>{format_datetime(START + timedelta(minutes=place * 10), usegmt=True)}</pubDate>"
        f"<category>{words[0]}</category><category>{words[3]}</category>"
        f'<description><![CDATA[<p>{" ".join(words)} “said” {feed}.</p> <a href="{address}">More &amp; more</a>]]>'
        f'</description><media:thumbnail url="https://img.example/{feed}/{place}.jpg" width="240"/></item>\n'
    )


async def _serve(feeds: int) -> None:
    state = {"round": 0}
    bodies: dict[tuple[int, bool], bytes] = {}

    def answer(request: bytes) -> bytes:
        number = int(request.split(b"/", 2)[1])
        if number % 20 == 7:
            return b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
        body = bodies[number, state["round"] > 0 and number % 10 == 3]
        tag = b'"' + hashlib.md5(body, usedforsecurity=False).hexdigest().encode() + b'"'
        if tag in request:
            return b"HTTP/1.1 304 Same\r\nETag: " + tag + b"\r\n\r\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: %s\r\nContent-Length: %d\r\n\r\n"
        return head % (tag, len(body)) + body

    for number in range(feeds):
        for round_number in (0, 1):
            bodies.setdefault((number, round_number > 0 and number % 10 == 3), _document(number, round_number))
    loop = asyncio.get_running_loop()

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport: Any = transport
            self._pending = b""

        def data_received(self, data: bytes) -> None:
            self._pending += data
            while b"\r\n\r\n" in self._pending:
                request, _, self._pending = self._pending.partition(b"\r\n\r\n")
                loop.call_later(LATENCY, self._answer, answer(request))

        def _answer(self, reply: bytes) -> None:
            if not self._transport.is_closing():
                self._transport.write(reply)

    with socket.socket() as listening:
        # At every address of the loopback network, and at no other of this machine.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        listening.bind(("", 0))
        await loop.create_server(Answering, sock=listening.dup(), backlog=1024)
        print(listening.getsockname()[1], flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        state["round"] = int(line)
        print("ready", flush=True)


# --- the two sides ----------------------------------------------------------------------------------------------------


def _cpu() -> float:
    """Seconds of CPU taken by this process and its children, those still running included."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    for child in psutil.Process().children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return total


def _rounds(work: Callable[[], None]) -> None:
    while sys.stdin.readline():
        started, cpu = time.perf_counter(), _cpu()
        work()
        print(json.dumps({"seconds": time.perf_counter() - started, "cpu": _cpu() - cpu}), flush=True)


READING = """
import json, resource, sys, tempfile, time
from reader import make_reader
feeds, port = int(sys.argv[1]), int(sys.argv[2])
folder = tempfile.TemporaryDirectory()
reader = make_reader(folder.name + "/reader.sqlite", feed_root=None)
for n in range(feeds):
    reader.add_feed(f"http://127.{n >> 16 & 127}.{n >> 8 & 255}.{n & 255}:{port}/{n}/feed.xml")
while sys.stdin.readline():
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    for result in reader.update_feeds_iter(workers=16, scheduled=False):
        pass
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": time.perf_counter() - started, "cpu": cpu}), flush=True)
"""


class _Clock:
    moment = START + timedelta(days=1)

    def now(self) -> datetime:
        return self.moment


def _measure_quotewire(feeds: int, port: int) -> None:
    from producers.opml import FeedSource
    from quotewire.settings import Settings
    from quotewire.telemetry import configure_logging
    from quotewire.uncollected import collect_seldom
    from quotewire.wiring import Wiring

    collect_seldom()
    configure_logging("warning", "json")
    listed = [FeedSource(_url(number, port)) for number in range(feeds)]

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), allowed_networks=("127.0.0.0/8",), samples="none", fetch_pages=False)
        with Wiring(settings) as wiring, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            clock = _Clock()
            wiring.clock = clock
            wiring.feed_sources = lambda: listed  # type: ignore[method-assign]
            opened = wiring.poller()
            poller = runner.run(opened.__aenter__())

            def work() -> None:
                clock.moment += timedelta(hours=7)
                summary = runner.run(poller.poll_due())
                assert summary.polled == feeds, summary

            try:
                _rounds(work)
            finally:
                runner.run(opened.__aexit__(None, None, None))


def _measure_memory(due: int, known: int, port: int) -> None:
    """Poll the feeds that are due, among many more that are known, each with what was seen of it."""
    from producers.opml import FeedSource
    from quotewire.settings import Settings
    from quotewire.telemetry import configure_logging
    from quotewire.uncollected import collect_seldom
    from quotewire.wiring import Wiring

    collect_seldom()
    configure_logging("warning", "json")
    listed = [FeedSource(_url(number, port)) for number in range(due)]
    listed += [FeedSource(f"https://feeds.courier-{number}.example/rss.xml") for number in range(due, known)]

    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: what it takes is not the poller's.
        filling = f"from benchmarks.polling import fill; fill({folder!r}, {due}, {known}, {port})"
        subprocess.run([sys.executable, "-c", filling], check=True)
        settings = Settings(data=Path(folder), allowed_networks=("127.0.0.0/8",), samples="none", fetch_pages=False)
        with Wiring(settings) as wiring, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            clock = _Clock()
            wiring.clock = clock
            wiring.feed_sources = lambda: listed  # type: ignore[method-assign]
            opened = wiring.poller()
            poller = runner.run(opened.__aenter__())

            def work() -> None:
                summary = runner.run(poller.poll_due())
                assert summary.polled == due, summary
                clock.moment += timedelta(hours=7)

            try:
                _rounds(work)
            finally:
                runner.run(opened.__aexit__(None, None, None))


def fill(folder: str, due: int, known: int, port: int) -> None:
    """Write a feed store as it is after weeks: so many feeds with the entries of their last answers."""
    from quotewire.adapters.sqlite_feed_store import SqliteFeedStore
    from quotewire.ports import FeedRecord, FeedUpdate, SeenEntry

    start = START + timedelta(days=1)
    with contextlib.closing(SqliteFeedStore(Path(folder) / "feeds.db")) as store:
        for first in range(0, known, 1_000):
            updates = []
            for number in range(first, min(first + 1_000, known)):
                url = _url(number, port) if number < due else f"https://feeds.courier-{number}.example/rss.xml"
                record = FeedRecord(
                    url, f"Courier {number}", "fresh", etag=f'"{number:032x}"', body_hash=f"{number:032x}",
                    entries=ENTRIES, polls=9, interval=900, last_poll=start, last_good=start, last_new=start,
                    next_poll=start + timedelta(days=0 if number < due else 90),
                )  # fmt: skip
                seen = [
                    SeenEntry(f"{kind}:{number * ENTRIES + place:020x}", f"{number * ENTRIES + place:032x}",
                              f"{place:016x}..{number:08x}.{place:08x}", 1_000, 0, start)
                    for place in range(ENTRIES)
                    for kind in "gu"
                ]  # fmt: skip
                updates.append(FeedUpdate(record, seen))
            store.save_all(updates)


if __name__ == "__main__":
    main()
