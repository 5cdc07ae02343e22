"""The part of Elasticsearch's security that Quotewire uses: users, roles, and who may do what.

Stands before a node that has none of it. Requests go on where the asker's roles allow them; else the answer is what
Elasticsearch would say. Users and roles are kept in a file beside the data.
"""

from __future__ import annotations

import base64
import fnmatch
import http.client
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_BUILT_IN_ROLES: dict[str, Any] = {
    "superuser": {"cluster": ["all"], "indices": [{"names": ["*"], "privileges": ["all"]}]},
    # In truth more than this, of which the stand-in for Kibana asks only which fields there are.
    "kibana_system": {
        "cluster": ["monitor"],
        "indices": [{"names": ["*"], "privileges": ["read", "view_index_metadata"]}],
    },
}

_INCLUDED = {
    "all": {"read", "write", "create_index", "view_index_metadata", "maintenance", "manage", "monitor"},
    "manage": {"create_index", "view_index_metadata", "maintenance", "monitor"},
}
"""What a privilege on indices includes (Elasticsearch's reference, "Security privileges")."""

_READS = ("_search", "_count", "_mget", "_doc", "_field_caps", "_source")
_WRITES = ("_bulk", "_doc", "_create", "_update")


class Security:
    """Users with their passwords and roles, and roles with their privileges."""

    def __init__(self, file: str, password: str) -> None:
        self._file = Path(file)
        self._lock = threading.Lock()
        self.users: dict[str, dict[str, Any]] = {
            "elastic": {"password": password, "roles": ["superuser"]},
            "kibana_system": {"password": None, "roles": ["kibana_system"]},
        }
        self.roles: dict[str, Any] = {}
        if self._file.exists():
            kept = json.loads(self._file.read_text())
            # As in Elasticsearch, the password of the environment is the first one only.
            self.users, self.roles = kept["users"], kept["roles"]

    def save(self) -> None:
        with self._lock:
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps({"users": self.users, "roles": self.roles}))
            new.replace(self._file)

    def user_of(self, authorization: str | None) -> str | None:
        """The user of a request; None where it is refused."""
        kind, _, encoded = (authorization or "").partition(" ")
        if kind != "Basic":
            return None
        name, _, password = base64.b64decode(encoded).decode().partition(":")
        known = self.users.get(name)
        return name if known and known["password"] is not None and known["password"] == password else None

    def may(self, user: str, kind: str, privilege: str, index: str = "") -> bool:
        """Whether a user has a privilege on the cluster, or on an index (which may be a pattern)."""
        for name in self.users[user]["roles"]:
            role = self.roles.get(name) or _BUILT_IN_ROLES.get(name) or {}
            if kind == "cluster":
                if {"all", privilege} & set(role.get("cluster", ())):
                    return True
                continue
            for grant in role.get("indices", ()):
                granted = set(grant["privileges"])
                for each in tuple(granted):
                    granted |= _INCLUDED.get(each, set())
                if privilege in granted and any(fnmatch.fnmatchcase(index, pattern) for pattern in grant["names"]):
                    return True
        return False


def needed(method: str, path: str, body: bytes) -> list[tuple[str, str, str]]:
    """The privileges that a request needs: on the cluster, or on an index, with the index's name."""
    parts = [part for part in path.partition("?")[0].split("/") if part]
    first = parts[0] if parts else ""
    if first == "_bulk":
        return [
            ("index", privilege, index) for index in _indices_of_bulk(body) for privilege in ("write", "create_index")
        ]
    if first == "_mget":
        return [("index", "read", each["_index"]) for each in json.loads(body)["docs"]]
    if first in ("", "_cluster", "_nodes", "_cat"):
        return [("cluster", "monitor", "")]
    if first == "_index_template":
        return [("cluster", "monitor" if method in ("GET", "HEAD") else "manage_index_templates", "")]
    if first == "_alias":
        return [("index", "view_index_metadata", parts[-1])]
    if first.startswith("_"):
        return [("cluster", "all", "")]
    return [("index", _on_index(method, parts[1] if len(parts) > 1 else ""), index) for index in first.split(",")]


