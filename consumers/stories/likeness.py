"""How likely two articles report the same event."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.records import Fingerprint

_SAME_DAY = 10.0
"""Hours within which outlets take a story up; what comes later is more and more likely the next one."""


@dataclass(frozen=True, slots=True)
class Features:
    """What of a fingerprint is compared piece by piece."""

    words: int
    names: frozenset[str]
    lead: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, fingerprint: Fingerprint) -> Features:
        """The features of a fingerprint."""
        names = fingerprint.names
        return cls(
            fingerprint.words,
            frozenset(names),
            frozenset(names[: fingerprint.lead_names]),
            frozenset(fingerprint.numbers),
        )


def minhash_of(fingerprint: Fingerprint) -> NDArray[np.uint32]:
    """The hashes of a fingerprint's MinHash."""
    return np.frombuffer(fingerprint.minhash, dtype="<u4")


def vector_of(fingerprint: Fingerprint) -> NDArray[np.float32]:
    """The vector of a fingerprint, of unit length (or all zeros)."""
    vector = np.frombuffer(fingerprint.vector, dtype=np.int8).astype(np.float32)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


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

    The factors were chosen on the first half of corpus/stories (benchmarks/stories.py).
    """
    lead = _shared(one.lead, other.lead, weight)
    if _numbered_apart(one.numbers, other.numbers) or (one.lead and other.lead and not lead):
        return 0.0
    contained = _contained(resemblance, one.words, other.words)
    score = (
        8 * cosine
        + 4 * contained
        + 5 * lead
        + 2 * _shared(one.names, other.names, weight)
        + 4 * _shared(one.numbers, other.numbers)
        # Where the texts are the same but for the names, the names are all that tells the two apart.
        - (2 + 2 * contained) * _at_odds(one.lead, other.lead, weight)
        - 0.05 * max(0.0, hours - _SAME_DAY)
        - 8
    )
    return 1 / (1 + math.exp(-score))


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
