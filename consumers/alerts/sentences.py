"""The sentence that a mention stands in."""

from __future__ import annotations

import re

from schemas.records import Mention

_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"'”’»)]*\s+(?=[\"'“‘«(]*(?:[^\W_a-z]|[a-z][A-Z])|[\"'“‘«])|(?<=[。！？])[」』”]?"
)
_NO_END = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Sir|St|Prof|Gen|Col|Capt|Lt|Sgt|Gov|Sen|Rep|No|vs)|\b[A-Z])\.\s*$")
"""A title or an initial: its full stop ends no sentence."""

_LONGEST = 1_000
"""How many characters before and after a mention a sentence may have: what has more is no sentence."""


def sentence_around(text: str, mention: Mention) -> Mention:
    """The sentence of the text that a mention stands in: within its line, which is a paragraph or a headline.

    Of what goes on without an end, the words around the mention.
    """
    first, last = max(0, mention.start - _LONGEST), min(len(text), mention.end + _LONGEST)
    start = text.rfind("\n", first, mention.start) + 1 or _word_start(text, first, mention.start)
    line_end = text.find("\n", mention.end, last)
    end = line_end if line_end >= 0 else _word_end(text, mention.end, last)
    for boundary in _SENTENCE_END.finditer(text, start, end):
        if _NO_END.search(text, max(start, boundary.start() - 8), boundary.end()):
            continue
        if boundary.end() <= mention.start:
            start = boundary.end()
        elif boundary.start() >= mention.end:
            end = boundary.start() + len(boundary.group().rstrip())
            break
    return Mention(start=start, end=end, text=text[start:end])


def _word_start(text: str, first: int, most: int) -> int:
    """The first beginning of a word from an offset on, which is not beyond another."""
    space = text.find(" ", first, most) if first else -1
    return space + 1 if space >= 0 else first


def _word_end(text: str, least: int, last: int) -> int:
    """The last end of a word up to an offset, which is not before another."""
    space = text.rfind(" ", least, last) if last < len(text) else -1
    return space if space >= 0 else last
