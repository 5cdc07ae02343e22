"""An article's fingerprint: what is kept of it to tell its story by, a kilobyte whatever its length."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from consumers.stories.names import folded, numbers, one_spelling, present, words_of_names
from schemas.records import Fingerprint

PERMUTATIONS = 64
"""Hashes of a MinHash: the standard error of a resemblance of one half is 6 in 100 (Broder, “On the resemblance and
containment of documents”, 1997)."""

_SHINGLE = 3
_LEAD_WORDS = 70
"""About three sentences: where an article says what happened."""
_MOST_READ = 20_000
"""Code points of a text at the most; what comes after says nothing more of what it is about."""
_MOST_NAMES = 60
_MOST_NUMBERS = 24
_SCALE = 127
_WORD = re.compile(r"\w+")


class Embedder(Protocol):
    """Texts to vectors whose cosine says how alike they are in meaning."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector of unit length a text, as rows."""
        ...


def fingerprints(articles: Sequence[tuple[str, str]], embedder: Embedder) -> list[Fingerprint]:
    """The fingerprint of each article, given as title and body (the body without the title)."""
    leads = [_lead(title, body) for title, body in articles]
    vectors = np.rint(embedder.embed(leads) * _SCALE).astype(np.int8) if leads else ()
    return [
        _fingerprint(title, body, lead, vector)
        for (title, body), lead, vector in zip(articles, leads, vectors, strict=True)
    ]


def _fingerprint(title: str, body: str, lead: str, vector: NDArray[np.int8]) -> Fingerprint:
    shingles = _shingles((body or title)[:_MOST_READ])
    minhash = MinHash(num_perm=PERMUTATIONS, seed=1)
    minhash.update_batch([shingle.encode() for shingle in shingles])
    title, body = title[:_MOST_READ], body[:_MOST_READ]
    names = words_of_names(title, body)
    in_lead = present(names, lead)
    leading = list(dict.fromkeys(map(one_spelling, in_lead)))[:_MOST_NAMES]
    ordered = list(dict.fromkeys([*leading, *map(one_spelling, names)]))[:_MOST_NAMES]
    return Fingerprint(
        minhash=b64encode(minhash.hashvalues.astype("<u4").tobytes()),
        vector=b64encode(vector.tobytes()),
        words=len(shingles),
        names=tuple(ordered),
        lead_names=len(leading),
        numbers=tuple(numbers(lead)[:_MOST_NUMBERS]),
    )


def _lead(title: str, body: str) -> str:
    end = 0
    for number, match in enumerate(_WORD.finditer(body)):
        if number >= _LEAD_WORDS:
            break
        end = match.end()
    return f"{title}. {body[:end]}" if title else body[:end]


def _shingles(text: str) -> list[str]:
    words = [folded(match.group()) for match in _WORD.finditer(text)]
    if len(words) < _SHINGLE:
        return words
    return sorted({" ".join(words[start : start + _SHINGLE]) for start in range(len(words) - _SHINGLE + 1)})
