"""The quote finder: what is quoted, whose words they are, and what only looks like a quotation."""

from __future__ import annotations

import pytest
from spacy.language import Language

from consumers.enrich import nlp
from schemas.records import Quote


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return nlp.load()


def quotes(pipeline: Language, text: str) -> tuple[Quote, ...]:
    [found] = nlp.annotate(pipeline, [nlp.Text("a", text)])
    assert found.problem is None
    return found.quotes


def only(pipeline: Language, text: str) -> Quote:
    [quote] = quotes(pipeline, text)
    return quote


def spoken(quote: Quote) -> tuple[str, str, str | None]:
    """Kind, words, and the name of the speaker."""
    return quote.kind, quote.text, quote.speaker.name if quote.speaker else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“The bridge is safe,” Maria Keane said on Friday.", ("direct", "The bridge is safe", "Maria Keane")),
        ("“The bridge is safe,” said Maria Keane.", ("direct", "The bridge is safe", "Maria Keane")),
        ("Maria Keane said: “The bridge is safe.”", ("direct", "The bridge is safe.", "Maria Keane")),
        ("Maria Keane told reporters, “We are late.”", ("direct", "We are late.", "Maria Keane")),
        ("'The bridge is safe,' said Maria Keane.", ("direct", "The bridge is safe", "Maria Keane")),
        ("‘The drivers’ union agreed,’ said Maria Keane.", ("direct", "The drivers’ union agreed", "Maria Keane")),
        ("«The bridge is safe», said Maria Keane.", ("direct", "The bridge is safe", "Maria Keane")),
        ("''The bridge is safe,'' Maria Keane said.", ("direct", "The bridge is safe", "Maria Keane")),
        ("Maria Keane said that the bridge was safe.", ("indirect", "the bridge was safe", "Maria Keane")),
        ("The bridge was safe, Maria Keane said.", ("indirect", "The bridge was safe", "Maria Keane")),
        (
            "The bridge, Maria Keane said on Friday, would open in May.",
            ("indirect", "The bridge would open in May", "Maria Keane"),
        ),
        (
            "Maria Keane said the bridge was “perfectly safe”.",
            ("mixed", "the bridge was “perfectly safe”", "Maria Keane"),
        ),
        (
            "The bridge will open in May, according to Maria Keane.",
            ("indirect", "The bridge will open in May", "Maria Keane"),
        ),
        ("Maria Keane called the plan “a costly mistake”.", ("direct", "a costly mistake", "Maria Keane")),
    ],
)
def test_attribution(pipeline: Language, text: str, expected: tuple[str, str, str]) -> None:
    assert spoken(only(pipeline, text)) == expected


def test_an_interrupted_quote_is_one_with_two_spans(pipeline: Language) -> None:
    text = "“The bridge is safe,” Maria Keane said on Friday. “It will open in May.”"
    quote = only(pipeline, text)

    assert [text[span.start : span.end] for span in quote.spans] == ["The bridge is safe", "It will open in May."]
    assert quote.cue is not None
    assert quote.cue.text == "said"


def test_a_quote_runs_over_paragraphs_until_its_closing_mark(pipeline: Language) -> None:
    text = "Maria Keane said: “The bridge is safe.\n\n“It will open in May, and not a day later.”"
    quote = only(pipeline, text)

    assert quote.text == "The bridge is safe. It will open in May, and not a day later."


def test_words_without_a_cue_are_those_of_whoever_was_speaking(pipeline: Language) -> None:
    text = "“The bridge is safe,” Maria Keane said.\n\n“We have tested every bolt of it.”"

    assert [spoken(quote)[2] for quote in quotes(pipeline, text)] == ["Maria Keane", "Maria Keane"]


def test_pronouns_and_surnames_are_resolved(pipeline: Language) -> None:
    text = (
        "Maria Keane opened the bridge on Friday. She said that it was safe.\n\n"
        "“We are proud of it,” Keane added.\n\n“I am not,” said Peter Dunn. He said the old ferry was faster."
    )
    found = quotes(pipeline, text)

    assert [quote.speaker.name for quote in found if quote.speaker] == [
        "Maria Keane",
        "Maria Keane",
        "Peter Dunn",
        "Peter Dunn",
    ]


def test_an_unnamed_source_stays_unnamed(pipeline: Language) -> None:
    text = "Maria Keane was in Paris. The bridge is unsafe, a senior official said on Friday."
    quote = only(pipeline, text)

    assert quote.speaker is not None
    assert (quote.speaker.text, quote.speaker.kind, quote.speaker.entity) == ("a senior official", "unnamed", None)


def test_the_cited_source_speaks_and_the_outlet_relays(pipeline: Language) -> None:
    text = "The bridge is unsafe, Reuters reported on Friday, citing two engineers."
    quote = only(pipeline, text)

    assert quote.speaker is not None
    assert (quote.speaker.text, quote.via) == ("two engineers", "Reuters")


def test_two_people_can_say_it_together(pipeline: Language) -> None:
    quote = only(pipeline, "Maria Keane and Peter Dunn said that the bridge was safe.")

    assert quote.speaker is not None
    assert [quote.speaker.name, *(other.name for other in quote.other_speakers)] == ["Maria Keane", "Peter Dunn"]


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("“Is the bridge safe?” Maria Keane asked.", "question"),
        ("Maria Keane asked whether the bridge was safe.", "question"),
        ("Maria Keane denied that the bridge was unsafe.", "denial"),
        ("Maria Keane declined to comment on the bridge.", "refusal"),
        ("Maria Keane said that the bridge was safe.", "statement"),
    ],
)
def test_acts(pipeline: Language, text: str, act: str) -> None:
    assert only(pipeline, text).act == act


@pytest.mark.parametrize(
    "text",
    [
        "The so-called “ghost bridge” was closed on Friday.",
        "Maria Keane, nicknamed “The Bolt”, lives by the river.",
        "The film “Across the River” was shown on Friday.",
        "A sign on the door read “Closed until May”.",
        "It was a “mistake” to close it.",
    ],
)
def test_no_quotation(pipeline: Language, text: str) -> None:
    assert quotes(pipeline, text) == ()


def test_the_turns_of_an_interview_are_quotes(pipeline: Language) -> None:
    text = (
        "Six questions for Maria Keane\n\nMaria Keane builds bridges. She spoke to Peter Dunn.\n\n"
        "Q: How did you start?\n\nA: With a plank and a ditch.\n\nQ: And then?\n\nA: A wider ditch."
    )
    turns = [quote for quote in quotes(pipeline, text) if "turn" in quote.rules]

    assert [quote.text for quote in turns] == [
        "How did you start?",
        "With a plank and a ditch.",
        "And then?",
        "A wider ditch.",
    ]
    assert [quote.speaker.name for quote in turns if quote.speaker] == [
        "Peter Dunn",
        "Maria Keane",
        "Peter Dunn",
        "Maria Keane",
    ]


def test_every_quote_names_its_rules_and_how_sure_it_is(pipeline: Language) -> None:
    quote = only(pipeline, "“The bridge is safe,” Maria Keane said on Friday.")

    assert quote.rules[0] == "cue-after"
    assert 0.5 < quote.confidence < 1


def test_a_mark_left_open_does_not_lose_the_rest(pipeline: Language) -> None:
    text = "“The bridge is safe, Maria Keane said.\n\n“It will open in May,” Peter Dunn said."

    assert any(quote.text == "It will open in May" for quote in quotes(pipeline, text))
