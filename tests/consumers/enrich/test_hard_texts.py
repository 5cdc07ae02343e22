"""Harder texts: clauses within clauses, blocks, interviews without labels, families, nicknames and roles."""

from __future__ import annotations

import pytest
from spacy.language import Language

from consumers.enrich import nlp
from consumers.enrich.nlp import Annotation


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return nlp.load()


def read(pipeline: Language, text: str) -> Annotation:
    [found] = nlp.annotate(pipeline, [nlp.Text("a", text)])
    assert found.problem is None
    return found


def spoken(pipeline: Language, text: str) -> list[tuple[str, str | None]]:
    """The words of each quote with the name of its speaker."""
    return [(quote.text, quote.speaker.name if quote.speaker else None) for quote in read(pipeline, text).quotes]


@pytest.mark.parametrize(
    ("text", "words", "name"),
    [
        (
            "Rival broker Merton & Pyke said the update raised “more questions than answers” about the board.",
            "the update raised “more questions than answers” about the board",
            "Merton & Pyke",
        ),
        (
            "Prosecutor Ken Ito told the court that investigators had found “a pattern, not a mistake”.",
            "investigators had found “a pattern, not a mistake”",
            "Ken Ito",
        ),
    ],
)
def test_what_is_found_within_a_report_is_said_by_who_reports(
    pipeline: Language, text: str, words: str, name: str
) -> None:
    assert spoken(pipeline, text) == [(words, name)]


def test_a_barrister_with_letters_after_his_name_is_known_by_name(pipeline: Language) -> None:
    text = (
        "The council’s barrister, Simon Peel KC, had argued that the family “always had somewhere to go”. "
        "Lord Justice Cole rejected that, with Cole LJ describing the submission as “fanciful”."
    )
    assert [name for _, name in spoken(pipeline, text)] == ["Simon Peel", "Cole"]


def test_who_is_the_person_and_not_the_company_he_founded(pipeline: Language) -> None:
    text = (
        "Her caution contrasts with that of Dean Maddox, the founder of rival Voltline, who tweeted last week: "
        "“If you’re not building the future, you’re building a museum.”"
    )
    found = read(pipeline, text)
    assert [(quote.speaker.name if quote.speaker else None) for quote in found.quotes] == ["Dean Maddox"]
    roles = {entity.name: entity.role for entity in found.entities}
    assert roles["Dean Maddox"] == "the founder of rival Voltline"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("On the wall hangs a note from his teacher, Lucien Maes: “Air first, then reeds.”", "Lucien Maes"),
        (
            "The critic Edith Moray called it “a wall”. Philip Orr, reviewing it, was less kind: “Stick to ceilings.”",
            "Philip Orr",
        ),
        ("The referee’s performance was “a disgrace”, added the chairman, Bob Tranter.", "Bob Tranter"),
        ("Labour’s Maya Holt accused the home secretary of “hiding behind process” on Monday.", "Maya Holt"),
        ("Mitigating, Aisha Rahman said her client was “deeply ashamed” of what he had done.", "Aisha Rahman"),
    ],
)
def test_the_speaker_is_who_is_named_beside(pipeline: Language, text: str, name: str) -> None:
    assert spoken(pipeline, text)[-1][1] == name


def test_a_report_ends_before_what_others_say(pipeline: Language) -> None:
    text = (
        "Eating late may raise blood pressure, according to a study of nurses, although experts said the findings "
        "should be treated with caution. The Nutrition Forum said people should eat early, a view echoed by others."
    )
    assert [words for words, _ in spoken(pipeline, text)] == [
        "Eating late may raise blood pressure",
        "the findings should be treated with caution",
        "people should eat early",
    ]


def test_a_verb_with_somebody_to_whom_it_happens_is_no_denial(pipeline: Language) -> None:
    text = "Unai Torres insisted his side deserved more. A late goal denied them a first away win since August."
    assert spoken(pipeline, text) == [("his side deserved more", "Unai Torres")]


