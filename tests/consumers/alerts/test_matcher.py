"""Tracked names in articles: what counts as a mention."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.alerts.forms import forms_of, searched
from consumers.alerts.matcher import Matcher
from consumers.alerts.sentences import sentence_around
from quotewire.ports import TrackedName
from schemas.records import EnrichedArticle, Entity, EntityLabel, Mention, Span


def mention(text: str, words: str) -> Mention:
    start = text.index(words)
    return Mention(start=start, end=start + len(words), text=words)


def article(
    text: str, *people: tuple[str, str], label: EntityLabel = "PERSON", identity: str = "a1"
) -> EnrichedArticle:
    entities = tuple(
        Entity(id=f"e{number}", name=name, label=label, mentions=(mention(text, words),))
        for number, (name, words) in enumerate(people, 1)
    )
    return EnrichedArticle(id=identity, revision=1, text=text, entities=entities, title="Title", outlet="Example")


def found(watch: TrackedName, text: str, *people: tuple[str, str]) -> list[str]:
    return [match.mention.text for match in Matcher([watch]).matches(article(text, *people))]


@pytest.mark.parametrize(
    ("tracked", "text", "expected"),
    [
        (TrackedName("Orla Finch"), "Yesterday Orla Finch spoke.", ["Orla Finch"]),
        (TrackedName("Orla Finch"), "ORLA FINCH SPEAKS OUT", ["ORLA FINCH"]),
        (TrackedName("Orla Finch"), "Orla Finch’s plan", ["Orla Finch"]),
        (TrackedName("Orla Finch"), "Orla Finching is no name.", []),
        (TrackedName("Kyiv", ("Kiev",)), "Trains left Kiev at dawn.", ["Kiev"]),
        (TrackedName("WHO"), "The WHO said so.", ["WHO"]),
        (TrackedName("WHO"), "Nobody knows who said so. Who?", []),
        (TrackedName("US"), "It was given to us. US officials agreed.", ["US"]),
        (TrackedName("Apple"), "An apple a day.", []),
        (TrackedName("rate cut"), "A Rate Cut is likely; a rate cut is not.", ["Rate Cut"]),
        (TrackedName("O'Neill"), "Mr O’Neill left.", ["O’Neill"]),
        (TrackedName("Ångström"), "The Ångström lab.", ["Ångström"]),
        (TrackedName("İstanbul"), "From İstanbul.", ["İstanbul"]),
        (TrackedName("Лавров"), "Как сказал Лавров вчера", ["Лавров"]),
    ],
)
def test_words_of_a_name_are_found_as_names_are_written(tracked: TrackedName, text: str, expected: list[str]) -> None:
    assert found(tracked, text) == expected


def test_a_name_inside_a_longer_one_is_no_mention() -> None:
    text = "Denzel Washington smiled."
    assert found(TrackedName("Washington"), text, ("Denzel Washington", "Denzel Washington")) == []


def test_a_surname_counts_where_the_article_gives_the_full_name() -> None:
    text = "Finch said no. Orla Finch was tired."
    two = Entity(
        id="e1", name="Orla Finch", label="PERSON", mentions=(mention(text, "Finch"), mention(text, "Orla Finch"))
    )
    given = EnrichedArticle(id="a1", text=text, entities=(two,), headline=Span(start=0, end=14))
    [match] = Matcher([TrackedName("Orla Finch")]).matches(given)
    assert match.mention.text == "Orla Finch"
    assert match.conditions == ("mentioned", "headline")


def test_a_surname_of_somebody_else_does_not_count() -> None:
    text = "Finch said no."
    assert found(TrackedName("Orla Finch"), text, ("Peter Finch", "Finch")) == []


def test_a_match_by_entity_is_surer_than_one_by_words() -> None:
    text = "Orla Finch said no."
    watch = [TrackedName("Orla Finch")]
    [by_entity] = Matcher(watch).matches(article(text, ("Orla Finch", "Orla Finch")))
    [by_words] = Matcher(watch).matches(article(text))
    assert by_entity.confidence > by_words.confidence


def test_an_empty_watchlist_matches_nothing() -> None:
    assert Matcher([]).matches(article("Orla Finch said no.", ("Orla Finch", "Orla Finch"))) == []


@given(st.text(), st.data())
def test_the_sentence_holds_the_mention(text: str, data: st.DataObject) -> None:
    if not text:
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    sentence = sentence_around(text, Mention(start=start, end=end, text=text[start:end]))
    assert sentence.start <= start < end <= sentence.end
    assert text[sentence.start : sentence.end] == sentence.text


@pytest.mark.parametrize(
    ("text", "words", "sentence"),
    [
        ("It was shown on Tuesday. iPhone 17s go on sale soon.", "iPhone", "iPhone 17s go on sale soon."),
        ("It was shown on Tuesday. iPhone 17s go on sale soon.", "Tuesday", "It was shown on Tuesday."),
        ("Mr. Finch left. He said no.", "Finch", "Mr. Finch left."),
        ("word " * 900 + "Orla Finch " + "word " * 900, "Orla Finch", None),
    ],
)
def test_a_sentence_ends_where_the_next_begins_and_is_not_endless(text: str, words: str, sentence: str | None) -> None:
    around = sentence_around(text, mention(text, words)).text
    if sentence is None:
        assert words in around
        assert len(around) < 2100
    else:
        assert around == sentence


@given(st.lists(st.text(min_size=1, max_size=8), max_size=5), st.text(max_size=60))
def test_any_names_in_any_text_give_true_offsets(names: list[str], text: str) -> None:
    for match in Matcher([TrackedName(name) for name in set(names)]).matches(EnrichedArticle(id="a", text=text)):
        assert text[match.mention.start : match.mention.end] == match.mention.text
        forms = {searched(form.written) for form in forms_of(match.tracked)}
        assert searched(match.mention.text) in forms
