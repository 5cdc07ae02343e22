"""Abbreviations that the article itself explains: the Office of Communications (Ofcom)."""

from __future__ import annotations

from consumers.enrich.names.mentions import Name
from consumers.enrich.names.spelling import plain
from consumers.enrich.tokens import Tokens

LONGEST = 10
"""Letters of an abbreviation at the most."""


def find_abbreviations(tokens: Tokens, names: list[Name]) -> dict[str, str]:
    """For each abbreviation in brackets after a body's name the letters of that name; it gets the body's label.

    The abbreviation is a capitalised word whose letters stand in the name in that order.
    """
    found: dict[str, str] = {}
    for name in names:
        bracket = name.last + 1
        if name.label not in ("ORG", "FAC", "GPE") or tokens.words[bracket : bracket + 1] != ["("]:
            continue
        word, closing = [*tokens.words[bracket + 1 : bracket + 3], "", ""][:2]
        letters = plain("".join(name.words(tokens)))
        if closing == ")" and _abbreviates(word, letters):
            found.setdefault(word, letters)
    for name in names:
        if tokens.words[name.first] in found and name.first == name.last and name.label != "ORG":
            name.label = "ORG"
    return found


def _abbreviates(word: str, letters: str) -> bool:
    short = plain(word)
    if not word[:1].isupper() or not 2 <= len(short) <= LONGEST or len(short) >= len(letters):
        return False
    place = 0
    for letter in short:
        place = letters.find(letter, place) + 1
        if place == 0:
            return False
    return letters.startswith(short[0])
