"""The sinks file: what it may hold, what is said where it is wrong, and that no secret is ever shown."""

from __future__ import annotations

import json
from datetime import time, timedelta
from pathlib import Path

import pytest

from quotewire import sinks
from quotewire.adapters.apprise_notifier import AppriseNotifier
from quotewire.alert_ports import Delivery, Notice, RateLimit, Schedule, Sink
from quotewire.alert_wiring import SinkCheck
from quotewire.ports import ConfigurationError, Unavailable
from tests.consumers.notify.receiver import Receiver
from tests.contracts.outbox_suite import NOW, make_alert, notice

HOOK = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
ENVIRONMENT = {
    "CHAT_URL": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#news",
    "HOOK": HOOK,
    "PATH_TOKEN": "T0PSECRETTOKEN42",
    "NO_BASE64": "whsec_not base64!",
    "NO_KEY": "whsec_",
    "SHORT_KEY": "whsec_c2VjcmV0Cg==",
    "SHORT": "x",
}


def read(folder: Path, text: str) -> list[Sink]:
    path = folder / "sinks.yaml"
    path.write_text(text, encoding="utf-8")
    return sinks.read(path, ENVIRONMENT, SinkCheck())


def test_a_file_with_everything(tmp_path: Path) -> None:
    text = """
    - name: chat
      url: ${CHAT_URL}
    - name: system
      webhook: http://127.0.0.1:9000/alerts
      secret: ${HOOK}
      names: [Ada Lindqvist, Tomás Oliveira]
      conditions: [quoted, headline]
      outlets: The Vessby Courier
      languages: [en, sv]
      tags: [sea]
      least_confidence: 0.8
      when: weekly Friday 16:30
      time_zone: Europe/Stockholm
      quiet_hours: 22:00-07:00
      at_most: 10 an hour
    """
    chat, system = read(tmp_path, text)
    assert (chat.kind, chat.schedule, chat.quiet, chat.rate) == ("slack", Schedule(), None, None)
    assert (system.kind, system.secret) == ("webhook", HOOK)
    assert system.schedule == Schedule("week", time(16, 30), 4)
    assert (system.quiet, system.rate) == ((time(22), time(7)), RateLimit(10, timedelta(hours=1)))
    assert (system.outlets, system.conditions) == (("The Vessby Courier",), ("quoted", "headline"))
    assert "whsec" not in repr(system)
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in repr(chat)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("- url: json://127.0.0.1", "entry 1: every sink needs a name"),
        ("- name: a", "a: give either url (or urls) or webhook"),
        ("- {name: a, url: 'json://h', webhook: 'http://h', secret: '${HOOK}'}", "not both"),
        ("- {name: a, url: '${NO_SUCH}'}", "the environment variable NO_SUCH is not set"),
        ("- {name: a, url: 'nonsense://x'}", "nonsense://… is no address that Apprise knows"),
        ("- {name: a, url: 'slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ'}", "holds a secret"),
        ("- {name: a, url: 'jsons://me:hidden@h'}", "holds a secret"),
        ("- {name: a, url: 'jsons://h/hooks/T0PSECRETTOKEN'}", "jsons://… holds a secret"),
        ("- {name: a, url: 'jsons://h/0b7e5f60-1b1c-4f0e-9f50-6f2f6d1c9a11'}", "jsons://… holds a secret"),
        ("- {name: a, url: 'jsons://h/x?+X-Token=hidden'}", "jsons://… holds a secret"),
        ("- {name: a, url: 'jsons://h/x?-key=hidden'}", "jsons://… holds a secret"),
        ("- {name: a, url: 'jsons://h/x?%2BAuthorization=hidden'}", "jsons://… holds a secret"),
        ("- {name: a, url: 'jsons://me:hidden@h/${PATH_TOKEN}'}", "jsons://… holds a secret"),
        (
            "- {name: a, webhook: 'http://h', secret: '${NO_BASE64}'}",
            "NO_BASE64: a secret that begins with whsec_ must",
        ),
        ("- {name: a, webhook: 'http://h', secret: '${NO_KEY}'}", "NO_KEY: the secret of a webhook must be 24 bytes"),
        ("- {name: a, webhook: 'http://h', secret: '${SHORT_KEY}'}", "SHORT_KEY: the secret of a webhook must be 24"),
        ("- {name: a, webhook: 'http://h', secret: '${SHORT}'}", "SHORT: the secret of a webhook must be 24 bytes"),
        ("- {name: a, webhook: 'http://h', secret: plain}", "secret: ${NAME}"),
        ("- {name: a, webhook: 'http://h'}", "secret: ${NAME}"),
        ("- {name: a, webhook: 'ftp://h', secret: '${HOOK}'}", "http or https"),
        ("- {name: a, webhook: 'http://me:hidden@h', secret: '${HOOK}'}", "without a user"),
        ("- {name: a, url: 'json://h', when: daily}", "at once, hourly, daily 08:00"),
        ("- {name: a, url: 'json://h', when: weekly noday 08:00}", "at once, hourly, daily 08:00"),
        ("- {name: a, url: 'json://h', time_zone: Mars/Olympus}", "there is no 'Mars/Olympus'"),
        ("- {name: a, url: 'json://h', quiet_hours: night}", "write it like 22:00-07:00"),
        ("- {name: a, url: 'json://h', at_most: lots}", "write it like 10 an hour"),
        ("- {name: a, url: 'json://h', at_most: 0 an hour}", "write it like 10 an hour"),
        ("- {name: a, url: 'json://h', conditions: [seen]}", "'seen' is none of mentioned"),
        ("- {name: a, url: 'json://h', least_confidence: high}", "from 0 to 1"),
        ("- {name: a, url: 'json://h', nmaes: [x]}", "there is no field nmaes"),
        ("- {name: a, url: 'json://h'}\n- {name: a, url: 'json://g'}", "there are two named a"),
        ("name: a", "must be a list"),
        ("- {name: a", "are not YAML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_without_secrets(tmp_path: Path, entry: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, entry)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:9000/quotewire/alerts-2026",
        "jsons://h/hooks/${PATH_TOKEN}",
        "jsons://h/x?+X-Token=${PATH_TOKEN}",
        "jsons://me:${PATH_TOKEN}@h/x?method=PUT",
        "mailto://desk@mail.example.org?to=chief@example.org&format=text",
        "ntfy://newsroom-alerts",
    ],
)
def test_what_holds_no_secret_in_the_clear_is_taken(tmp_path: Path, url: str) -> None:
    (sink,) = read(tmp_path, f"- {{name: a, url: '{url}'}}")
    assert len(sink.urls) == 1


