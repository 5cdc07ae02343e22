"""Users and roles in Elasticsearch, against the gate that stands in for its security where only the jars can be had."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions
from quotewire.adapters.elasticsearch_security import ElasticsearchSecurity, least_privileges
from quotewire.ports import ConfigurationError
from tests.compose.standins.elasticsearch.gate import Gate, Security, needed

ADMINISTRATOR = ElasticsearchOptions(user="elastic", password="for tests")


class Served:
    """A gate with nothing behind it: what is asked of users and roles it answers itself."""

    def __init__(self, folder: Path) -> None:
        self.security = Security(str(folder / "users.json"), "for tests")
        handler = type("Handler", (Gate,), {"security": self.security, "behind": 1})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    threading.Thread(target=served.server.serve_forever, args=(0.05,), daemon=True).start()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def security(served: Served) -> Iterator[ElasticsearchSecurity]:
    security = ElasticsearchSecurity(served.address, ADMINISTRATOR)
    yield security
    security.close()


def made(security: ElasticsearchSecurity, password: str = "first password") -> list[str]:
    return [f"{prepared.done} {prepared.what}" for prepared in security.make_user("quotewire", password)]


def test_the_user_is_made_once(served: Served, security: ElasticsearchSecurity) -> None:
    assert made(security) == ["created role quotewire", "created user quotewire"]
    assert made(security) == ["unchanged role quotewire", "unchanged user quotewire"]
    assert served.security.users["quotewire"] == {"password": "first password", "roles": ["quotewire"]}


def test_a_new_password_is_set(served: Served, security: ElasticsearchSecurity) -> None:
    made(security)
    assert made(security, "second password") == ["unchanged role quotewire", "changed user quotewire"]
    assert served.security.users["quotewire"]["password"] == "second password"


def test_rights_that_somebody_added_are_taken_back(served: Served, security: ElasticsearchSecurity) -> None:
    made(security)
    served.security.roles["quotewire"]["indices"].append({"names": ["*"], "privileges": ["all"]})
    served.security.users["quotewire"]["roles"].append("superuser")
    assert made(security) == ["changed role quotewire", "changed user quotewire"]
    assert served.security.users["quotewire"]["roles"] == ["quotewire"]
    assert served.security.roles["quotewire"]["indices"] == least_privileges("quotewire")["indices"]


def test_kibana_gets_its_password_once(security: ElasticsearchSecurity) -> None:
    assert security.set_kibana_password("of kibana").done == "changed"
    assert security.set_kibana_password("of kibana").done == "unchanged"


def test_what_is_refused_is_said_in_one_line(served: Served, security: ElasticsearchSecurity) -> None:
    with pytest.raises(ConfigurationError, match="the password for kibana_system is too short"):
        security.set_kibana_password("short")
    made(security)
    for options, told in (
        (ElasticsearchOptions(user="elastic", password="wrong"), "check them"),
        (ElasticsearchOptions(user="quotewire", password="first password"), "does not allow this to our user"),
    ):
        other = ElasticsearchSecurity(served.address, options)
        with pytest.raises(ConfigurationError, match=told):
            other.set_kibana_password("of kibana")
        other.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"),
    [
        ("POST", "/quotewire-articles/_search", b"{}", True),
        ("POST", "/_bulk", b'{"index":{"_index":"quotewire-quotes-2026.11","_id":"1"}}\n{}\n', True),
        ("POST", "/_bulk", b'{"delete":{"_index":"other","_id":"1"}}\n', False),
        ("POST", "/quotewire-locations-all/_mget", b'{"ids":["1"]}', True),
        ("POST", "/_mget", b'{"docs":[{"_index":"other","_id":"1"}]}', False),
        ("GET", "/_index_template/quotewire-articles", b"", True),
        ("PUT", "/_index_template/quotewire-articles", b"{}", False),
        ("HEAD", "/_alias/quotewire-articles", b"", True),
        ("PUT", "/quotewire-articles-2026.12", b"", True),
        ("PUT", "/quotewire-articles/_mapping", b"{}", False),
        ("DELETE", "/quotewire-articles-2026.12", b"", False),
        ("POST", "/other/_search", b"{}", False),
        ("POST", "/_reindex", b"{}", False),
    ],
)
def test_the_role_allows_what_the_parts_do_and_no_more(
    tmp_path: Path, method: str, path: str, body: bytes, allowed: bool
) -> None:
    security = Security(str(tmp_path / "users.json"), "for tests")
    security.roles["quotewire"] = least_privileges("quotewire")
    security.users["quotewire"] = {"password": "x", "roles": ["quotewire"]}
    granted = [security.may("quotewire", kind, right, index) for kind, right, index in needed(method, path, body)]
    assert granted
    assert all(granted) is allowed
