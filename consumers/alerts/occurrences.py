"""Where the forms of tracked names stand in an article, before it is judged whether they are meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ahocorasick_rs import AhoCorasick

from consumers.alerts.forms import Form, forms_of, searched, stands_alone, written_alike
from consumers.alerts.surroundings import SUFFIXES, Surroundings
from consumers.enrich.names.spelling import SHORTEST, plain, same_given_name, sound, spellings
from quotewire.ports import TrackedName
from quotewire.uncollected import uncollected
from schemas.records import Entity

_PARTICLE = r"(?:de|da|di|van|von|der|den|al|el|bin|ibn|la|le)"
_JOINED = r"(?:[ae]l|a[dnrstz]|ash|ben|d|l)[-’'][^\W\d_a-z][\w’'.-]*"
_CAPITALISED = re.compile(rf"[^\W\d_a-z][\w’'.-]*(?:[ \u00a0](?:{_JOINED}|[^\W\d_a-z][\w’'.-]*|{_PARTICLE}(?= )))*")
_SPACED = re.compile(r"\S+")
_ENDING = re.compile(r"(?:[’']s?|\.)$")
_INITIAL = re.compile(r"[^\W\d_]\.?")
_MOST_WORDS = 4
"""So many words of a text may be a name by its sound."""
_FirstKey = tuple[str, str]
_ALONE: _FirstKey = ("alone", "")
_KEPT_WORDS = 50_000
"""So many words of texts are remembered with what they are looked up by."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A form of a tracked name at text[start:end]. `entity` is the article's entity that is mentioned there, if any;
    `resolved` says that the article calls that entity by the name elsewhere: “Austin” after “Lloyd Austin”.
    """

    form: Form
    start: int
    end: int
    entity: Entity | None = None
    resolved: bool = False
    respelt: bool = False
    """Whether it is the name only by its sound: Umierov for Umerov."""


class FormIndex:
    """All forms of a watchlist, made once: an Aho-Corasick automaton, and people's names by their sound."""

    def __init__(self, watchlist: Iterable[TrackedName]) -> None:
        by_folded: dict[str, list[Form]] = {}
        # For the sound of each last word the forms that end so, by what is known of their first ones.
        self._by_sound: dict[str, dict[_FirstKey, list[Form]]] = {}
        with uncollected():
            for tracked in watchlist:
                self._add(tracked, by_folded)
        self.respells = bool(self._by_sound)
        """Whether there are people's names, which are also looked for by their sound."""
        self._exact = {words: forms for words, forms in by_folded.items() if words.strip()}
        self._patterns = list(self._exact)
        self._finder = AhoCorasick(self._patterns) if self._patterns else None

    def _add(self, tracked: TrackedName, by_folded: dict[str, list[Form]]) -> None:
        for form in forms_of(tracked):
            known = by_folded.setdefault(searched(form.written), [])
            if all(other.tracked is not tracked or other.of != form.of for other in known):
                known.append(form)
            if tracked.type in (None, "person"):
                words = [word for word in form.words if _last_key(word)]
                for key in _first_keys(words, 0, len(words) - 1):
                    self._by_sound.setdefault(_last_key(words[-1]), {}).setdefault(key, []).append(form)

    def in_text(self, around: Surroundings) -> Iterator[tuple[Form, int, int]]:
        """Each form that stands in a text as whole words and written as a name is, with its start and end."""
        if self._finder is None:
            return
        text = around.text
        for number, start, end in self._finder.find_matches_as_indexes(around.searched, overlapping=True):
            if not stands_alone(text, start, end):
                continue
            for form in self._exact[self._patterns[number]]:
                if written_alike(form.written, text[start:end], around.lines, start):
                    yield form, start, end

    def spelt_otherwise(self, words: Sequence[str]) -> Iterator[tuple[Form, int, int]]:
        """The forms of people that a few of some words may be in another spelling, or with initials and middle names
        between: each with the numbers of its first word and its last.
        """
        sounds = [_last_key(word) for word in words]
        endings = [self._by_sound.get(sound) for sound in sounds]
        if not any(endings):
            return
        for first in range(len(words)):
            begin = end = first
            for last in range(first, min(len(words), first + _MOST_WORDS)):
                if sounds[last]:
                    begin, end = begin if sounds[begin] else last, last
                by_first = endings[end]
                if by_first is None:
                    continue
                for key in _first_keys(words, begin, end):
                    for form in by_first.get(key, ()):
                        if _one_name(form.words, words[first : last + 1]):
                            yield form, first, last


