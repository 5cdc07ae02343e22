"""Connections that only reach where the address policy lets them, and not too many at once to one owner."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

from producers.addresses import AddressPolicy, AddressRefused
from producers.urls import registered_domain

_LONGEST_ADDRESS = 45
"""Of an IPv6 address without a zone, in characters."""
_AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]


class GuardedResolver(AbstractResolver):
    """Resolves names with the system's resolver and gives only addresses that may be fetched from.

    Raises AddressRefused where a name has none such. Runs on threads of its own, a few for each registered domain: name
    servers that do not answer must not hold up other look-ups, nor what else needs a thread.

    threads: look-ups at once. per_owner: those for one registered domain. seconds: how long one is waited for.
    """

    def __init__(self, policy: AddressPolicy, *, threads: int = 256, per_owner: int = 4, seconds: float = 8) -> None:
        self._policy = policy
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")
        self._per_owner = per_owner
        self._seconds = seconds
        # Held by whoever waits for a turn and by the look-ups under way: keys do not pile up.
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host that may be connected to."""
        try:
            async with asyncio.timeout(self._seconds):
                found = await self._look_up(host, port, family)
        except TimeoutError:
            raise OSError(socket.EAI_AGAIN, f"no answer within {self._seconds:g} seconds") from None
        allowed: list[ResolveResult] = []
        refusals: list[str] = []
        for address_family, _, protocol, _, address in found:
            refusal = self._policy.refusal(str(address[0]), port)
            if refusal:
                refusals.append(refusal)
                continue
            allowed.append(
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=port,
                    family=address_family,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
        if not allowed:
            raise AddressRefused(refusals[0] if refusals else f"{host} has no address")
        return allowed

    async def _look_up(self, host: str, port: int, family: socket.AddressFamily) -> list[_AddressInfo]:
        def asked() -> list[_AddressInfo]:
            return [*socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)]

        turn = self._turns.setdefault(registered_domain(f"http://{host}/"), asyncio.Semaphore(self._per_owner))
        await turn.acquire()
        try:
            look_up = asyncio.get_running_loop().run_in_executor(self._threads, asked)
        except RuntimeError as error:
            turn.release()
            raise OSError(socket.EAI_AGAIN, f"this machine has no thread for the look-up: {error}") from None
        # Nothing can end a look-up, so the turn is over when it ends, not when nobody waits for it any more.
        look_up.add_done_callback(lambda _: turn.release())
        return await asyncio.shield(look_up)

    async def close(self) -> None:
        """Let go of the threads; a look-up under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def guarded_connector(policy: AddressPolicy, resolver: GuardedResolver) -> aiohttp.TCPConnector:
    """A connector whose every socket is checked by the policy at the last moment, after names have been resolved.

    The check stands where sockets are made because an address written as a number never comes past a resolver.
    """
    # The same addresses are connected to again and again.
    refusal = functools.lru_cache(maxsize=8192)(policy.refusal)

    def check(address: tuple[object, ...]) -> None:
        host, port = str(address[0]), int(str(address[1]))
        # Long ones have a zone, which strangers choose.
        refused = refusal(host, port) if len(host) <= _LONGEST_ADDRESS else policy.refusal(host, port)
        if refused:
            raise AddressRefused(refused)

    return _GuardedConnector(check, resolver)


class _GuardedConnector(aiohttp.TCPConnector):
    """Has each address checked by `check`, which raises AddressRefused, just before it is connected to."""

    def __init__(self, check: Callable[[tuple[object, ...]], None], resolver: GuardedResolver) -> None:
        def make_socket(info: _AddressInfo) -> socket.socket:
            family, kind, protocol, _, address = info
            check(address)
            made = socket.socket(family=family, type=kind, proto=protocol)
            made.setblocking(False)
            return made

        # Kept for the pages of one poll, not from poll to poll: a thousand hosts a second would be as many open files.
        super().__init__(
            limit=0, resolver=resolver, ttl_dns_cache=300, keepalive_timeout=0.5, socket_factory=make_socket
        )
        self._check = check

    async def _wrap_create_connection(
        self, *args: Any, addr_infos: list[Any], req: aiohttp.ClientRequest, **options: Any
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        """Connect by what the event loop has for it, where there is but one address and so nothing to race.

        Which takes half of what a socket of our own takes, whose address uvloop looks up on a thread.
        """
        if len(addr_infos) != 1:
            return await super()._wrap_create_connection(*args, addr_infos=addr_infos, req=req, **options)
        family, _, protocol, _, address = addr_infos[0]
        tls = {name: options[name] for name in ("ssl", "server_hostname")}
        try:
            self._check(address)
            return await self._loop.create_connection(*args, *address[:2], family=family, proto=protocol, **tls)
        except ssl.SSLCertVerificationError as error:
            raise aiohttp.ClientConnectorCertificateError(req.connection_key, error) from error
        except ssl.SSLError as error:
            raise aiohttp.ClientConnectorSSLError(req.connection_key, error) from error
        except OSError as error:
            raise aiohttp.ClientConnectorError(req.connection_key, error) from error


class OwnerLimit:
    """At most so many things at once for each key; used by one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._slots: dict[str, tuple[asyncio.Semaphore, int]] = {}

    def slot(self, key: str) -> AbstractAsyncContextManager[None]:
        """Wait for a turn, hold it while inside."""
        return _Slot(self._slots, key, self._limit)


class _Slot:
    """A turn; written out because each poll takes one, and a generator costs twice as much."""

    __slots__ = ("_key", "_limit", "_semaphore", "_slots")

    def __init__(self, slots: dict[str, tuple[asyncio.Semaphore, int]], key: str, limit: int) -> None:
        self._slots = slots
        self._key = key
        self._limit = limit

    async def __aenter__(self) -> None:
        semaphore, users = self._slots.get(self._key, (None, 0))
        self._semaphore = semaphore or asyncio.Semaphore(self._limit)
        self._slots[self._key] = (self._semaphore, users + 1)
        try:
            await self._semaphore.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._semaphore.release()
        self._leave()

    def _leave(self) -> None:
        semaphore, users = self._slots[self._key]
        if users == 1:
            # Nobody holds or awaits it: keys do not pile up over weeks.
            del self._slots[self._key]
        else:
            self._slots[self._key] = (semaphore, users - 1)
