"""Where quote marks open and close, in paragraphs of any length."""

from __future__ import annotations

from itertools import pairwise

import pytest

from consumers.enrich.quotes.marks import find_inner, find_stretches

LONG = 20_000
LONGEST = 200_000
"""Code points of a paragraph that a hostile page may send; work that grows with the square of it takes minutes."""


@pytest.mark.parametrize("unit", ["'a' \"b\" ", "“a ", '"a ', "'a ", '"! ', "“'a' ", "‘a “b” ’ "])
def test_a_long_paragraph_of_marks_is_read(unit: str) -> None:
    text = (unit * (LONG // len(unit) + 1))[:LONG]

    found = find_stretches(text, [(0, LONG)])

    assert all(one.outer_end <= other.outer_start for one, other in pairwise(found))
    assert all(0 <= one.start < one.end <= LONG for one in (*found, *find_inner(text, 0, LONG)))


def test_marks_of_both_kinds_side_by_side_are_all_found() -> None:
    number = LONGEST // 8
    text = "'a' \"b\" " * number

    found = find_stretches(text, [(0, len(text))])

    assert len(found) == 2 * number
    assert [(text[one.start : one.end], one.single) for one in found[:3]] == [("a", True), ("b", False), ("a", True)]