def test_a_quote_of_three_parts(pipeline: Language) -> None:
    text = "“I came,” said Tom Reed, “I saw,” and, pausing, “I left.”"
    [quote] = read(pipeline, text).quotes
    assert (quote.kind, [text[span.start : span.end] for span in quote.spans]) == (
        "direct",
        ["I came", "I saw", "I left."],
    )


def test_a_block_without_marks_is_a_quote_of_a_span_a_paragraph(pipeline: Language) -> None:
    text = (
        "The letter from Dr Ama Boateng reads:\n\nI write to withdraw my name. I no longer trust the samples.\n\n"
        "My colleagues do not agree with me.\n\nThe journal has not replied."
    )
    [quote] = read(pipeline, text).quotes
    assert quote.speaker is not None
    assert (quote.kind, quote.speaker.name) == ("direct", "Ama Boateng")
    assert [text[span.start : span.end] for span in quote.spans] == [
        "I write to withdraw my name. I no longer trust the samples.",
        "My colleagues do not agree with me.",
    ]


def test_a_list_below_a_colon_is_no_block(pipeline: Language) -> None:
    text = "The bill would do three things, the minister said:\n\nRaise the threshold\n\nEnd the levy"
    assert [words for words, _ in spoken(pipeline, text)] == ["The bill would do three things"]


def test_who_is_interviewed_answers_the_questions_without_marks(pipeline: Language) -> None:
    text = (
        "Nadia Brandt has run the ballet school for nine years. We met in her office above a carpet shop.\n\n"
        "You said once that dancers should read more. Do you still think so?\n\n"
        "“Absolutely. A dancer who doesn’t read has nothing to say with her arms.”\n\n"
        "What will you do when you leave?\n\n“Sleep. For a month.”"
    )
    assert [name for _, name in spoken(pipeline, text)] == ["Nadia Brandt", "Nadia Brandt"]


def test_a_bare_surname_is_not_that_of_the_wife(pipeline: Language) -> None:
    text = "Tom Reed and his wife, Anna Reed, greeted supporters. “It is a great day,” Reed said."
    assert spoken(pipeline, text) == [("It is a great day", "Tom Reed")]


@pytest.mark.parametrize(
    ("text", "name", "mention"),
    [
        ("Dwayne “The Rock” Mason won the title. Mason was tired.", "Dwayne Mason", "Dwayne “The Rock” Mason"),
        ("Dean ‘Deano’ Fox, 44, was jailed. Fox wept.", "Dean Fox", "Dean ‘Deano’ Fox"),
        ("Anna (Annie) Roth sang on Friday. Roth is 61.", "Anna Roth", "Anna (Annie) Roth"),
    ],
)
def test_a_nickname_parts_no_name(pipeline: Language, text: str, name: str, mention: str) -> None:
    [entity] = [entity for entity in read(pipeline, text).entities if entity.label == "PERSON"]
    assert (entity.name, [found.text for found in entity.mentions]) == (name, [mention, name.split()[-1]])


def test_words_in_marks_within_a_sentence_are_no_nickname(pipeline: Language) -> None:
    found = read(pipeline, "Maria “was told” Keane would not come.")
    assert {entity.name for entity in found.entities} == {"Maria", "Keane"}


def test_an_answer_of_one_word_without_marks(pipeline: Language) -> None:
    text = "Would he stay for another year? No, said Mr Reed. He had a train to catch."
    assert spoken(pipeline, text) == [("No", "Reed")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "Foreign Minister Gabor Lantos said his country would not sign “a paper written against our farmers”.",
            "Gabor Lantos",
        ),
        (
            "Two diplomats said a deal was close. A third, from a small country, was gloomier: “They will drag on.”",
            "A third",
        ),
        (
            "Finlay Orr wept. “No,” he said.\n\nDown the hall the coach, Donal Creagh, was sad. “Oh,” he said.",
            "Donal Creagh",
        ),
        ("Det Ch Insp Emma Rudd spoke to reporters. Neighbours said it had been quiet.", "Neighbours"),
        ("Cllr Imran Shah said the community was “heartbroken and angry”.", "Imran Shah"),
    ],
)
def test_who_speaks_among_several(pipeline: Language, text: str, name: str) -> None:
    assert spoken(pipeline, text)[-1][1] == name


