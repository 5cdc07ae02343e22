"""A news site on this machine: a feed whose items have pages of their own. Its articles are written for the tests."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Story:
    """An article of the site."""

    slug: str
    title: str
    paragraphs: tuple[str, ...]
    summary: str = ""


def _paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text with blank lines between them."""
    return tuple(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


BRIDGE = Story(
    "bridge",
    "Toll on Varna bridge is “a tax on nurses”, council told",
    _paragraphs("""
        A plan to charge drivers three euros to cross the Varna bridge has been called “a tax on nurses” by the union
        that represents hospital staff, a spokeswoman told the Harbour Times.

        Transport Minister Ilse Brandt defended the toll at a meeting of the city council on Thursday.

        “The bridge is sixty years old and somebody has to pay for it,” Brandt said. “I would rather it were those who
        wear it out.”

        Union leader Tomas Okafor said that night-shift workers had no other way home. “There is no bus at four in the
        morning,” he added.

        The city’s auditor has warned that the repairs could cost twice the estimate, according to two officials who
        asked not to be named.
    """),
    "The minister defends a three euro charge.",
)


def numbered(count: int) -> list[Story]:
    """Stories that differ, every third of which mentions Ilse Brandt."""
    speakers = ("Transport Minister Ilse Brandt", "Harbour master Piet Hagen", "Head teacher Rosa Lindqvist")
    return [
        Story(
            f"story-{number}",
            f"Report {number} on the harbour district",
            _paragraphs(f"""
                The harbour district published its report number {number} on Monday, after months of delay and several
                drafts that had been passed between three offices without any of them putting a name to it.

                “We have counted {number + 40} boats and not one of them pays its way,” said {speakers[number % 3]} at
                the presentation in the old customs house.

                Residents were not convinced. They said that the figures had been known since the spring.
            """),
            f"Report {number} is out.",
        )
        for number in range(count)
    ]


class NewsSite:
    """Serves stories; `stories` may grow while it runs. A context manager.

    `name` is the host under which it is asked where that is not the one it listens at.
    """

    def __init__(self, stories: Sequence[Story], host: str = "127.0.0.1", port: int = 0, name: str = "") -> None:
        self.stories = list(stories)
        self.requests: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append(self.path)
                status, kind, body = site._answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer((host, port), Handler)
        self.address = f"http://{name or host}:{self._server.server_address[1]}"
        self.feed = f"{self.address}/feed.xml"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        if path == "/feed.xml":
            return 200, "application/rss+xml", self._feed().encode()
        for story in self.stories:
            if path == f"/{story.slug}":
                return 200, "text/html", _page(story).encode()
        return 404, "text/plain", b"not here"

    def _feed(self) -> str:
        first = datetime(2026, 3, 1, 8, tzinfo=UTC)
        items = "".join(
            f"<item><title>{escape(story.title)}</title><link>{self.address}/{story.slug}</link>"
            f"<guid>{story.slug}</guid><description>{escape(story.summary)}</description>"
            f"<pubDate>{format_datetime(first + timedelta(minutes=number))}</pubDate></item>"
            for number, story in enumerate(self.stories)
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Harbour Times</title>'
            f"<link>{self.address}</link><description>News</description>{items}</channel></rss>"
        )


def _page(story: Story) -> str:
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in story.paragraphs)
    return (
        f"<!doctype html><html lang='en'><head><title>{escape(story.title)} – Harbour Times</title></head><body>"
        f"<header><nav><a href='/'>Home</a> <a href='/sport'>Sport</a></nav></header><main><article>"
        f"<h1>{escape(story.title)}</h1>{body}</article></main><footer>© Harbour Times. All rights reserved.</footer>"
        "</body></html>"
    )
