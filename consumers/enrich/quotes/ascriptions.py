"""Phrases that say whose words these are without a verb of speech: in her words, by his own account, per the report."""

from __future__ import annotations

from consumers.enrich.lexicon import words
from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.grammar import Phrase, noun_phrase
from consumers.enrich.tokens import Tokens

_BEFORE = frozenset(["in", "by", "on", "at", "to"])
"""What such a phrase starts with."""
_OWNERS_DEPS = frozenset(["poss", "nmod", "compound"])


def find_ascriptions(tokens: Tokens) -> list[Cue]:
    """The cues of a text that are such phrases, in order."""
    found = []
    ascribing = words("ascribing")
    for token, word in enumerate(tokens.lower):
        cue = None
        if word in ascribing:
            cue = _owned(tokens, token)
        elif word == "per":
            cue = _per(tokens, token)
        if cue is not None:
            found.append(cue)
    return found


def _owned(tokens: Tokens, noun: int) -> Cue | None:
    """In the words of one publisher, in Smith's words, by her own account."""
    first = noun - 1
    while first > 0 and noun - first < 6 and tokens.lower[first] not in _BEFORE:
        if tokens.tags[first].startswith(("VB", "MD")) or not tokens.words[first][0].isalnum() | (
            tokens.lower[first] in ("'s", "'")
        ):
            return None
        first -= 1
    if tokens.lower[first] not in _BEFORE or tokens.paragraph[first] != tokens.paragraph[noun]:
        return None
    owner = _possessor(tokens, first + 1, noun)
    last = noun
    if owner is None:
        owner = _author(tokens, noun)
        if owner is None:
            return None
        last = owner.last
    cue = Cue("according", tokens.lower[noun], frozenset(["clause", "quote"]), first, first, last, owner)
    cue.rule = "in-words-of"
    return cue


def _possessor(tokens: Tokens, first: int, noun: int) -> Phrase | None:
    """Whoever owns the words: the possessive between the preposition and the noun."""
    for token in range(noun - 1, first - 1, -1):
        if tokens.tags[token] == "PRP$" and tokens.lower[token] in words("possessives"):
            return Phrase(token, token, token)
        if tokens.tags[token] == "POS" and token > first:
            return Phrase(first, token - 1, token - 1)
    return None


def _author(tokens: Tokens, noun: int) -> Phrase | None:
    """Whoever follows “of”: in the words of one publisher."""
    of = noun + 1
    if of + 1 >= len(tokens) or tokens.lower[of] != "of":
        return None
    for child in tokens.children[of]:
        if tokens.deps[child] == "pobj" and tokens.tags[child].startswith(("NN", "PRP", "CD")):
            return noun_phrase(tokens, child)
    return None


def _per(tokens: Tokens, token: int) -> Cue | None:
    """Per the report, per one witness: after a comma or at the start, and not per cent or per head."""
    after = token + 1
    if after >= len(tokens) or tokens.paragraph[after] != tokens.paragraph[token]:
        return None
    opens = token == 0 or tokens.words[token - 1] in (",", "(", "—", "–") or tokens.is_space(token - 1)
    determined = tokens.words[after][0].isupper() or tokens.lower[after] in (
        words("possessives") | {"the", "one", "two", "several", "sources"}
    )
    if not opens or not determined:
        return None
    head = next((c for c in tokens.children[token] if tokens.deps[c] == "pobj"), None)
    if head is None:
        return None
    owner = noun_phrase(tokens, head)
    return Cue("according", "per", frozenset(["clause", "quote"]), token, token, token, owner, rule="in-words-of")