@pytest.mark.parametrize(
    "text",
    [
        "Anyone with information is asked to call the police.",
        "Fennel rates landlords. They deny this.",
        "Fox denied it.",
    ],
)
def test_what_nobody_says_is_no_quote(pipeline: Language, text: str) -> None:
    assert spoken(pipeline, text) == []


def test_a_report_goes_on_with_a_second_that(pipeline: Language) -> None:
    text = "Amit Desai said that the cost would be met, and that the park would open “by next summer at the latest”."
    [(words, name)] = spoken(pipeline, text)
    assert (words, name) == (
        "the cost would be met, and that the park would open “by next summer at the latest”",
        "Amit Desai",
    )


def test_an_outlets_reviewer_is_nobody_named_before(pipeline: Language) -> None:
    text = (
        "“She asked me if I could cry,” Luca Brandi remembers. The Guardian’s reviewer called the film “long and wet”."
    )
    assert spoken(pipeline, text)[-1][1] == "The Guardian’s reviewer"


def test_a_given_name_after_kin_is_a_person(pipeline: Language) -> None:
    text = "Supt Lisa Marlow gave advice. Their mum Doreen has had enough. “I want a refund,” she said."
    assert spoken(pipeline, text)[-1][1] == "Doreen"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "In a letter seen by Reuters, the commissioner, Jens Holt, wrote that the EU “will answer”.",
            "Jens Holt",
        ),
        ("The officials told Axis it was true. “It’s not a bluff,” one of them was quoted as saying.", "one of them"),
        (
            "“It fell,” Mr Rask said.\n\nThe report’s author, Sir Bernard Ault KC, smiled. “Not my affair,” he said.",
            "Bernard Ault",
        ),
    ],
)
def test_the_speaker_between_commas_and_of_reported_saying(pipeline: Language, text: str, name: str) -> None:
    assert spoken(pipeline, text)[-1][1] == name


def test_who_is_cited_by_the_paper_speaks(pipeline: Language) -> None:
    text = "According to the Financial Ledger, which cited people briefed on the talks, Canada would be exempt."
    [quote] = read(pipeline, text).quotes
    assert quote.speaker is not None
    assert (quote.text, quote.speaker.name, quote.via) == (
        "Canada would be exempt",
        "people briefed on the talks",
        "Financial Ledger",
    )


def test_a_sentence_broken_off_goes_on_behind_more_than_its_cue(pipeline: Language) -> None:
    text = "“At my age,” Carlo Orsini told an interviewer in March, “you don’t even buy green bananas.”"
    [quote] = read(pipeline, text).quotes
    assert [text[span.start : span.end] for span in quote.spans] == [
        "At my age",
        "you don’t even buy green bananas.",
    ]


def test_a_headline_begins_with_somebodys_words(pipeline: Language) -> None:
    text = "‘I thought I was going to die’: Mum’s horror\n\nDebbie Harker, 38, was thrown ten feet."
    assert spoken(pipeline, text) == [("I thought I was going to die", None)]


def test_words_between_an_article_and_a_noun_are_no_quote(pipeline: Language) -> None:
    assert spoken(pipeline, "Debbie Harker, who was thrown ten feet, works at a ‘pay what you can’ café in Hyde.") == []


def test_a_share_keeps_its_sign(pipeline: Language) -> None:
    assert spoken(pipeline, "The officials said the levy could reach 40%.")[0][0] == "the levy could reach 40%"
