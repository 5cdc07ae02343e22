"""English words to their stems, by Porter's rules: “missile” and “missiles” are one word to a search.

Source: M. F. Porter, “An algorithm for suffix stripping”, Program 14(3), 1980, with the two later changes by its author
(“bli” and “logi” in step 2), which are also what SQLite's and Lucene's Porter stemmers apply.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SHORTEST, _LONGEST = 3, 64
"""Words outside these lengths are left as they are: too short to carry a suffix, or no English word."""

_STEP_2 = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "bli": "ble",
    "alli": "al",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ization": "ize",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
    "logi": "log",
}
_STEP_3 = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_STEP_4 = dict.fromkeys(
    "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize".split(),
    "",
)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a lower-case word. What is not made of a to z alone comes back unchanged."""
    if not _SHORTEST <= len(word) <= _LONGEST or not (word.isascii() and word.isalpha()):
        return word
    word = _plural(word)
    word = _past_and_gerund(word)
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    word = _replace_suffix(word, _STEP_2, above=0)
    word = _replace_suffix(word, _STEP_3, above=0)
    word = _replace_suffix(word, _STEP_4, above=1)
    return _final_letters(word)


def _plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def _past_and_gerund(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            return _mend(rest) if _has_vowel(rest) else word
    return word


def _mend(rest: str) -> str:
    """What is left after “ed” or “ing”, with the letters that the ending had changed put right."""
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if _ends_double_consonant(rest) and rest[-1] not in "lsz":
        return rest[:-1]
    if _measure(rest) == 1 and _ends_short_syllable(rest):
        return rest + "e"
    return rest


def _replace_suffix(word: str, suffixes: dict[str, str], *, above: int) -> str:
    """Replace the longest suffix of the table, where the measure of what stands before it is `above` that."""
    for length in range(min(7, len(word)), 1, -1):
        suffix = word[-length:]
        if suffix in suffixes:
            rest = word[:-length]
            if _measure(rest) <= above or (suffix == "ion" and not rest.endswith(("s", "t"))):
                return word
            return rest + suffixes[suffix]
    return word


def _final_letters(word: str) -> str:
    if word.endswith("e"):
        rest = word[:-1]
        measure = _measure(rest)
        if measure > 1 or (measure == 1 and not _ends_short_syllable(rest)):
            word = rest
    if word.endswith("ll") and _measure(word[:-1]) > 1:
        word = word[:-1]
    return word


def _shape(letters: str) -> str:
    """One “c” or “v” a letter: consonant or vowel. A y is a vowel after a consonant only."""
    shape = ""
    for letter in letters:
        vowel = letter in "aeiou" or (letter == "y" and shape.endswith("c"))
        shape += "v" if vowel else "c"
    return shape


_VOWELS_THEN_CONSONANTS = re.compile("v+c+")


def _measure(letters: str) -> int:
    """How many times vowels are followed by consonants: Porter's m."""
    return len(_VOWELS_THEN_CONSONANTS.findall(_shape(letters)))


def _has_vowel(letters: str) -> bool:
    return "v" in _shape(letters)


def _ends_double_consonant(letters: str) -> bool:
    return len(letters) > 1 and letters[-1] == letters[-2] and _shape(letters).endswith("c")


def _ends_short_syllable(letters: str) -> bool:
    """Ends consonant, vowel, consonant, the last not w, x or y: Porter's *o."""
    return _shape(letters).endswith("cvc") and letters[-1] not in "wxy"
