"""The gazetteer file: what is in it, what is refused, and that a running pipeline takes up edits."""

from __future__ import annotations

from pathlib import Path

import pytest

from consumers.enrich.names.gazetteer import KnownName
from consumers.enrich.nlp import Text
from quotewire import gazetteer
from quotewire.ports import ConfigurationError
from quotewire.seed_files import seed_path
from quotewire.settings import Settings
from quotewire.wiring import Wiring


def test_entries_are_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.yaml"
    path.write_text("- Quillon\n- name: Marrow\n  type: place\n  aliases: [Marrow on Sea]\n", encoding="utf-8")

    assert gazetteer.read(path) == (
        KnownName(name="Quillon"),
        KnownName(name="Marrow", type="place", aliases=("Marrow on Sea",)),
    )


def test_an_empty_file_lists_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.yaml"
    path.write_text("# nothing yet\n", encoding="utf-8")

    assert gazetteer.read(path) == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("name: Marrow", "must be a list"),
        ("- name: [", "not YAML"),
        ("- type: place", "entry 1, name"),
        ("- name: Marrow\n- name: Quillon\n  type: firm", "entry 2, type"),
        ("- name: Marrow\n  alias: [M]", "entry 1, alias"),
        ("- 7", "entry 1"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "gazetteer.yaml"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=reason) as raised:
        gazetteer.read(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="QUOTEWIRE_GAZETTEER"):
        gazetteer.read(tmp_path / "none.yaml")


def test_the_watchlist_tells_of_names_but_not_of_phrases(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.yaml"
    path.write_text(
        "- {name: Marrow, type: place, aliases: [MoS]}\n- {name: flood wall, type: phrase}\n- Quill\n", encoding="utf-8"
    )

    assert gazetteer.read_watchlist(path) == (
        KnownName(name="Marrow", type="place", aliases=("MoS",)),
        KnownName(name="Quill"),
    )


def test_the_seed_can_be_read() -> None:
    assert gazetteer.read(seed_path("gazetteer.yaml"))


def test_a_running_pipeline_takes_up_edits_of_both_files(tmp_path: Path) -> None:
    listed, watched = tmp_path / "gazetteer.yaml", tmp_path / "watchlist.yaml"
    listed.write_text("[]", encoding="utf-8")
    watched.write_text("[]", encoding="utf-8")
    text = Text("a", "Marrow said on Friday that Quillon would vote. Marrow is small, and Quillon is not.")

    def labels() -> dict[str, str]:
        [found] = wiring.annotator.annotate([text])
        return {entity.name: entity.label for entity in found.entities}

    with Wiring(Settings(data=tmp_path, gazetteer=listed, watchlist=watched)) as wiring:
        before = wiring.known_names.current()
        assert labels() != {"Marrow": "GPE", "Quillon": "ORG"}
        assert wiring.known_names.current() is before, "it is made anew only where a file has changed"
        listed.write_text("- {name: Marrow, type: place}", encoding="utf-8")
        watched.write_text("- {name: Quillon, type: organization}", encoding="utf-8")
        assert labels() == {"Marrow": "GPE", "Quillon": "ORG"}
        listed.write_text("- {name: Marrow, type: spoilt}", encoding="utf-8")
        assert labels() == {"Marrow": "GPE", "Quillon": "ORG"}, "a slip in the file changes nothing"


def test_texts_can_be_read_where_no_file_can_be_made(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")

    with Wiring(Settings(data=blocked / "data")) as wiring:
        assert wiring.known_names.current().label("Brightwater") == "ORG"
