"""A proxy before Elasticsearch that passes everything on, or refuses all or some with the status that a test sets."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_KINDS = {
    401: "security_exception",
    429: "es_rejected_execution_exception",
    503: "unavailable_shards_exception",
}


class FlakyProxy:
    """Listens on a port of its own. `refuse` is None, or the status that every request gets; `refuse_items` is None, or
    the status that every second document of each bulk gets, the others being passed on. `refused` counts refusals;
    `logins` has every Authorization that was sent. With `tls` it is asked by https.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.logins: set[str] = set()
        self.refuse: int | None = None
        self.refuse_items: int | None = None
        self.refused = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                proxy.logins.add(self.headers.get("Authorization", ""))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = proxy._answer(port, self.command, self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _pass_on  # noqa: N815 - the library's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _answer(
        self, port: int, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        product = {"x-elastic-product": "Elasticsearch", "content-type": "application/json"}
        if self.refuse is not None:
            self.refused += 1
            return self.refuse, product, json.dumps(_refusal(self.refuse)).encode()
        bulk = None
        if self.refuse_items is not None and path.partition("?")[0].endswith("_bulk"):
            bulk = _Bulk(body, self.refuse_items)
            self.refused += bulk.refused
            body = bulk.passed_on
            headers = {name: value for name, value in headers.items() if name.lower() != "accept-encoding"}
            if not body:
                return 200, product, bulk.answer(b'{"took":0,"errors":false,"items":[]}')
        headers = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_CONNECTION}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kept = {name.lower(): value for name, value in answer.getheaders() if name.lower() in _KEPT}
            content = answer.read()
            return answer.status, product | kept, bulk.answer(content) if bulk and answer.status == 200 else content
        except OSError:
            return 502, product, b"{}"
        finally:
            connection.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


_KEPT = ("content-type", "content-encoding", "x-elastic-product")
_OF_ONE_CONNECTION = ("host", "connection", "content-length")


class _Bulk:
    """A bulk request of which every second operation is refused and never reaches the server."""

    def __init__(self, body: bytes, status: int) -> None:
        self._status = status
        self._kinds: list[str] = []
        kept, lines = [], iter(body.splitlines())
        for line in lines:
            (kind,) = json.loads(line)
            operation = [line] if kind == "delete" else [line, next(lines)]
            self._kinds.append(kind)
            if len(self._kinds) % 2 == 0:
                kept += operation
        self.refused = (len(self._kinds) + 1) // 2
        self.passed_on = b"".join(line + b"\n" for line in kept)

    def answer(self, content: bytes) -> bytes:
        """The server's answer, with what was refused in its place."""
        answer = json.loads(content)
        passed = iter(answer["items"])
        refusal = _refusal(self._status)
        items = [{kind: refusal} if number % 2 else next(passed) for number, kind in enumerate(self._kinds, 1)]
        return json.dumps(answer | {"errors": True, "items": items}).encode()


def _refusal(status: int) -> dict[str, object]:
    return {"error": {"type": _KINDS[status], "reason": "not now"}, "status": status}
