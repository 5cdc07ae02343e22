"""Serving: where it listens, and how it stops."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import httpx
import pytest

from quotewire.adapters.memory_index import MemoryIndex
from quotewire.ports import ConfigurationError
from quotewire.web.server import serve
from tests.quotewire.web.newsroom import make_app


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port}.*web_port"):
            serve(make_app(MemoryIndex(), tmp_path), "127.0.0.1", port, threading.Event(), ready=lambda address: None)


def test_stops_when_told_and_frees_the_port(tmp_path: Path) -> None:
    stop, ready, addresses = threading.Event(), threading.Event(), list[str]()

    def on_ready(address: str) -> None:
        addresses.append(address)
        ready.set()

    thread = threading.Thread(
        target=serve,
        args=(make_app(MemoryIndex(), tmp_path), "127.0.0.1", 0, stop),
        kwargs={"ready": on_ready},
        daemon=True,
    )
    thread.start()
    assert ready.wait(10)
    assert httpx.get(addresses[0] + "healthz", trust_env=False).json()["status"] == "ok"
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(addresses[0], trust_env=False)
