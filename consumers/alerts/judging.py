"""Whether an occurrence of a tracked name is the tracked one, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from consumers.alerts.forms import Form, folded
from consumers.alerts.occurrences import SUFFIXES, Mentions, Occurrence
from consumers.enrich.lexicon import words as word_list
from consumers.enrich.names.lexicon import given_names, known
from consumers.enrich.names.spelling import plain, same_given_name
from schemas.records import EnrichedArticle

_PLACES = frozenset({"GPE", "LOC", "FAC"})
_PLACE_BEFORE = re.compile(
    r"\b(?:in|at|from|to|near|outside|around|across|into|leaving|toward|towards|via)\s+$", re.IGNORECASE
)
_PLACE_AFTER = re.compile(r"^,\s+(?=[A-Z])([A-Z][\w.]*(?: [A-Z]\w*)?)")
_PERSON_BEFORE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Lord|Lady|Prof|Judge)\.?\s+$")
_NAME_BEFORE = re.compile(r"([^\W\d_a-z][\w’'.-]*)[ \u00a0]$")
_NAME_AFTER = re.compile(r"^(?:[ \u00a0]|-(?=[^\W\d_a-z]))([^\W\d_a-z][\w’'.-]*)")
_CORPORATE = frozenset(
    "inc corp corporation ltd limited plc llc llp ag se sa nv gmbh spa ab asa oyj co company group holdings".split()
)
_NOT_NAMES = frozenset(
    "the a an this that these those in on at for from by with and but or if as when while after before since until why "
    "how what who where our his her their its my your no not yes we he she they i it there here then now today "
    "monday tuesday wednesday thursday friday saturday sunday also even only both former late says said".split()
)
"""Capitalised at the beginning of a sentence or in a headline, they belong to no name."""
_LARGE = frozenset(
    "river rainforest basin jungle valley lake island islands mountains forest street road avenue".split()
)


@dataclass(frozen=True, slots=True)
class Judged:
    """An occurrence that counts."""

    occurrence: Occurrence
    rule: str
    confidence: float


class Judge:
    """Judges the occurrences in one article."""

    def __init__(self, article: EnrichedArticle) -> None:
        self._text = article.text
        self._mentions = Mentions(article)
        self._headline_end = article.headline.end if article.headline else 0
        self._small = frozenset(re.findall(r"\b[a-z][a-z'’-]+\b", article.text))
        self._longer = frozenset(plain(name) for name in _longer_names(article))
        self._parts = [(plain(name), _ends(name)) for name in _longer_names(article)]
        # A model that takes a person for a body is believed as to the surname only: Apple Music is Apple’s.
        self._parts += [(plain(name), _ends(name)[1:]) for name in _perhaps_people(article)]

    def judge(self, occurrence: Occurrence) -> Judged | None:
        """How sure it is that the tracked one is meant; None where somebody or something else is."""
        form = occurrence.form
        if form.tracked.type == "phrase":
            return Judged(occurrence, "phrase", 0.95 if form.is_name else 0.9)
        if self.is_somebody_else(occurrence):
            return None
        confidence = self._confidence(occurrence)
        if len(form.words) == 1 and not occurrence.resolved:
            confidence -= self._doubt(occurrence)
        return Judged(occurrence, self._rule(occurrence), round(max(0.05, min(0.99, confidence)), 2))

    def is_somebody_else(self, occurrence: Occurrence) -> bool:
        """Whether the words belong to a longer name, or to somebody or something of another kind."""
        return self._is_part_of_another_name(occurrence) or self._is_of_another_kind(occurrence)

    def _rule(self, occurrence: Occurrence) -> str:
        kind = "name" if occurrence.form.is_name else "alias"
        text = self._text[occurrence.start : occurrence.end]
        if occurrence.respelt or occurrence.form.is_variant:
            return f"{kind} spelt otherwise, “{text}”"
        if occurrence.resolved and plain(text) != plain(occurrence.form.written):
            return (
                f"“{text}”, whom the article calls “{' '.join(occurrence.entity.name.split())}”"
                if occurrence.entity
                else kind
            )
        return f"entity by {kind}" if occurrence.entity else f"words of {kind}"

    def _confidence(self, occurrence: Occurrence) -> float:
        form = occurrence.form
        confidence = 0.96 if form.is_name else 0.93
        if occurrence.entity is None:
            confidence -= 0.06
        if occurrence.respelt:
            confidence -= 0.12
        elif form.is_variant:
            confidence -= 0.03
        elif form.inflected:
            confidence -= 0.05
        if occurrence.start < self._headline_end:
            confidence -= 0.02
        return confidence

    # --- single words -----------------------------------------------------------------------------------------------

    def _doubt(self, occurrence: Occurrence) -> float:
        """How much less sure a single word is than a name of several."""
        form, entity = occurrence.form, occurrence.entity
        doubt = 0.06
        if form.written.islower() or not form.written.isascii():
            return doubt
        at_start = self._begins_sentence(occurrence.start) or occurrence.start < self._headline_end
        if form.written.lower() in self._small and not form.written.isupper() and (at_start or entity is None):
            doubt += 0.45
        elif entity is None:
            doubt += 0.14 if at_start else 0.04
        if entity is not None and not _fits(form.tracked.type, entity.label):
            doubt += 0.2
        return doubt

    def _begins_sentence(self, start: int) -> bool:
        before = self._text[max(0, start - 4) : start].rstrip(" “\"'‘")
        return not before or before.endswith((".", "!", "?", "\n", ":"))

    # --- other names ------------------------------------------------------------------------------------------------

    def _is_part_of_another_name(self, occurrence: Occurrence) -> bool:
        """Whether it is a piece of a longer name: Denzel Washington is not Washington."""
        form, start, end = occurrence.form, occurrence.start, occurrence.end
        if not self._text[start].isupper() or occurrence.resolved:
            return occurrence.resolved and self._is_a_place_here(occurrence)
        kind = form.tracked.type
        before, after = self._name_before(start), self._name_after(end)
        if after and plain(after) in SUFFIXES:
            after = None
        if after and kind in (None, "organization", "product") and plain(after) in _CORPORATE:
            after = None
        span = self._mentions.span_at(start, end)
        inside = span is not None and (span[0] < start or span[1] > end)
        if inside and span is not None:
            extra = self._text[span[0] : start] + " " + self._text[end : span[1]]
            left = [word for word in re.findall(r"[^\W\d_][\w’'.-]*", extra) if not _is_no_name(word)]
            left = [
                word for word in left if plain(word) not in SUFFIXES | _CORPORATE and folded(word) not in ("'s", "s")
            ]
            if left:
                return not self._is_given_name(occurrence, left)
        if before and self._binds_before(occurrence, before):
            return not self._is_given_name(occurrence, [before])
        return bool(after and self._binds_after(occurrence, after))

    def _binds_before(self, occurrence: Occurrence, before: str) -> bool:
        """Whether the capitalised word before is of the same name."""
        if occurrence.start < self._headline_end and not before.isupper() and self._in_title_case():
            return folded(before) in _given_names()
        entity = occurrence.entity
        if entity is not None and plain(entity.name) == plain(self._text[occurrence.start : occurrence.end]):
            return folded(before) in _given_names() and occurrence.form.tracked.type != "person"
        return folded(before) in _given_names() or (
            len(occurrence.form.words) == 1
            and occurrence.form.tracked.type in ("person", "place")
            and not self._mentions.span_at(occurrence.start - len(before) - 1, occurrence.start - 1)
            and entity is None
        )

    def _binds_after(self, occurrence: Occurrence, after: str) -> bool:
        if occurrence.start < self._headline_end and self._in_title_case():
            return False
        if self._text[occurrence.end] == "-":
            return occurrence.form.tracked.type in (None, "person") and len(occurrence.form.words) > 1
        if folded(after) in _LARGE and occurrence.form.tracked.type != "place":
            return True
        entity = occurrence.entity
        exact = entity is not None and plain(entity.name) == plain(self._text[occurrence.start : occurrence.end])
        other = self._mentions.span_at(occurrence.end + 1, occurrence.end + 1 + len(after))
        if exact or (other is not None and other[0] > occurrence.start):
            return False
        if _is_no_name(after) or after.isupper():
            return False
        kind, several = occurrence.form.tracked.type, len(occurrence.form.words) > 1
        return several if kind == "person" else not several and kind != "phrase"

    def _is_given_name(self, occurrence: Occurrence, words: Sequence[str]) -> bool:
        """Whether further words of the longer name are the tracked person's own: Volodymyr Zelensky for Zelensky."""
        tracked = occurrence.form.tracked
        if tracked.type not in (None, "person") or not words:
            return False
        full = [form.split() for form in (tracked.name, *tracked.aliases) if len(form.split()) > 1]
        if any(same_given_name(words[0], name[0]) for name in full):
            return True
        start = self._text.rfind(words[0], 0, occurrence.start + 1)
        return tracked.type == "person" and not full and start >= 0 and start < occurrence.start

    def _is_a_place_here(self, occurrence: Occurrence) -> bool:
        """Whether a surname that was taken for the person's is a city in this place: in Austin, Texas."""
        if occurrence.form.tracked.type not in (None, "person"):
            return False
        words = self._text[occurrence.start : occurrence.end]
        if len(words.split()) > 1:
            return False
        before = self._text[max(0, occurrence.start - 12) : occurrence.start]
        after = _PLACE_AFTER.match(self._text[occurrence.end : occurrence.end + 40])
        if after and folded(after.group(1)).rstrip(".") in _places():
            return True
        return folded(words) in _places() and _PLACE_BEFORE.search(before) is not None

    def _name_before(self, start: int) -> str | None:
        match = _NAME_BEFORE.search(self._text, max(0, start - 40), start)
        if match is None or not match.group(1)[0].isupper() or _is_no_name(match.group(1)):
            return None
        return match.group(1)

    def _name_after(self, end: int) -> str | None:
        match = _NAME_AFTER.match(self._text[end : end + 40])
        return match.group(1) if match and match.group(1)[0].isupper() else None

    def _in_title_case(self) -> bool:
        words = re.findall(r"[^\W\d_][\w’'-]*", self._text[: self._headline_end])
        capital = sum(word[0].isupper() for word in words)
        return bool(words) and capital >= 0.6 * len(words)

    def _is_part_of_a_person(self, words: str, form: Form) -> bool:
        """Whether somebody else in the article has this given name or surname."""
        own = {plain(written) for written in (form.tracked.name, *form.tracked.aliases)}
        return any(plain(words) in ends and name not in own for name, ends in self._parts)

    def _full_name_is_here(self, occurrence: Occurrence) -> bool:
        """Whether the article gives a longer name of the tracked person: Oleh Zelenko for Zelenko."""
        tracked = occurrence.form.tracked
        full = [plain(form) for form in (tracked.name, *tracked.aliases) if len(form.split()) > 1]
        return any(name in self._longer for name in full)

    # --- other kinds ------------------------------------------------------------------------------------------------

    def _is_of_another_kind(self, occurrence: Occurrence) -> bool:
        """Whether a single word is a person where a place is tracked, or the other way round."""
        entity, form = occurrence.entity, occurrence.form
        kind = form.tracked.type
        words = self._text[occurrence.start : occurrence.end]
        if len(words.split()) > 1 or not words[:1].isupper():
            return False
        before = self._text[max(0, occurrence.start - 12) : occurrence.start]
        after = self._text[occurrence.end : occurrence.end + 40]
        if kind == "person":
            if occurrence.resolved:
                return False
            if self._is_part_of_a_person(words, form) and not self._full_name_is_here(occurrence):
                return True
            place = _PLACE_AFTER.match(after)
            if place and folded(place.group(1)).rstrip(".") in _places():
                return True
            if entity is not None and entity.label in _PLACES:
                return _PLACE_BEFORE.search(before) is not None or folded(words) in _places()
            return folded(words) in _places() and _PLACE_BEFORE.search(before) is not None
        if kind in ("place", "organization", "product"):
            placed = kind == "place" and _PLACE_BEFORE.search(before) is not None
            if _PERSON_BEFORE.search(before) or (not placed and self._is_part_of_a_person(words, form)):
                return True
            if entity is not None and entity.label == "PERSON":
                full = entity.name.split()
                longer = len(full) > 1 and plain(full[-1]) == plain(words)
                return longer and not placed
            if kind == "organization" and entity is not None and entity.label == "LOC":
                return True
        return False


def _longer_names(article: EnrichedArticle) -> list[str]:
    """The names of several words that people in an article have, by the model or by their given name."""
    several = [entity for entity in article.entities if len(entity.name.split()) > 1]
    return [
        entity.name
        for entity in several
        if entity.label == "PERSON" or folded(entity.name.split()[0]) in _given_names()
    ]


def _perhaps_people(article: EnrichedArticle) -> list[str]:
    """The names that the model takes for bodies and that may be people's: two words, none of them a body's."""
    bodies = [entity.name for entity in article.entities if entity.label == "ORG" and len(entity.name.split()) == 2]
    return [
        name
        for name in bodies
        if folded(name.split()[0]) not in _places()
        and not any(_is_no_name(word) or word.isupper() for word in name.split())
    ]


def _ends(name: str) -> tuple[str, ...]:
    words = name.split()
    return plain(words[0]), plain(words[-1])


@cache
def _places() -> frozenset[str]:
    return frozenset(map(folded, known("places")))


@cache
def _given_names() -> frozenset[str]:
    return frozenset(map(folded, given_names("any")))


def _fits(kind: str | None, label: str) -> bool:
    if kind == "person":
        return label == "PERSON"
    if kind == "place":
        return label in _PLACES
    if kind == "organization":
        return label in ("ORG", "PRODUCT", "FAC")
    return True


def _is_no_name(word: str) -> bool:
    """Whether a capitalised word is no part of a name: a title, or a small word that begins a sentence."""
    word = folded(word).rstrip(".'")
    return word in _NOT_NAMES or word in word_list("titles") or word in word_list("people") or word in ("us", "u.s")
