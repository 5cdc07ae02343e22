"""The index is away when the pipeline starts: what does not need it works, and says so of what does."""

from __future__ import annotations

import contextlib
import time
import urllib.error
import urllib.request
from pathlib import Path

from quotewire.adapters.sqlite_stream import SqliteStream
from schemas.topics import ALERTS, TOPICS
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import BRIDGE, NewsSite
from tests.real_stack.server import free_ports


def test_alerts_are_raised_while_the_index_is_away(tmp_path: Path) -> None:
    index, metrics, web = free_ports(3)
    settings = {
        "QUOTEWIRE_INDEX": f"http://127.0.0.1:{index}",
        "QUOTEWIRE_METRICS_PORT": str(metrics),
        "QUOTEWIRE_WEB_PORT": str(web),
    }
    with NewsSite([BRIDGE]) as site, contextlib.closing(SqliteStream(tmp_path / "data" / "stream.db")) as stream:
        stream.create_topics(TOPICS.values())
        installation = Installation(tmp_path, [site.feed], [{"name": "Ilse Brandt"}], settings)
        process = installation.start("run")
        try:
            deadline = time.monotonic() + 90
            while not list(stream.read(ALERTS.name)):
                assert process.poll() is None, (tmp_path / "log.txt").read_text()
                assert time.monotonic() < deadline, "nobody was alerted"
                time.sleep(0.2)
            said = _not_ready(metrics)
        finally:
            process.terminate()
            process.wait(60)
    assert f"index: waiting: Elasticsearch at http://127.0.0.1:{index}: " in said
    assert "alerts" not in said


def _not_ready(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()
