"""Speakers told by place: verbs that are no verbs of speech, phrases without a verb, exchanges, datelines."""

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


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("“They gave us ten minutes,” narrated Maria Keane, who sells fish.", "Maria Keane"),
        ("“And you are lying now?” asked a lawyer for the family.", "a lawyer for the family"),
        ("“Fix the sign,” wrote another.", "another"),
        ("She could, in the words of one publisher, “empty a restaurant with a cough”.", "one publisher"),
        ("“Boredom, and a scholarship,” is her answer.", "her"),
        ("“If it is your friend, who does it work for?” is how Keane puts it.", "Keane"),
        ("Maria Keane described it, with a weary smile, as “plain arithmetic”.", "Maria Keane"),
        ("This does not surprise the pollster Maria Keane: “Nobody was asked about it.”", "Maria Keane"),
    ],
)
def test_the_speaker_beside_the_words(pipeline: Language, text: str, mention: str) -> None:
    found = [quote for quote in quotes(pipeline, text) if "“" in text[: quote.spans[0].end + 1]]
    assert found[0].speaker is not None
    assert mention in found[0].speaker.text


def test_words_alone_in_their_paragraphs_alternate_after_a_question(pipeline: Language) -> None:
    text = (
        "Anna Roth said she knew of the loan.\n\n“Were you always truthful?” Hugh Keane asked.\n\n“Not always, no.”\n\n"
        "“There was a loan of which he knew nothing.”\n\n“It was for the roof.”"
    )
    names = [
        quote.speaker.name if quote.speaker else None for quote in quotes(pipeline, text) if quote.kind == "direct"
    ]
    assert names == ["Hugh Keane", "Anna Roth", "Hugh Keane", "Anna Roth"]


def test_a_dateline_does_not_speak(pipeline: Language) -> None:
    found = quotes(pipeline, "MUMBAI: The city council on Wednesday said that the roads were “beyond repair”.")
    assert [quote.speaker.text for quote in found if quote.speaker] == ["The city council"]


def test_the_full_stop_of_a_mixed_quote_is_left_out_with_its_mark(pipeline: Language) -> None:
    [quote] = quotes(pipeline, "Anna Roth said on Monday that the talks “will keep going until they are over.”")
    assert quote.kind == "mixed"
    assert quote.text.endswith("are over")


def test_titles_and_listed_words_are_no_quotations(pipeline: Language) -> None:
    text = "Words such as “expects,” “intends” and “believes” mark such statements."
    assert quotes(pipeline, text) == ()
