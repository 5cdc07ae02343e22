"""Words of a text as they are searched, and the excerpts made with them."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotewire.adapters.excerpt import excerpt
from quotewire.adapters.words import contains, name_words, phrases, placed_words, words

TEXT = "The ferry was late again.\nCaptain Zoë Núñez’s crew blamed “ice on the strait” for it, as they had in May."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zoë Núñez’s", ["zoe", "nunez"]),
        ("the US's", ["the", "us"]),
        ("Łódź and Tromsø", ["lodz", "and", "tromso"]),
        ("O’Brien", ["o", "brien"]),
        ("C-130s, 2½", ["c", "130s", "2½"]),
        ("北京大学", ["北", "京", "大", "学"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("snake_case", ["snake", "case"]),
        ("… – “”", []),
    ],
)
def test_words_of_many_kinds(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_names_keep_their_plurals() -> None:
    assert name_words("Samantha Powers") == ["samantha", "powers"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ferry crew", [("ferri",), ("crew",)]),
        ("“ice on” ferry", [("ic", "on"), ("ferri",)]),
        ('"ice on"ferry', [("ic", "on"), ("ferri",)]),
        ("»ferry« ferry", [("ferri",)]),
        ("C-130", [("c", "130")]),
        ('" unpaired', [("unpair",)]),
        ("-- !", []),
    ],
)
def test_a_query_asks_for_phrases(query: str, expected: list[tuple[str, ...]]) -> None:
    assert phrases(query) == expected


@given(st.text())
def test_words_hold_no_ascii_but_small_letters_and_digits(text: str) -> None:
    # The index in SQLite splits at any other, and quotes words in its queries.
    assert all(re.fullmatch(r"[a-z0-9\u0080-\U0010ffff]+", word) for word in [*words(text), *name_words(text)])


@given(st.text())
def test_placed_words_are_the_words_with_their_places(text: str) -> None:
    placed = list(placed_words(text))
    assert [word.value for word in placed] == words(text)
    assert all(words(text[word.start : word.end]) == [word.value] for word in placed)
    assert all(left.end <= right.start for left, right in itertools.pairwise(placed))


@given(st.text(), st.text(max_size=20))
def test_an_excerpt_is_a_piece_of_the_text(text: str, query: str) -> None:
    fragments = excerpt(text, phrases(query))
    shown = "".join(fragment.text for fragment in fragments)
    assert shown.removeprefix("…").removesuffix("…") in text.replace("\r", " ").replace("\n", " ")
    assert len(shown) <= 500
    assert not any(left.marked is False is right.marked for left, right in itertools.pairwise(fragments))


@given(st.lists(st.sampled_from(["ferry", "ice", "late", "crew", "May"]), max_size=300), st.integers(1, 3))
def test_an_excerpt_shows_a_match_where_there_is_one(text_words: list[str], length: int) -> None:
    text = " ".join(text_words)
    phrase = tuple(words("late ice crew")[:length])
    marked = any(fragment.marked for fragment in excerpt(text, [phrase]))
    assert marked == contains(words(text), phrase)


def test_an_excerpt_marks_the_word_as_it_stands() -> None:
    marked = [fragment.text for fragment in excerpt(TEXT, phrases("nunez “ICE ON”")) if fragment.marked]
    assert marked == ["Núñez’s", "ice on"]