def test_an_empty_file_names_no_sink(tmp_path: Path) -> None:
    assert read(tmp_path, "# none yet\n") == []


# --- through Apprise


def test_apprise_tells_a_real_server(tmp_path: Path) -> None:
    with Receiver() as receiver:
        sink = Sink("desk", urls=(f"json://127.0.0.1:{receiver.port}/x",))
        AppriseNotifier(sink, "https://desk.example").tell(Delivery("desk", (notice(1),), NOW))
        (received,) = receiver.received
    said = received.body.decode()
    assert "Ada Lindqvist: Ferry 1 sails" in said
    assert "https://desk.example/alerts/alert-1" in said
    assert _message(said).endswith(f"\n[{notice(1).key[:8]}]")


def test_a_server_that_does_not_take_it_is_unavailable_without_a_secret_in_the_reason() -> None:
    with Receiver() as receiver:
        receiver.status = 500
        sink = Sink("desk", urls=(f"json://me:s3cret-word@127.0.0.1:{receiver.port}/x",), secrets=("s3cret-word",))
        with pytest.raises(Unavailable) as caught:
            AppriseNotifier(sink).tell(Delivery("desk", (notice(1),), NOW))
    assert "500" in str(caught.value)
    assert "s3cret-word" not in str(caught.value)


def test_of_several_addresses_only_those_that_were_not_told_are_told_again() -> None:
    with Receiver() as well, Receiver() as ill:
        ill.status = 503
        notifier = AppriseNotifier(Sink("desk", urls=(f"json://127.0.0.1:{well.port}", f"json://127.0.0.1:{ill.port}")))
        delivery = Delivery("desk", (notice(1),), NOW)
        with pytest.raises(Unavailable):
            notifier.tell(delivery)
        ill.status = 200
        notifier.tell(delivery)
        assert (len(well.received), len(ill.received)) == (1, 1)


def test_a_summary_fits_its_receiver_and_counts_what_it_leaves_out() -> None:
    with Receiver() as receiver:
        many = tuple(Notice("desk", make_alert(number, title="Ferry " * 30), NOW) for number in range(200))
        sink = Sink("desk", urls=(f"json://127.0.0.1:{receiver.port}",))
        delivery = Delivery("desk", many, NOW, "rate limit")
        AppriseNotifier(sink).tell(delivery)
        said = receiver.received[0].body.decode()
    assert _message(said).endswith(f"\n[{delivery.key[:8]}]"), "a repeat is known for one"
    assert "200 alerts held back by the rate limit: Ada Lindqvist" in said
    assert "more" in said.rpartition("…")[2]
    assert len(said) < 40_000


def _message(body: str) -> str:
    message = json.loads(body)["message"]
    assert isinstance(message, str)
    return message
