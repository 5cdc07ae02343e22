"""Parsing in processes of its own, with a time limit: what no parser can promise by itself.

Some documents keep a parser busy for hours (a regular expression that backtracks, a loop that grows with the square of
the length). A thread cannot be stopped; a process can. It also leaves this process free for the network,
and its memory has a bound of its own (2 GB).

A request is one line of JSON (url, content type, headers, length) and the document; the answer is one line of JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

import orjson

from producers.documents import ParsedFeed
from producers.parse import MAX_BYTES, parse

_START_TIME = 60.0
_LONGEST_ANSWER = 4 * MAX_BYTES
_MEMORY = 2 << 30
_GRACE = 2


class Parsing(Protocol):
    """What the poller needs of a parser: as `producers.parse.parse`, awaited."""

    async def parse(
        self, body: bytes, *, url: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> ParsedFeed:
        """Read a feed document; never raises for what is in it."""
        ...


class _Worker:
    """A parser process, with the socket at which it takes requests and gives answers. It runs once this is made."""

    def __init__(self, seconds: float) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = _started(theirs, seconds)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._over = False

    @property
    def has_ended(self) -> bool:
        """Whether it can be asked no more: it was ended, or died."""
        return self._over or self._process.poll() is not None

    async def ready(self) -> None:
        """Wait until it can be asked. Raises as `ask`."""
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._socket, limit=_LONGEST_ANSWER)
        await self.ask(b"", b"")

    async def ask(self, request: bytes, body: bytes) -> bytes:
        """Its answer. Raises OSError and asyncio.IncompleteReadError where the process has ended."""
        if self._reader is None or self._writer is None:
            raise RuntimeError("the parser process is not ready yet")
        self._writer.write(request)
        self._writer.write(body)
        await self._writer.drain()
        return await self._reader.readuntil(b"\n")

    async def end(self) -> None:
        """End the process, and wait until it is gone. A second call does nothing."""
        self._over = True
        self._process.kill()
        (self._writer or self._socket).close()
        while self._process.poll() is None:  # noqa: ASYNC110 - no event tells of the end of a process
            await asyncio.sleep(0.005)


class ParserPool:
    """A few parser processes, started when needed; use it as `async with ParserPool() as parser`.

    size: how many at once. seconds: how long one document may take. A process that takes longer is ended and the
    document is one that cannot be parsed.
    """

    def __init__(self, *, size: int = 1, seconds: float = 20.0) -> None:
        self._seconds = seconds
        self._idle: asyncio.LifoQueue[_Worker | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._idle.put_nowait(None)
        self._running: set[_Worker] = set()

    async def __aenter__(self) -> ParserPool:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def parse(
        self, body: bytes, *, url: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> ParsedFeed:
        """Read a feed document, as `producers.parse.parse` does; waits for a free process first."""
        worker = await self._idle.get()
        try:
            if worker is None or worker.has_ended:
                await self._end(worker)
                worker = await self._start()
            request = {"url": url, "content_type": content_type, "headers": dict(headers or {}), "length": len(body)}
            async with asyncio.timeout(self._seconds):
                answer = await worker.ask(orjson.dumps(request) + b"\n", body)
            return ParsedFeed.model_validate_json(answer)
        except TimeoutError:
            await self._end(worker)
            return ParsedFeed(is_feed=False, problem=f"cannot be parsed within {self._seconds:g} seconds")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            # Out of memory, most likely: the process is gone, and this document is why.
            await self._end(worker)
            return ParsedFeed(is_feed=False, problem=f"cannot be parsed: the parser ended ({type(error).__name__})")
        except BaseException:
            await self._end(worker)
            raise
        finally:
            # Also one that has ended: whoever takes it starts another.
            self._idle.put_nowait(worker)

    async def _start(self) -> _Worker:
        worker = _Worker(self._seconds)
        self._running.add(worker)
        try:
            # Importing the parsers takes longer than most documents do and is not the document's fault.
            async with asyncio.timeout(_START_TIME):
                await worker.ready()
        except BaseException:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: _Worker | None) -> None:
        if worker is not None:
            self._running.discard(worker)
            await asyncio.shield(worker.end())

    async def close(self) -> None:
        """End every process. A second call does nothing."""
        for worker in list(self._running):
            await self._end(worker)


def _started(end: socket.socket, seconds: float) -> subprocess.Popen[bytes]:
    """A parser process that takes requests and answers them at this end of a pair of sockets.

    Not started by the event loop: uvloop forks for that and runs Python in the child, where a lock may be taken for
    ever that a thread of this process held; `subprocess` runs none.
    """
    environment = dict(os.environ)
    # The same code as here, wherever this process found it.
    root = str(Path(__file__).parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH"))))
    return subprocess.Popen(  # noqa: S603 - the program's own interpreter and module
        [sys.executable, "-m", "producers.parse_process", str(seconds)],
        stdin=end.fileno(),
        stdout=end.fileno(),
        env=environment,
        # Ctrl-C goes to every process of a terminal; this one ends when its input does.
        start_new_session=True,
    )


def serve(requests: BinaryIO, answers: BinaryIO, *, seconds: float) -> None:
    """Answer requests until their stream ends. Says “ready” first.

    seconds: how long a document may take. The process ends itself a while after that, for whoever would have ended it
    may be gone.
    """
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    memory = _MEMORY if most == resource.RLIM_INFINITY else min(_MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (memory, most))
    _answer(answers, b"ready")
    while line := requests.readline():
        request = orjson.loads(line)
        body = requests.read(request.pop("length"))
        signal.alarm(math.ceil(seconds) + _GRACE)
        answer = parse(body, **request).model_dump_json().encode()
        if len(answer) > min(_LONGEST_ANSWER, 1_000_000 + 20 * len(body)):
            # What a document says once may hold for each of its entries, and be most of what comes of it.
            problem = f"cannot be parsed: what comes of it is {len(answer) // len(body)} times as long as the document"
            answer = ParsedFeed(is_feed=False, problem=problem).model_dump_json().encode()
        signal.alarm(0)
        _answer(answers, answer)


def _answer(answers: BinaryIO, line: bytes) -> None:
    answers.write(line + b"\n")
    answers.flush()


if __name__ == "__main__":
    # Whoever asks may be killed at any moment; that is no fault to tell of.
    with contextlib.suppress(ConnectionError):
        serve(sys.stdin.buffer, sys.stdout.buffer, seconds=float(sys.argv[1]))
