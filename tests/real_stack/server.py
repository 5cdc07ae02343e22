"""A server process that a test starts, stops, kills, and starts again on the same port with the same data."""

from __future__ import annotations

import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from tests.real_stack.jars import CannotStart

_START_TIMEOUT = 120.0
_STOP_TIMEOUT = 60.0


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Server(ABC):
    """One server; subclasses say with what command it starts and when it is ready."""

    name = "server"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The command that starts it."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it takes requests."""

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.folder / "server.log"

    def start(self) -> None:
        """Start it and wait until it is ready; nothing where it runs already. Raises CannotStart."""
        if self._process is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + _START_TIMEOUT
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                last = self.log.read_text(errors="replace").strip().splitlines()[-5:]
                raise CannotStart(f"{self.name} did not start: {' | '.join(last)}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask it to stop and wait until it has; nothing where it does not run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT)
            self._process = None
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
