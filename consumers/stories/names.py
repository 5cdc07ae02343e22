"""Words of names and numbers, by how they are written: in any language that has capitals, without a language model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from consumers.enrich.names.spelling import plain, sound, spellings

_WORD = re.compile(r"[^\W\d_]+(?:[’'.-][^\W\d_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;»”\"]\s+|\n\s*|[“«\"‘(\[]\s*)$")
_NUMBER = re.compile(
    r"(?<![\w.,])(?:[$£€]\s?)?(\d+(?:[.,]\d+)*)(?:\s?(%|(?:per cent|percent|m|bn|mn|k|million|billion)\b))?"
)
_SMALL_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split(),
        2,
    )
}
_COUNT = rf"\d+(?:[.,]\d+)*|{'|'.join(_SMALL_NUMBERS)}"
_TOLL = re.compile(
    rf"\b(?:kill(?:s|ed|ing)?) (?:at least )?({_COUNT})\b"
    rf"|\b({_COUNT})(?: \w+){{0,3}}? (?:dead|die|dies|died|killed|deaths)\b",
    re.IGNORECASE,
)
_RISEN = re.compile(rf"\b(?:toll|dead)(?: [\w’'-]+){{0,9}}? (?:to|at) (?:at least )?({_COUNT})\b", re.IGNORECASE)
_WRITTEN_NUMBER = re.compile(rf"\b({'|'.join(_SMALL_NUMBERS)})\b", re.IGNORECASE)
_NO_NAMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december mr mrs ms dr sir dame lord lady prof professor president minister prime chief "
    "secretary mayor judge king queen prince princess the a an i he she it we they st this that there but and in on "
    "at of for to by with from after as is are was be not no how why what who when "
    "where more new will can has have had all over out up under".split()
)
_MAGNITUDE = re.compile(r"\bmagnitude(?: of)? (\d+(?:[.,]\d+)?)|(\d+(?:[.,]\d+)?)[- ]magnitude\b", re.IGNORECASE)
_DAY = re.compile(
    r"\b(mon|tues|wednes|thurs|fri|satur|sun)day\b|(?:周|星期|礼拜)([一二三四五六日天])|([月火水木金土日])曜",
    re.IGNORECASE,
)
_DAYS = {
    name: day
    for names in ("mon tues wednes thurs fri satur sun", "一 二 三 四 五 六 日", "月 火 水 木 金 土 日")
    for day, name in enumerate(names.split())
} | {"天": 6}
_COUNTED_BY = frozenset("of in on at by for to from and or the a an as with after before was were is are".split())


@lru_cache(100_000)
def folded(word: str) -> str:
    """A word without case and accents, and without the 's of a possessive."""
    word = word.replace("’", "'").removesuffix("'s").removesuffix("'")
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


@lru_cache(100_000)
def one_spelling(word: str) -> str:
    """A folded word in the one spelling that stands for all of a name: Kiev and Kyiv, Umerov and Umierov."""
    return spellings("places").get(plain(word)) or sound(word) or word


def words_of_names(title: str, body: str) -> list[str]:
    """The folded words that stand for names in an article, each once, in order.

    A word is one where it is capital and nowhere small, and that in the middle of a sentence or more than once: so the
    first words of sentences, and headlines in capitals or title case, bring in nothing that the text does not bear out.
    """
    small: set[str] = set()
    capital: dict[str, int] = {}
    for text, is_title in ((title, bool(body)), (body, False)):
        for match in _WORD.finditer(text):
            word = match.group()
            key = folded(word)
            if word[0].islower():
                small.add(key)
            elif word[0].isupper() and len(key) > 1 and key not in _NO_NAMES:
                begins = _SENTENCE_START.search(text, max(0, match.start() - 4), match.start()) is not None
                capital[key] = capital.get(key, 0) + (1 if begins or is_title else 2)
    return [key for key, times in capital.items() if times > 1 and key not in small]


def present(names: Iterable[str], text: str) -> list[str]:
    """Those of some folded words of names that stand in a text, in the order of the names."""
    there = {folded(match.group()) for match in _WORD.finditer(text)}
    return [name for name in names if name in there]


def without(names: Iterable[str], text: str) -> str:
    """A text without some folded words of names: what is said, whoever it is said of."""
    gone = set(names)
    return _WORD.sub(lambda match: "" if folded(match.group()) in gone else match.group(), text)


def days(text: str) -> set[int]:
    """The days of the week that a text names, from 0 for Monday; in English, Chinese and Japanese."""
    return {_DAYS[next(filter(None, match.groups())).lower()] for match in _DAY.finditer(text)}


def numbers(text: str) -> list[str]:
    """Numbers with what they count or number, each once: `12 houses`, `report#5`, `4.5 million`, `6.1 magnitude`;
    of people who died `12 dead`, however that is said, and `12 toll` where a number before is risen to that.

    A number in front of a word counts it; one after a word that is followed by none is that thing's number.
    """
    return list(dict.fromkeys(_numbers(text)))


def _numbers(text: str) -> Iterator[str]:
    found = [(m.start(), m.end(), m.group(1), m.group(2) or "") for m in _NUMBER.finditer(text)]
    found += [(m.start(), m.end(), _SMALL_NUMBERS[m.group().lower()], "") for m in _WRITTEN_NUMBER.finditer(text)]
    known: set[int] = set()
    for pattern, label in ((_RISEN, "toll"), (_TOLL, "dead"), (_MAGNITUDE, "magnitude")):
        for match in pattern.finditer(text):
            if match.start(match.lastindex or 0) in known:
                continue
            known.add(match.start(match.lastindex or 0))
            digits = match.group(match.lastindex or 0)
            yield f"{_SMALL_NUMBERS.get(digits.lower(), digits)} {label}"
    for start, end, digits, unit in sorted(found):
        if start in known:
            continue
        after = _WORD.match(text, end + 1) if text[end : end + 1] in (" ", "-", "\u00a0") else None
        before = _word_before(text, start)
        if unit:
            yield f"{digits} {'%' if unit.startswith('per') else unit}"
        elif after and after.group()[0].islower() and folded(after.group()) not in _COUNTED_BY:
            yield f"{digits} {folded(after.group())[:6]}"
        elif before and folded(before) not in _COUNTED_BY:
            yield f"{folded(before)}#{digits}"
        else:
            yield digits


def _word_before(text: str, end: int) -> str | None:
    found = re.search(r"([^\W\d_]+)[ \u00a0.]{1,2}$", text[max(0, end - 30) : end])
    return found.group(1) if found else None
