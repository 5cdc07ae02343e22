"""Parts and their supervisor where this machine or a server is short of something for a while."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from quotewire import running, supervisor
from quotewire.ports import Unavailable
from quotewire.settings import Settings
from quotewire.wiring import Wiring


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "feeds.opml").write_text("<opml version='2.0'><body/></opml>")
    return Settings(data=tmp_path, feeds=str(tmp_path / "feeds.opml"), samples="none", metrics_port=0)


def test_a_part_that_waits_for_a_server_gathers_no_threads(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "RETRY_SECONDS", 0.01)
    stop, threads = threading.Event(), list[int]()

    def away(*_: object) -> None:
        threads.append(threading.active_count())
        if len(threads) == 20:
            stop.set()
        raise Unavailable("the server is away")

    monkeypatch.setattr(Wiring, "poller", away)
    with Wiring(settings) as wiring:
        running.run_part("poll", wiring, stop)
    assert len(threads) == 20
    assert threads[-1] == threads[0]


def test_a_process_that_cannot_be_started_again_for_now_ends_no_other_part(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Part] = []
    short = [OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)), RuntimeError("can't start new thread")]

    class Part:
        """The first to be started dies; the next two cannot be started."""

        def __init__(self, kind: str, name: str, folder: Path | None, **_: Any) -> None:
            started.append(self)
            if len(started) in (3, 4):
                raise short[len(started) - 3]
            self.ended = len(started) == 1
            if len(started) == 5:
                whole.stop.set()

        def status(self) -> int | None:
            return -9 if self.ended else None

        def stop(self) -> None:
            self.ended = True

        def kill(self) -> None:
            self.ended = True

    monkeypatch.setattr(supervisor, "ProcessPart", Part)
    monkeypatch.setattr(supervisor, "FIRST_RESTART", 0.01)
    with Wiring(settings) as wiring, capture_logs() as logs:
        whole = supervisor.Supervisor(wiring, ["enrich", "index"])
        assert whole.run() == 0
    assert len(started) == 5
    refused = [entry for entry in logs if entry["event"] == "part could not be started"]
    assert [(entry["part"], entry["reason"]) for entry in refused] == [("enrich", str(error)) for error in short]
    assert {part.restarts for part in whole.states()} == {1, 0}
