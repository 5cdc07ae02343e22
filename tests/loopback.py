"""Servers at many addresses of the loopback network, so that each can stand for a site of another owner."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Sequence

_TRIES = 20


async def serve_at(
    hosts: Sequence[str],
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    *,
    port: int = 0,
    backlog: int = 100,
) -> tuple[Sequence[asyncio.Server], int]:
    """Serve at all of these addresses and at no other of this machine, at one port; the servers, and the port.

    port: 0 for one that is free at all of them.
    """
    listening = _listening(hosts, port)
    servers = [await asyncio.start_server(serve, sock=one, backlog=backlog) for one in listening]
    return servers, listening[0].getsockname()[1]


def _listening(hosts: Sequence[str], port: int) -> list[socket.socket]:
    for _ in range(_TRIES):
        made: list[socket.socket] = []
        try:
            for host in hosts:
                made.append(socket.socket())
                made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                made[-1].bind((host, port or (made[0].getsockname()[1] if len(made) > 1 else 0)))
        except OSError as error:
            for one in made:
                one.close()
            if port or error.errno != errno.EADDRINUSE:
                raise
        else:
            return made
    raise OSError(errno.EADDRINUSE, f"no port is free at all of {len(hosts)} addresses")
