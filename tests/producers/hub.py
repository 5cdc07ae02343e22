"""A WebSub hub that does what the specification says, or what a test tells it: a real server on the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web


@dataclass
class Hub:
    """Use it as `async with running() as hub`. Knows the newest request for each topic; verifies it where told to."""

    lease: int = 864_000
    answer: int = 202
    verifies: bool = True
    denies: str = ""
    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    subscribed: dict[str, dict[str, str]] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = None
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def handle(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append(form)
        if self.answer == 202 and (self.verifies or self.denies):
            task = asyncio.create_task(self.verify(form))
            self._tasks.add(task)
        return web.Response(status=self.answer)

    async def verify(self, form: dict[str, str]) -> int:
        """Verify the intent of a request, or deny it; the status of the answer. Subscribed where it was right."""
        assert self._session is not None
        topic = form["hub.topic"]
        if self.denies:
            query = {"hub.mode": "denied", "hub.topic": topic, "hub.reason": self.denies}
            async with self._session.get(form["hub.callback"], params=query) as denial:
                return denial.status
        challenge = secrets.token_hex(8)
        query = {
            "hub.mode": form["hub.mode"],
            "hub.topic": topic,
            "hub.challenge": challenge,
            "hub.lease_seconds": str(self.lease),
        }
        async with self._session.get(form["hub.callback"], params=query) as answer:
            if answer.status // 100 == 2 and await answer.text() == challenge:
                self.subscribed[topic] = form
            return answer.status

    async def push(
        self,
        topic: str,
        body: bytes,
        *,
        method: str = "sha256",
        secret: str | None = None,
        headers: dict[str, str] | None = None,
        signed: bytes | None = None,
    ) -> int:
        """Send a document to whoever subscribed to a topic; the status of the answer."""
        assert self._session is not None
        form = self.subscribed[topic]
        key = secret if secret is not None else form["hub.secret"]
        digest = hmac.new(key.encode(), body if signed is None else signed, getattr(hashlib, method, hashlib.md5))
        sent = {"Content-Type": "application/rss+xml", "X-Hub-Signature": f"{method}={digest.hexdigest()}"}
        async with self._session.post(form["hub.callback"], data=body, headers=sent | (headers or {})) as answer:
            return answer.status

    async def until_subscribed(self, topic: str, *, times: int = 1) -> None:
        async with asyncio.timeout(60):
            while topic not in self.subscribed or len(self.requests) < times:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(hub: Hub | None = None) -> AsyncIterator[Hub]:
    hub = hub or Hub()
    app = web.Application()
    app.router.add_post("/hub", hub.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hub"
    async with aiohttp.ClientSession() as session:
        hub._session = session
        try:
            yield hub
        finally:
            await asyncio.gather(*hub._tasks, return_exceptions=True)
            await runner.cleanup()
