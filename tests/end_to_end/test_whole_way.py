"""From a feed to a search for who said what, through the command line alone."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import BRIDGE, NewsSite, Story, numbered

WATCHED: list[dict[str, Any]] = [
    {"name": "Ilse Brandt", "type": "person", "aliases": ["Brandt"]},
    {"name": "Nobody Atall"},
]


@pytest.fixture(scope="module")
def site() -> Iterator[NewsSite]:
    with NewsSite([BRIDGE]) as running:
        yield running


@pytest.fixture(scope="module")
def finished(site: NewsSite, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation that has polled the site once and processed everything."""
    installation = Installation(
        tmp_path_factory.mktemp("whole-way"), [site.feed, f"{site.address}/no-such-feed"], WATCHED
    )
    installation.ok("run", "--once")
    return installation


def test_the_article_is_found_by_its_words(finished: Installation) -> None:
    page = finished.json("search", "bridge repairs auditor")
    [hit] = page["hits"]
    assert hit["title"] == BRIDGE.title
    assert hit["outlet"] == "Harbour Times"
    assert finished.json("search", "zeppelin")["total"] == 0


def test_its_quotes_are_found_by_speaker_and_subject(finished: Installation) -> None:
    by_speaker = finished.json("quotes", "--speaker", "brandt")
    said = [hit["quote"]["text"] for hit in by_speaker["hits"]]
    assert any("The bridge is sixty years old" in text and "wear it out" in text for text in said)
    assert {hit["quote"]["speaker"]["name"] for hit in by_speaker["hits"]} == {"Ilse Brandt"}

    about = finished.json("quotes", "--about", "bus morning")
    [hit] = about["hits"]
    assert hit["quote"]["speaker"]["name"] == "Tomas Okafor"


def test_an_alert_is_raised_for_the_tracked_name_only(finished: Installation) -> None:
    [alert] = finished.json("alerts")
    assert alert["name"] == "Ilse Brandt"
    assert alert["title"] == BRIDGE.title
    assert "Brandt" in alert["sentence"]["text"]


def test_a_second_run_adds_nothing(finished: Installation, site: NewsSite) -> None:
    before = finished.json("status")
    summary = finished.json("run", "--once")
    assert (summary["new_articles"], summary["new_quotes"], summary["new_alerts"], summary["found"]) == (0, 0, 0, 0)
    assert finished.json("status") == before


def test_feeds_say_how_they_are(finished: Installation, site: NewsSite) -> None:
    good, bad = finished.json("feeds", "list")
    assert good["url"] == site.feed
    assert good["entries"] == 1
    assert good["last_poll"]
    assert good["next_poll"] > good["last_poll"]
    assert bad["state"] != good["state"]
    assert "404" in bad["reason"]


def test_for_people_the_commands_print_words(finished: Installation) -> None:
    assert "Ilse Brandt" in finished.ok("quotes", "--speaker", "Brandt")
    assert "1 article" in finished.ok("search", "bridge")
    assert "Ilse Brandt" in finished.ok("alerts")
    assert "Index: 1 articles" in finished.ok("status")
    assert "No dead letters" in finished.ok("dead", "list")
    assert "404" in finished.ok("feeds", "list")


def test_an_edited_page_and_a_new_item_come_through_and_alert_once(tmp_path: Path) -> None:
    with NewsSite([BRIDGE]) as site:
        installation = Installation(
            tmp_path, [site.feed], WATCHED, {"QUOTEWIRE_POLL_SHORTEST": "0.1", "QUOTEWIRE_POLL_LONGEST": "0.1"}
        )
        installation.ok("run", "--once")
        edited = Story(
            BRIDGE.slug, BRIDGE.title, (*BRIDGE.paragraphs, "Brandt resigned on Friday."), "She has resigned."
        )
        site.stories = [edited, *numbered(2)]
        installation.ok("run", "--once")

        assert installation.json("status")["index"]["articles"] == 3
        assert installation.json("search", "resigned")["total"] == 1
        alerts = installation.json("alerts")
        assert sorted(alert["title"] for alert in alerts) == ["Report 0 on the harbour district", BRIDGE.title]


