"""Workers are killed at random moments, again and again; then everything is there once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from quotewire.adapters.sqlite_stream import SqliteStream
from schemas.codec import decode
from schemas.records import Alert
from schemas.topics import ALERTS, ENRICHED
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import NewsSite, numbered

STORIES = 120
KILLS = 54
ROUNDS = 6
SEED = 20260322


@pytest.mark.slow
def test_every_item_is_indexed_once_and_every_alert_exists_once_through_kills(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    stories = numbered(STORIES)
    with NewsSite([]) as site:
        installation = Installation(
            tmp_path,
            [site.feed],
            [{"name": "Ilse Brandt"}],
            # Polled all the time, in small batches: there is always something in hand to be killed with.
            {"QUOTEWIRE_POLL_SHORTEST": "0.2", "QUOTEWIRE_POLL_LONGEST": "0.2", "QUOTEWIRE_BATCH": "3"},
        )
        killed: Counter[str] = Counter()
        for turn in range(ROUNDS):
            site.stories = stories[: STORIES * (turn + 1) // ROUNDS]
            supervisor = installation.start("run", "poll", "enrich", "alerts", "index")
            while killed.total() < KILLS * (turn + 1) // ROUNDS:
                time.sleep(chance.uniform(0.05, 0.6))
                killed.update(_kill_one(supervisor.pid, chance))
            if turn % 2:
                os.kill(supervisor.pid, signal.SIGKILL)
            else:
                supervisor.terminate()
            supervisor.wait(60)
        assert killed.total() == KILLS
        assert set(killed) == {"poll", "enrich", "alerts", "index"}, "each stage is to be killed now and then"

        site.stories = stories
        installation.ok("run", "--once")
        _check(installation)


def _kill_one(supervisor: int, chance: random.Random) -> list[str]:
    """Kill one of the stages' processes with -9; the name of its stage."""
    children = psutil.Process(supervisor).children()
    if not children:
        return []
    chosen = chance.choice(children)
    try:
        stage = chosen.cmdline()[3]
        chosen.kill()
    except (psutil.NoSuchProcess, IndexError):
        return []
    return [stage]


def _check(installation: Installation) -> None:
    status = installation.json("status")
    assert status["lag"] == {"enrich": 0, "alerts": 0, "notify": 0, "index": 0}
    assert status["dead_letters"] == 0
    assert status["index"]["articles"] == STORIES

    titles = Counter(hit["title"] for hit in installation.json("search", "harbour district", "--limit", "1000")["hits"])
    assert titles == Counter(story.title for story in numbered(STORIES))

    tracked = {story.title for story in numbered(STORIES) if "Ilse Brandt" in " ".join(story.paragraphs)}
    indexed = Counter(alert["title"] for alert in installation.json("alerts", "--limit", "1000"))
    assert indexed == Counter(tracked)

    stream = SqliteStream(installation.folder / "data" / "stream.db")
    published = Counter(record.key for record in stream.read(ALERTS.name))
    assert len(published) == len(tracked)
    assert set(published.values()) == {1}, "an alert was published twice"
    for record in stream.read(ALERTS.name):
        assert isinstance(decode(ALERTS, record.value), Alert)
    # The poller may publish an article again where it was killed before it could remember it; each time under one id.
    assert len({record.key for record in stream.read(ENRICHED.name)}) == STORIES
    stream.close()
