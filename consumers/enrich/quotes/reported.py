"""Reported clauses: what a cue says was said, read from the parse."""

from __future__ import annotations

from consumers.enrich.quotes.cues import Cue
from consumers.enrich.quotes.grammar import clip, is_verb
from consumers.enrich.tokens import Tokens

Range = tuple[int, int]
"""First and last token."""

_CLAUSES = frozenset(["ccomp", "csubj", "csubjpass"])
_OPENERS = frozenset(["that", ":", ","])


def reported(tokens: Tokens, cue: Cue) -> tuple[list[Range], str]:
    """The token ranges of what a cue reports in its own sentence, and the name of the rule; no ranges where nothing is."""
    if cue.kind == "according":
        return _matrix(tokens, cue, _phrase_range(tokens, cue)), "according-to"
    if cue.kind == "noun":
        if "clause" in cue.frames:
            return _noun_clause(tokens, cue), "noun-clause"
        return [], ""
    if cue.kind != "verb":
        return [], ""
    if "clause" in cue.frames:
        found = _clause(tokens, cue)
        if found:
            return found, "reported-clause"
        found = _parenthesis(tokens, cue)
        if found:
            return found, "parenthesis"
    if "infinitive" in cue.frames:
        found = _infinitive(tokens, cue)
        if found:
            return found, "reported-infinitive"
    return [], ""


def _clause(tokens: Tokens, cue: Cue) -> list[Range]:
    verb, paragraph = cue.token, tokens.paragraph[cue.token]
    first_of_cue = _group_first(tokens, cue)
    for child in tokens.children[verb]:
        dep = tokens.deps[child]
        if dep not in _CLAUSES and not (dep in ("advcl", "xcomp") and _marked_that(tokens, child)):
            continue
        if child > verb:
            start = max(tokens.left[child], cue.last + 1)
            if cue.speaker and cue.speaker.first > verb and cue.speaker.last < child:
                start = max(start, cue.speaker.last + 1)
            ranges = [(start, _right_end(tokens, child, verb))]
        elif tokens.right[child] > verb:
            ranges = [(tokens.left[child], first_of_cue - 1), (_group_last(tokens, cue) + 1, tokens.right[child])]
        else:
            ranges = [(tokens.left[child], min(tokens.right[child], first_of_cue - 1))]
        clipped = [c for c in (_content(tokens, a, b, paragraph) for a, b in ranges) if c]
        if clipped:
            return clipped
    return []


def _right_end(tokens: Tokens, child: int, verb: int) -> int:
    return tokens.right[child]


def _marked_that(tokens: Tokens, verb: int) -> bool:
    return any(tokens.deps[c] == "mark" and tokens.lower[c] in ("that", "whether", "if") for c in tokens.children[verb])


def _content(tokens: Tokens, first: int, last: int, paragraph: int) -> Range | None:
    """A range clipped to its paragraph and without the word that opens it."""
    clipped = clip(tokens, first, last, paragraph)
    if clipped and tokens.lower[clipped[0]] == "that" and tokens.tags[clipped[0]] in ("IN", "WDT") and clipped[0] < clipped[1]:
        clipped = clip(tokens, clipped[0] + 1, clipped[1], paragraph)
    return clipped


def _group_first(tokens: Tokens, cue: Cue) -> int:
    """The first token of the cue with its speaker, where the speaker stands right before it."""
    first = cue.first
    if cue.speaker is not None and cue.speaker.first < first:
        first = cue.speaker.first
    for child in tokens.children[cue.token]:
        if child < cue.token and tokens.deps[child] in ("aux", "advmod", "nsubj", "mark", "neg", "cc"):
            first = min(first, tokens.left[child])
    return first


def _group_last(tokens: Tokens, cue: Cue) -> int:
    """The last token of a cue that stands in the middle of what it reports: what hangs on it, up to the comma."""
    last = cue.last
    for child in tokens.children[cue.token]:
        if child > cue.token and tokens.deps[child] not in _CLAUSES and tokens.deps[child] != "punct":
            last = max(last, tokens.right[child])
    return last


def _parenthesis(tokens: Tokens, cue: Cue) -> list[Range]:
    """“The plan, she said, would fail”: the parser hangs the cue on the verb of the sentence around it."""
    verb = cue.token
    dep, head = tokens.deps[verb], tokens.heads[verb]
    if head == verb or not is_verb(tokens, head) or cue.speaker is None:
        return []
    as_clause = any(tokens.deps[c] == "mark" and tokens.lower[c] == "as" for c in tokens.children[verb])
    if dep not in ("ccomp", "parataxis") and not (dep == "advcl" and as_clause):
        return []
    first, last = tokens.left[verb], tokens.right[verb]
    if last < head and not as_clause and not (first > 0 and tokens.words[first - 1] == ","):
        return []
    if first > 0 and tokens.words[first - 1] not in (",", "—", "–", "-", "(") and not as_clause:
        return []
    return _matrix(tokens, cue, (first, last))


def _phrase_range(tokens: Tokens, cue: Cue) -> Range:
    last = cue.last
    if cue.speaker is not None:
        last = max(last, cue.speaker.last, tokens.right[cue.speaker.head])
        for token in range(cue.speaker.last + 1, last + 1):
            if tokens.words[token] == "," and tokens.deps[token] == "punct":
                last = token - 1
                break
    return cue.first, last


def _matrix(tokens: Tokens, cue: Cue, without: Range) -> list[Range]:
    """The clause that a cue phrase stands in, without the phrase."""
    paragraph = tokens.paragraph[cue.token]
    verb = tokens.heads[cue.token]
    while tokens.heads[verb] != verb and not (is_verb(tokens, verb) and tokens.deps[verb] in ("ccomp", "conj", "parataxis")):
        verb = tokens.heads[verb]
    first, last = tokens.left[verb], tokens.right[verb]
    if tokens.deps[verb] == "conj":
        first = max(first, tokens.heads[verb] + 1)
    if without[0] - first <= 1:
        ranges = [(without[1] + 1, last)]
    elif last - without[1] <= 1 or (without[1] + 1 <= last and tokens.words[without[1] + 1] != "," and cue.kind != "according"):
        ranges = [(first, without[0] - 1)]
    else:
        ranges = [(first, without[0] - 1), (without[1] + 1, last)]
    return [c for c in (_content(tokens, a, b, paragraph) for a, b in ranges) if c]


def _infinitive(tokens: Tokens, cue: Cue) -> list[Range]:
    verb, paragraph = cue.token, tokens.paragraph[cue.token]
    for child in tokens.children[verb]:
        if child < verb or tokens.deps[child] not in ("xcomp", "ccomp", "advcl"):
            continue
        if not any(tokens.lower[c] == "to" and tokens.tags[c] == "TO" for c in tokens.children[child]):
            continue
        found = _content(tokens, max(tokens.left[child], cue.last + 1), tokens.right[child], paragraph)
        return [found] if found else []
    return []


def _noun_clause(tokens: Tokens, cue: Cue) -> list[Range]:
    for child in tokens.children[cue.token]:
        if child > cue.token and tokens.deps[child] in ("acl", "ccomp", "relcl") and _marked_that(tokens, child):
            if tokens.lower[cue.token + 1] != "that":
                continue
            found = _content(tokens, tokens.left[child], tokens.right[child], tokens.paragraph[cue.token])
            return [found] if found else []
    return []
