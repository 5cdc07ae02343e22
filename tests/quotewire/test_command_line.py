"""Commands that need no running pipeline, and what users' mistakes give: one clear line and an exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from quotewire.settings import Settings
from quotewire.wiring import Wiring
from tests.contracts.index_samples import make_alert
from tests.end_to_end.installation import Installation
from tests.end_to_end.news_site import BRIDGE, NewsSite

ROOT = Path(__file__).parents[2]
FEED = """<rss version="2.0"><channel><title>T</title>
<item><title>One</title><link>/one</link></item><item><title>Two</title><guid>2</guid></item></channel></rss>"""
ARTICLE = "“No,” said Ann Lee, the mayor. “Not now 🎉,” she added. He called it “a disaster”."


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path, [])


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_parse_gives_a_line_an_entry(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED)
    first, second = lines(installation.ok("parse", "feed.xml", "--url", "https://example.org/feed"))
    assert (first["title"], first["link"]) == ("One", "https://example.org/one")
    assert second["guid"] == "2"
    assert len(lines(installation.ok("parse", "-", stdin=FEED))) == 2


@pytest.mark.parametrize(
    "content", [b"", b"<html><body>No feed</body></html>", b"\x00\x01\x02", b"{}", b"<rss", b"\xff" * 1000]
)
def test_parse_says_what_is_no_feed(installation: Installation, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "feed.xml").write_bytes(content)
    done = installation.run("parse", "feed.xml")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "feed.xml" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_parse_fetches_an_address(installation: Installation) -> None:
    with NewsSite([BRIDGE]) as site:
        [entry] = lines(installation.ok("parse", site.feed))
        assert entry["title"] == BRIDGE.title
        done = installation.run("parse", f"{site.address}/none", site.feed, "http://me:hunter2@10.0.0.1/")
    assert done.returncode == 1
    assert len(lines(done.stdout)) == 1
    assert "404" in done.stderr
    assert "10.0.0.1 is not a public address" in done.stderr
    assert "hunter2" not in done.stderr


def test_annotate_keeps_ids_order_and_texts(installation: Installation) -> None:
    inputs = [
        {"id": "a", "text": ARTICLE},
        {"id": 2, "text": ""},
        {"id": "c", "html": f"<p>{ARTICLE}</p>"},
        {"id": "d", "text": "lone \ud800 surrogate"},
        {"id": "e", "text": "”“‘’\"'«»" * 30},
        {"id": "f", "text": "אמר השר: “לא” 🎉\u202e"},
    ]
    done = installation.ok("annotate", "--jsonl", stdin="\n".join(json.dumps(line) for line in inputs))
    outputs = lines(done)
    assert [output["id"] for output in outputs] == ["a", "2", "c", "d", "e", "f"]
    assert outputs[0]["text"] == ARTICLE
    assert outputs[3]["text"] == "lone \ufffd surrogate"
    for output in outputs:
        check_offsets(output)


def check_offsets(article: dict[str, object]) -> None:
    text = article["text"]
    assert isinstance(text, str)

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if {"start", "end", "text"} <= value.keys():
                assert text[value["start"] : value["end"]] == value["text"]
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk({key: value for key, value in article.items() if key != "text"})


def test_annotate_names_the_speaker(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(ARTICLE)
    (tmp_path / "b.html").write_text(f"<html><body><article><p>{ARTICLE}</p></article></body></html>")
    for output in lines(installation.ok("annotate", "a.txt", "b.html")):
        quotes = output["quotes"]
        assert isinstance(quotes, list)
        assert quotes[0]["speaker"]["name"] == "Ann Lee"
        assert ARTICLE in str(output["text"])


def test_annotate_explains(installation: Installation) -> None:
    told = installation.ok("annotate", "--explain", stdin=ARTICLE)
    assert "Ann Lee" in told
    assert "subject: the cue's subject" in told


def test_annotate_goes_on_after_bad_input(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(ARTICLE)
    done = installation.run("annotate", "missing.txt", "a.txt")
    assert done.returncode == 1
    assert "missing.txt: No such file" in done.stderr
    assert len(lines(done.stdout)) == 1

    done = installation.run(
        "annotate", "--jsonl", stdin='{"id": 1, "text": "x"}\nnot json\n[]\n{"id": 4}\n\n{"id": 5, "text": "y"}'
    )
    assert done.returncode == 1
    assert [line["id"] for line in lines(done.stdout)] == ["1", "5"]
    assert [f"line {number}" in done.stderr for number in (2, 3, 4)] == [True] * 3
    assert "Traceback" not in done.stderr


def test_annotate_goes_on_after_a_deeply_nested_line(installation: Installation) -> None:
    nested = "[" * 100_000
    done = installation.run(
        "annotate", "--jsonl", stdin=f'{{"id": 1, "text": "x"}}\n{nested}\n{{"id": 3, "text": "z"}}'
    )
    assert done.returncode == 1
    assert [line["id"] for line in lines(done.stdout)] == ["1", "3"]
    assert "Traceback" not in done.stderr


def test_words_like_markup_are_shown_as_they_are(tmp_path: Path) -> None:
    done = Installation(tmp_path, [], settings={"QUOTEWIRE_CONTACT": "[/x][bold]us[/bold]"}).ok("settings")
    assert "[/x][bold]us[/bold]" in done


def test_a_feed_with_credentials_is_removed_as_it_is_shown(installation: Installation) -> None:
    added = installation.run("feeds", "add", "https://user:secret@example.org/rss")
    assert "secret" not in added.stderr
    [feed] = installation.json("feeds", "list")
    assert feed["url"] == "https://example.org/rss"
    (installation.folder / "same.opml").write_text(
        "<opml version='2.0'><body><outline xmlUrl='https://other:pw@example.org/rss'/></body></opml>"
    )
    installation.ok("feeds", "import", "same.opml")
    assert len(installation.json("feeds", "list")) == 1
    installation.ok("feeds", "remove", feed["url"])
    assert installation.json("feeds", "list") == []


@pytest.mark.parametrize(
    ("settings", "arguments", "status", "complaint"),
    [
        ({}, ["run", "nonsense"], 2, "there is no stage nonsense"),
        ({}, ["run", "web", "--once"], 2, "web has no end: leave it out"),
        ({"QUOTEWIRE_BATCH": "none"}, ["status"], 2, "QUOTEWIRE_BATCH"),
        ({"QUOTEWIRE_STREAM": "mysql://x"}, ["run", "--once"], 2, "QUOTEWIRE_STREAM"),
        ({"QUOTEWIRE_INDEX": "sqlite://"}, ["status"], 2, "QUOTEWIRE_INDEX"),
        ({"QUOTEWIRE_FEEDS": "/no/such.opml"}, ["run", "--once"], 2, "/no/such.opml"),
        ({"QUOTEWIRE_WATCHLIST": "/no/such.yaml"}, ["run", "--once"], 2, "/no/such.yaml"),
        ({"QUOTEWIRE_MODEL": "no_such_model"}, ["annotate"], 2, "no_such_model"),
        ({"QUOTEWIRE_MODEL": "no_such_model"}, ["run", "enrich", "--once"], 2, "no_such_model"),
        ({"QUOTEWIRE_SAMPLES": "nowhere"}, ["run", "poll", "--once"], 2, "QUOTEWIRE_SAMPLES"),
        ({"QUOTEWIRE_DATA": "/proc/nowhere"}, ["status"], 2, "/proc/nowhere"),
        ({}, ["feeds", "add", "not-an-address"], 2, "not-an-address"),
        ({}, ["feeds", "remove", "https://example.org/none"], 1, "not on the list"),
        ({}, ["watch", "remove", "Nobody"], 2, "Nobody"),
        ({}, ["dead", "replay"], 2, "say which"),
        ({}, ["parse", "missing.xml"], 1, "missing.xml"),
    ],
)
def test_a_users_mistake_is_one_line(
    tmp_path: Path, settings: dict[str, str], arguments: list[str], status: int, complaint: str
) -> None:
    done = Installation(tmp_path, [], settings=settings).run(*arguments)
    assert done.returncode == status, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    installation = Installation(tmp_path, [])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "index.db").write_bytes(b"this is no database, it is a note" * 100)
    done = installation.run("status")
    assert done.returncode == 2
    assert "index.db" in done.stderr
    assert "Traceback" not in done.stderr


def test_feeds_are_added_imported_exported_and_removed(installation: Installation, tmp_path: Path) -> None:
    installation.ok("feeds", "add", "https://example.org/a", "--title", "A & B", "--tag", "world")
    assert installation.run("feeds", "add", "https://example.org/a").returncode == 1
    exported = installation.ok("feeds", "export")
    assert "A &amp; B" in exported

    (tmp_path / "more.opml").write_text(
        "<opml version='2.0'><body><outline text='uk'><outline text='C' xmlUrl='https://example.org/c'/></outline>"
        "<outline xmlUrl='https://example.org/a'/></body></opml>"
    )
    installation.ok("feeds", "import", "more.opml")
    feeds = installation.json("feeds", "list")
    assert [(feed["url"], feed["title"], feed["tags"], feed["state"]) for feed in feeds] == [
        ("https://example.org/a", "A & B", ["world"], "new"),
        ("https://example.org/c", "C", ["uk"], "new"),
    ]
    installation.ok("feeds", "remove", "https://example.org/c")
    assert len(installation.json("feeds", "list")) == 1


def test_feeds_are_checked_without_being_polled(installation: Installation) -> None:

    with NewsSite([BRIDGE]) as site:
        assert "ok" in installation.ok("feeds", "check", site.feed)
        done = installation.run("feeds", "check", f"{site.address}/none", "--json")
        assert done.returncode == 1
        assert "404" in done.stdout
    assert installation.json("feeds", "list") == []


def test_a_private_address_is_refused_unless_allowed(tmp_path: Path) -> None:

    with NewsSite([BRIDGE]) as site:
        closed = Installation(tmp_path, [site.feed], settings={"QUOTEWIRE_ALLOWED_NETWORKS": ""})
        closed.ok("run", "poll", "--once")
        [feed] = closed.json("feeds", "list")
        assert "not a public address" in feed["reason"]
        assert site.requests == []


def test_doctor_finds_what_is_wrong(tmp_path: Path) -> None:
    assert all(check["ok"] for check in Installation(tmp_path / "good", []).json("doctor"))
    bad = Installation(tmp_path / "bad", [], settings={"QUOTEWIRE_BACTH": "5", "QUOTEWIRE_FEEDS": "/no/such.opml"})
    done = bad.run("doctor", "--json")
    assert done.returncode == 1
    assert {check["check"] for check in json.loads(done.stdout) if not check["ok"]} == {"settings", "feeds"}


def test_settings_are_listed_with_their_source(tmp_path: Path) -> None:
    rows = Installation(tmp_path, [], settings={"QUOTEWIRE_BATCH": "9"}).json("settings")
    [batch] = [row for row in rows if row["variable"] == "QUOTEWIRE_BATCH"]
    assert (batch["value"], batch["source"]) == ("9", "environment")
    assert all(row["description"] for row in rows)


def test_the_seeds_are_what_a_new_installation_starts_with(tmp_path: Path) -> None:
    fresh = Installation(tmp_path, [], settings={"QUOTEWIRE_FEEDS": "", "QUOTEWIRE_WATCHLIST": ""})
    feeds = fresh.json("feeds", "list")
    assert feeds[0]["url"].startswith("http://127.0.0.1")
    assert len(feeds) > 10
    assert len(fresh.json("watch", "list")) > 3
    assert (tmp_path / "data" / "feeds.opml").exists()


def test_alerts_say_whether_there_are_more(installation: Installation) -> None:
    settings = Settings(data=installation.folder / "data", samples="none")
    with Wiring(settings) as wiring:
        wiring.index.put_alerts([make_alert(f"alert-{number}", article=f"a{number}") for number in range(3)])
    assert installation.ok("alerts", "--limit", "3").splitlines()[0] == "3 alerts"
    assert installation.ok("alerts", "--limit", "1").splitlines()[0].startswith("1 alert; there are older ones")
    assert len(json.loads(installation.ok("alerts", "--limit", "2", "--json"))) == 2


def test_help_and_version(installation: Installation) -> None:
    assert "annotate" in installation.ok("--help")
    assert "Example" in installation.ok("feeds", "add", "--help")
    assert installation.ok("--version").startswith("quotewire 0")


@pytest.mark.parametrize("module", ["quotewire.cli", "quotewire.running"])
def test_what_takes_seconds_to_import_is_left_to_whoever_needs_it(module: str) -> None:
    slow = ("spacy", "thinc", "scipy", "datasketch", "wordllama", "apprise", "fastapi", "trafilatura", "kafka")
    script = f"import sys, {module}; print(*[name for name in {slow} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == []
