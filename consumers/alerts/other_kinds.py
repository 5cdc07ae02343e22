"""Whether a single word is somebody or something of another kind: a person where a place is tracked, a month, a river.

A namesake does not mute a name throughout an article. Newspapers give a person's full name before the surname stands
alone, so what the text says before that is somebody or something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from consumers.alerts.forms import Form, folded
from consumers.alerts.occurrences import Occurrence
from consumers.alerts.surroundings import Surroundings, common_given_names, is_no_name, places
from consumers.enrich.names.spelling import plain
from schemas.records import Entity

PLACES = frozenset({"GPE", "LOC", "FAC"})
_PERSON_BEFORE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Lord|Lady|Prof|Judge)\.?\s+$")
_AGE_AFTER = re.compile(r"^, (?:aged )?\d{1,2},? ")
_OF_A_STATE = re.compile(
    r"^['’]s? (?:\w+ )?(?:king|queen|president|prime|premier|government|parliament|army|air|navy|police|capital|"
    r"economy|central|border|borders|foreign|defence|defense|ambassador|constitution|currency|exports|people|voters)\b",
    re.IGNORECASE,
)
_CALENDAR = frozenset(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)
_DATE_BEFORE = re.compile(
    r"(?:\b(?:in|on|since|until|till|during|last|next|this|late|early|mid|each|every)[ -]|"
    r"\d(?:st|nd|rd|th)?,? (?:of )?)$",
    re.IGNORECASE,
)
_DATE_AFTER = re.compile(r"^,? \d")
_OF_NATURE = re.compile(
    r"\b(?:rainforests?|deforestation|rivers?|jungle|basin|loggers|logging|tributar(?:y|ies))\b", re.IGNORECASE
)
_NEAR = 400


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody of two names or more in the article, and where the full name stands first."""

    name: str
    ends: tuple[str, ...]
    """The words of the name, plain, that may stand for this person: the first and the last."""
    start: int


