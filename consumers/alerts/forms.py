"""The forms in which a tracked name is looked for: the name, its aliases, and how else newsrooms write each.

Texts are folded before they are searched (`folded`), character by character, so that offsets stay those of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from consumers.alerts.lines import Lines
from consumers.enrich.lexicon import section
from consumers.enrich.names.spelling import plain
from quotewire.ports import TrackedName

_CYRILLIC = re.compile(r"^[\u0400-\u04ff’'\- ]+$")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Scripts that put no space between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
_SUFFIXING = re.compile(r"[\uac00-\ud7af]")
"""Korean: what follows a name is written together with it."""
_PREFIXING = {
    # Arabic and Hebrew write “and”, “in”, “to”, “the” together with the name that follows.
    re.compile(r"[\u0600-\u06ff]"): frozenset("وبلكفال"),
    re.compile(r"[\u0590-\u05ff]"): frozenset("ובלכמשה"),
}

_BRITISH = (
    ("isation", "ization"),
    ("Centre", "Center"),
    ("Labour", "Labor"),
    ("Defence", "Defense"),
    ("Programme", "Program"),
    ("Theatre", "Theater"),
    ("Harbour", "Harbor"),
)
_BRITISH_OR_AMERICAN = re.compile("|".join(word for pair in _BRITISH for word in pair), re.IGNORECASE)
_STOPPED, _UNSTOPPED = re.compile(r"(?:[A-Z]\.){2,}"), re.compile(r"[A-Z]{2,4}")
"""An abbreviation with full stops, and one without."""
_SHORTENED = re.compile(r"\b(St|Ste|Mt|Ft|Dr|Jr|Sr)\b(\.?)")
"""Written with a full stop by some newsrooms and without by others."""
_UMLAUTS = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ø", "oe"), ("å", "aa"), ("æ", "ae"))
_LETTERS = {
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ı": "i",
    "ħ": "h",
    "ŧ": "t",
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "`": "'",
}
_LETTERS |= dict.fromkeys("\u00a0\u2009\u202f", " ") | dict.fromkeys("\u2010\u2011", "-")


def _plain_letters() -> dict[str, str]:
    """Each letter of the Latin, Greek and Cyrillic scripts that carries a mark, without it; no result is a key."""
    table = dict(_LETTERS)
    for number in (*range(0xC0, 0x250), *range(0x370, 0x400), *range(0x1E00, 0x2000)):
        decomposed = unicodedata.normalize("NFD", chr(number))
        if len(decomposed) > 1 and len(decomposed[0].lower()) == 1:
            table.setdefault(chr(number), decomposed[0].lower())
    table["ё"] = "е"
    return {letter: table.get(to, to) for letter, to in table.items()}


_PLAIN = _plain_letters()


def folded(text: str) -> str:
    """A text in lower case and without diacritics, each character one character, so that offsets stay."""
    lower = text.lower()
    if lower.isascii():
        return lower
    if len(lower) != len(text):
        lower = "".join(small if len(small := char.lower()) == 1 else char for char in text)
    # A text has few different letters with marks: to replace each of them takes a third of the time of `translate`.
    for char in _PLAIN.keys() & set(lower):
        lower = lower.replace(char, _PLAIN[char])
    return lower


def searched(text: str) -> str:
    """A folded text in which hyphens are spaces: Al-Jazeera is Al Jazeera, and Coca Cola is Coca-Cola."""
    return folded(text).replace("-", " ")


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a tracked name is written. `written` is how, with its capitals; `of` is the name or the alias
    that it is a form of, and `inflected` whether an ending was put to it.
    """

    tracked: TrackedName
    written: str
    of: str
    inflected: bool = False

    @property
    def is_name(self) -> bool:
        """Whether it is a form of the name itself, not of an alias."""
        return self.of == self.tracked.name

    @property
    def is_variant(self) -> bool:
        """Whether it is another spelling of what the watchlist has."""
        return self.written != self.of and not self.inflected

    @property
    def words(self) -> tuple[str, ...]:
        """Its words."""
        return tuple(self.written.split())


