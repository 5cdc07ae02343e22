"""What a quote does: states, asks, denies or refuses."""

from __future__ import annotations

from typing import Literal

from consumers.enrich.quotes.article import Draft
from consumers.enrich.tokens import Tokens

Act = Literal["statement", "question", "denial", "refusal"]
_QUESTION_WORDS = frozenset("if whether why who what when where how which whom whose".split())


def act_of(tokens: Tokens, draft: Draft) -> Act:
    """The act of a quote, from its cue and its last words. A direct quote is a question where its last span asks
    one.
    """
    frames = draft.cue.frames if draft.cue is not None else frozenset()
    start, end = draft.spans[-1]
    if "refusal" in frames and draft.kind != "direct":
        return "refusal"
    if "denial" in frames:
        return "denial"
    if draft.kind == "direct":
        return "question" if tokens.text[start:end].rstrip().endswith("?") else "statement"
    if "question" in frames and draft.cue is not None:
        first = tokens.at(draft.start)
        if first < len(tokens) and tokens.lower[first] in _QUESTION_WORDS:
            return "question"
    return "statement"
