"""Processes that are forks of one which has imported everything: a start costs milliseconds, not seconds.

A test that kills a process dozens of times would else wait for imports most of the time, and kill little but those.
`python -m tests.real_stack.forks` is that process. Each line of its standard input says what to fork, as JSON; it
answers with the process id. At the end of its input it ends with all that it has forked.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

_ROOT = Path(__file__).parents[2]
_IMPORTED = (
    "consumers.alerts.matcher",
    "consumers.alerts.stage",
    "consumers.alerts.state",
    "consumers.enrich.stage",
    "consumers.index",
    "consumers.notify.stage",
    "producers.fetch",
    "producers.parse_process",
    "producers.poll",
    "quotewire.adapters.elasticsearch_index",
    "quotewire.adapters.kafka_stream",
    "quotewire.adapters.sqlite_feed_store",
    "quotewire.adapters.sqlite_outbox",
    "quotewire.adapters.webhook_notifier",
    "wordllama",
)


class Fork:
    """A process that was forked for a test."""

    def __init__(self, pid: int) -> None:
        self._process: psutil.Process | None = None
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended already
            self._process = psutil.Process(pid)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.is_running()

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._end(psutil.Process.kill, 30)

    def stop(self, seconds: float = 60) -> None:
        """SIGTERM, and wait until it has ended. Raises psutil.TimeoutExpired."""
        self._end(psutil.Process.terminate, seconds)

    def _end(self, signalled: Callable[[psutil.Process], None], seconds: float) -> None:
        if self._process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                signalled(self._process)
                self._process.wait(seconds)


class Forks:
    """Starts forks; ends all of them when it is closed."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.real_stack.forks"]
        self._parent = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )

    def start(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None, log: Path | None = None
    ) -> Fork:
        """Call `module.main(*arguments)` in a process of its own; what it prints is added to the log."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        wanted = {
            "module": module,
            "arguments": arguments,
            "environment": dict(os.environ if environment is None else environment),
            "log": str(log or os.devnull),
        }
        self._parent.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._parent.stdin.flush()
        return Fork(int(self._parent.stdout.readline()))

    def close(self) -> None:
        """End all of them."""
        self._parent.communicate(timeout=30)


def _serve() -> None:
    for module in _IMPORTED:
        import_module(module)
    # Nobody waits for the forks: the system buries them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _be(json.loads(line))
        print(pid, flush=True)
    os.killpg(0, signal.SIGKILL)


def _be(wanted: Mapping[str, Any]) -> None:
    """Be the process that is wanted, and end with it."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for number, opened in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
            os.dup2(opened, number)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        import_module(wanted["module"]).main(*wanted["arguments"])
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
        print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
