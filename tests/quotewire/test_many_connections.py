"""A thousand feeds at a time from one process, on a system that lets it open few files to begin with."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from producers.opml import FeedSource
from quotewire.settings import Settings
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring
from tests.loopback import serve_at
from tests.producers.feeds import item, rss

FEEDS = 1_000
BODY = rss([item(1, link=None)])


@pytest.mark.slow
def test_a_thousand_feeds_at_a_time(tmp_path: Path) -> None:
    # In a process of its own: the limit on open files is the process's, and cannot be lowered and raised at will.
    done = polled(tmp_path, FEEDS, seconds=4, files="(256, resource.getrlimit(resource.RLIMIT_NOFILE)[1])")
    states, most = done.stdout.splitlines()[-1].split()
    assert states == f"fresh:{FEEDS}"
    assert int(most) > 600


def test_where_few_files_may_be_open_fewer_feeds_are_polled_at_a_time(tmp_path: Path) -> None:
    done = polled(tmp_path, 100, seconds=0.1, files="(160, 160)")
    states, most = done.stdout.splitlines()[-1].split()
    assert states == "fresh:100"
    assert int(most) <= 20
    assert '"polled": 20' in done.stderr
    assert "QUOTEWIRE_POLL_PARALLEL" in done.stderr


def polled(folder: Path, feeds: int, *, seconds: float, files: str) -> subprocess.CompletedProcess[str]:
    """What came of `poll_all` in a process with this soft and hard limit on open files."""
    program = (
        f"import uvloop; from {__name__} import poll_all; uvloop.run(poll_all({str(folder)!r}, {feeds}, {seconds}))"
    )
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, {files}); {program}"
    done = subprocess.run(
        [sys.executable, "-c", limited], capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=120
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done


async def poll_all(folder: str, feeds: int, seconds: float) -> None:
    """Poll feeds that take so long to answer; print their states, and the most that were asked at once."""
    now = most = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            now += 1
            most = max(most, now)
            await asyncio.sleep(seconds)
            now -= 1
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(BODY)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + BODY)
            await writer.drain()
        writer.close()

    configure_logging("warning", "json")
    settings = Settings(
        data=Path(folder), samples="none", poll_parallel=feeds, allowed_networks=("127.0.0.0/8",), log_level="warning"
    )
    with Wiring(settings) as wiring:
        async with wiring.poller() as poller:
            # Of one owner two are asked at once.
            hosts = [f"127.0.{n // 250 + 1}.{n % 250 + 1}" for n in range(feeds // 2)]
            servers, port = await serve_at(hosts, serve)
            listed = [FeedSource(f"http://{host}:{port}/{n}") for host in hosts for n in range(2)]
            poller._sources = lambda: listed
            summary = await poller.poll_due()
            for server in servers:
                server.close()
    print(",".join(f"{state}:{count}" for state, count in summary.states.items()), most)
