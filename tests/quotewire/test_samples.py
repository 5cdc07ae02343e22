"""The sample site, asked over real HTTP, and the reading of its articles."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import feedparser
import pytest
import trafilatura
from lxml import html

from quotewire import seed_files
from quotewire.ports import ConfigurationError
from quotewire.sample_articles import read_samples
from quotewire.samples import HOST, SampleSite, already_served
from quotewire.seed_files import seed_path

SAMPLES = read_samples()


@pytest.fixture(scope="module")
def site() -> Iterator[SampleSite]:
    with SampleSite(port=0) as started:
        yield started


def ask(
    site: SampleSite, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(site.address.removeprefix("http://"), timeout=5)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def port_of(site: SampleSite) -> int:
    return int(site.address.rpartition(":")[2])


def test_the_feed_holds_every_article_newest_first(site: SampleSite) -> None:
    response, body = ask(site, "/feed.xml")
    feed = feedparser.parse(body)
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert not feed.bozo
    assert feed.feed.title == "The Ashmere Courier"
    assert [entry.link for entry in feed.entries] == [article.address(site.address) for article in SAMPLES.values()]
    assert [entry.id for entry in feed.entries] == [entry.link for entry in feed.entries]
    assert [entry.title for entry in feed.entries] == [article.title for article in SAMPLES.values()]
    assert [entry.author for entry in feed.entries] == [article.byline for article in SAMPLES.values()]
    days = [entry.published_parsed for entry in feed.entries]
    assert days == sorted(days, reverse=True)


def test_half_of_the_feed_is_given_in_full_and_half_as_a_summary(site: SampleSite) -> None:
    entries = feedparser.parse(ask(site, "/feed.xml")[1]).entries
    full = {entry.link.rpartition("/")[2]: entry.content[0].value for entry in entries if "content" in entry}
    assert set(full) == {slug for slug, article in SAMPLES.items() if article.in_feed == "full"}
    assert len(full) == len(entries) // 2
    for slug, content in full.items():
        text = html.fromstring(content).text_content()
        assert all(paragraph in text for paragraph in SAMPLES[slug].paragraphs)
    for entry in entries:
        assert entry.summary == SAMPLES[entry.link.rpartition("/")[2]].summary


@pytest.mark.parametrize("slug", SAMPLES)
def test_a_page_gives_its_text_to_an_extractor_and_its_furniture_to_nobody(site: SampleSite, slug: str) -> None:
    article = SAMPLES[slug]
    response, body = ask(site, f"/articles/{slug}")
    assert response.status == 200
    page = html.fromstring(body)
    assert page.xpath("string(//h1)") == article.title
    assert page.xpath("string(//link[@rel='canonical']/@href)") == article.address(site.address)
    text = trafilatura.extract(body.decode(), include_comments=False) or ""
    for paragraph in article.paragraphs:
        assert paragraph in text
    assert "Sign up" not in text
    assert "invented" not in text
    if article.picture:
        assert article.picture.credit in page.xpath("string(//figcaption)")
        assert article.picture.credit not in text
        picture, drawing = ask(site, f"/pictures/{slug}.svg")
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert b"</svg>" in drawing


def test_every_link_on_the_site_leads_somewhere(site: SampleSite) -> None:
    seen: set[str] = set()
    waiting = {"/"}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        response, body = ask(site, path)
        assert response.status == 200, path
        if not response.headers["Content-Type"].startswith("text/html"):
            continue
        links: list[str] = html.fromstring(body).xpath("//@href | //@src")
        paths = {link.removeprefix(site.address).partition("#")[0] for link in links}
        assert all(path.startswith("/") for path in paths)
        waiting |= paths - seen
    assert {f"/articles/{slug}" for slug in SAMPLES} < seen


@pytest.mark.parametrize("path", ["/feed.xml", "/", "/articles/flood-barrier-vote"])
def test_an_unchanged_answer_is_not_sent_again(site: SampleSite, path: str) -> None:
    first, _ = ask(site, path)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"other", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
        {"If-None-Match": etag, "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ):
        response, body = ask(site, path, headers)
        assert (response.status, body) == (304, b""), headers
        assert response.headers["ETag"] == etag


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ],
)
def test_a_changed_or_unknown_copy_is_answered_in_full(site: SampleSite, headers: dict[str, str]) -> None:
    response, body = ask(site, "/feed.xml", headers)
    assert response.status == 200
    assert len(body) == int(response.headers["Content-Length"])


def test_the_feed_is_the_same_after_a_restart_on_the_same_address() -> None:
    site = SampleSite(port=0)
    site.start()
    first, body = ask(site, "/feed.xml")
    site.stop()
    assert not already_served(HOST, port_of(site))
    with SampleSite(port=port_of(site)) as again:
        assert again.feed_url == site.feed_url
        second, same_body = ask(again, "/feed.xml")
    assert same_body == body
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Last-Modified"] == first.headers["Last-Modified"]


def test_head_sends_no_body_and_a_wrong_path_is_not_found(site: SampleSite) -> None:
    response, body = ask(site, "/feed.xml", method="HEAD")
    assert (response.status, body) == (200, b"")
    for path in ("/articles/nothing", "/articles/../../etc/passwd", "/%00", "/articles/flood-barrier-vote/"):
        response, body = ask(site, path, {"If-None-Match": "*"})
        assert response.status == 404
        assert body
    assert ask(site, "/feed.xml?from=a-test")[0].status == 200


def test_a_second_instance_on_the_same_address_leaves_the_first_to_serve(site: SampleSite) -> None:
    assert already_served(HOST, port_of(site))
    with SampleSite(port=port_of(site)) as second:
        assert second.feed_url == site.feed_url
        assert second.start() is False
    assert ask(site, "/feed.xml")[0].status == 200


def test_starting_and_stopping_twice_does_nothing_more() -> None:
    site = SampleSite(port=0)
    assert site.start() is True
    assert site.start() is True
    site.stop()
    site.stop()
    assert site.start() is True
    assert ask(site, "/")[0].status == 200
    site.stop()


class Stranger(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def test_a_port_taken_by_another_web_server_is_named_in_one_line() -> None:
    with HTTPServer((HOST, 0), Stranger) as stranger:
        port = stranger.server_address[1]
        thread = threading.Thread(target=stranger.serve_forever, args=(0.05,))
        thread.start()
        try:
            assert not already_served(HOST, port)
            with pytest.raises(ConfigurationError) as refusal:
                SampleSite(port=port).start()
        finally:
            stranger.shutdown()
            thread.join()
    assert f"{HOST}:{port}" in str(refusal.value)
    assert "QUOTEWIRE_SAMPLES" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_port_taken_by_something_that_speaks_no_http_is_not_ours() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(ConfigurationError):
            SampleSite(port=port).start()
        thread.join()


def test_nothing_listening_is_not_served() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    assert not already_served(HOST, port)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", ""])
def test_it_is_served_to_this_machine_only(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"this machine only"):
        SampleSite(host)


@pytest.mark.parametrize("port", [-1, 65536])
def test_an_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(ConfigurationError, match=str(port)):
        SampleSite(port=port)


def test_seeds_inside_the_package_are_preferred_and_missing_ones_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seed_path("feeds.opml").read_bytes().startswith(b"<?xml")
    installed, beside = tmp_path / "package", tmp_path / "checkout"
    for folder in (installed, beside):
        folder.mkdir()
    (beside / "feeds.opml").write_text("", encoding="utf-8")
    monkeypatch.setattr(seed_files, "_FOLDERS", (installed, beside))
    assert seed_path("feeds.opml") == beside / "feeds.opml"
    (installed / "feeds.opml").write_text("", encoding="utf-8")
    assert seed_path("feeds.opml") == installed / "feeds.opml"
    with pytest.raises(ConfigurationError, match=r"nothing\.txt"):
        seed_path("nothing.txt")


HEADER = """---
title: A title
byline: Somebody
published: 2026-03-02T17:40:00Z
section: World
in_feed: full
summary: A summary.
marks: curly
speech: [direct]
speakers: [Somebody]
---
"""


def test_the_blocks_of_an_article_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text(HEADER + "\nAlone.\n", encoding="utf-8")
    text = "\nFirst.\n\n## A subhead\n\n> A block quote.\n\nRead more: other\n\nLast.\n"
    (tmp_path / "one.txt").write_text(HEADER + text, encoding="utf-8")
    article = read_samples(tmp_path)["one"]
    assert [(block.kind, block.text) for block in article.blocks] == [
        ("paragraph", "First."),
        ("subhead", "A subhead"),
        ("block quote", "A block quote."),
        ("read more", "other"),
        ("paragraph", "Last."),
    ]
    assert article.paragraphs == ("First.", "A subhead", "A block quote.", "Last.")
    assert article.day == "2 March 2026"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no header\n",
        "before\n" + HEADER + "text\n",
        HEADER.replace("title: A title\n", "") + "text\n",
        HEADER.replace("World", "Weather") + "text\n",
        HEADER.replace("17:40:00Z", "17:40:00") + "text\n",
        HEADER.replace("A title", "'A title") + "text\n",
        HEADER.replace("title: A title", "slug: other") + "text\n",
    ],
)
def test_a_file_that_is_not_in_the_form_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.txt").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.txt"):
        read_samples(tmp_path)


def test_a_link_to_no_article_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(HEADER + "\nRead more: gone\n", encoding="utf-8")
    with pytest.raises(ValueError, match="gone"):
        read_samples(tmp_path)
