"""When two spellings are one name: marks and diacritics, other ways into Latin letters, British and American words.

Only names within one article are compared, and only where nobody of exactly the other spelling is in it: Clark and
Clarke stay two people, Umerov and Umierov become one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from consumers.enrich.lexicon import section

SHORTEST = 4
"""Names of fewer letters are one only where they are spelt alike: Li and Lee are two."""
_KEPT_WORDS = 50_000
"""Spellings that are remembered; more would grow with the articles read."""

_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ħ": "h", "ŧ": "t"}
)
_LATIN = [
    (re.compile(pattern), to)
    for pattern, to in (
        (r"^(?:ye|ie|je)", "e"),
        (r"tsch|tch|tsh|cz", "ch"),
        (r"sch|sz", "sh"),
        (r"kh", "h"),
        (r"[gd]h(?=[aeiou])", "g"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"tz", "ts"),
        (r"ck|q|c(?!h)", "k"),
        (r"x", "ks"),
        (r"w", "v"),
        (r"ee", "i"),
        (r"ou|oo", "u"),
        (r"(?<=[^aeiou])ie", "e"),
        (r"[iyj]+", "i"),
        (r"(?<=[aou])e", ""),
        (r"(.)\1+", r"\1"),
    )
]
"""Ways in which Cyrillic, Arabic and German names differ in Latin letters, each taken to one of them."""
_FIRST_SOUND = re.compile(r"^[gkh](?=.{3,}(?:i|ko|uk|ov|ev|in|ich|va)$)")
"""Г and ق become g, h, k or q: Hrytsenko and Gritsenko, Gaddafi and Qaddafi."""
_ARTICLE = re.compile(r"^(?:al|el|as|ash|ad|an|ar|at|az)[-‐‑ ]", re.IGNORECASE)

PARTICLES = frozenset("de da di del della der den van von la le al el bin ibn ben dos du abu".split())
_BRITISH = [
    (re.compile(pattern), to)
    for pattern, to in (
        (r"is(?=ations?$|ing$|ed$|e$)", "iz"),
        (r"our$", "or"),
        (r"our(?=s$|ed$|ing$)", "or"),
        (r"(?<=[tb])re$", "er"),
        (r"ence$", "ense"),
        (r"amme$", "am"),
        (r"ogue$", "og"),
    )
]


@lru_cache(_KEPT_WORDS)
def plain(text: str) -> str:
    """The letters and digits of a name in lower case, without diacritics: Al-Jubeir gives aljubeir."""
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    letters = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(filter(str.isalnum, letters))


@lru_cache(_KEPT_WORDS)
def sound(text: str) -> str:
    """What is left of a name when ways of putting it into Latin letters are evened out; "" for a short one."""
    word = plain(text)
    if len(word) < SHORTEST:
        return ""
    for pattern, to in _LATIN:
        word = pattern.sub(to, word)
    return _FIRST_SOUND.sub("k", word)


@cache
def spellings(kind: str) -> dict[str, str]:
    """For each spelling in data/spellings.txt of “places” or “given names” the first one of its line, both plain."""
    lines = [[plain(name) for name in line.split(",")] for line in section("spellings.txt", kind)]
    return {name: line[0] for line in lines for name in line}


def same_word(a: str, b: str) -> bool:
    """Whether two words are one name as it may be spelt in two newsrooms."""
    return plain(a) == plain(b) or sound(a) == sound(b) != ""


def same_given_name(a: str, b: str) -> bool:
    """Whether two given names are one: by spelling, or by the list of spellings (Oleksandr and Alexander)."""
    if same_word(a, b):
        return True
    known = spellings("given names")
    return known.get(plain(a), a) == known.get(plain(b), b)


def surnames(full: tuple[str, ...]) -> tuple[str, ...]:
    """The forms, in plain letters, in which the surname of a full name may stand alone.

    The last word, and it with the particles before it (bin Salman), and it without an Arabic article (Al-Assad, Assad).
    """
    last = full[-1]
    forms = [plain(last)]
    first = len(full) - 1
    while first > 1 and full[first - 1].lower().rstrip(".") in PARTICLES:
        first -= 1
        forms.append(plain("".join(full[first:])))
    if article := _ARTICLE.match(last):
        forms.append(plain(last[article.end() :]))
    return tuple(dict.fromkeys(forms))


def body_key(words: tuple[str, ...]) -> tuple[str, ...]:
    """A body's or place's name as it is compared: plain words, British spellings as American ones, & as and."""
    return tuple(_american(plain(word)) if word != "&" else "and" for word in words)


@lru_cache(_KEPT_WORDS)
def _american(word: str) -> str:
    for pattern, to in _BRITISH:
        word = pattern.sub(to, word)
    return word
