"""A small Kibana: logs in at Elasticsearch, says how it is, and loads saved objects if they hold together.

Every reference has to resolve, and every field named has to be one that Elasticsearch really has.
"""

from __future__ import annotations

import base64
import email
import email.policy
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import saved_objects  # type: ignore[import-not-found]

_ELASTICSEARCH = os.environ["ELASTICSEARCH_HOSTS"]
_KEPT = Path("/usr/share/kibana/data/saved-objects.json")
_LOGIN = base64.b64encode(
    f"{os.environ['ELASTICSEARCH_USERNAME']}:{os.environ['ELASTICSEARCH_PASSWORD']}".encode()
).decode()


def ask(path: str, authorization: str) -> tuple[int, Mapping[str, Any]]:
    """Elasticsearch's answer; status 0 where it cannot be reached."""
    request = urllib.request.Request(f"{_ELASTICSEARCH}{path}", headers={"Authorization": authorization})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, {}
    except OSError:
        return 0, {}


def fields_of(pattern: str) -> set[str]:
    """The fields of the indices of a data view."""
    status, answer = ask(f"/{pattern}/_field_caps?fields=*&allow_no_indices=false", f"Basic {_LOGIN}")
    if status != 200:
        raise ValueError(f"no index matches {pattern}: {status}")
    return set(answer["fields"])


class Kibana(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            self._answer(302, {}, Location="/login?next=%2F")
        elif path == "/api/status":
            status, _ = ask("/_security/_authenticate", f"Basic {_LOGIN}")
            level = "available" if status == 200 else "unavailable"
            self._answer(200 if status == 200 else 503, {"status": {"overall": {"level": level}}})
        else:
            self._answer(404, {"statusCode": 404, "error": "Not Found"})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        if address.path != "/api/saved_objects/_import":
            self._answer(404, {"statusCode": 404, "error": "Not Found"})
        elif not self.headers.get("kbn-xsrf"):
            self._answer(400, {"statusCode": 400, "message": "Request must contain a kbn-xsrf header."})
        elif ask("/_security/_authenticate", self.headers.get("Authorization", ""))[0] != 200:
            self._answer(401, {"statusCode": 401, "message": "unable to authenticate"})
        else:
            self._answer(*self._load(body, parse_qs(address.query).get("overwrite") == ["true"]))

    def _load(self, body: bytes, overwrite: bool) -> tuple[int, Mapping[str, Any]]:
        kind = self.headers.get("Content-Type", "")
        message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP)
        files = [
            part for part in message.iter_parts() if part.get_param("name", header="content-disposition") == "file"
        ]
        if len(files) != 1 or not (files[0].get_filename() or "").endswith(".ndjson"):
            return 400, {"statusCode": 400, "message": "a file with the extension .ndjson is needed"}
        try:
            objects = saved_objects.read(files[0].get_payload(decode=True))
            saved_objects.check(objects, fields_of)
        except (ValueError, KeyError) as error:
            return 400, {"statusCode": 400, "message": f"the objects do not hold together: {error}"}
        kept = json.loads(_KEPT.read_text()) if _KEPT.exists() else {}
        errors = [name for name in objects if name in kept and not overwrite]
        kept |= objects
        _KEPT.write_text(json.dumps(kept))
        return 200, {
            "success": not errors,
            "successCount": len(objects) - len(errors),
            "errors": [{"id": name, "error": {"type": "conflict"}} for name in errors],
        }

    def _answer(self, status: int, value: Mapping[str, Any], **headers: str) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


if len(os.environ.get("XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY", "")) < 32:
    sys.exit("XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY must be at least 32 characters long")
while (answer := ask("/_security/_authenticate", f"Basic {_LOGIN}")[0]) != 200:
    print(f"waiting for Elasticsearch: {answer}")
    time.sleep(2)
ThreadingHTTPServer(("", 5601), Kibana).serve_forever()
