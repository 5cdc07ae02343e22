"""The sample site: a small newspaper on this machine, so that there is something to poll without a network.

It is polled like any other site: an RSS feed with validators, half of its items in full, and a page for each article.
What it serves is rendered once and never changes while it runs; articles keep their addresses and dates for ever.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import socketserver
import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, get_args
from urllib.parse import urlsplit

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from quotewire.ports import ConfigurationError
from quotewire.sample_articles import SampleArticle, Section, read_samples
from quotewire.seed_files import seed_path

HOST = "127.0.0.1"
PORT = 8766
"""Where seeds/feeds.opml expects the site."""

OUTLET = "The Ashmere Courier"
_SERVER = "quotewire-samples"
_RELATED = 3
_PATIENCE = 2.0
"""Seconds within which another instance of the site on this machine answers."""

_log = structlog.get_logger()


class SampleSite:
    """The sample site on one address of this machine; as a context manager it serves within the block.

    Port 0 takes any free port; `address` names it once the site was started.
    """

    def __init__(self, host: str = HOST, port: int = PORT) -> None:
        _check(host, port)
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Address of the site, without a slash at its end."""
        return f"http://{self._host}:{self._port}"

    @property
    def feed_url(self) -> str:
        """Address of its feed."""
        return f"{self.address}/feed.xml"

    def start(self) -> bool:
        """Serve in a background thread; False where another instance serves this address already, which is as good.

        A second call does nothing. Raises ConfigurationError where the address cannot be had.
        """
        if self._server:
            return True
        try:
            server = _Server((self._host, self._port), _Handler)
        except OSError as error:
            if already_served(self._host, self._port):
                return False
            raise ConfigurationError(
                f"the sample articles cannot be served on {self._host}:{self._port}: {error.strerror or error}; free "
                "the port, or name another one in QUOTEWIRE_SAMPLES and in the address of the sample feed"
            ) from error
        self._port = server.server_address[1]
        try:
            server.answers = _render(self.address)
        except BaseException:
            server.server_close()
            raise
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.2,), name="sample site", daemon=True)
        self._thread.start()
        _log.info("sample site started", address=self.address)
        return True

    def stop(self) -> None:
        """Stop serving and free the port. Does nothing where this instance does not serve."""
        if not (self._server and self._thread):
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None
        _log.info("sample site stopped", address=self.address)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def already_served(host: str = HOST, port: int = PORT) -> bool:
    """Whether what answers at this address is a sample site."""
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().getheader("Server") == _SERVER
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _check(host: str, port: int) -> None:
    try:
        local = ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ConfigurationError(f"the sample site serves this machine only: {host} must be an address such as {HOST}")
    if not 0 <= port <= 65535:
        raise ConfigurationError(f"the sample site cannot be served on port {port}: ports go from 0 to 65535")


# --- what is served -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    content_type: str
    modified: datetime
    status: HTTPStatus = HTTPStatus.OK

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


def _render(address: str) -> Mapping[str, _Answer]:
    """Everything on the site, by its path."""
    articles = read_samples()
    newest = max(article.published for article in articles.values())
    templates = Environment(
        loader=FileSystemLoader(seed_path("site")),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    templates.filters["rfc822"] = _http_date
    templates.globals |= {
        "outlet": OUTLET,
        "address": address,
        "articles": articles,
        "sections": list(_by_section(articles)),
    }

    def answer(template: str, kind: str, modified: datetime = newest, **context: object) -> _Answer:
        body = templates.get_template(template).render(context).encode()
        return _Answer(body, f"{kind}; charset=utf-8", modified)

    answers = {
        "/": answer("front.html", "text/html", by_section=_by_section(articles).items()),
        "/feed.xml": answer("feed.xml", "application/rss+xml", newest=newest, newest_first=articles.values()),
        "/style.css": answer("style.css", "text/css"),
        "/icon.svg": answer("icon.svg", "image/svg+xml"),
        "/robots.txt": _Answer(b"User-agent: *\nAllow: /\n", "text/plain; charset=utf-8", newest),
    }
    for slug, article in articles.items():
        related = list(_related(article, articles))[:_RELATED]
        page = answer("article.html", "text/html", article.published, article=article, related=related)
        answers[f"/articles/{slug}"] = page
        if article.picture:
            hue = zlib.crc32(slug.encode()) % 360
            answers[f"/pictures/{slug}.svg"] = answer("picture.svg", "image/svg+xml", article.published, hue=hue)
    return answers


def _by_section(articles: Mapping[str, SampleArticle]) -> dict[str, list[SampleArticle]]:
    return {
        section: [article for article in articles.values() if article.section == section]
        for section in get_args(Section)
    }


def _related(article: SampleArticle, articles: Mapping[str, SampleArticle]) -> Iterator[SampleArticle]:
    for other in articles.values():
        if other.section == article.section and other.slug != article.slug:
            yield other


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


# --- serving --------------------------------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    answers: Mapping[str, _Answer]

    def server_bind(self) -> None:
        # The base class would ask DNS for this machine's name, which takes seconds where there is no network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]


_MISSING = _Answer(
    b"<!doctype html><title>Not found</title><h1>There is no such page</h1>\n",
    "text/html; charset=utf-8",
    datetime(2026, 3, 1, tzinfo=UTC),
    HTTPStatus.NOT_FOUND,
)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        answer = self.server.answers.get(urlsplit(self.path).path, _MISSING)
        unchanged = answer.status == HTTPStatus.OK and self._has(answer)
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else answer.status)
        # Nothing is left open, so that nothing is served once the site was stopped.
        self.send_header("Connection", "close")
        if answer.status == HTTPStatus.OK:
            self.send_header("ETag", answer.etag)
            self.send_header("Last-Modified", _http_date(answer.modified))
            self.send_header("Cache-Control", "max-age=60")
        if not unchanged:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body and not unchanged:
            self.wfile.write(answer.body)

    def _has(self, answer: _Answer) -> bool:
        """Whether the asker's copy is current: RFC 9110, section 13.1 (If-None-Match goes before If-Modified-Since)."""
        if (known := self.headers.get("If-None-Match")) is not None:
            tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
            return "*" in tags or answer.etag in tags
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
        except ValueError:
            return False
        return answer.modified <= (since if since.tzinfo else since.replace(tzinfo=UTC))

    def version_string(self) -> str:
        """What the Server header says; `already_served` knows the site by it."""
        return _SERVER

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        _log.debug("sample site answered", request=format % args)
