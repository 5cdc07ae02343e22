"""Which words stood in an article, and which side by side: by that an edit is known to bring a name in.

What is kept is a Bloom filter of some two bytes a word. It never forgets what stood there; of what did not it takes one
word in a thousand for known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b

from consumers.alerts.boilerplate import Boilerplate
from consumers.alerts.forms import UNSPACED
from consumers.stories.names import folded, one_spelling

_WORD = re.compile(rf"{UNSPACED.pattern}|(?:(?!{UNSPACED.pattern})[^\W_])+(?:['’](?!{UNSPACED.pattern})[^\W_]+)*")
_GAP = re.compile(r"[\s\-‐‑.'’]{0,3}")
"""What may stand between the words of a name: John Smith, J. Smith, Al-Rashidi; but no comma."""
_BITS_EACH = 16
_HASHES = 6
_MOST = 20_000
"""So many words and pairs are remembered of a text at most; what stands behind them counts as brought in."""


class Wording:
    """The wording of one article: `bits`, at least one byte, is what `of` made of it."""

    def __init__(self, bits: bytes) -> None:
        self.bits = bits

    @classmethod
    def of(cls, text: str, headline_end: int = 0) -> Wording:
        """The wording of a text, without bylines, lists of other articles and the like."""
        boilerplate = Boilerplate(text, headline_end)
        items: dict[str, None] = {}
        for item, start, end in _items(text):
            if not boilerplate.holds(start, end):
                items[item] = None
                if len(items) == _MOST:
                    break
        bits = bytearray(len(items) * _BITS_EACH // 8 or 1)
        for item in items:
            for place in _places(item, len(bits) * 8):
                bits[place // 8] |= 1 << place % 8
        return cls(bytes(bits))

    def has(self, words: str) -> bool:
        """Whether a name stood in the text: each of its words, and each beside the next."""
        size = len(self.bits) * 8
        return all(
            self.bits[place // 8] & 1 << place % 8 for item, _, _ in _items(words) for place in _places(item, size)
        )


def _items(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word of a text and each pair of neighbours, in one spelling, and where they stand."""
    last, start_of_last, end_of_last = "", 0, 0
    for match in _WORD.finditer(text):
        word = one_spelling(folded(match.group()))
        yield word, match.start(), match.end()
        if last and _GAP.fullmatch(text, end_of_last, match.start()):
            yield f"{last} {word}", start_of_last, match.end()
        last, start_of_last, end_of_last = word, match.start(), match.end()


def _places(item: str, size: int) -> Iterator[int]:
    """The bits of an item, by two hashes (Kirsch and Mitzenmacher, “Less Hashing, Same Performance”, 2006)."""
    digest = int.from_bytes(blake2b(item.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "little")
    first, step = digest & 0xFFFFFFFFFFFFFFFF, digest >> 64 | 1
    return ((first + number * step) % size for number in range(_HASHES))
