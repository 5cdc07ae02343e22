"""Whom the words right before or after a verb name as its speaker, where the parser gives it none."""

from __future__ import annotations

from consumers.enrich.lexicon import nouns, words
from consumers.enrich.quotes.grammar import plain_phrase
from consumers.enrich.tokens import Tokens

_WITH_HEARER = frozenset("told tells tell asked asks warned warns reminded informed assured urged".split())
"""Verbs whose next noun is who was spoken to, unless they stand right after words in marks."""
_CLOSING = frozenset(["”", '"', "’", "'", "''", "»"])
_LONGEST_ASIDE = 14
"""Tokens between the commas of what is said of a speaker before the verb: Keane, 41, of Leeds, said."""


def neighbour(tokens: Tokens, token: int, stretch_of: list[int]) -> int | None:
    """The head of the noun phrase right after or before a verb, outside the marks."""
    if tokens.tags[token] in ("VBG", "VB"):
        return None
    if token > 0 and (stretch_of[token - 1] >= 0 or tokens.words[token - 1] in _CLOSING):
        inverted = phrase_after(tokens, token, stretch_of)
        if inverted is not None:
            return inverted
    if tokens.lower[token] not in _WITH_HEARER:
        head = _name_after(tokens, token, stretch_of)
        if head is not None:
            return head
    return _before(tokens, token, stretch_of)


def after_comma(tokens: Tokens, token: int) -> bool:
    """Whether a verb stands right after the British comma behind words in marks: “no”, added the mayor."""
    return token > 1 and tokens.words[token - 1] == "," and tokens.words[token - 2] in _CLOSING


def phrase_after(tokens: Tokens, token: int, stretch_of: list[int]) -> int | None:
    """“…,” asked a lawyer for the family: what stands up to the next comma or full stop."""
    paragraph = tokens.paragraph[token]
    last = token
    while (
        last + 1 < len(tokens)
        and last - token < 12
        and tokens.paragraph[last + 1] == paragraph
        and stretch_of[last + 1] < 0
        and tokens.words[last + 1] not in (",", ".", ";", ":", "?", "!", "—", "–", "“", '"', "(")
        and not tokens.is_space(last + 1)
    ):
        last += 1
    if last == token:
        return None
    start = token + 1
    if tokens.tags[start] == "PRP":
        return start if tokens.lower[start] in ("he", "she", "i", "they", "we") else None
    if not (
        tokens.tags[start] in ("DT", "PRP$", "CD")
        or tokens.words[start][0].isupper()
        or tokens.lower[start] in words("indefinite")
        or tokens.lower[start] in nouns("people")
    ):
        return None
    phrase = plain_phrase(tokens, start, last)
    return phrase.head if phrase is not None and phrase.first == start else None


def _name_after(tokens: Tokens, token: int, stretch_of: list[int]) -> int | None:
    """Said Keane, said the minister: the nouns right after the verb."""
    after = token + 1
    if after >= len(tokens) or tokens.paragraph[after] != tokens.paragraph[token] or stretch_of[after] >= 0:
        return None
    if not (tokens.tags[after].startswith(("PRP", "NNP", "DT")) or tokens.lower[after].rstrip(".") in words("titles")):
        return None
    last = after
    while last + 1 < len(tokens) and tokens.tags[last].startswith(("DT", "JJ", "NN", "PRP$", "CD")):
        if not tokens.tags[last + 1].startswith(("JJ", "NN")):
            break
        last += 1
    if not tokens.tags[last].startswith(("NN", "PRP")):
        return None
    if last + 1 < len(tokens) and tokens.tags[last + 1] in ("VBD", "VBZ", "VBP", "MD"):
        return None  # the subject of what was said: said they had been
    return last


def _before(tokens: Tokens, token: int, stretch_of: list[int]) -> int | None:
    """Keane said; Keane, 41, of Leeds, said: the noun right before the verb, or before what commas enclose."""
    before = token - 1
    while before > 0 and (tokens.tags[before] in ("RB", "MD") or tokens.lower[before] in ("has", "had", "have")):
        before -= 1
    if before < 0 or tokens.paragraph[before] != tokens.paragraph[token] or stretch_of[before] >= 0:
        return None
    if tokens.words[before] == ",":
        if tokens.entity[before - 1] == "PERSON" and _is_aside(tokens, before):
            return before - 1
        aside = _before_aside(tokens, before)
        if aside is None or stretch_of[aside] >= 0:
            return None
        before = aside
        if tokens.entity[before] != "PERSON" and tokens.lower[before] not in nouns("people"):
            return None
    return before if tokens.tags[before] in ("PRP", "NNP", "NNPS", "NN", "NNS") else None


def _is_aside(tokens: Tokens, comma: int) -> bool:
    """Whether a name stands alone between commas: the commissioner, Jens Holt, wrote."""
    token = comma - 1
    while token > 0 and tokens.entity[token] == "PERSON" and not tokens.entity_begins[token]:
        token -= 1
    return token > 0 and tokens.entity[token] == "PERSON" and tokens.words[token - 1] == ","


def _before_aside(tokens: Tokens, comma: int) -> int | None:
    """The token before the comma that opens what another comma closes."""
    paragraph = tokens.paragraph[comma]
    found = None
    for token in range(comma - 1, max(comma - _LONGEST_ASIDE * 2, 0), -1):
        if tokens.paragraph[token] != paragraph or tokens.words[token] in (".", ";", "?", "!", "“", "”", '"'):
            break
        if tokens.words[token] == ",":
            found = token - 1
            if tokens.entity[found] == "PERSON":
                return found
            if comma - token > _LONGEST_ASIDE:
                break
    return found if found is not None and tokens.paragraph[found] == paragraph else None
