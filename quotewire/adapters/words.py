"""Text to the words that are searched, the same for every index that this program keeps itself.

A word is a run of letters and digits with their marks; in scripts written without spaces each character is a word.
Words are compared without case or accents, and English ones by their stem, so “missile” finds “Missiles” and “Umerov”
finds “Umérov’s”. The apostrophe-s of the possessive is no part of a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from quotewire.adapters.stem import stem

Phrase = tuple[str, ...]
"""Words that must follow one another, as `words` gives them; often there is just one."""


class Word(NamedTuple):
    """A word as it is compared, and where it stands: text[start:end]."""

    value: str
    start: int
    end: int


def _ranges(characters: Sequence[str]) -> str:
    """The inside of a regular expression's […] for sorted characters."""
    ranges: list[list[str]] = []
    for character in characters:
        if ranges and ord(character) == ord(ranges[-1][1]) + 1:
            ranges[-1][1] = character
        else:
            ranges.append([character, character])
    return "".join(f"{first}-{last}" for first, last in ranges)


# Python's \w leaves out the vowel signs of Indic scripts and the like, which would break their words apart.
_MARKS = _ranges([chr(code) for code in range(0x300, 0x12000) if unicodedata.category(chr(code)).startswith("M")])
# Thai and Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED += "\U00020000-\U0003ffff"
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = re.compile(rf"{_LETTER}++(?:[{_MARKS}]++{_LETTER}*+)*+(?:['’][sS](?!{_LETTER}))?|[{_UNSPACED}]")
_POSSESSIVE = re.compile("['’][sS]$")

# Accents of Latin, Greek and Cyrillic; the optional vowel points of Hebrew and Arabic.
_ACCENTS = {
    code: None
    for first, last in ((0x300, 0x36F), (0x591, 0x5C7), (0x64B, 0x65F), (0x670, 0x670))
    for code in range(first, last + 1)
}
# Letters with a stroke and ligatures, which Unicode does not decompose.
_ASCII_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"}
)

_QUOTED = re.compile('["“”„«]([^"“”„«»]*)["“”«»]')


@lru_cache(maxsize=100_000)
def _folded(word: str) -> str:
    """A word without possessive, case and accents; empty where nothing is left."""
    word = unicodedata.normalize("NFD", _POSSESSIVE.sub("", word).casefold())
    return unicodedata.normalize("NFC", word.translate(_ACCENTS)).translate(_ASCII_LETTERS)


@lru_cache(maxsize=100_000)
def _compared(word: str) -> str:
    return stem(_folded(word))


def words(text: str) -> list[str]:
    """The words of a text as they are compared, in order."""
    return [value for word in _WORD.findall(text) if (value := _compared(word))]


def placed_words(text: str, start: int = 0) -> Iterator[Word]:
    """The words of a text from `start` on, with their places."""
    for match in _WORD.finditer(text, start):
        if value := _compared(match.group()):
            yield Word(value, *match.span())


def name_words(name: str) -> list[str]:
    """The words of a name: as `words`, but no stems, for “Powers” is not “Power”."""
    return [value for word in _WORD.findall(name) if (value := _folded(word))]


def phrases(query: str) -> list[Phrase]:
    """What a search asks for: each phrase in quotation marks, and each other word, once, in order.

    A word with a hyphen or apostrophe within asks for its parts side by side. Nothing in a query is an error: what is
    no word is passed over, an unpaired quotation mark too.
    """
    found: dict[Phrase, None] = {}
    end = 0
    for match in _QUOTED.finditer(query):
        for chunk in (*query[end : match.start()].split(), match.group(1)):
            found[tuple(words(chunk))] = None
        end = match.end()
    for chunk in query[end:].split():
        found[tuple(words(chunk))] = None
    return [phrase for phrase in found if phrase]


def contains(text: Sequence[str], phrase: Phrase) -> bool:
    """Whether the words of a text hold this phrase."""
    first, length = phrase[0], len(phrase)
    if length == 1:
        return first in text
    return any(word == first and tuple(text[place : place + length]) == phrase for place, word in enumerate(text))