def occurrences(index: FormIndex, around: Surroundings) -> list[Occurrence]:
    """Every place where a form stands in the text, or an entity is mentioned whose name is one; in order."""
    text = around.text
    found: dict[tuple[int, int, str], Occurrence] = {}

    def note(occurrence: Occurrence) -> None:
        key = (occurrence.start, occurrence.end, occurrence.form.tracked.name)
        known = found.get(key)
        if known is None or (known.respelt and not occurrence.respelt):
            found[key] = occurrence

    for form, start, end in index.in_text(around):
        note(Occurrence(form, start, end, around.mentions.at(start, end)))
    # A name stands in an article again and again.
    respelt: dict[str, list[tuple[Form, int, int]]] = {}
    for match in _CAPITALISED.finditer(text) if index.respells else ():
        words, begin = match.group(), match.start()
        if words not in respelt:
            respelt[words] = list(_respelt(index, words))
        for form, first, last in respelt[words]:
            start, end = begin + first, begin + last
            if (start, end, form.tracked.name) not in found:
                note(Occurrence(form, start, end, around.mentions.at(start, end), respelt=True))
    named = [(occurrence.entity, occurrence) for occurrence in found.values() if occurrence.entity]
    for entity, occurrence in named:
        if _names_it(entity, occurrence, text):
            for mention in entity.mentions:
                note(Occurrence(occurrence.form, mention.start, mention.end, entity, True, occurrence.respelt))
    return sorted(found.values(), key=lambda occurrence: (occurrence.start, -occurrence.end))


def _names_it(entity: Entity, occurrence: Occurrence, text: str) -> bool:
    """Whether the occurrence is the entity's full name, so that its other mentions are the tracked one's too."""
    words = text[occurrence.start : occurrence.end]
    ours = plain(words)
    return ours == plain(entity.name) or (len(words.split()) > 1 and ours in plain(entity.name))


def _respelt(index: FormIndex, words: str) -> Iterator[tuple[Form, int, int]]:
    """The people that some words may name in another spelling, each with its start and end among them."""
    bare = [_bare(word) for word in words.split()]
    for form, first, last in index.spelt_otherwise(bare):
        starts = [word.start() for word in _SPACED.finditer(words)]
        yield form, starts[first], starts[last] + len(bare[last])


def _bare(word: str) -> str:
    return _ENDING.sub("", word) if len(word) > 2 and word[-1] in "s.’'" else word


@lru_cache(_KEPT_WORDS)
def _last_key(word: str) -> str:
    """What the last word of a name is looked up by: its sound. "" for one that tells no name from another, as Jr."""
    return "" if plain(word) in SUFFIXES else sound(word) or plain(word)


def _first_keys(words: Sequence[str], first: int, last: int) -> Sequence[_FirstKey]:
    """What the first word of a name is looked up by; none for a single word that is too short to go by its sound."""
    if first < last:
        return _given_name_keys(words[first])
    return (_ALONE,) if first == last and len(plain(words[first])) > SHORTEST + 1 else ()


@lru_cache(_KEPT_WORDS)
def _given_name_keys(word: str) -> Sequence[_FirstKey]:
    """Each way in which a first word may be one with another, as `same_given_name` has it."""
    spelt = plain(word)
    keys = [("spelt", spelt), ("sounds", sound(word)), ("one of", spellings("given names").get(spelt, ""))]
    return tuple(key for key in keys if key[1])


def _one_name(form: Sequence[str], words: Sequence[str]) -> bool:
    """Whether two names of people whose last words sound alike are one: given names too, middle names apart."""
    form = [word for word in form if plain(word) not in SUFFIXES]
    words = [word for word in words if plain(word) not in SUFFIXES]
    if len(form) == 1 or len(words) == 1:
        return len(form) == len(words)
    if not same_given_name(form[0], words[0]):
        return False
    ours, theirs = form[1:-1], words[1:-1]
    if not ours or not theirs:
        return all(_INITIAL.fullmatch(word) or len(theirs or ours) == 1 for word in theirs or ours)
    return len(ours) == len(theirs) and all(plain(a)[:1] == plain(b)[:1] for a, b in zip(ours, theirs, strict=True))
