"""Several pollers share the feeds: none is polled twice or left out while pollers come, go and are killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from producers.opml import FeedSource, write_opml
from tests.loopback import serve_at
from tests.producers.feeds import item, rss

FEEDS = 30
EVERY = 2.0
BODY = rss([item(1, link=None)])


class Newsstand:
    """Serves every feed slowly, each under an address of its own, and notes when each was asked and answered."""

    def __init__(self) -> None:
        self.asked: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self.port = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        hosts = [f"127.0.1.{number}" for number in range(1, FEEDS + 1)]
        servers, self.port = await serve_at(hosts, self._serve)
        try:
            yield
        finally:
            for server in servers:
                server.close()

    def url(self, number: int) -> str:
        return f"http://127.0.1.{number}:{self.port}/{number}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            began = time.monotonic()
            await asyncio.sleep(0.2)
            self.asked[path].append((began, time.monotonic()))
            reply = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(BODY)}\r\n"
            writer.write(f"{reply}Connection: close\r\n\r\n".encode() + BODY)
            await writer.drain()
        writer.close()

    def together(self) -> list[str]:
        """Feeds that were asked again before they had answered."""
        return [
            path
            for path, times in self.asked.items()
            if any(later[0] < earlier[1] for earlier, later in zip(sorted(times), sorted(times)[1:], strict=False))
        ]

    def hasty(self) -> list[str]:
        """Feeds that were asked again much sooner than they were to be."""
        return [
            path
            for path, times in self.asked.items()
            if any(b[0] - a[0] < 0.8 * EVERY for a, b in zip(sorted(times), sorted(times)[1:], strict=False))
        ]

    async def all_asked_since(self, moment: float) -> None:
        async with asyncio.timeout(120):
            while not all(any(began > moment for began, _ in self.asked[f"/{n}"]) for n in range(1, FEEDS + 1)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


def poller(data: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUOTEWIRE_")} | {
        "QUOTEWIRE_DATA": str(data),
        "QUOTEWIRE_FEEDS": str(data / "feeds.opml"),
        "QUOTEWIRE_POLLERS": "3",
        "QUOTEWIRE_POLL_SHORTEST": str(EVERY),
        "QUOTEWIRE_POLL_LONGEST": str(EVERY),
        "QUOTEWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
        "QUOTEWIRE_SAMPLES": "none",
        "QUOTEWIRE_LOG_LEVEL": "warning",
    }
    return subprocess.Popen([sys.executable, "-m", "quotewire.running", "poll"], stdin=subprocess.PIPE, env=environment)


@pytest.mark.slow
async def test_feeds_are_polled_once_each_while_pollers_come_and_go(tmp_path: Path) -> None:
    stand = Newsstand()
    running: list[subprocess.Popen[bytes]] = []
    async with stand.open():
        write_opml(tmp_path / "feeds.opml", [FeedSource(stand.url(number)) for number in range(1, FEEDS + 1)])
        try:
            for _ in range(3):
                running.append(poller(tmp_path))
                await asyncio.sleep(2)
            await stand.all_asked_since(time.monotonic())
            running.pop(0).send_signal(signal.SIGTERM)
            await stand.all_asked_since(time.monotonic())
            assert stand.together() == []
            assert stand.hasty() == []
            # What a killed poller had not remembered is asked again, at once; everything else goes on as it was.
            running.pop(0).kill()
            await stand.all_asked_since(time.monotonic())
            running.append(poller(tmp_path))
            await asyncio.sleep(3)
            await stand.all_asked_since(time.monotonic())
            running.pop().kill()
            await stand.all_asked_since(time.monotonic())
        finally:
            for process in running:
                process.kill()
                process.wait()
