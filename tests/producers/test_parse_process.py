"""Parsing in processes of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import orjson
import psutil
import pytest

from producers.parse import parse
from producers.parse_process import ParserPool
from tests.producers.feeds import item, rss

URL = "https://ashmere.example/feed.xml"
ENDLESS = b"<rss><channel><item><author>" + b"a." * 100_000 + b"</author></item></channel></rss>"

# What it says of the authors once holds for each of its entries: 150 kB that would become tens of megabytes.
REPEATING = orjson.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "authors": [{"name": f"{number}{'n' * 190}"} for number in range(100)],
        "items": [{"id": str(number)} for number in range(8_000)],
    }
)


async def test_it_reads_what_parse_reads() -> None:
    documents = [rss(item(number) for number in range(30)), b"", b"<html>", b'{"items": "\xff"}', b"\n\n\n", b"x\ny\n"]
    async with ParserPool() as pool:
        for document in documents:
            headers = {"content-language": "cy"}
            answer = await pool.parse(document, url=URL, content_type="text/xml", headers=headers)
            assert answer == parse(document, url=URL, content_type="text/xml", headers=headers)


async def test_a_document_that_takes_for_ever_is_given_up_and_the_next_is_read() -> None:
    async with ParserPool(seconds=1) as pool:
        started = time.monotonic()
        answer = await pool.parse(ENDLESS, url=URL)
        assert (answer.is_feed, answer.problem) == (False, "cannot be parsed within 1 seconds")
        assert time.monotonic() - started < 20
        assert len((await pool.parse(rss([item(1)]), url=URL)).entries) == 1


async def test_a_document_that_grows_without_end_is_refused_where_it_is_parsed() -> None:
    process = psutil.Process()
    async with ParserPool() as pool:
        await pool.parse(rss([item(1)]), url=URL)
        before = process.memory_info().rss
        answer = await pool.parse(REPEATING, url=URL)
        assert (answer.is_feed, answer.entries) == (False, ())
        assert "times as long as the document" in (answer.problem or "")
        assert process.memory_info().rss - before < 10_000_000
        assert len((await pool.parse(rss([item(1)]), url=URL)).entries) == 1


async def test_many_at_once_take_turns() -> None:
    async with ParserPool(size=2) as pool:
        feeds = await asyncio.gather(
            *(pool.parse(rss(item(number) for number in range(count)), url=URL) for count in range(12))
        )
    assert [len(feed.entries) for feed in feeds] == list(range(12))


async def test_a_parse_that_is_cancelled_leaves_the_pool_whole() -> None:
    async with ParserPool() as pool:
        task = asyncio.create_task(pool.parse(ENDLESS, url=URL))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len((await pool.parse(rss([item(1)]), url=URL)).entries) == 1


def parsers() -> list[psutil.Process]:
    """The parser processes of this one, also such as ended and were not waited for."""
    return [child for child in psutil.Process().children() if is_parser(child)]


def is_parser(process: psutil.Process) -> bool:
    return process.status() == psutil.STATUS_ZOMBIE or "producers.parse_process" in process.cmdline()


async def test_a_parser_that_was_killed_is_started_again() -> None:
    others = parsers()
    async with ParserPool() as pool:
        for _ in range(3):
            assert len((await pool.parse(rss([item(1)]), url=URL)).entries) == 1
            (parser,) = (each for each in parsers() if each not in others)
            parser.kill()
            while parser.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [each for each in parsers() if each not in others] == []


@pytest.mark.parametrize("turns", range(8))
async def test_a_parse_that_is_cancelled_while_its_process_starts_leaves_none(turns: int) -> None:
    others = parsers()
    async with ParserPool() as pool:
        task = asyncio.create_task(pool.parse(rss([item(1)]), url=URL))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert [each for each in parsers() if each not in others] == []
        assert len((await pool.parse(rss([item(1)]), url=URL)).entries) == 1


async def test_a_parse_that_is_cancelled_while_its_process_is_ended_leaves_the_pool_whole() -> None:
    async with ParserPool(seconds=1) as pool:
        await pool.parse(rss([item(1)]), url=URL)
        task = asyncio.create_task(pool.parse(ENDLESS, url=URL))
        await asyncio.sleep(1)
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.001)
        await asyncio.gather(task, return_exceptions=True)
        assert len((await pool.parse(rss([item(1)]), url=URL)).entries) == 1


async def test_a_parser_whose_owner_was_killed_ends_by_itself() -> None:
    program = (
        "import asyncio, os, psutil, signal, uvloop\n"
        "from producers.parse_process import ParserPool\n"
        "from tests.producers.test_parse_process import ENDLESS, URL\n"
        "async def main():\n"
        "    pool = ParserPool(seconds=1)\n"
        "    await pool.parse(b'<rss/>', url=URL)\n"
        "    task = asyncio.create_task(pool.parse(ENDLESS, url=URL))\n"
        "    await asyncio.sleep(0.3)\n"
        "    print(*(parser.pid for parser in psutil.Process().children()), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "uvloop.run(main())\n"
    )
    root = str(Path(__file__).parents[2])
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    )
    output, _ = await owner.communicate()
    parser = psutil.Process(int(output))
    assert parser.is_running()
    await asyncio.to_thread(psutil.wait_procs, [parser], timeout=15)
    assert not parser.is_running() or parser.status() == psutil.STATUS_ZOMBIE
