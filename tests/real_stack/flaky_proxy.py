"""A proxy before Elasticsearch that passes everything on, or refuses everything with the status that a test sets."""

from __future__ import annotations

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_KINDS = {429: "es_rejected_execution_exception", 503: "unavailable_shards_exception"}


class FlakyProxy:
    """Listens on a port of its own; `refuse` is None, 429 or 503. `refused` counts refusals."""

    def __init__(self, port: int) -> None:
        self.refuse: int | None = None
        self.refused = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
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
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _answer(
        self, port: int, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        product = {"x-elastic-product": "Elasticsearch", "content-type": "application/json"}
        if self.refuse is not None:
            self.refused += 1
            error = {"error": {"type": _KINDS[self.refuse], "reason": "too much to do"}, "status": self.refuse}
            return self.refuse, product, json.dumps(error).encode()
        headers = {name: value for name, value in headers.items() if name.lower() not in ("host", "connection")}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kept = {name.lower(): value for name, value in answer.getheaders() if name.lower() in _KEPT}
            return answer.status, product | kept, answer.read()
        except OSError:
            return 502, product, b"{}"
        finally:
            connection.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


_KEPT = ("content-type", "content-encoding", "x-elastic-product")
