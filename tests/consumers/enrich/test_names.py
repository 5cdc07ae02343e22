"""The name resolver: one entity for all mentions, and the model's slips put right."""

from __future__ import annotations

import pytest
from spacy.language import Language

from consumers.enrich import nlp
from schemas.records import Entity


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return nlp.load()


def entities(pipeline: Language, text: str) -> dict[str, Entity]:
    [found] = nlp.annotate(pipeline, [nlp.Text("a", text)])
    return {entity.name: entity for entity in found.entities}


def test_one_entity_for_all_mentions_of_a_person(pipeline: Language) -> None:
    text = "Foreign Minister Anna Roth resigned on Friday. Ms Roth had been ill. Roth was 61."
    found = entities(pipeline, text)

    assert [mention.text for mention in found["Anna Roth"].mentions] == ["Anna Roth", "Roth", "Roth"]
    assert found["Anna Roth"].role == "Foreign Minister"


def test_a_family_is_kept_apart_by_titles(pipeline: Language) -> None:
    text = "Peter Dunn and his wife, Mary Dunn, built the mill. Mr Dunn died in May. Mrs Dunn runs it today."
    found = entities(pipeline, text)

    assert [m.start for m in found["Peter Dunn"].mentions] == [0, text.index("Dunn died")]
    assert [m.start for m in found["Mary Dunn"].mentions] == [text.index("Mary"), text.index("Dunn runs")]


def test_a_body_and_its_abbreviation_are_one(pipeline: Language) -> None:
    text = "The European Central Bank raised its rate on Friday. The ECB had waited for a year."
    found = entities(pipeline, text)

    assert [mention.text for mention in found["European Central Bank"].mentions] == ["European Central Bank", "ECB"]


def test_a_city_is_no_person(pipeline: Language) -> None:
    found = entities(pipeline, "Washington sent two envoys to Kiev. Kiev asked for a third one.")

    assert (found["Kiev"].label, found["Washington"].label) == ("GPE", "GPE")


def test_a_surname_is_a_person_where_the_article_names_him_in_full(pipeline: Language) -> None:
    text = "Lloyd Austin met the minister on Friday. Austin then flew to Austin, Texas."
    found = entities(pipeline, text)

    assert found["Lloyd Austin"].mentions[1].start == text.index("Austin then")


def test_picture_credits_name_nobody(pipeline: Language) -> None:
    text = "The bridge at dawn. © AP / Mark Sattler\n\nMaria Keane opened the bridge on Friday."

    assert not any("Sattler" in name for name in entities(pipeline, text))
