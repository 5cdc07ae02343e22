"""The watchlist file: read, edited, comments kept; a mistake names the file and the entry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotewire import watchlist
from quotewire.ports import ConfigurationError, TrackedName

LIST = """\
# Ministers
- name: Ilse Brandt  # since May
  type: person
  aliases: [Brandt, Frau Brandt]

- Kyiv
"""
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda name: name == name.strip() and name
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "watchlist.yaml"
    path.write_text(LIST, encoding="utf-8")
    return path


def test_names_are_read_in_order(file: Path) -> None:
    assert watchlist.read(file) == [
        TrackedName("Ilse Brandt", ("Brandt", "Frau Brandt"), "person"),
        TrackedName("Kyiv"),
    ]


WHOLE = """\
[
\t{"name": "Jordan", "type": "country", "aliases": "Hashemite Kingdom", "near": ["Amman", "king"],
\t "not-near": ["Michael"], "conditions": ["headline", "quoted about", "together with Israel"], "outlets": ["Courier"],
\t "languages": ["en-GB"], "tags": ["world"], "wikidata": "Q810", "paused": true, "note": "of no concern"}
]
"""


def test_an_entry_says_when_its_name_counts_also_in_json(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.json"
    path.write_text(WHOLE, encoding="utf-8")
    jordan = TrackedName(
        "Jordan",
        ("Hashemite Kingdom",),
        "place",
        near=("Amman", "king"),
        not_near=("Michael",),
        conditions=("headline", "quoted-about"),
        together_with=("Israel",),
        outlets=("Courier",),
        languages=("en",),
        tags=("world",),
        wikidata="Q810",
        paused=True,
    )
    assert watchlist.read(path) == [jordan]
    again = tmp_path / "again.yaml"
    again.write_text("", encoding="utf-8")
    watchlist.add(again, jordan)
    assert watchlist.read(again) == [jordan]


def test_editing_keeps_what_people_wrote(file: Path) -> None:
    watchlist.add(file, TrackedName("Piet Hagen", ("Hagen",), "person"))
    watchlist.remove(file, "Kyiv")
    text = file.read_text(encoding="utf-8")
    assert "# Ministers" in text
    assert "# since May" in text
    assert [tracked.name for tracked in watchlist.read(file)] == ["Ilse Brandt", "Piet Hagen"]


def test_a_name_is_added_once_and_removed_once(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="already"):
        watchlist.add(file, TrackedName("Kyiv"))
    with pytest.raises(ConfigurationError, match="not on the watchlist"):
        watchlist.remove(file, "Nobody")


def test_the_last_name_can_be_removed_and_another_added(file: Path) -> None:
    watchlist.remove(file, "Kyiv")
    watchlist.remove(file, "Ilse Brandt")
    assert watchlist.read(file) == []
    watchlist.add(file, TrackedName("Ann"))
    assert watchlist.read(file) == [TrackedName("Ann")]


@given(
    st.lists(st.tuples(names, st.lists(names, max_size=3, unique=True)), unique_by=lambda entry: entry[0], max_size=4)
)
def test_any_names_come_back_as_they_were_added(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("names") / "watchlist.yaml"
    path.write_text("", encoding="utf-8")
    for name, aliases in entries:
        watchlist.add(path, TrackedName(name, tuple(aliases)))
    assert watchlist.read(path) == [TrackedName(name, tuple(aliases)) for name, aliases in entries]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("name: Ann", "must be a list"),
        ("- [a]", "entry 1: every entry needs a name"),
        ("- name: Ann\n- type: person", "entry 2: every entry needs a name"),
        ("- name: Ann\n  aliases: {a: b}", "aliases must be a list"),
        ("- name: Ann\n  alias: Annie", "is aliases meant"),
        ("- name: Ann\n  conditions: [shouted]", "a condition must be one of"),
        ("- name: Ann\n  paused: maybe", "paused must be true or false"),
        ("- Ann\n- Ann", "there already"),
        ("- name: [", "not YAML"),
        ("- name: ' '", "needs a name"),
        ("- 5", "needs a name"),
        ("- A\n- name: ' A'", "there already"),
        ("- name: A\n  type: banana", "type must be one of"),
        ("- name: A\n  aliases: ['', B]", "aliases must be a list"),
    ],
)
def test_a_wrong_list_is_said_in_one_line(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "watchlist.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=complaint) as refusal:
        watchlist.read(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "tracked", [TrackedName(""), TrackedName(" "), TrackedName("A", (" ",)), TrackedName("A", (), "banana")]
)
def test_nothing_is_added_that_could_not_be_read_again(file: Path, tracked: TrackedName) -> None:
    with pytest.raises(ConfigurationError):
        watchlist.add(file, tracked)
    assert file.read_text(encoding="utf-8") == LIST


def test_edits_at_the_same_time_all_stay(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: watchlist.add(file, TrackedName(f"Name {number}")), range(24)))
    assert len(watchlist.read(file)) == 26


def test_a_link_to_the_list_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    watchlist.add(link, TrackedName("Ann"))
    assert link.is_symlink()
    assert TrackedName("Ann") in watchlist.read(file)


def test_a_missing_or_unreadable_list_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="QUOTEWIRE_WATCHLIST"):
        watchlist.read(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"- \xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        watchlist.read(tmp_path / "latin.yaml")
