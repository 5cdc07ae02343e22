"""A web server of ours that takes messages, for sinks to be told over a real connection."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.real_stack.server import free_ports


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: Message
    body: bytes


class Receiver:
    """Listens at one port; may be stopped and started again. Answers `status`; keeps what it answered 200 to."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.status = 200
        self.received: list[Received] = []
        self.refused = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/alerts"

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.status == 200:
                    receiver.received.append(Received(self.path, self.headers, body))
                else:
                    receiver.refused += 1
                self.send_response(receiver.status)
                if receiver.status in (301, 302):
                    self.send_header("Location", receiver.address)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