def forms_of(tracked: TrackedName) -> Iterator[Form]:
    """Every form of a tracked name, the likeliest first, some perhaps twice."""
    for given in (tracked.name, *tracked.aliases):
        yield Form(tracked, given, given)
        for variant in _variants(given):
            yield Form(tracked, variant, given)
        if _CYRILLIC.match(given):
            for inflected in _inflected(given):
                yield Form(tracked, inflected, given, inflected=True)


def _variants(name: str) -> Iterator[str]:
    """Other spellings: umlauts written out, abbreviations with and without full stops, British and American, places."""
    if not name.isascii():
        written_out = name
        for letter, to in _UMLAUTS:
            written_out = written_out.replace(letter, to).replace(letter.upper(), to.capitalize())
        if written_out != name:
            yield written_out
    if _STOPPED.fullmatch(name):
        yield name.replace(".", "")
    elif _UNSTOPPED.fullmatch(name):
        yield "".join(f"{letter}." for letter in name)
    for british, american in _BRITISH if _BRITISH_OR_AMERICAN.search(name) else ():
        if re.search(british, name, re.IGNORECASE):
            yield re.sub(british, american, name, flags=re.IGNORECASE)
        elif re.search(american, name, re.IGNORECASE):
            yield re.sub(american, british, name, flags=re.IGNORECASE)
    if _SHORTENED.search(name):
        yield _SHORTENED.sub(lambda word: word[1] if word[2] else f"{word[1]}.", name)
    if "&" in name:
        yield re.sub(r"\s*&\s*", " and ", name)
    yield from _other_spellings(name)


def _other_spellings(name: str) -> Iterator[str]:
    for spelling in _places_by_spelling().get(plain(name), ()):
        if spelling != name:
            yield spelling


@cache
def _places_by_spelling() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in section("spellings.txt", "places"):
        # Only whole names: “US” and “America” stand on one line, but whoever tracks one of them means it.
        names = tuple(name.strip() for name in line.split(","))
        names = tuple(name for name in names if len(plain(name)) > 3)
        for name in names:
            found[plain(name)] = names
    return found


# --- Cyrillic endings -----------------------------------------------------------------------------------------------

_ENDINGS = (
    # The ending of the dictionary form, and those of the other cases, in one order: genitive, dative, accusative,
    # instrumental, prepositional. Russian and Ukrainian side by side.
    (r"(?:ский|цкий|ський|цький)$", 2, ("ого", "ому", "ого", "им", "ом")),
    (r"(?:ая)$", 2, ("ой", "ой", "ую", "ой", "ой")),
    (r"(?:ий|ей|ай)$", 1, ("я", "ю", "я", "ем", "е")),
    (r"(?:ов|ев|ёв|ин|ын)$", 0, ("а", "у", "а", "ым", "е")),
    (r"(?:ия|ья)$", 1, ("и", "и", "ю", "ей", "и")),
    (r"а$", 1, ("ы", "е", "у", "ой", "е")),
    (r"я$", 1, ("и", "е", "ю", "ей", "е")),
    (r"ь$", 1, ("я", "ю", "я", "ем", "е")),
    (r"[бвгджзклмнпрстфхцчшщ]$", 0, ("а", "у", "а", "ом", "е")),
)
_CASES = 5


def _inflected(name: str) -> Iterator[str]:
    """A Cyrillic name in its other cases: Лавров, Лаврова, Лаврову, Лавровым, Лаврове."""
    words = [_cases(word) for word in name.split()]
    for case in range(_CASES):
        yield " ".join(cases[case] for cases in words)


