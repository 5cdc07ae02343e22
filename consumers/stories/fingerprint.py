"""An article's fingerprint: what is kept of it to tell its story by, one and a half kilobytes whatever its length."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from consumers.stories.names import days, folded, numbers, one_spelling, present, without, words_of_names
from schemas.records import Fingerprint

PERMUTATIONS = 64
"""Hashes of a MinHash: the standard error of a resemblance of one half is 6 in 100 (Broder, “On the resemblance and
containment of documents”, 1997)."""

_SHINGLE = 3
"""Words that make a shingle; of a script without spaces two characters do, for a word there has one or two."""
_LEAD_WORDS = 70
"""About three sentences: where an article says what happened. In scripts without spaces a character counts as one."""
_MOST_READ = 20_000
"""Code points of a text at the most; what comes after says nothing more of what it is about."""
_MOST_NAMES = 60
_MOST_NUMBERS = 24
_SCALE = 127
# Han, Kana, Thai, Lao, Myanmar, Khmer.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_CHARACTER = re.compile(rf"[{_UNSPACED}]")


class Embedder(Protocol):
    """Texts to vectors whose cosine says how alike they are in meaning."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector of unit length a text, as rows."""
        ...


def fingerprints(articles: Sequence[tuple[str, str]], embedder: Embedder) -> list[Fingerprint]:
    """The fingerprint of each article, given as title and body (the body without the title)."""
    if not articles:
        return []
    cut = [(title[:_MOST_READ], body[:_MOST_READ]) for title, body in articles]
    leads = [_lead(title, body) for title, body in cut]
    names = [words_of_names(title, body) for title, body in cut]
    events = [without(named, lead) for named, lead in zip(names, leads, strict=True)]
    vectors = np.rint(embedder.embed([*leads, *events]) * _SCALE).astype(np.int8)
    parts = zip(cut, leads, names, vectors[: len(leads)], vectors[len(leads) :], strict=True)
    return [_fingerprint(body or title, *rest) for (title, body), *rest in parts]


def _fingerprint(
    text: str, lead: str, names: list[str], vector: NDArray[np.int8], event: NDArray[np.int8]
) -> Fingerprint:
    words = [folded(match.group()) for match in _WORD.finditer(text)]
    unspaced = sum(_CHARACTER.match(word) is not None for word in words) > len(words) / 2
    shingles = _shingles(words, 2 if unspaced else _SHINGLE)
    minhash = MinHash(num_perm=PERMUTATIONS, seed=1)
    minhash.update_batch([shingle.encode() for shingle in shingles])
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
        event=b64encode(event.tobytes()),
        days=tuple(sorted(days(lead))),
        unspaced=unspaced,
    )


def _lead(title: str, body: str) -> str:
    end = 0
    for number, match in enumerate(_WORD.finditer(body)):
        if number >= _LEAD_WORDS:
            break
        end = match.end()
    return f"{title}. {body[:end]}" if title else body[:end]


def _shingles(words: list[str], size: int) -> list[str]:
    if len(words) < size:
        return words
    return sorted({" ".join(words[start : start + size]) for start in range(len(words) - size + 1)})
