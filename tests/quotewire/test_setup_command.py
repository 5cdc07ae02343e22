"""`quotewire setup` as its user sees it, with the embedded default and with a Kibana of our own."""

from __future__ import annotations

import email
import email.policy
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from quotewire.cli import app
from quotewire.ports import ConfigurationError


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTEWIRE_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def setup(*parts: str) -> Result:
    return CliRunner().invoke(app, ["setup", *parts])


class TestEmbedded:
    def test_the_first_call_creates_and_the_second_changes_nothing(self) -> None:
        first, second = setup(), setup()
        assert first.exit_code == second.exit_code == 0
        assert "created    topic raw: 6 partitions, kept 14 days\n" in first.stdout
        assert "created    topic alerts: 3 partitions, kept 90 days, compacted\n" in first.stdout
        assert {line.split()[0] for line in first.stdout.splitlines()} == {"created"}
        assert {line.split()[0] for line in second.stdout.splitlines()} == {"unchanged"}
        assert len(first.stdout.splitlines()) == len(second.stdout.splitlines())

    def test_a_part_alone(self) -> None:
        lines = setup("index").stdout.splitlines()
        assert len(lines) == 1
        assert lines[0].startswith("created    index ")

    def test_an_unknown_part_is_named(self) -> None:
        result = setup("indexes")
        assert result.exit_code == 2
        assert "there is no part indexes; the parts are topics, security, index, kibana" in result.stderr

    def test_what_needs_a_setting_says_which(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ConfigurationError, match="QUOTEWIRE_KIBANA"):
            _raise(setup("kibana"))
        with pytest.raises(ConfigurationError, match="QUOTEWIRE_SETUP_PASSWORD"):
            _raise(setup("security"))
        monkeypatch.setenv("QUOTEWIRE_SETUP_PASSWORD", "a secret")
        with pytest.raises(ConfigurationError, match="users are for Elasticsearch, and this is sqlite"):
            _raise(setup("security"))


def _raise(result: Result) -> None:
    assert result.exception is not None
    raise result.exception


class KibanaLike(BaseHTTPRequestHandler):
    """Answers as it is told, and remembers what it was given."""

    answers: list[tuple[int, dict[str, object]]]
    asked: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, dict(self.headers), body))
        status, answer = self.answers.pop(0)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def kibana(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[KibanaLike]]:
    handler = type("Handler", (KibanaLike,), {"answers": [], "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setenv("QUOTEWIRE_KIBANA", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("QUOTEWIRE_ELASTICSEARCH_USER", "elastic")
    monkeypatch.setenv("QUOTEWIRE_ELASTICSEARCH_PASSWORD", "a secret")
    yield handler
    server.shutdown()
    server.server_close()


class TestKibana:
    def test_the_saved_objects_are_loaded_as_kibana_asks_for_them(
        self, kibana: type[KibanaLike], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("QUOTEWIRE_ELASTICSEARCH_PREFIX", "other")
        kibana.answers.append((200, {"success": True, "successCount": 38}))
        result = setup("kibana")
        assert (result.exit_code, result.stdout) == (0, "changed    38 saved objects of Kibana\n")
        [(path, headers, body)] = kibana.asked
        assert path == "/api/saved_objects/_import?overwrite=true"
        assert headers["kbn-xsrf"]
        assert headers["Authorization"] == "Basic ZWxhc3RpYzphIHNlY3JldA=="
        head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        [part] = message.iter_parts()
        assert part.get_filename() == "quotewire.ndjson"
        objects = [json.loads(line) for line in part.get_content().splitlines()]
        titles = {each["attributes"]["title"] for each in objects if each["type"] == "index-pattern"}
        assert titles >= {"other-articles", "other-quotes", "other-alerts"}

    def test_a_kibana_that_starts_is_waited_for(self, kibana: type[KibanaLike]) -> None:
        kibana.answers += [(503, {"message": "not ready yet"}), (200, {"success": True, "successCount": 38})]
        result = setup("kibana")
        assert result.exit_code == 0
        assert "Waiting: Kibana at http://127.0.0.1:" in result.stderr
        assert "503 not ready yet" in result.stderr

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            ((401, {"message": "unable to authenticate"}), "does not allow this to our user: unable to authenticate"),
            ((400, {"message": "no xsrf"}), "does not take the saved objects: 400 no xsrf"),
            ((200, {"success": False, "errors": [{"id": "q", "error": {"type": "missing"}}]}), "missing"),
        ],
    )
    def test_a_refusal_is_said(
        self, kibana: type[KibanaLike], answer: tuple[int, dict[str, object]], told: str
    ) -> None:
        kibana.answers.append(answer)
        with pytest.raises(ConfigurationError, match=told):
            _raise(setup("kibana"))
