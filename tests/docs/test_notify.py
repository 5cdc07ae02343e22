"""The receiver's example in docs/notify.md verifies what is really sent, and nothing else."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from quotewire import sinks
from quotewire.adapters.webhook_notifier import WebhookNotifier
from quotewire.alert_ports import Delivery, Sink
from quotewire.alert_wiring import SinkCheck
from quotewire.wiring import SystemClock
from tests.consumers.notify.receiver import Received, Receiver
from tests.contracts.outbox_suite import NOW, notice

DOCUMENT = Path(__file__).parents[2] / "docs" / "notify.md"
KEY = b"a key of ours, as long as is asked"


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def received() -> Received:
    with Receiver() as receiver:
        sink = Sink("archive", webhook=receiver.address, secret=f"whsec_{base64.b64encode(KEY).decode()}")
        WebhookNotifier(sink, SystemClock()).tell(Delivery("archive", (notice(1),), NOW))
        return receiver.received[0]


def test_the_example_verifies_what_is_sent_and_nothing_else(received: Received) -> None:
    example: dict[str, Any] = {}
    exec(block("python"), example)
    verified, headers = example["verified"], {name.lower(): value for name, value in received.headers.items()}
    assert verified(headers, received.body, KEY)
    assert not verified(headers, received.body + b" ", KEY)
    assert not verified(headers, received.body, b"another key")
    assert not verified(headers | {"webhook-id": "another"}, received.body, KEY)
    old = str(int(headers["webhook-timestamp"]) - 301)
    assert not verified(headers | {"webhook-timestamp": old}, received.body, KEY)


def test_the_files_example_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "sinks.yaml"
    path.write_text(block("yaml"), encoding="utf-8")
    environment = {
        "NEWSROOM_SLACK": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "MAIL_PASSWORD": "hidden",
        "ARCHIVE_SECRET": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
    }
    names = [sink.name for sink in sinks.read(path, environment, SinkCheck())]
    assert names == ["newsroom", "chief", "archive"]


def test_every_field_of_a_sink_is_documented() -> None:
    rows = "".join(line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `"))
    for field in sinks.FIELDS - {"name"}:
        assert f"`{field}`" in rows, field
