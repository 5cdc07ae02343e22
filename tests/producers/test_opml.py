"""The list of feeds: what is read, what is written, what is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.opml import FeedSource, parse_opml, read_opml, render_opml, source_problem, write_opml
from quotewire.ports import ConfigurationError

A = "https://ashmere.example/feed.xml"
B = "http://harrow.example:8080/atom?x=1&y=2"


def opml(body: str, head: str = "") -> bytes:
    return f'{head}<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def test_folders_and_categories_are_tags() -> None:
    document = opml(
        f'<outline text="uk"><outline text="local"><outline text="Ashmere" xmlUrl="{A}" category="/floods,harbour"/>'
        f'</outline></outline><outline title="Harrow" xmlUrl="{B.replace("&", "&amp;")}"/>'
    )
    assert parse_opml(document) == (
        FeedSource(A, "Ashmere", ("uk", "local", "floods", "harbour")),
        FeedSource(B, "Harrow"),
    )


def test_a_feed_listed_twice_is_one_with_all_its_tags() -> None:
    document = opml(
        f'<outline text="uk"><outline xmlUrl="{A}"/></outline>'
        f'<outline text="sea"><outline text="Ashmere" xmlUrl="{A}"/></outline>'
    )
    assert parse_opml(document) == (FeedSource(A, "Ashmere", ("uk", "sea")),)


def test_attributes_are_read_in_any_case_and_a_namespace_does_not_hide_outlines() -> None:
    document = f'<opml xmlns="http://opml.org/spec2"><body><outline TEXT="Ashmere" XMLURL="{A}"/></body></opml>'
    assert parse_opml(document.encode()) == (FeedSource(A, "Ashmere"),)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "line 1"),
        (b"<opml><body>\n<outline></body></opml>", "line 2"),
        (b"<html><body/></html>", "not OPML"),
        (opml('\n\n<outline xmlUrl="ftp://ashmere.example/"/>'), "line 3: “ftp://ashmere.example/”"),
        (opml('<outline xmlUrl="feed.xml"/>'), "http://"),
        (opml('<outline xmlUrl="http://"/>'), "no host"),
        (opml('<outline xmlUrl="http://[/"/>'), "not an address"),
        (opml("", '<!DOCTYPE opml [<!ENTITY a "b">]>'), "DOCTYPE"),
        (
            opml(
                '<outline text="&c;"/>',
                '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;">]>',
            ),
            "DOCTYPE",
        ),
    ],
)
def test_what_is_broken_is_named_with_its_line(document: bytes, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_opml(document, name="feeds.opml")
    assert str(caught.value).startswith("feeds.opml")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file_of_the_machine_is_read_into_a_feed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    document = opml(f'<outline text="&x;" xmlUrl="{A}"/>', f'<!DOCTYPE opml [<!ENTITY x SYSTEM "{secret.as_uri()}">]>')
    with pytest.raises(ConfigurationError) as caught:
        parse_opml(document)
    assert "hunter2" not in str(caught.value)


def test_a_missing_or_unreadable_file_is_the_users_to_repair(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="QUOTEWIRE_FEEDS"):
        read_opml(tmp_path / "none.opml")
    with pytest.raises(ConfigurationError, match=str(tmp_path)):
        read_opml(tmp_path)


_words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zs", "Zl", "Zp"]), max_size=12)
_tags = _words.map(lambda word: word.replace(",", "").strip("/")).filter(bool)
_sources = st.lists(
    st.builds(
        FeedSource,
        url=st.integers(1, 99).map(lambda number: f"https://ashmere.example/{number}?a=1&b=<2>"),
        title=_words.filter(bool),
        tags=st.lists(_tags, max_size=4, unique=True).map(tuple),
        site=st.sampled_from(["", "https://ashmere.example/"]),
    ),
    unique_by=lambda source: source.url,
    max_size=8,
)


@given(_sources)
def test_what_is_written_is_read_again(sources: list[FeedSource]) -> None:
    again = parse_opml(render_opml(sources))
    assert sorted(again, key=lambda source: source.url) == sorted(sources, key=lambda source: source.url)
    assert render_opml(parse_opml(render_opml(again))) == render_opml(again)


def test_writing_replaces_the_file_whole_and_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "new" / "feeds.opml"
    write_opml(path, [FeedSource(A)])
    path.chmod(0o600)
    link = tmp_path / "link.opml"
    link.symlink_to(path)
    write_opml(link, [FeedSource(A), FeedSource(B, "Harrow", ("uk",))])
    assert link.is_symlink()
    assert {source.url for source in read_opml(path)} == {A, B}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["feeds.opml"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "feeds.opml"
    write_opml(path, [FeedSource(A)])
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        write_opml(path, [FeedSource(B)])
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["feeds.opml"]


def test_what_is_wrong_with_an_address_is_said() -> None:
    assert source_problem(A) is None
    assert source_problem("http://user:word@ashmere.example/") is None
    assert "http://" in (source_problem("ashmere.example/feed") or "")
    assert source_problem("http://ashmere.example:port/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://user:secret@ashmere.example/feed", "“ftp://ashmere.example/feed” is not an address that can be polled"),
        (
            "http://user:secret@ashmere.example/a feed",
            "“http://ashmere.example/a feed” is not an address: it has white",
        ),
        ("http://user:secret@/feed", "“http:///feed” is not an address: it names no host"),
        ("http://user:secret@ashmere.example:port/", "“…@ashmere.example:port/” is not an address"),
        ("http://user:secret/x@ashmere.example/", "“…@ashmere.example/” is not an address"),
        ("http://[user:secret@ashmere.example/", "“…@ashmere.example/” is not an address"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_without_its_password(url: str, words: str) -> None:
    said = source_problem(url) or ""
    assert words in said
    assert "secret" not in said
