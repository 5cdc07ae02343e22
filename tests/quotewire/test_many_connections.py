"""A thousand feeds at a time from one process, on a system that lets it open few files to begin with."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from producers.opml import FeedSource
from quotewire.settings import Settings
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring
from tests.loopback import serve_at
from tests.producers.feeds import item, rss

FEEDS = 1_000
ROOT = Path(__file__).parents[2]
BODY = rss([item(1, link=None)])


@dataclass
class Asked:
    """At which port a site answers, and by how many it has been asked at once at the most."""

    port: int = 0
    now: int = 0
    most: int = 0


@pytest.mark.slow
def test_a_thousand_feeds_at_a_time(tmp_path: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 8 * FEEDS:
        pytest.skip("too few files may be open on this system")
    program = f"serve_and_poll({str(tmp_path)!r}, {FEEDS}, 4)"
    done = subprocess.run(command(program, (hard, hard)), capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout.splitlines()[-2] == f"fresh:{FEEDS}"
    assert int(done.stdout.splitlines()[-1]) > 600


async def test_where_few_files_may_be_open_fewer_feeds_are_polled_at_a_time(tmp_path: Path) -> None:
    async with slow_site(300, seconds=0.2) as site:
        polling = command(f"poll_all({str(tmp_path)!r}, 300, {site.port})", (240, 240))
        process = await asyncio.create_subprocess_exec(*polling, stdout=PIPE, stderr=PIPE, cwd=ROOT)
        output, log = await process.communicate()
    assert output.decode().splitlines()[-1:] == ["fresh:300"], log.decode()[-2_000:]
    assert 10 < site.most <= 30
    assert b'"polled": 30' in log
    assert b"QUOTEWIRE_POLL_PARALLEL" in log


def command(call: str, files: tuple[int, int]) -> list[str]:
    """To run a function below in a process that may open so many files: soft limit and hard limit.

    The limit is a process's own, and cannot be lowered and raised at will.
    """
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, {files})"
    return [sys.executable, "-c", f"{limited}; import uvloop, {__name__} as tests; uvloop.run(tests.{call})"]


async def serve_and_poll(folder: str, feeds: int, seconds: float) -> None:
    """`poll_all` of a site of this process; then print by how many it was asked at once."""
    async with slow_site(feeds, seconds) as site:
        # Hardly more than the site has open already: the poller must ask for more.
        resource.setrlimit(resource.RLIMIT_NOFILE, (feeds // 2 + 150, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        await poll_all(folder, feeds, site.port)
    print(site.most)


def hosts_of(feeds: int) -> list[str]:
    # Of one owner two are asked at once.
    return [f"127.0.{n // 250 + 1}.{n % 250 + 1}" for n in range(feeds // 2)]


@contextlib.asynccontextmanager
async def slow_site(feeds: int, seconds: float) -> AsyncIterator[Asked]:
    """Feeds that take so long to answer, and keep connections open for whoever may want more of them."""
    site = Asked()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                site.now += 1
                site.most = max(site.most, site.now)
                await asyncio.sleep(seconds)
                site.now -= 1
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(BODY)}\r\n\r\n"
                writer.write(head.encode() + BODY)
                await writer.drain()
        writer.close()

    servers, site.port = await serve_at(hosts_of(feeds), serve)
    try:
        yield site
    finally:
        for server in servers:
            server.close()


async def poll_all(folder: str, feeds: int, port: int) -> None:
    """Poll the feeds of a site and print their states."""
    configure_logging("warning", "json")
    listed = [FeedSource(f"http://{host}:{port}/{n}") for host in hosts_of(feeds) for n in range(2)]
    settings = Settings(
        data=Path(folder), samples="none", poll_parallel=feeds, allowed_networks=("127.0.0.0/8",), log_level="warning"
    )
    with Wiring(settings) as wiring:
        async with wiring.poller() as poller:
            poller._sources = lambda: listed
            summary = await poller.poll_due()
    print(",".join(f"{state}:{count}" for state, count in summary.states.items()))