class OtherKinds:
    """What else the single words of one article may be."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    def hold(self, occurrence: Occurrence) -> bool:
        """Whether an occurrence is of another kind than the tracked one."""
        around, entity, kind = self._around, occurrence.entity, occurrence.form.tracked.type
        words = around.text[occurrence.start : occurrence.end]
        if len(words.split()) > 1 or not words[:1].isupper():
            return False
        if self._is_a_date(occurrence, words):
            return True
        placed = around.is_placed(occurrence.start)
        if kind == "person":
            if occurrence.resolved:
                return False
            if self._is_another_person(words, occurrence.form) or around.is_in_a_place(occurrence.end):
                return True
            if entity is not None and entity.label in PLACES:
                return placed or folded(words) in places()
            return folded(words) in places() and placed
        if kind in ("place", "organization", "product"):
            if _PERSON_BEFORE.search(around.before(occurrence.start)):
                return True
            if kind == "organization" and entity is not None and entity.label == "LOC":
                return True
            if kind != "place" and self._is_of_nature(occurrence):
                return True
            if kind == "place" and (placed or _OF_A_STATE.match(around.after(occurrence.end))):
                return False
            return self._is_a_person(occurrence, words)
        return False

    def surname_of(self, occurrence: Occurrence) -> str:
        """The full name that the article gives for a surname of which the watchlist has no full name; "" for none."""
        tracked = occurrence.form.tracked
        if tracked.type != "person" or _full_names(occurrence.form) or len(occurrence.form.words) > 1:
            return ""
        bearers = [person.name for person in self._namesakes(occurrence.form.written, occurrence.form)]
        return bearers[0] if bearers else ""

    def has_namesake(self, occurrence: Occurrence) -> bool:
        """Whether the article has a person who bears a place's or a body's name as well."""
        form = occurrence.form
        if len(form.words) > 1 or form.tracked.type in (None, "person", "phrase"):
            return False
        return bool(self._namesakes(self._around.text[occurrence.start : occurrence.end], form))

    # --- people

    def _namesakes(self, words: str, form: Form) -> list[_Person]:
        """The others in the article who bear this given name or surname."""
        bearers = [person for person in self._people if plain(words) in person.ends]
        if not bearers:
            return []
        own = {plain(written) for written in (form.tracked.name, *form.tracked.aliases)}
        return [person for person in bearers if plain(person.name) not in own]

    def _is_another_person(self, words: str, form: Form) -> bool:
        """Whether a person's name is that of others only, as far as the article says."""
        namesakes = self._namesakes(words, form)
        full = _full_names(form)
        if not full:
            # Whoever bears a surname may be the tracked one; somebody else's given name is not.
            return bool(namesakes) and all(plain(words) != person.ends[-1] for person in namesakes)
        return bool(namesakes) and full.isdisjoint(self._full_names_here)

    def _is_a_person(self, occurrence: Occurrence, words: str) -> bool:
        """Whether it is a person where a place, a body or a product is tracked."""
        namesakes = self._namesakes(words, occurrence.form)
        if namesakes:
            return not self._stands_before(namesakes, occurrence, words)
        entity = occurrence.entity
        if entity is None or entity.label != "PERSON":
            return False
        full = entity.name.split()
        if len(full) > 1:
            return plain(full[-1]) == plain(words)
        return _AGE_AFTER.match(self._around.after(occurrence.end)) is not None

    def _stands_before(self, namesakes: list[_Person], occurrence: Occurrence, words: str) -> bool:
        """Whether the body of the article has the word alone before it gives any namesake's full name, and this
        occurrence stands before that as well.
        """
        first = min(person.start for person in namesakes)
        headline_end = self._around.headline_end
        if first < headline_end or occurrence.start > first:
            return False
        return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", self._around.text[headline_end:first]) is not None

    @cached_property
    def _people(self) -> list[_Person]:
        return list(self._found_people())

    def _found_people(self) -> Iterator[_Person]:
        for entity in self._around.entities:
            name = entity.name.split()
            if len(name) < 2 or is_no_name(name[-1]):
                # “Georgia President”, before the name, is nobody's.
                continue
            start = min(
                (mention.start for mention in entity.mentions if len(mention.text.split()) > 1),
                default=min((mention.start for mention in entity.mentions), default=0),
            )
            if entity.label == "PERSON" or folded(name[0]) in common_given_names():
                yield _Person(entity.name, (plain(name[0]), plain(name[-1])), start)
            elif _may_be_a_person(entity):
                # A model that takes a person for a body is believed as to the surname only: Apple Music is Apple’s.
                yield _Person(entity.name, (plain(name[-1]),), start)

    @cached_property
    def _full_names_here(self) -> frozenset[str]:
        return frozenset(plain(person.name) for person in self._people if len(person.ends) > 1)

    # --- dates and rivers

    def _is_a_date(self, occurrence: Occurrence, words: str) -> bool:
        """Whether it is a month or a day of the week: in May, May 3. Without a date beside it a name must be seen."""
        if folded(words) not in _CALENDAR:
            return False
        around = self._around
        if _DATE_BEFORE.search(around.before(occurrence.start, 12)) or _DATE_AFTER.match(
            around.after(occurrence.end, 4)
        ):
            return True
        return occurrence.entity is None and not occurrence.resolved

    def _is_of_nature(self, occurrence: Occurrence) -> bool:
        """Whether a body's name is that of a river or a forest: loggers in the Amazon."""
        around = self._around
        if not around.before(occurrence.start, 5).endswith((" the ", " The ")):
            return False
        return _OF_NATURE.search(around.text, max(0, occurrence.start - _NEAR), occurrence.end + _NEAR) is not None


def _full_names(form: Form) -> set[str]:
    return {plain(name) for name in (form.tracked.name, *form.tracked.aliases) if len(name.split()) > 1}


def _may_be_a_person(entity: Entity) -> bool:
    """Whether what the model takes for a body may be a person: two words, none of them a body's."""
    words = entity.name.split()
    return (
        entity.label == "ORG"
        and len(words) == 2
        and folded(words[0]) not in places()
        and not any(is_no_name(word) or word.isupper() for word in words)
    )