def _cases(word: str) -> tuple[str, ...]:
    if len(word) < 4 or word.isupper():
        return (word,) * _CASES
    for pattern, cut, endings in _ENDINGS:
        if re.search(pattern, word):
            stem = word[:-cut] if cut else word
            hushed = re.search(r"[гкхжчшщ]$", stem) is not None
            return tuple(stem + ("и" if hushed and ending == "ы" else ending) for ending in endings)
    return (word,) * _CASES


# --- boundaries -----------------------------------------------------------------------------------------------------


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is whole words, by the rules of its script."""
    first, last = text[start], text[end - 1]
    before, after = text[start - 1 : start], text[end : end + 1]
    if _join(before, first) or _join(last, after):
        return False
    return _starts_word(text, start, first, before) and _ends_word(text, end, last, after)


def _join(one: str, other: str) -> bool:
    """Whether two characters, either perhaps "", are surely of one word; most places where no name is are such."""
    return one.isascii() and other.isascii() and one.isalnum() and other.isalnum()


def _starts_word(text: str, start: int, first: str, before: str) -> bool:
    if before == "@" or (before == "." and text[start - 2 : start - 1].isalnum() and first.islower()):
        return False
    if not (_is_word(before) and _is_word(first)) or UNSPACED.match(first) or UNSPACED.match(before):
        return True
    for script, prefixes in _PREFIXING.items():
        if script.match(first):
            begin = start
            while begin > 0 and _is_word(text[begin - 1]):
                begin -= 1
            return start - begin <= 3 and all(char in prefixes for char in text[begin:start])
    return False


def _ends_word(text: str, end: int, last: str, after: str) -> bool:
    if UNSPACED.match(last) or _SUFFIXING.match(last):
        return True
    if re.match(r"\.(?:com|org|net|co|io|ru|ua|uk|de|fr)\b", text[end : end + 5]):
        return False
    return not (_is_word(after) and _is_word(last)) or bool(UNSPACED.match(after))


def _is_word(char: str) -> bool:
    return bool(char) and (char.isalnum() or char == "_")


# --- capitals -------------------------------------------------------------------------------------------------------


def written_alike(form: str, words: str, lines: Lines, start: int) -> bool:
    """Whether words that begin at an offset are written as a name is: “us” is not the “US”.

    Where their line is in capitals throughout, so is every word of it, and any name; an abbreviation that is also a
    small word (WHO, US, IT) is then taken for the word.
    """
    form, words = form.translate(_PLAIN_MARKS), words.translate(_PLAIN_MARKS)
    if words == form:
        return not (form.isupper() and form.lower() in SMALL_WORDS and lines.in_capitals(start))
    if form.islower() or not _has_case(form):
        return True
    if words.isupper() and lines.in_capitals(start):
        return len(form) > 2
    same = searched(words) == searched(form)
    if form.isupper() and len(form) <= 5:
        return False
    return same and (words.isupper() or _as_capital(form, words))


SMALL_WORDS = frozenset(
    "a all am an and any are as at be best but by can come did do eat end far for fun get go had has he her him his "
    "how i if in is it its kind let made may me must my new no not now of off old on one or our out own pass put raw "
    "red said say see set she so star stop than that the them then they this to too two up us was way we well were "
    "what when who why will win with you your aid care cop mind sage".split()
)
"""English words that are also abbreviations of bodies and countries."""

_WORDS = re.compile(r"(?:^|[\s-])[^\s-]")
"""The first letters of words, with what stands before each."""

_PLAIN_MARKS = {ord(mark): to for mark, to in _LETTERS.items() if to in "' -"}


def _as_capital(form: str, words: str) -> bool:
    """Whether each word that the form writes with a capital has one, but for what follows a hyphen in either."""
    ours, theirs = _WORDS.findall(form), _WORDS.findall(words)
    return len(ours) == len(theirs) and all(
        b[-1].isupper() or "-" in (a[0], b[0]) for a, b in zip(ours, theirs, strict=True) if a[-1].isupper()
    )


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()