def _on_index(method: str, action: str) -> str:
    if action in _READS and (method in ("GET", "HEAD") or action in ("_search", "_count", "_mget", "_field_caps")):
        return "read"
    if action in _WRITES:
        return "write"
    if action == "_refresh":
        return "maintenance"
    if method in ("GET", "HEAD"):
        return "view_index_metadata"
    return "create_index" if method == "PUT" and not action else "manage"


def _indices_of_bulk(body: bytes) -> set[str]:
    found, lines = set(), iter(body.splitlines())
    for line in lines:
        if line.strip():
            ((action, of),) = json.loads(line).items()
            found.add(of["_index"])
            if action != "delete":
                next(lines, None)
    return found


class Gate(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    security: Security
    behind: int

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        user = self.security.user_of(self.headers.get("Authorization"))
        if user is None:
            self._refuse(401, "unable to authenticate user for REST request")
            return
        path = self.path.partition("?")[0]
        if path.startswith("/_security/"):
            self._administer(user, path, body)
            return
        for kind, privilege, index in needed(self.command, self.path, body):
            if not self.security.may(user, kind, privilege, index):
                where = f" on indices [{index}]" if index else ""
                self._refuse(403, f"action is unauthorized for user [{user}]{where}, it needs [{privilege}]")
                return
        self._pass_on(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def _administer(self, user: str, path: str, body: bytes) -> None:
        if path == "/_security/_authenticate":
            self._answer(200, {"username": user, "roles": self.security.users[user]["roles"], "enabled": True})
            return
        if not self.security.may(user, "cluster", "manage_security"):
            self._refuse(403, f"action is unauthorized for user [{user}], it needs [manage_security]")
            return
        role, person = re.fullmatch(r"/_security/role/([^/]+)", path), re.fullmatch(r"/_security/user/([^/]+)", path)
        changed = re.fullmatch(r"/_security/user/([^/]+)/_password", path)
        given: Mapping[str, Any] = json.loads(body) if body else {}
        if role and self.command == "GET":
            known = self.security.roles.get(role[1])
            self._answer(200 if known else 404, {role[1]: known} if known else {})
        elif role and self.command in ("PUT", "POST"):
            created = role[1] not in self.security.roles
            self.security.roles[role[1]] = {"cluster": [], "indices": [], **given}
            self._saved({"role": {"created": created}})
        elif person and self.command == "GET":
            found = self.security.users.get(person[1])
            shown = {"username": person[1], "roles": found["roles"], "enabled": True} if found else None
            self._answer(200 if shown else 404, {person[1]: shown} if shown else {})
        elif person and self.command in ("PUT", "POST"):
            created = person[1] not in self.security.users
            self.security.users[person[1]] = {"password": given["password"], "roles": given["roles"]}
            self._saved({"created": created})
        elif changed and self.command in ("PUT", "POST") and changed[1] in self.security.users:
            if len(given["password"]) < 6:
                self._answer(
                    400, {"error": {"type": "validation_exception", "reason": "passwords must be at least [6]"}}
                )
                return
            self.security.users[changed[1]]["password"] = given["password"]
            self._saved({})
        else:
            self._answer(
                400, {"error": {"type": "illegal_argument_exception", "reason": "the stand-in has no such call"}}
            )

    def _saved(self, answer: Mapping[str, Any]) -> None:
        self.security.save()
        self._answer(200, answer)

    def _pass_on(self, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("authorization", "host")}
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=120)
        try:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        except OSError as error:
            self._answer(503, {"error": {"type": "unavailable", "reason": f"the node is starting: {error}"}})
            return
        finally:
            connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self, status: int, reason: str) -> None:
        self._answer(status, {"error": {"type": "security_exception", "reason": reason}, "status": status})

    def _answer(self, status: int, value: Mapping[str, Any]) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        # The client asks for its own form of JSON back.
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="security", charset="UTF-8"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def serve(port: int, behind: int, password: str, file: str) -> None:
    """Serve for ever on every address; the node is at port `behind` of the loopback."""
    Gate.security = Security(file, password)
    Gate.behind = behind
    server = ThreadingHTTPServer(("", port), Gate)
    server.daemon_threads = True
    server.serve_forever()
