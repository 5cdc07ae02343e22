"""`quotewire feeds add` by the address of a site, and a news sitemap followed from the list to the topic."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from quotewire.settings import Settings
from quotewire.wiring import Wiring
from schemas.codec import decode
from schemas.records import RawArticle
from schemas.topics import RAW
from tests.end_to_end.installation import Installation
from tests.producers.feeds import item, rss

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://ashmere.example/wall</loc><news:news><news:publication><news:name>Courier</news:name>
<news:language>en</news:language></news:publication><news:publication_date>2026-03-04T05:06:07Z</news:publication_date>
<news:title>Wall approved</news:title></news:news></url></urlset>"""
HOME = """<html><head><title>Courier</title>
<link rel="alternate" type="application/rss+xml" href="/broken.xml"><link rel="alternate" type="application/rss+xml"
href="/news.xml" title="News"><link rel="alternate" type="application/atom+xml" href="/sport.xml"></head></html>"""
ANSWERS = {
    "/": ("text/html", HOME.encode()),
    "/bare": ("text/html", b"<html><title>Nothing here</title></html>"),
    "/news.xml": ("application/rss+xml", rss([item(1)])),
    "/sport.xml": ("application/rss+xml", rss([item(2)])),
    "/sitemap.xml": ("application/xml", SITEMAP.encode()),
}


@pytest.fixture
def address() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = ANSWERS.get(self.path, ("text/plain", b""))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path, [])


def listed(installation: Installation) -> list[str]:
    return [feed["url"] for feed in json.loads(installation.ok("feeds", "list", "--json"))]


def test_the_feed_of_a_site_is_found_on_its_page(installation: Installation, address: str) -> None:
    done = installation.run("feeds", "add", f"{address}/")
    assert done.returncode == 0, done.stderr
    assert f"Added {address}/news.xml" in done.stderr
    assert f"It also names {address}/sport.xml" in done.stderr
    assert listed(installation) == [f"{address}/news.xml"]
    assert installation.run("feeds", "add", f"{address}/").returncode != 0


def test_a_page_that_names_no_feed_is_refused(installation: Installation, address: str) -> None:
    done = installation.run("feeds", "add", f"{address}/bare")
    assert done.returncode == 1
    assert "Nothing here" in done.stderr
    assert listed(installation) == []
    installation.ok("feeds", "add", f"{address}/bare", "--unchecked")
    assert listed(installation) == [f"{address}/bare"]


def test_an_address_where_nothing_is_is_refused(installation: Installation, address: str) -> None:
    done = installation.run("feeds", "add", f"{address}/nothing")
    assert done.returncode == 1
    assert "404" in done.stderr
    assert listed(installation) == []


def test_what_cannot_be_reached_is_added_and_said_so(installation: Installation) -> None:
    done = installation.run("feeds", "add", "http://nowhere.invalid/feed")
    assert done.returncode == 0
    assert "cannot be checked now" in done.stderr
    assert listed(installation) == ["http://nowhere.invalid/feed"]


def test_a_news_sitemap_is_a_feed_like_any_other(installation: Installation, address: str) -> None:
    installation.ok("feeds", "add", f"{address}/sitemap.xml")
    installation.ok("run", "poll", "--once")
    [feed] = json.loads(installation.ok("feeds", "list", "--json"))
    assert (feed["state"], feed["entries"]) == ("fresh", 1)
    with Wiring(Settings(data=installation.folder / "data")) as wiring:
        [record] = list(wiring.stream.read(RAW.name))
    article = decode(RAW, record.value)
    assert isinstance(article, RawArticle)
    assert (article.entry.title, article.entry.link) == ("Wall approved", "https://ashmere.example/wall")
