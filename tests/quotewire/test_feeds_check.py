"""A long list of feeds is checked a few at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from quotewire.cli.feeds import _check
from quotewire.settings import load
from quotewire.wiring import Wiring
from tests.producers.feeds import item, rss
from tests.producers.site import Reply, Request, Site


async def test_no_more_feeds_are_checked_at_once_than_are_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTEWIRE_DATA", str(tmp_path))
    monkeypatch.setenv("QUOTEWIRE_ALLOWED_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("QUOTEWIRE_POLL_PARALLEL", "2")

    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(Reply(rss([item(1)])).render())

    # Each of an owner of its own, for of one owner two are asked at once anyway.
    hosts = [f"127.0.2.{number}" for number in range(1, 9)]
    async with Site(also=hosts) as site:
        site["/feed"] = slow
        with Wiring(load()) as wiring:
            reports = await _check(wiring, [f"http://{host}:{site.port}/feed" for host in hosts])
    assert [report.ok for report in reports] == [True] * 8
    assert site.most_at_once == 2
