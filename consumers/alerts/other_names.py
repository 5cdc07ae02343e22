"""Whether an occurrence is a piece of a longer name: Denzel Washington, the Washington Post, Paris Saint-Germain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from consumers.alerts.forms import folded
from consumers.alerts.occurrences import Occurrence
from consumers.alerts.surroundings import (
    CORPORATE,
    SUFFIXES,
    Surroundings,
    bodies,
    common_given_names,
    is_no_name,
    is_possessive,
    places,
)
from consumers.enrich.names.spelling import plain, same_given_name

_WORD = re.compile(r"[^\W\d_][\w’'.-]*")
_NATURE = frozenset("river rainforest basin jungle valley lake island islands mountains forest".split())
_LARGE = _NATURE | frozenset("street road avenue".split())
"""What bears the name of somebody or something else."""
_OF_THE_PLANT = frozenset(
    "pie pies tree trees orchard orchards grower growers picker pickers juice cider crumble crop crops harvest "
    "blossom sauce tart tarts".split()
)
_OF_THE_THING = frozenset("coil coils practice audience audiences".split())
_COMMON = _OF_THE_PLANT | _OF_THE_THING
"""After one of these a body's name is the common noun that it was made of: apple pie, a Tesla coil, target practice."""


class OtherNames:
    """The longer names of one article."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    def hold(self, occurrence: Occurrence) -> bool:
        """Whether the words of an occurrence belong to a longer name, or to a compound of another meaning."""
        around, form, start, end = self._around, occurrence.form, occurrence.start, occurrence.end
        if not around.text[start].isupper() or occurrence.resolved:
            return occurrence.resolved and self._is_a_place_here(occurrence)
        if self._is_a_compound(occurrence):
            return True
        kind = form.tracked.type
        before, after = around.name_before(start), around.name_after(end)
        further = self._further_words(start, end, before, after)
        if after and plain(after) in SUFFIXES:
            after = None
        if after and kind in (None, "organization", "product") and plain(after) in CORPORATE:
            after = None
        if further:
            return not self._are_given_names(occurrence, further)
        if before and self._binds_before(occurrence, before):
            return not self._are_given_names(occurrence, [before])
        return bool(after and self._binds_after(occurrence, after))

    def _further_words(self, start: int, end: int, before: str | None, after: str | None) -> list[str]:
        """The words that the model takes for more of the same name, here or wherever the article has them together."""
        around = self._around
        span = around.mentions.span_at(start, end)
        if span is not None and (span[0] < start or span[1] > end):
            extra = around.text[span[0] : start] + " " + around.text[end : span[1]]
            if words := [word for word in _WORD.findall(extra) if _is_of_a_name(word)]:
                return words
        words = around.text[start:end].split()
        if before and (plain(before), plain(words[0])) in self._pairs:
            return [before]
        if after and (plain(words[-1]), plain(after)) in self._pairs:
            return [after]
        return []

    @cached_property
    def _pairs(self) -> frozenset[tuple[str, str]]:
        """Words that stand side by side in a name of several, save where headlines give every word a capital."""
        return frozenset(self._found_pairs())

    def _found_pairs(self) -> Iterator[tuple[str, str]]:
        around = self._around
        for entity in around.entities:
            for mention in entity.mentions:
                if around.in_capitals(mention.start) or around.in_title_case(mention.start):
                    continue
                words = _WORD.findall(mention.text)
                for one, other in pairwise(words):
                    if _is_of_a_name(one) and _is_of_a_name(other):
                        yield plain(one), plain(other)

    def _is_a_compound(self, occurrence: Occurrence) -> bool:
        """Whether the word after makes another thing of a body's name: the Amazon rainforest, apple pie."""
        form, after = occurrence.form, self._around.word_after(occurrence.end)
        if not after or len(form.words) > 1:
            return False
        if after in _NATURE and form.tracked.type != "place":
            return True
        return after in _COMMON and form.tracked.type in ("organization", "product")

    def _binds_before(self, occurrence: Occurrence, before: str) -> bool:
        """Whether the capitalised word before is of the same name."""
        around, start = self._around, occurrence.start
        given = folded(before) in common_given_names()
        if around.in_capitals(start):
            return given or self._is_known(f"{before} {around.text[start : occurrence.end]}")
        if around.in_title_case(start) and not before.isupper():
            return given
        if self._is_a_name_of_its_own(occurrence):
            return given and occurrence.form.tracked.type != "person"
        return given or (
            len(occurrence.form.words) == 1
            and occurrence.form.tracked.type in ("person", "place")
            and not around.mentions.span_at(start - len(before) - 1, start - 1)
            and occurrence.entity is None
        )

    def _binds_after(self, occurrence: Occurrence, after: str) -> bool:
        """Whether the capitalised word after is of the same name."""
        around, end = self._around, occurrence.end
        kind, several = occurrence.form.tracked.type, len(occurrence.form.words) > 1
        if after.startswith("Saint-") or (folded(after) in _LARGE and kind != "place"):
            return True
        if around.in_capitals(occurrence.start):
            return self._is_known(f"{around.text[occurrence.start : end]} {after}")
        if around.in_title_case(occurrence.start):
            return False
        if around.text[end] == "-":
            return kind in (None, "person") and several
        other = around.mentions.span_at(end + 1, end + 1 + len(after))
        beside = other is not None and other[0] == end + 1
        labels = {around.entities[other[2]].label} if other and beside else set()
        if occurrence.entity is not None:
            labels.add(occurrence.entity.label)
        if "PERSON" in labels and not several and kind != "person":
            # “Paris” and “Hilton”, side by side, are one person; but “in Paris Hilton said” are two.
            return not is_no_name(after) and not around.is_placed(occurrence.start)
        if self._is_a_name_of_its_own(occurrence) or beside:
            return False
        if is_no_name(after) or after.isupper():
            return False
        return several if kind == "person" else not several and kind != "phrase"

    def _is_a_name_of_its_own(self, occurrence: Occurrence) -> bool:
        """Whether the model takes just these words for a name."""
        entity = occurrence.entity
        return entity is not None and plain(entity.name) == plain(self._around.text[occurrence.start : occurrence.end])

    def _is_known(self, words: str) -> bool:
        return folded(words) in bodies() or folded(words) in places()

    def _are_given_names(self, occurrence: Occurrence, words: Sequence[str]) -> bool:
        """Whether further words of the longer name are the tracked person's own: Volodymyr Zelensky for Zelensky."""
        tracked = occurrence.form.tracked
        if tracked.type not in (None, "person"):
            return False
        full = [form.split() for form in (tracked.name, *tracked.aliases) if len(form.split()) > 1]
        if any(same_given_name(words[0], name[0]) for name in full):
            return True
        return tracked.type == "person" and not full and words[0] in self._around.before(occurrence.start, 60)

    def _is_a_place_here(self, occurrence: Occurrence) -> bool:
        """Whether a surname that was taken for the person's is a city in this place: in Austin, Texas."""
        if occurrence.form.tracked.type not in (None, "person"):
            return False
        words = self._around.text[occurrence.start : occurrence.end]
        if len(words.split()) > 1:
            return False
        if self._around.is_in_a_place(occurrence.end):
            return True
        return folded(words) in places() and self._around.is_placed(occurrence.start)


def _is_of_a_name(word: str) -> bool:
    return not (is_no_name(word) or plain(word) in SUFFIXES | CORPORATE or is_possessive(word))
