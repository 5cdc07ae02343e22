"""Where hubs reach us: verifies that we asked, and keeps what they push until a poller takes it in.

Every push that is answered with success is durable. Behind a public address of its own (a reverse proxy with TLS); the
last part of the address is the token of one subscription, and everything else is answered with 410.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

import structlog
from aiohttp import web

from producers import websub
from producers.decoding import BodyTooLong, BodyUnreadable, Decoded, decode_beside
from producers.documents import one_line
from quotewire.ports import Clock, ConfigurationError, Unavailable
from quotewire.subscription_port import Push, Subscription, SubscriptionStore

log = structlog.get_logger()

PushOutcome = Literal["kept", "bad signature", "unknown", "too long", "too slow", "too many", "not now"]
"""What became of a push that was received."""

_MOST_WAITING = 50
_TIME = 30.0
_RETRY_AFTER = "120"


class Callback:
    """Answers hubs. store: called on threads. limit: longest push in bytes, as sent and decompressed.

    observe: told of every push, for metrics.
    """

    def __init__(
        self,
        store: SubscriptionStore,
        clock: Clock,
        *,
        limit: int,
        observe: Callable[[PushOutcome], None] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._limit = limit
        self._observe = observe or (lambda _: None)

    async def serve(self, host: str, port: int, stop: asyncio.Event, ready: Callable[[int], None]) -> None:
        """Serve until `stop` is set. ready: told the port. Raises ConfigurationError where it cannot be bound."""
        app = web.Application(client_max_size=self._limit)
        app.router.add_get("/{path:.*}", self._answer, allow_head=False)
        app.router.add_post("/{path:.*}", self._answer)
        # The signature is of the body as it was sent, so that is how it is read. Access is not logged: tokens are keys.
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=_TIME)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            try:
                await site.start()
            except OSError as error:
                raise ConfigurationError(
                    f"hubs cannot be answered at {host}:{port}: {error.strerror}; set QUOTEWIRE_WEBSUB_PORT"
                ) from error
            ready(runner.addresses[0][1])
            await stop.wait()
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        token = request.path.rpartition("/")[2]
        try:
            subscription = await asyncio.to_thread(self._store.by_token, token) if token else None
            if request.method == "GET":
                return await self._verify(request, subscription)
            outcome = await self._receive(request, subscription)
        except Unavailable as error:
            log.warning("feed store unavailable, hub is to come again", reason=str(error))
            outcome = "not now"
        if request.method == "POST":
            self._observe(outcome)
        status, words = _ANSWERS[outcome]
        return _said(status, words)

    async def _verify(self, request: web.Request, subscription: Subscription | None) -> web.Response:
        """Verification of intent, and denial (5.2 and 5.3 of the specification)."""
        query = request.query
        mode, topic = query.get("hub.mode", ""), query.get("hub.topic", "")
        if subscription is None or topic != subscription.topic:
            return _said(404, "nobody here asked for that")
        feed, now = subscription.feed, self._clock.now()
        if mode == "denied":
            reason = one_line(query.get("hub.reason", ""))
            log.info("hub denies a subscription", feed=feed, hub=subscription.hub, reason=reason)
            await self._change(subscription, lambda one: websub.denied(one, reason, now))
            return _said(200, "heard")
        challenge = query.get("hub.challenge", "")
        if mode != "subscribe" or not challenge:
            return _said(404, "nobody here asked for that")
        lease = query.get("hub.lease_seconds", "")
        seconds = float(lease[:9]) if lease.isascii() and lease.isdigit() else None
        await self._change(subscription, lambda one: websub.verified(one, seconds, now))
        log.info("subscribed at a hub", feed=feed, hub=subscription.hub, seconds=seconds)
        return _said(200, challenge)

    async def _receive(self, request: web.Request, subscription: Subscription | None) -> PushOutcome:
        if subscription is None:
            return "unknown"
        try:
            async with asyncio.timeout(_TIME):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return "too long"
        except TimeoutError:
            return "too slow"
        if not websub.signature_holds(subscription, request.headers.get("X-Hub-Signature", ""), body):
            # Acknowledged all the same (8.1), so that nobody can try signatures out.
            log.warning("push without a right signature dropped", feed=subscription.feed, hub=subscription.hub)
            await self._change(subscription, websub.refused)
            return "bad signature"
        try:
            decoded = await decode_beside(body, request.headers.get("Content-Encoding", ""), limit=self._limit)
        except BodyTooLong:
            return "too long"
        except BodyUnreadable:
            # Something is new: the poller looks for itself.
            decoded = Decoded(b"")
        push = Push(subscription.feed, decoded.body, request.headers.get("Content-Type", ""), self._clock.now())
        kept = await asyncio.to_thread(self._store.receive, push, most=_MOST_WAITING)
        return "kept" if kept else "too many"

    async def _change(self, subscription: Subscription, change: Callable[[Subscription], Subscription]) -> None:
        def changed(current: Subscription | None) -> Subscription | None:
            return change(current) if current and current.token == subscription.token else current

        await asyncio.to_thread(self._store.change, subscription.feed, changed)


_ANSWERS: dict[PushOutcome, tuple[int, str]] = {
    "kept": (202, "kept"),
    "bad signature": (202, "heard"),
    "unknown": (410, "nobody is subscribed here"),
    "too long": (413, "too long"),
    "too slow": (408, "too slow"),
    "too many": (503, "come again"),
    "not now": (503, "come again"),
}


def _said(status: int, words: str) -> web.Response:
    # As plain text whatever a browser thinks: the challenge is whatever somebody sent.
    headers = {"X-Content-Type-Options": "nosniff"}
    if status == 503:
        headers["Retry-After"] = _RETRY_AFTER
    return web.Response(status=status, text=words, headers=headers)
