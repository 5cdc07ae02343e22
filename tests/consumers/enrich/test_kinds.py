"""Kinds of quotes that newspapers print, and broken marks: each is read for what it is, and none loses the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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


def said(quote: Quote) -> tuple[str, str | None]:
    return quote.text, quote.speaker.name if quote.speaker else None


@pytest.mark.parametrize(
    ("text", "outer", "inner"),
    [
        ("She said: “My boss told me ‘no’.” The council was angry.", "She", ("no", "My boss")),
        (
            "“My boss told me, ‘You will never build again,’ and I believed him,” Maria Keane said.",
            "Maria Keane",
            ("You will never build again", "My boss"),
        ),
        (
            "Maria Keane said: “Peter Dunn told me: ‘The bridge is not safe.’ I did not believe him.”",
            "Maria Keane",
            ("The bridge is not safe.", "Peter Dunn"),
        ),
        (
            "'My boss told me: \"The bridge is closed for good.\" I went home,' said Maria Keane.",
            "Maria Keane",
            ("The bridge is closed for good.", "My boss"),
        ),
        (
            "“I said, ‘We must close the bridge today,’ and we did,” Maria Keane said.",
            "Maria Keane",
            ("We must close the bridge today", "Maria Keane"),
        ),
    ],
)
def test_a_quote_within_a_quote_has_its_own_speaker(
    pipeline: Language, text: str, outer: str, inner: tuple[str, str]
) -> None:
    [quote] = quotes(pipeline, text)

    assert quote.speaker is not None
    assert quote.speaker.name == outer
    assert [said(one) for one in quote.nested] == [inner]
    assert quote.nested[0].id == "q1.1"


def test_words_in_marks_that_nobody_says_within_a_quote_are_no_quote(pipeline: Language) -> None:
    [quote] = quotes(pipeline, "“We call it the ‘ghost bridge’ at home,” Maria Keane said.")

    assert quote.nested == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "“The bridge is safe, Maria Keane said. It will open in May. “We are late,” Peter Dunn said.",
            [("The bridge is safe", "Maria Keane"), ("We are late", "Peter Dunn")],
        ),
        (
            "“The bridge is safe. It will open in May, said Maria Keane. Rain fell.\n\n“We are late,” said Peter Dunn.",
            [("The bridge is safe. It will open in May", "Maria Keane"), ("We are late", "Peter Dunn")],
        ),
        (
            'Maria Keane said: "The bridge is safe. Peter Dunn said: "It is not."\n\nThe river was high.',
            [("The bridge is safe", "Maria Keane"), ("It is not.", "Peter Dunn")],
        ),
        (
            "The bridge is safe,” Maria Keane said. The council met. “It won't stand,” Peter Dunn said.",
            [("The bridge is safe", "Maria Keane"), ("It won't stand", "Peter Dunn")],
        ),
        (
            "‘The bridge is safe, said Maria Keane. The council met on Friday. ‘It was a mistake,’ said Peter Dunn.",
            [("The bridge is safe", "Maria Keane"), ("It was a mistake", "Peter Dunn")],
        ),
        ("“The bridge is safe,“ said Maria Keane.", [("The bridge is safe", "Maria Keane")]),
        ("”The bridge is safe,” said Maria Keane.", [("The bridge is safe", "Maria Keane")]),
    ],
)
def test_broken_marks_join_no_two_utterances(pipeline: Language, text: str, expected: list[tuple[str, str]]) -> None:
    assert [said(quote) for quote in quotes(pipeline, text)] == expected


@pytest.mark.parametrize(
    ("text", "speaker", "words"),
    [
        ("„The bridge is safe“, said Maria Keane.", "Maria Keane", "The bridge is safe"),
        ("»The bridge is safe«, said Maria Keane.", "Maria Keane", "The bridge is safe"),
        ("`The bridge is safe,' said Maria Keane.", "Maria Keane", "The bridge is safe"),
        ("``The bridge is safe,'' said Maria Keane.", "Maria Keane", "The bridge is safe"),
        ("“The bridge must close,” the memo reads.", "the memo", "The bridge must close"),
        ("“The bridge must close,” Maria Keane wrote on X.", "Maria Keane", "The bridge must close"),
        ("The plan was, in the words of Maria Keane, “a disgrace”.", "Maria Keane", "a disgrace"),
        ("According to Maria Keane, the bridge is safe.", "Maria Keane", "the bridge is safe"),
        ("Keane: “We are ready.”", "Keane", "We are ready."),
        ("Moscow said that the plan would fail.", "Moscow", "the plan would fail"),
        ("Critics say the plan is too expensive.", "Critics", "the plan is too expensive"),
    ],
)
def test_marks_and_attributions(pipeline: Language, text: str, speaker: str, words: str) -> None:
    [quote] = quotes(pipeline, text)

    assert said(quote) == (words, speaker)


def test_headlines_and_captions_count(pipeline: Language) -> None:
    text = (
        "Bridge to open in May, mayor says\n\nMayor Maria Keane, who said the bridge was safe, at the opening. "
        "Photograph: Peter Dunn\n\nThe river was high on Friday."
    )

    assert [said(quote)[0] for quote in quotes(pipeline, text)] == ["Bridge to open in May", "the bridge was safe"]


@pytest.mark.parametrize(
    "text",
    [
        "By Peter Dunn\n\nThe bridge opened on Friday.",
        "The bridge opened.\n\nRead more: Keane says “bridge is a disgrace”\n\nThe council votes in May.",
        "It opened.\n\nRelated stories\n\nMayor says bridge is safe\n\n“Close it,” says Dunn\n\nThe river is high.",
        "The team's motto is “Never give up”.",
        "Peter “Bolt” Dunn lives by the river.",
    ],
)
def test_what_stands_around_an_article_is_no_quotation(pipeline: Language, text: str) -> None:
    assert quotes(pipeline, text) == ()


def test_the_text_goes_on_below_a_list_of_what_to_read(pipeline: Language) -> None:
    text = "Read more\n\nMayor says bridge is safe\n\nThe bridge opened on Friday.\n\n“It is late,” said Peter Dunn."

    assert [said(quote) for quote in quotes(pipeline, text)] == [("It is late", "Peter Dunn")]


MARKS = ["“", "”", '"', "‘", "’", "'", "«", "»", "„", "''", "``", "`", "\n\n", " "]
ARTICLE = (
    "“The bridge is safe,” Maria Keane said on Friday. “It will open in May.”\n\nPeter Dunn told her: “My boss said, "
    "‘Close it,’ and he meant it.”\n\nThe drivers’ union called it “a disgrace”, and she said that it was “late”."
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(ARTICLE)), st.sampled_from(MARKS), st.booleans()), max_size=12))
def test_an_article_with_marks_lost_and_put_in_is_read(
    pipeline: Language, changes: list[tuple[int, str, bool]]
) -> None:
    text = ARTICLE
    for place, mark, drop in changes:
        text = text[:place] + mark + text[place + (drop and text[place : place + 1] in MARKS) :]
    found = quotes(pipeline, text)

    assert found
    for quote in found:
        for one in (quote, *quote.nested):
            ends = [0]
            for span in one.spans:
                assert ends[-1] <= span.start < span.end <= len(text)
                ends.append(span.end)
            assert one.text == " ".join(text[span.start : span.end] for span in one.spans)
        for inner in quote.nested:
            assert any(s.start <= inner.spans[0].start and inner.spans[-1].end <= s.end for s in quote.spans)
