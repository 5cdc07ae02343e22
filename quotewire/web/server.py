"""Serves an application until told to stop."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Generator

import uvicorn
from fastapi import FastAPI

from quotewire.ports import ConfigurationError

_GRACE_SECONDS = 5
"""How long requests in hand may take to end after the page is told to stop."""


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def serve(app: FastAPI, host: str, port: int, stop: threading.Event, *, ready: Callable[[str], None]) -> None:
    """Serve until `stop` is set; requests in hand are finished first.

    `ready` gets the address once connections are taken; port 0 is any free one. Raises ConfigurationError where the
    address cannot be had.
    """
    with _listening(host, port) as listener:
        taken = listener.getsockname()[1]
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = _Server(config)
        stopper = threading.Thread(target=_stop_when, args=(stop, server), daemon=True)
        stopper.start()
        ready(f"http://{f'[{host}]' if ':' in host else host}:{taken}/")
        server.run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ConfigurationError(
            f"the page cannot be served at {host}:{port}: {error.strerror or error}: give another web_host or web_port"
        ) from error
    return listener


def _stop_when(stop: threading.Event, server: uvicorn.Server) -> None:
    stop.wait()
    server.should_exit = True
