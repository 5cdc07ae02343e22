"""Whether an occurrence of a tracked name is the tracked one, and how sure that is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from consumers.alerts.occurrences import Occurrence
from consumers.alerts.other_kinds import PLACES, OtherKinds
from consumers.alerts.other_names import OtherNames
from consumers.alerts.surroundings import Surroundings
from consumers.enrich.names.spelling import plain

_SURNAME_ALONE = 0.68
"""How sure a surname is of which the watchlist has no full name, where the article gives one: others bear it, too."""
_NAMESAKE = 0.15
"""How much less sure a name is that somebody in the article bears as well."""
_POSSESSIVE = re.compile(r"[’']s?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judged:
    """An occurrence that counts."""

    occurrence: Occurrence
    rule: str
    confidence: float


class Judge:
    """Judges the occurrences in one article."""

    def __init__(self, around: Surroundings) -> None:
        self._text = around.text
        self._around = around
        self._names = OtherNames(around)
        self._kinds = OtherKinds(around)

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
        rule = self._rule(occurrence)
        if full := self._kinds.surname_of(occurrence):
            confidence = min(confidence, _SURNAME_ALONE)
            rule = f"surname of “{' '.join(full.split())}”"
        return Judged(occurrence, rule, round(max(0.05, min(0.99, confidence)), 2))

    @cached_property
    def _small(self) -> frozenset[str]:
        """The words that the article also writes small."""
        return frozenset(re.findall(r"\b[a-z][a-z'’-]+\b", self._text))

    def is_somebody_else(self, occurrence: Occurrence) -> bool:
        """Whether the words belong to a longer name, or to somebody or something of another kind."""
        return self._names.hold(occurrence) or self._kinds.hold(occurrence)

    def _rule(self, occurrence: Occurrence) -> str:
        kind = "name" if occurrence.form.is_name else "alias"
        text = self._text[occurrence.start : occurrence.end]
        if occurrence.respelt or occurrence.form.is_variant:
            return f"{kind} spelt otherwise, “{text}”"
        entity = occurrence.entity
        if entity is None:
            return kind if occurrence.resolved else f"words of {kind}"
        words = plain(_POSSESSIVE.sub("", text))
        if occurrence.resolved and words not in (
            plain(occurrence.form.written),
            plain(_POSSESSIVE.sub("", entity.name)),
        ):
            return f"“{text}”, whom the article calls “{' '.join(entity.name.split())}”"
        return f"entity by {kind}"

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
        if self._around.in_headline(occurrence.start):
            confidence -= 0.02
        if self._kinds.has_namesake(occurrence):
            confidence -= _NAMESAKE
        return confidence

    def _doubt(self, occurrence: Occurrence) -> float:
        """How much less sure a single word is than a name of several."""
        form, entity, around = occurrence.form, occurrence.entity, self._around
        doubt = 0.06
        if form.written.islower() or not form.written.isascii():
            return doubt
        at_start = around.begins_sentence(occurrence.start) or around.in_headline(occurrence.start)
        if form.written.lower() in self._small and not form.written.isupper() and (at_start or entity is None):
            doubt += 0.45
        elif entity is None and at_start:
            doubt += 0.36 if self._is_only_a_capital(occurrence) else 0.14
        elif entity is None:
            doubt += 0.04
        if (
            entity is not None
            and not _fits(form.tracked.type, entity.label)
            and not self._kinds.has_namesake(occurrence)
        ):
            doubt += 0.2
        return doubt

    def _is_only_a_capital(self, occurrence: Occurrence) -> bool:
        """Whether a first word may be any word: the model sees names in the text, but none here, and it stands once."""
        around = self._around
        if not around.entities or around.in_capitals(occurrence.start):
            return False
        words = self._text[occurrence.start : occurrence.end]
        return self._text.find(words, occurrence.end) < 0 and self._text.find(words) == occurrence.start


def _fits(kind: str | None, label: str) -> bool:
    if kind == "person":
        return label == "PERSON"
    if kind == "place":
        return label in PLACES
    if kind == "organization":
        return label in ("ORG", "PRODUCT", "FAC")
    return True
