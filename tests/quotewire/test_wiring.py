"""What wiring opens it closes, also where it could not be made ready."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.sqlite_index import SqliteIndex
from quotewire.ports import Unavailable
from quotewire.settings import load
from quotewire.wiring import Wiring


@pytest.fixture
def wiring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wiring:
    for name in list(os.environ):
        if name.startswith("QUOTEWIRE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("QUOTEWIRE_DATA", str(tmp_path))
    monkeypatch.setenv("QUOTEWIRE_STREAM", "memory://")
    return Wiring(load())


def test_a_stream_that_is_away_is_asked_again_and_closed_at_the_end(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[MemoryStream] = []
    close, create = MemoryStream.close, MemoryStream.create_topics

    def noted(stream: MemoryStream) -> None:
        closed.append(stream)
        close(stream)

    def away(*_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(MemoryStream, "close", noted)
    monkeypatch.setattr(MemoryStream, "create_topics", away)
    for _ in range(2):
        with pytest.raises(Unavailable):
            _ = wiring.stream

    monkeypatch.setattr(MemoryStream, "create_topics", create)
    with wiring:
        stream = wiring.stream
        assert wiring.stream is stream
        assert closed == []
    assert closed == [stream]


@pytest.mark.parametrize(
    ("parts", "opened"),
    [
        (["enrich"], {"stream"}),
        (["alerts", "notify"], {"stream"}),
        (["index"], {"stream", "index"}),
        (["poll"], {"stream", "feed_store", "subscriptions"}),
        (["websub"], {"feed_store", "subscriptions"}),
        (["web"], {"index", "feed_store", "subscriptions"}),
    ],
)
def test_a_part_opens_what_it_needs_and_waits_for_nothing_else(
    wiring: Wiring, parts: list[str], opened: set[str]
) -> None:
    with wiring:
        wiring.open_for(parts)
        assert vars(wiring).keys() & {"stream", "index", "feed_store", "subscriptions"} == opened


def test_an_index_that_is_away_is_left_to_whoever_needs_it(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(SqliteIndex, "setup", away)
    with wiring:
        wiring.open_for(["alerts", "index"])
        assert vars(wiring).keys() & {"stream", "index"} == {"stream"}
