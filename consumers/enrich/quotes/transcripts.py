"""Interviews set as turns: paragraphs that start with who is speaking (Q: …, A. …, Maria Keane: …)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from consumers.enrich.lexicon import words
from consumers.enrich.quotes.cues import is_note
from consumers.enrich.quotes.grammar import Phrase
from consumers.enrich.tokens import Tokens

_LABEL = re.compile(r"\s*(?P<label>[A-Z][^\s:]*(?: [^\s:]+){0,4}?)(?P<mark>:|(?<=^Q)\.|(?<=^A)\.)\s+(?=\S)")
_LETTER = re.compile(r"\s*(?P<label>[QA])(?P<mark>[.:)])?\s+(?=\S)")
LEAST_TURNS = 3
"""So many turns make a transcript."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says in a paragraph: text[start:end]; `label` is the phrase that names the speaker."""

    paragraph: int
    label: Phrase
    name: str
    start: int
    end: int


def find_turns(tokens: Tokens) -> list[Turn]:
    """The turns of a transcript, in order; none where the text is not one."""
    found: list[Turn] = []
    for number, (start, end) in enumerate(tokens.paragraphs):
        match = _LETTER.match(tokens.text, start, end) or _LABEL.match(tokens.text, start, end)
        if match is None or (match["mark"] is None and match["label"] == "A") or is_note(match["label"]):
            continue
        first, last = tokens.at(match.start("label")), tokens.at(match.end("label") - 1)
        content = tokens.text[match.end() : end].rstrip()
        if content and content[0] not in "“\"‘'«" and first <= last:
            found.append(
                Turn(
                    number,
                    Phrase(first, last, last),
                    match["label"].rstrip("."),
                    match.end(),
                    match.end() + len(content),
                )
            )
    repeated = Counter(turn.name for turn in found)
    if found and found[0].paragraph == 0 and repeated[found[0].name] == 1:
        del found[0]  # A headline with a colon.
    if len(found) < LEAST_TURNS or max(repeated.values()) < 2 or not _are_spoken(tokens, found):
        return []
    return found


def _are_spoken(tokens: Tokens, turns: list[Turn]) -> bool:
    """Whether labels stand for speakers: Q or A, somebody asks, or a label is a name that the text holds elsewhere too.

    A review or a live blog repeats labels as well: Price: …, Verdict: …
    """
    if any(turn.name in ("Q", "A") or tokens.text[turn.end - 1] == "?" for turn in turns):
        return True
    labels = {token for turn in turns for token in range(turn.label.first, turn.label.last + 1)}
    named = {
        word
        for token, word in enumerate(tokens.lower)
        if token not in labels and (tokens.entity[token] in ("PERSON", "ORG") or word in words("outlets"))
    }
    return any(tokens.lower[token] in named for token in labels)
