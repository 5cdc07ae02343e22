"""A site that does as it is told, however badly: a real server on the loopback, for tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.loopback import serve_at


@dataclass(frozen=True)
class Request:
    """What was asked of the site. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer as it goes out. Content-Length is added where no framing is given."""

    body: bytes = b""
    status: int = 200
    content_type: str | None = "application/rss+xml"
    headers: Sequence[tuple[str, str]] = ()

    def render(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Whatever"]
        if self.content_type is not None:
            lines.append(f"Content-Type: {self.content_type}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in self.headers):
            lines.append(f"Content-Length: {len(self.body)}")
        lines.append("Connection: close")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if self.status == 304 else self.body)


Handler = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
Behaviour = Reply | Handler | Callable[[Request], Reply]


def redirect(to: str, status: int = 301) -> Reply:
    return Reply(status=status, headers=[("Location", to)])


@dataclass
class Site:
    """Use it as `async with Site() as site`; set `site["/feed"]` to a reply, a list of replies or a handler.

    A list is answered in order, its last reply for ever. What is not set is answered with 404.
    """

    host: str = "127.0.0.1"
    port: int = 0
    also: Sequence[str] = ()
    """Further addresses of the loopback network at which it answers, at the same port."""
    requests: list[Request] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    _behaviours: dict[str, Behaviour | list[Behaviour]] = field(default_factory=dict)
    _servers: Sequence[asyncio.Server] = ()
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __setitem__(self, path: str, behaviour: Behaviour | list[Behaviour]) -> None:
        self._behaviours[path] = list(behaviour) if isinstance(behaviour, list) else behaviour

    def url(self, path: str = "/feed") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    async def __aenter__(self) -> Self:
        self._servers, self.port = await serve_at([self.host, *self.also], self._serve, port=self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._answer(await _read_request(reader), writer)
        finally:
            self.at_once -= 1
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        behaviour = self._behaviours.get(request.path.partition("?")[0], Reply(status=404))
        if isinstance(behaviour, list):
            behaviour = behaviour.pop(0) if len(behaviour) > 1 else behaviour[0]
        if isinstance(behaviour, Reply):
            writer.write(behaviour.render())
        elif asyncio.iscoroutinefunction(behaviour):
            await behaviour(request, writer)
        else:
            reply = behaviour(request)  # type: ignore[call-arg]
            assert isinstance(reply, Reply)
            writer.write(reply.render())
        await writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(method, path, headers)
