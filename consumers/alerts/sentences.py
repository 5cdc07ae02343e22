"""The sentence that a mention stands in."""

from __future__ import annotations

import re

from schemas.records import Mention

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=[\"'“‘«(]*[^\W_a-z]|[\"'“‘«])|(?<=[。！？])[」』”]?")
_NO_END = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Sir|St|Prof|Gen|Col|Capt|Lt|Sgt|Gov|Sen|Rep|No|vs)|\b[A-Z])\.\s*$")
"""A title or an initial: its full stop ends no sentence."""


def sentence_around(text: str, mention: Mention) -> Mention:
    """The sentence of the text that a mention stands in: within its line, which is a paragraph or a headline."""
    start = text.rfind("\n", 0, mention.start) + 1
    line_end = text.find("\n", mention.end)
    end = line_end if line_end >= 0 else len(text)
    for boundary in _SENTENCE_END.finditer(text, start, end):
        if _NO_END.search(text, max(start, boundary.start() - 8), boundary.end()):
            continue
        if boundary.end() <= mention.start:
            start = boundary.end()
        elif boundary.start() >= mention.end:
            end = boundary.start() + len(boundary.group().rstrip())
            break
    return Mention(start=start, end=end, text=text[start:end])