def test_everything_runs_in_memory_too(tmp_path: Path, site: NewsSite) -> None:
    memory = dict.fromkeys(("QUOTEWIRE_STREAM", "QUOTEWIRE_INDEX", "QUOTEWIRE_FEED_STORE"), "memory://")
    summary = Installation(tmp_path, [site.feed], WATCHED, memory).json("run", "--once")
    assert (summary["new_articles"], summary["new_alerts"]) == (1, 1)


def test_a_signal_stops_every_process_and_loses_nothing(tmp_path: Path) -> None:
    with NewsSite(numbered(12)) as site:
        installation = Installation(tmp_path, [site.feed], WATCHED)
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            running = installation.start("run", "poll", "enrich", "alerts", "index")
            processes = _processes(running.pid, at_least=4)
            time.sleep(1.5)
            running.send_signal(signal_number)
            assert running.wait(60) == 0
            assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
        installation.ok("run", "--once")
        assert installation.json("status")["index"]["articles"] == 12


def test_a_second_signal_stops_at_once(tmp_path: Path, site: NewsSite) -> None:
    running = Installation(tmp_path, [site.feed]).start("run", "enrich", "index")
    processes = _processes(running.pid, at_least=2)
    running.terminate()
    deadline = time.monotonic() + 10
    # Again and again: two signals that come before the first is taken up are one to the system.
    while running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
        running.terminate()
    assert running.poll() is not None
    psutil.wait_procs(processes, timeout=10)
    assert not any(process.is_running() for process in processes)


def test_parts_stop_when_the_supervisor_is_killed(tmp_path: Path, site: NewsSite) -> None:
    running = Installation(tmp_path, [site.feed]).start("run", "alerts", "index")
    processes = _processes(running.pid, at_least=2)
    running.kill()
    running.wait(10)
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert not alive


def _processes(supervisor: int, *, at_least: int) -> list[psutil.Process]:
    """The stages' processes, once so many are there and have had time to take up their work."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        children = [c for c in psutil.Process(supervisor).children() if c.status() != psutil.STATUS_ZOMBIE]
        if len(children) >= at_least:
            time.sleep(0.5)
            return children
        time.sleep(0.05)
    raise AssertionError(f"only {children} were started")


def test_a_part_that_is_ended_is_started_again(tmp_path: Path, site: NewsSite) -> None:
    running = Installation(tmp_path, [site.feed]).start("run", "alerts", "index")
    processes = _processes(running.pid, at_least=2)
    for process in processes:
        process.terminate()
    psutil.wait_procs(processes, timeout=20)
    again = _processes(running.pid, at_least=2)
    assert not {process.pid for process in processes} & {process.pid for process in again}
    running.terminate()
    assert running.wait(30) == 0


def test_dead_letters_are_listed_shown_and_replayed(tmp_path: Path, site: NewsSite) -> None:
    from quotewire.adapters.sqlite_stream import SqliteStream
    from quotewire.ports import Message
    from schemas.topics import TOPICS

    installation = Installation(tmp_path, [site.feed])
    (tmp_path / "data").mkdir()
    stream = SqliteStream(tmp_path / "data" / "stream.db")
    stream.create_topics(TOPICS.values())
    stream.publish([Message("raw", "broken", b"{not json")])
    stream.close()

    assert installation.json("run", "--once")["dead_letters"] == 1
    [letter] = installation.json("dead", "list")
    assert letter["stage"] == "enrich"
    assert "not JSON" in letter["reason"]
    assert json.loads(installation.ok("dead", "show", letter["id"]))["value"] == "{not json"

    installation.ok("dead", "replay", letter["id"])
    assert installation.json("dead", "list") == []
    assert len(installation.json("dead", "list", "--all")) == 1
    assert installation.json("run", "--once")["dead_letters"] == 1
    assert installation.run("dead", "show", "no-such").returncode == 1
