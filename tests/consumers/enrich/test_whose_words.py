"""Whose words stand near somebody else's, and speakers who have no name."""

from __future__ import annotations

import pytest
from spacy.language import Language

from consumers.enrich import nlp


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return nlp.load()


def spoken(pipeline: Language, text: str) -> list[tuple[str, str | None]]:
    """The words of each quote with the name of its speaker."""
    [found] = nlp.annotate(pipeline, [nlp.Text("a", text)])
    assert found.problem is None
    return [(quote.text, quote.speaker.name if quote.speaker else None) for quote in found.quotes]


def test_a_spokesman_after_a_colon_does_not_go_on_with_the_quote_before(pipeline: Language) -> None:
    text = (
        "Prime Minister Alan Smith left the talks early. “There is no agreement to sign,” he told reporters in Oslo. "
        "A spokesman for Finance Minister Greta Lund: “We can wait.”"
    )
    assert spoken(pipeline, text) == [
        ("There is no agreement to sign", "Alan Smith"),
        ("We can wait.", "A spokesman for Finance Minister Greta Lund"),
    ]


def test_somebody_introduced_between_two_quotes_speaks_the_second(pipeline: Language) -> None:
    text = (
        "“I never promised anything,” Nina Voss says, smiling. Then: “Ask my editor.” "
        "Her editor, Karl Ohm, shrugs. “Don’t look at me.”"
    )
    assert [name for _, name in spoken(pipeline, text)] == ["Nina Voss", "Nina Voss", "Karl Ohm"]


def test_names_with_a_colon_within_a_paragraph(pipeline: Language) -> None:
    text = "The vote was close. Others saw it otherwise. Petra Nagy (SPD): “No”; Hugh Keane (Greens): “Never again”."
    assert spoken(pipeline, text) == [("No", "Petra Nagy"), ("Never again", "Hugh Keane")]


def test_a_quote_of_several_paragraphs_has_the_speaker_named_in_its_last(pipeline: Language) -> None:
    text = (
        "“We lost the ball too often and paid for it.\n\n“After that the crowd went quiet, and so did we.\n\n"
        "“I take the blame,” head coach Rui Matos said."
    )
    [(words, name)] = spoken(pipeline, text)
    assert name == "Rui Matos"
    assert words.startswith("We lost the ball")
    assert words.endswith("I take the blame")


@pytest.mark.parametrize(
    "text",
    [
        (
            "The firm sells kettles.\n\nPrice: £20 in most shops\n\nVerdict: Too loud for a small flat\n\n"
            "Price: £35 with the lid\n\nVerdict: Better"
        ),
        (
            "The river is still rising.\n\nUpdate: The bridge is shut\n\nUpdate: The school is shut\n\n"
            "Update: The bridge is open"
        ),
    ],
)
def test_repeated_labels_alone_make_no_interview(pipeline: Language, text: str) -> None:
    assert spoken(pipeline, text) == []


def test_an_interview_without_a_headline_keeps_its_first_question(pipeline: Language) -> None:
    text = "Q: Why did you leave the club?\n\nA: It was time.\n\nQ: Would you go back?\n\nA: Never."
    assert [words for words, _ in spoken(pipeline, text)] == [
        "Why did you leave the club?",
        "It was time.",
        "Would you go back?",
        "Never.",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("“We are ready,” Ann Lee said. “So are we,” said the driver.", "the driver"),
        ("Norvale Motors will close its plant in May. The union called the cuts “heartless and hasty”.", "The union"),
        (
            (
                "Tom Reed runs the stall. “Best soup in town,” said a man in a hat, finishing his bowl. "
                "He said he had eaten there for years."
            ),
            "He",
        ),
    ],
)
def test_a_speaker_without_a_name_is_not_the_nearest_name(pipeline: Language, text: str, name: str) -> None:
    assert spoken(pipeline, text)[-1][1] == name


def test_a_speaker_ends_before_the_comma(pipeline: Language) -> None:
    text = "“Best soup in town,” said a man in a hat, finishing his bowl."
    assert spoken(pipeline, text) == [("Best soup in town", "a man in a hat")]


@pytest.mark.parametrize(
    "text",
    [
        "CNN reported, citing two officials, that the embassy would close.",
        "CNN reported that the embassy would close, citing two officials.",
        "Citing two officials, CNN reported that the embassy would close.",
    ],
)
def test_the_cited_speak_wherever_they_stand(pipeline: Language, text: str) -> None:
    assert spoken(pipeline, text) == [("the embassy would close", "two officials")]


@pytest.mark.parametrize("mark", ["'", "’", "‘"])
def test_an_apostrophe_before_a_decade_opens_nothing(pipeline: Language, mark: str) -> None:
    text = f"The {mark}90s were loud, and Anna Roth said 'nobody slept a wink'."
    assert spoken(pipeline, text) == [("nobody slept a wink", "Anna Roth")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("« C’est fini », said Pierre Dumas.", ("C’est fini", "Pierre Dumas")),
        ("“The files are gone,” said an official who asked not to be named.", ("The files are gone", "an official")),
        (
            "“It holds water,” says Mark Oduya, a biologist at Leeds who wasn’t involved.",
            ("It holds water", "Mark Oduya"),
        ),
        ("In the words of its author, Nina Falk, “nobody listened”.", ("nobody listened", "Nina Falk")),
    ],
)
def test_what_is_said_of_a_speaker_is_not_quoted(pipeline: Language, text: str, expected: tuple[str, str]) -> None:
    assert spoken(pipeline, text) == [expected]


def test_according_to_a_doctor_before_words_in_marks(pipeline: Language) -> None:
    text = "According to Dr. Sam Lowe, “the vaccine works” but the supply is slow."
    [(words, name)] = spoken(pipeline, text)
    assert "the vaccine works" in words
    assert name == "Sam Lowe"


@pytest.mark.parametrize(
    "text",
    [
        "Dean ‘Deano’ Fox scored twice on Saturday.",
        "The town left the union in May. Read more: ‘Why we left’. Related: “What the mayor knew.”",
    ],
)
def test_nicknames_and_notes_on_what_to_read_are_not_quoted(pipeline: Language, text: str) -> None:
    assert spoken(pipeline, text) == []
