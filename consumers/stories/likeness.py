"""How likely two articles report the same event."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from schemas.records import Fingerprint

_SAME_DAY = 10.0
"""Hours within which outlets take a story up; what comes later is more and more likely the next one."""


_MEANING_APART = 0.3
"""Cosine of what two articles say of their names, below which the same names are no sign of the same event."""
_MAGNITUDES_APART = 0.25
"""Observatories differ by less over one earthquake."""
_ANY_CHARACTERS = 0.6
"""Cosine of two texts of characters about anything."""
_SAME_WORDS = 0.8
"""Cosine of what two articles say of their names, above which one is made after the other's pattern, if not a copy."""


@dataclass(frozen=True, slots=True)
class Features:
    """What of a fingerprint is compared piece by piece; of several articles of a story, what they have together."""

    words: int
    names: frozenset[str]
    lead: frozenset[str]
    numbers: frozenset[str]
    days: frozenset[int]
    unspaced: bool
    event: NDArray[np.int8]

    @classmethod
    def of(cls, fingerprint: Fingerprint) -> Features:
        """The features of a fingerprint."""
        names = fingerprint.names
        return cls(
            fingerprint.words,
            frozenset(names),
            frozenset(names[: fingerprint.lead_names]),
            frozenset(fingerprint.numbers),
            frozenset(fingerprint.days),
            fingerprint.unspaced,
            np.frombuffer(fingerprint.event, dtype=np.int8),
        )

    @classmethod
    def together(cls, members: Sequence[Features]) -> Features:
        """What the likeliest article of a story (the first one) and others of it have together."""
        return replace(
            members[0],
            names=frozenset().union(*(member.names for member in members)),
            lead=frozenset().union(*(member.lead for member in members)),
            numbers=frozenset().union(*(member.numbers for member in members)),
            days=frozenset().union(*(member.days for member in members)),
        )


def minhash_of(fingerprint: Fingerprint) -> NDArray[np.uint32]:
    """The hashes of a fingerprint's MinHash."""
    return np.frombuffer(fingerprint.minhash, dtype="<u4")


def vector_of(fingerprint: Fingerprint) -> NDArray[np.float32]:
    """The vector of a fingerprint, of unit length (or all zeros)."""
    return _unit(np.frombuffer(fingerprint.vector, dtype=np.int8))


def _unit(vector: NDArray[np.int8]) -> NDArray[np.float32]:
    floats = vector.astype(np.float32)
    length = float(np.linalg.norm(floats))
    return floats / length if length else floats


def same_story(
    one: Features,
    other: Features,
    *,
    cosine: float,
    resemblance: float,
    hours: float,
    weight: Callable[[str], float] = lambda _: 1.0,
) -> float:
    """The probability that two articles report the same event, 0 to 1.

    `cosine` is that of their vectors, `resemblance` the Jaccard similarity of their shingles as the MinHashes estimate
    it, `hours` how far apart they were published, `weight` what a name says: less where many stories have it.

    The factors were fitted to the pairs of the tuning sets of corpus/stories by logistic regression, and rounded
    towards two stories; those of hours and numbers were set by hand, for outlets go on longer about an event than the
    copies there do.
    """
    contained = _contained(resemblance, one.words, other.words)
    late = max(0.0, hours - _SAME_DAY)
    apart = (
        0.07 * late
        + (2 + 2 * contained) * _days_apart(one, other)
        # Within hours a number is corrected; in the same words on another day it is another event's.
        + (2 + 2 * contained + 0.3 * min(20.0, late)) * _contradictions(one, other)
    )
    if one.unspaced and other.unspaced:
        # No names are known there; vectors of characters are all alike, and what the texts share says more.
        meaning = max(0.0, (cosine - _ANY_CHARACTERS) / (1 - _ANY_CHARACTERS))
        return _probability(6 * meaning + 6 * contained + bool(one.days & other.days) - apart - 7)
    lead, numbers = _shared(one.lead, other.lead, weight), _shared(one.numbers, other.numbers)
    if _numbered_apart(one.numbers, other.numbers) or (one.lead and other.lead and not lead and not numbers):
        return 0.0
    event = float(_unit(one.event) @ _unit(other.event)) if len(one.event) == len(other.event) > 0 else cosine
    return _probability(
        6.5 * cosine
        + 4 * event
        - (10 * max(0.0, _MEANING_APART - event) if lead else 0)
        + 2 * contained
        + 4 * lead
        + 2 * _shared(one.names, other.names, weight)
        + 3 * numbers
        # Where the texts are the same but for the names, the names are all that tells the two apart.
        - (0.6 + 4 * contained + 30 * max(0.0, event - _SAME_WORDS)) * _at_odds(one.lead, other.lead, weight)
        + (0 if one.lead and other.lead else 1.5)
        - apart
        - 7.7
    )


def _probability(score: float) -> float:
    return 1 / (1 + math.exp(-score))


def _days_apart(one: Features, other: Features) -> bool:
    """Whether both name days of the week, and none in common."""
    return bool(one.days and other.days and not one.days & other.days)


def _contradictions(one: Features, other: Features) -> int:
    """How many things both count or measure, and to another number: two, where it is more."""
    ours, theirs = _by_label(one.numbers), _by_label(other.numbers)
    return min(2, sum(_differ(label, ours[label], theirs[label]) for label in ours.keys() & theirs.keys()))


def _differ(label: str, ours: set[str], theirs: set[str]) -> bool:
    if label != "magnitude":
        return not ours & theirs
    pairs = product(ours, theirs)
    return all(abs(float(a.replace(",", ".")) - float(b.replace(",", "."))) > _MAGNITUDES_APART for a, b in pairs)


def _by_label(numbers: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in numbers:
        number, _, label = entry.partition(" ")
        if label:
            found.setdefault(label, set()).add(number)
    return found


def _contained(resemblance: float, one: int, other: int) -> float:
    """How much of the shorter text stands in the longer, from the Jaccard similarity of the two."""
    smaller = min(one, other)
    shared = resemblance * (one + other) / (1 + resemblance)
    return min(1.0, shared / smaller) if smaller else 0.0


def _shared(one: frozenset[str], other: frozenset[str], weight: Callable[[str], float] = lambda _: 1.0) -> float:
    """How much of the smaller set is in the other, 0 to 1; of few entries less than of many, for it may be chance."""
    if not one or not other:
        return 0.0
    common = sum(weight(entry) for entry in one & other)
    return common / (min(sum(map(weight, one)), sum(map(weight, other))) + 1)


def _at_odds(one: frozenset[str], other: frozenset[str], weight: Callable[[str], float]) -> float:
    """How many names stand against each other: that one has and the other not, while the other has others instead.

    A copy that was cut lacks names and an update adds some; the same report of another town has another town's.
    """
    return min(sum(map(weight, one - other)), sum(map(weight, other - one)))


def _numbered_apart(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether both number the same thing, and differently: report 5 is not report 6."""
    ours = {label: number for label, _, number in (entry.partition("#") for entry in one) if number}
    theirs = {label: number for label, _, number in (entry.partition("#") for entry in other) if number}
    shared = ours.keys() & theirs.keys()
    return bool(shared) and all(ours[label] != theirs[label] for label in shared)
