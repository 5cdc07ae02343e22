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


@pytest.mark.parametrize(
    ("text", "name", "mentions"),
    [
        (
            "Defence Minister Rustem Halyerov met Lloyd Austin. Haljerov asked for more, and Halyerov’s aide left.",
            "Rustem Halyerov",
            ["Rustem Halyerov", "Haljerov", "Halyerov"],
        ),
        (
            "Gerd Möllner spoke to Angela Brandt. Moellner said no, and Mollner left.",
            "Gerd Möllner",
            ["Gerd Möllner", "Moellner", "Mollner"],
        ),
        (
            "Saudi minister Adel al-Jubrani spoke. Al-Jubrani said no. Mr Jubrani left.",
            "Adel al-Jubrani",
            ["Adel al-Jubrani", "Al-Jubrani", "Jubrani"],
        ),
        (
            "Maria O’Neal met us on Friday. Ms O'Neal said no. Ms ONeal left.",
            "Maria O’Neal",
            ["Maria O’Neal", "O'Neal", "ONeal"],
        ),
        ("Ihor Terenko said no. Igor Terenko left.", "Ihor Terenko", ["Ihor Terenko", "Igor Terenko"]),
        (
            "Mohammed bin Talal met Ali. Muhammad bin Talal said no. Bin Talal left.",
            "Mohammed bin Talal",
            ["Mohammed bin Talal", "Muhammad bin Talal", "Bin Talal"],
        ),
        ("Kim Jong Hak spoke. Kim Jong-hak said no. Mr Kim left.", "Kim Jong Hak", None),
        ("J.K. Rawley said no. JK Rawley is a writer.", "J.K. Rawley", ["J.K. Rawley", "JK Rawley"]),
        ("The train from Kharkov was late. Kharkiv is cold.", "Kharkov", ["Kharkov", "Kharkiv"]),
        ("He left Bogotá on Friday. Bogota was hot.", "Bogotá", ["Bogotá", "Bogota"]),
        ("The US said no. Officials of the United States left; the U.S. waits.", "United States", None),
        (
            "The World Health Organization said no. The World Health Organisation met in Geneva.",
            "World Health Organization",
            ["World Health Organization", "World Health Organisation"],
        ),
        (
            "The Office of River Crossings (Ofriv) met. Ofriv said no.",
            "Office of River Crossings",
            ["Office of River Crossings", "Ofriv", "Ofriv"],
        ),
        (
            "The North Atlantic Treaty Organization met. Nato said no.",
            "North Atlantic Treaty Organization",
            ["North Atlantic Treaty Organization", "Nato"],
        ),
        ("Robert F. Kenwell spoke on Friday. RFK left.", "Robert F. Kenwell", ["Robert F. Kenwell", "RFK"]),
    ],
)
def test_spellings_and_abbreviations_of_a_name_are_one(
    pipeline: Language, text: str, name: str, mentions: list[str] | None
) -> None:
    found = entities(pipeline, text)

    if mentions is None:
        assert len(found[name].mentions) == 3
    else:
        assert [mention.text for mention in found[name].mentions] == mentions


def test_names_that_only_look_alike_stay_apart(pipeline: Language) -> None:
    text = "Peter Clark said no. Mary Clarke said yes. Clarke left. Clark stayed. Peter Hill and Peter Gill met."
    found = entities(pipeline, text)

    assert [m.text for m in found["Peter Clark"].mentions] == ["Peter Clark", "Clark"]
    assert [m.text for m in found["Mary Clarke"].mentions] == ["Mary Clarke", "Clarke"]
    assert {"Peter Hill", "Peter Gill"} <= found.keys()


def test_father_and_son_of_one_name_stay_apart(pipeline: Language) -> None:
    [found] = nlp.annotate(
        pipeline, [nlp.Text("a", "Peter Dunn Sr. founded the mill. Peter Dunn Jr. sold it on Friday.")]
    )

    assert [entity.name for entity in found.entities if entity.label == "PERSON"] == ["Peter Dunn", "Peter Dunn"]


def test_a_surname_alone_is_a_person_where_the_article_goes_on_with_he(pipeline: Language) -> None:
    found = entities(pipeline, "Trump said the deal was off. He will fly to Paris on Friday. Trump is angry.")

    assert found["Trump"].label == "PERSON"


def test_a_role_is_what_somebody_does_before_how_he_is_addressed(pipeline: Language) -> None:
    found = entities(pipeline, "Sir Alan Crowther spoke. Health Minister Alan Crowther said no.")

    assert found["Alan Crowther"].role == "Health Minister"


def test_what_an_office_is_for_is_no_part_of_a_name(pipeline: Language) -> None:
    found = entities(pipeline, "US Secretary of Defense Lloyd Harmon met the envoys at the Pentagon. Harmon is 61.")

    assert [mention.text for mention in found["Lloyd Harmon"].mentions] == ["Lloyd Harmon", "Harmon"]
