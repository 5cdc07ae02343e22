"""The gazetteer: names known beforehand put the model's slips right, and what the article says weighs more."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from consumers.enrich import nlp
from consumers.enrich.names.gazetteer import Gazetteer, KnownName
from schemas.records import Entity

ENTRIES = [
    KnownName(name="Volodymyr Halenko", type="person", aliases=("Wolodymyr Galenko", "VH")),
    KnownName(name="Quillon", type="organization", aliases=("Quillon Partners", "QP")),
    KnownName(name="Marrow", type="place"),
    KnownName(name="Østervik", type="place", aliases=("Ostervik on Sea",)),
    KnownName(name="Brighter Days", type="product"),
    KnownName(name="Office of the River", aliases=("River Office",)),
]


@pytest.fixture(scope="module")
def pipeline() -> Language:
    loaded = nlp.load()
    loaded.get_pipe("quotewire_names").gazetteer = Gazetteer(ENTRIES)  # type: ignore[attr-defined]
    return loaded


def entities(pipeline: Language, text: str) -> dict[str, Entity]:
    [found] = nlp.annotate(pipeline, [nlp.Text("a", text)])
    assert found.problem is None
    return {entity.name: entity for entity in found.entities}


@pytest.mark.parametrize(
    ("text", "name", "label"),
    [
        ("They met Quillon on Friday and Quillon said no.", "Quillon", "ORG"),
        ("Marrow said on Friday that it would vote. Marrow is small.", "Marrow", "GPE"),
        ("The train to Ostervik was late, and OSTERVIK waited.", "Ostervik", "GPE"),
        ("She sells Brighter Days in every shop.", "Brighter Days", "PRODUCT"),
    ],
)
def test_a_listed_name_is_what_the_list_says(pipeline: Language, text: str, name: str, label: str) -> None:
    assert entities(pipeline, text)[name].label == label


def test_the_forms_of_an_entry_are_one_entity(pipeline: Language) -> None:
    text = "Volodymyr Halenko spoke first. Then Wolodymyr Galenko left for Quillon Partners, or QP."
    found = entities(pipeline, text)

    assert [m.text for m in found["Volodymyr Halenko"].mentions] == ["Volodymyr Halenko", "Wolodymyr Galenko"]
    assert [m.text for m in found["Quillon Partners"].mentions] == ["Quillon Partners", "QP"]


def test_an_entry_without_a_type_joins_its_forms(pipeline: Language) -> None:
    found = entities(pipeline, "The Office of the River met on Friday. The River Office was shut by Monday.")

    assert len(found["Office of the River"].mentions) == 2


def test_what_the_article_says_weighs_more(pipeline: Language) -> None:
    text = "Mr Marrow, 61, a farmer who lives alone, said he was well. Peter Marrow is his son."

    assert all(entity.label == "PERSON" for name, entity in entities(pipeline, text).items() if "Marrow" in name)


@pytest.mark.parametrize("text", ["They sat on the marrow bed.", "The eqp was late.", "A quillon is part of a sword."])
def test_words_that_are_not_written_as_names_are_none(pipeline: Language, text: str) -> None:
    assert not {"marrow", "qp", "quillon"} & {name.lower() for name in entities(pipeline, text)}


def test_a_longer_name_is_not_cut(pipeline: Language) -> None:
    found = entities(pipeline, "Gordon Marrow of London spoke to Anna Roth on Friday.")

    assert "Gordon Marrow" in found
    assert "Marrow" not in found


def test_without_entries_only_the_lists_that_ship_count() -> None:
    empty = Gazetteer()

    assert (empty.label("Kyiv"), empty.label("Kiev"), empty.label("Quillon")) == ("GPE", "GPE", None)
    assert empty.first_form("kiev") == empty.first_form("kyiv")


def test_it_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(Gazetteer(ENTRIES)))

    assert again.names == tuple(ENTRIES)
    assert again.label("qp") == "ORG"


@settings(max_examples=100)
@given(
    forms=st.lists(st.text(min_size=1, max_size=12), max_size=5),
    text=st.lists(st.sampled_from(["Marrow", " ", "said", "İ", "ß", "’", "-", "\n", "é", "\u0301"]), max_size=20),
)
def test_any_name_can_be_listed(pipeline: Language, forms: list[str], text: list[str]) -> None:
    words = "".join([*text, *forms, " ", *forms])
    resolver: Any = pipeline.get_pipe("quotewire_names")
    before, resolver.gazetteer = resolver.gazetteer, Gazetteer(KnownName(name=form, type="person") for form in forms)
    try:
        found = entities(pipeline, words)
    finally:
        resolver.gazetteer = before

    clean = nlp._encodable(words)
    assert all(clean[m.start : m.end] == nlp._encodable(m.text) for e in found.values() for m in e.mentions)
