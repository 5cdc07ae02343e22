"""The wording of an article: what stood in it, and what stood there side by side."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.alerts.wording import Wording


@given(st.text(max_size=200), st.data())
def test_what_stood_there_is_known(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    words = text[start:].split()
    taken = " ".join(words[: data.draw(st.integers(0, len(words)))])
    assert Wording.of(f"{text[:start]} {taken}").has(taken)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("John Kerry", True),
        ("JOHN KERRY", True),
        ("Kerry", True),
        ("John Smith", False),
        ("Smith", True),
        ("Ann Lee", False),
        ("Kyiv", True),
        ("习近平", True),
        ("近习平", False),
        ("Nimbus 4", True),
        ("Nimbus 5", False),
        ("Al Rashidi", True),
        ("Lena Vogt", False),
    ],
)
def test_words_stand_side_by_side_or_not(name: str, known: bool) -> None:
    text = "By Lena Vogt\n\nJohn Kerry and Adam Smith left Kiev. Ann, Lee and Al-Rashidi met 习近平 about the Nimbus 4."
    assert Wording.of(text).has(name) is known


def test_few_words_that_did_not_stand_there_are_taken_for_known() -> None:
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnop", k=8)) for _ in range(3000)]
    wording = Wording.of(" ".join(words[:1000]))
    assert sum(wording.has(word) for word in words[1000:]) < 10
    assert len(wording.bits) < 5_000


def test_a_text_of_any_length_is_kept_in_bounds() -> None:
    assert len(Wording.of(" ".join(map(str, range(50_000)))).bits) <= 40_000
    assert not Wording.of("").has("Kyiv")
