"""How likely two articles report the same event."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.records import Fingerprint


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


def same_story(one: Features, other: Features, *, cosine: float, resemblance: float, hours: float) -> float:
    """The probability that two articles report the same event, 0 to 1.

    `cosine` is that of their vectors, `resemblance` the Jaccard similarity of their shingles as the MinHashes estimate
    it, `hours` how far apart they were published.
    """
    contained = _contained(resemblance, one.words, other.words)
    lead = _overlap(one.lead, other.lead)
    names = _overlap(one.names, other.names)
    if _numbered_apart(one.numbers, other.numbers) or (one.lead and other.lead and not lead):
        return 0.0
    score = 9 * cosine + 5 * contained + 3 * lead + 2 * names - 0.02 * hours - 8.5
    return 1 / (1 + math.exp(-score))


def _contained(resemblance: float, one: int, other: int) -> float:
    """How much of the shorter text stands in the longer, from the Jaccard similarity of the two."""
    smaller = min(one, other)
    shared = resemblance * (one + other) / (1 + resemblance)
    return min(1.0, shared / smaller) if smaller else 0.0


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def _numbered_apart(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether both number the same thing, and differently: report 5 is not report 6."""
    ours = {label: number for label, _, number in (entry.partition("#") for entry in one) if number}
    theirs = {label: number for label, _, number in (entry.partition("#") for entry in other) if number}
    shared = ours.keys() & theirs.keys()
    return bool(shared) and all(ours[label] != theirs[label] for label in shared)
