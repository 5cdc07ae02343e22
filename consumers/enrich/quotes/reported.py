"""Reported clauses: what a cue says was said, read from the parse."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.enrich.lexicon import words
from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.grammar import clip, is_passive, is_verb, own_subject
from consumers.enrich.quotes.relays import CITING
from consumers.enrich.tokens import Tokens

Range = tuple[int, int]
"""First and last token."""

_CLAUSES = frozenset(["ccomp", "csubj", "csubjpass"])
_OPENERS = frozenset(["that", ":", ","])
_BEFORE_THAT = frozenset("once again also later then today yesterday repeatedly privately publicly explicitly".split())
"""Adverbs of the cue that the parser takes for a part of what is reported: she said once that …"""
_CONTRAST = frozenset(["although", "though", "while", "whereas"])
_OF_COMMENTS = frozenset(["VBN", "VBD", "VBZ", "WDT", "IN", "DT", "PRP", "NNP"])
_NAMING = frozenset(["named", "identified"])
"""What sources ask not to be: no words of theirs."""


def reported(tokens: Tokens, cue: Cue) -> tuple[list[Range], str]:
    """The token ranges of what a cue reports in its own sentence, and the name of the rule; no ranges where nothing
    is.
    """
    if cue.rule == "in-words-of":
        return [], ""
    if cue.kind == "according":
        return _matrix(tokens, cue, _phrase_range(tokens, cue)), "according-to"
    if cue.kind == "noun":
        if "clause" in cue.frames:
            return _noun_clause(tokens, cue), "noun-clause"
        return [], ""
    if cue.kind != "verb":
        return [], ""
    attempts = []
    heard = "hearing" in cue.frames and cue.speaker is not None and tokens.lower[cue.speaker.head] in words("hearings")
    if "clause" in cue.frames or heard:
        attempts += [
            (_clause_after, "reported-clause"),
            (_between_commas, "between-commas"),
            (_clause_before, "reported-clause"),
        ]
        attempts += [(_parenthesis, "parenthesis"), (_that_clause, "that-clause")]
    if "infinitive" in cue.frames or "refusal" in cue.frames:
        attempts.append((_infinitive, "reported-infinitive"))
    if "denial" in cue.frames:
        attempts.append((_denied, "denied"))
    if "topic" in cue.frames:
        attempts.append((_topic, "topic"))
    for attempt, rule in attempts:
        found = attempt(tokens, cue)
        if found:
            return found, rule
    return [], ""


def _clauses(tokens: Tokens, verb: int) -> list[int]:
    """The heads of the clauses that are the object of a verb."""
    found = []
    for child in tokens.children[verb]:
        dep = tokens.deps[child]
        if dep in _CLAUSES or (dep in ("advcl", "xcomp") and is_marked_that(tokens, child)):
            found.append(child)
    return found


def _clause_after(tokens: Tokens, cue: Cue) -> list[Range]:
    """She said (that) it was over."""
    for child in _clauses(tokens, cue.token):
        if child < cue.token:
            continue
        start = max(tokens.left[child], cue.last + 1)
        if cue.speaker and cue.speaker.first > cue.token and cue.speaker.last < child:
            start = max(start, cue.speaker.last + 1)
        end = tokens.right[child]
        if cue.rule == "cited-source":
            end = next((token - 1 for token in range(start, end + 1) if tokens.lower[token] in CITING), end)
        found = _content(tokens, start, end, tokens.paragraph[cue.token])
        if found and not _tells_of_speaker(tokens, cue, found[0]):
            return [_without_comment(tokens, found)]
    return []


def _tells_of_speaker(tokens: Tokens, cue: Cue, start: int) -> bool:
    """Whether a clause is about the speaker who stands before it: …, says Anna Roth, who was not there."""
    relative = tokens.tags[start] in ("WP", "WP$", "WDT")
    return relative and cue.speaker is not None and cue.token < cue.speaker.head < start


def _clause_before(tokens: Tokens, cue: Cue) -> list[Range]:
    """It was over, she said."""
    first_of_cue = _group_first(tokens, cue)
    for child in reversed(_clauses(tokens, cue.token)):
        if child > cue.token:
            continue
        ranges = [(tokens.left[child], min(tokens.right[child], first_of_cue - 1))]
        if tokens.right[child] > cue.token:
            ranges = [(tokens.left[child], first_of_cue - 1), (_group_last(tokens, cue) + 1, tokens.right[child])]
        found = [c for c in (_content(tokens, a, b, tokens.paragraph[cue.token]) for a, b in ranges) if c]
        if found:
            return found
    return []


def _between_commas(tokens: Tokens, cue: Cue) -> list[Range]:
    """The plan, she said on Friday, would fail: the words around a cue that stands between commas with its subject.

    The parse of such sentences is often wrong, so that only the commas are believed.
    """
    if tokens.tags[cue.token] not in ("VBD", "VBZ", "VBP") or cue.speaker is None:
        return []
    first = min(cue.first, cue.speaker.first)
    if not cue.first - 3 <= cue.speaker.last <= cue.last + 4 or first == 0 or tokens.words[first - 1] != ",":
        return []
    paragraph, sentence = tokens.paragraph[cue.token], tokens.sentence[cue.token]
    last = max(cue.last, cue.speaker.last)
    end = last + 1
    while end < len(tokens) and tokens.paragraph[end] == paragraph and end - last <= 9:
        if tokens.words[end] in (",", ".", ";") or tokens.is_space(end):
            break
        if tokens.lower[end] in ("that", "to", "if", "whether") or tokens.words[end] in ("“", '"', ":"):
            return []
        if tokens.tags[end].startswith(("VB", "MD", "WP")) and tokens.tags[end] not in ("VBG", "VBN"):
            return []
        end += 1
    else:
        return []
    start = sentence
    while start < first and (tokens.paragraph[start] != paragraph):
        start += 1
    for token in range(first - 2, start, -1):
        if tokens.words[token] == ";":
            start = token + 1
            break
    if tokens.lower[start] in ("asked", "pressed") and tokens.tags[start] == "VBN":
        return []
    before = _content(tokens, start, first - 2, paragraph)
    if before is None:
        return []
    answers = before[0] == before[1] and tokens.lower[before[0]] in ("no", "yes")
    if not (before[1] - before[0] >= 2 or tokens.words[end] == "," or answers):
        return []
    if (
        tokens.lower[before[0]] in ("when", "while", "although", "though", "after", "before", "if", "as")
        and tokens.words[end] != ","
    ):
        return []
    if end < len(tokens) and tokens.words[end] == ",":
        tail = end + 1
        while (
            tail < len(tokens)
            and tokens.paragraph[tail] == paragraph
            and tokens.words[tail] not in (".", ";", "?", "!")
        ):
            tail += 1
        after = _content(tokens, end + 1, tail - 1, paragraph)
        if after is not None and tokens.tags[after[0]] == "VBG":
            return [before] if before[1] - before[0] >= 2 else []
        named = after is not None and all(tokens.entity[token] == "PERSON" for token in range(after[0], after[1] + 1))
        if after is not None and not named:
            return [before, after]
    return [before]


def _that_clause(tokens: Tokens, cue: Cue) -> list[Range]:
    """She said in an interview with the paper that it was over: the parser hangs such clauses on the noun before
    them.
    """
    ends = frozenset('.;:“"') if cue.rule == "cited-source" else frozenset(',.;:“"')
    for token in range(cue.last + 1, min(cue.last + 14, len(tokens))):
        if tokens.words[token] in ends or tokens.sentence[token] != tokens.sentence[cue.token]:
            break
        if tokens.lower[token] == "that" and tokens.tags[token] in ("IN", "WDT") and token > cue.last + 1:
            clause = tokens.heads[token]
            if is_verb(tokens, clause) and clause > token and own_subject(tokens, clause) is not None:
                found = _content(tokens, token + 1, tokens.right[clause], tokens.paragraph[cue.token])
                return [found] if found else []
    return []


def _denied(tokens: Tokens, cue: Cue) -> list[Range]:
    """She denied having done it."""
    for child in tokens.children[cue.token]:
        if child > cue.token and tokens.deps[child] in ("xcomp", "ccomp", "pcomp"):
            found = _content(
                tokens, max(tokens.left[child], cue.last + 1), tokens.right[child], tokens.paragraph[cue.token]
            )
            return [found] if found else []
    return []


def _topic(tokens: Tokens, cue: Cue) -> list[Range]:
    """She announced her resignation: the object of the verb, or of the preposition that belongs to it."""
    if (
        is_passive(tokens, cue.token)
        or cue.speaker is None
        or cue.rule not in ("subject", "joined-verb", "relative-clause")
    ):
        return []
    if any(tokens.deps[child] == "dative" for child in tokens.children[cue.token]):
        return []  # a late goal denied them a win
    holders = [cue.token] + ([cue.last] if cue.last != cue.token else [])
    for holder in holders:
        for child in tokens.children[holder]:
            if child > cue.last and tokens.deps[child] in ("dobj", "pobj"):
                found = _content(
                    tokens, max(tokens.left[child], cue.last + 1), tokens.right[child], tokens.paragraph[cue.token]
                )
                return [found] if found and tokens.lower[child] not in ("it", "this", "that", "so") else []
    return []


def is_marked_that(tokens: Tokens, verb: int) -> bool:
    """Whether a clause, by its verb, begins with that, whether or if."""
    return any(tokens.deps[c] == "mark" and tokens.lower[c] in ("that", "whether", "if") for c in tokens.children[verb])


def _content(tokens: Tokens, first: int, last: int, paragraph: int) -> Range | None:
    """A range clipped to its paragraph and without the word that opens it."""
    clipped = clip(tokens, first, last, paragraph)
    if clipped is None:
        return None
    opens = clipped[0]
    while opens < clipped[1] and tokens.lower[opens] in _BEFORE_THAT:
        opens += 1
    if opens < clipped[1] and tokens.lower[opens] == "that" and tokens.tags[opens] in ("IN", "WDT"):
        clipped = clip(tokens, opens + 1, clipped[1], paragraph)
    return clipped


def _without_comment(tokens: Tokens, found: Range) -> Range:
    """A reported clause without what the newspaper says of it: it is over, a view echoed by others."""
    for token in range(found[0] + 1, found[1] - 1):
        if tokens.words[token] == "," and tokens.lower[token + 1] in ("a", "an"):
            noun = token + 2 + (tokens.tags[token + 2] == "JJ")
            if noun < found[1] and tokens.lower[noun] in words("comments") and tokens.tags[noun + 1] in _OF_COMMENTS:
                return found[0], token - 1
    return found


def before_contrast(tokens: Tokens, cue: Cue, ranges: list[Range], others: Sequence[Cue]) -> list[Range]:
    """The ranges cut before a clause in which somebody else says something: …, although experts said it was not.

    `others`: the cues of the text.
    """
    kept = []
    for first, last in ranges:
        for other in others:
            start = tokens.left[other.token]
            if other is cue or other.speaker is None or other.kind != "verb" or not first <= start <= last:
                continue
            if (
                tokens.deps[other.token] == "advcl"
                and tokens.lower[start] in _CONTRAST
                and _clauses(tokens, other.token)
            ):
                last = start - 1
        clipped = clip(tokens, first, last, tokens.paragraph[cue.token])
        if clipped is not None:
            kept.append(clipped)
    return kept


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
    if any(tokens.deps[c] == "dobj" for c in tokens.children[verb]) and cue.lemma != "tell":
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
            relative = tokens.lower[token + 1 : token + 2] and tokens.lower[token + 1] in ("which", "who", "whose")
            if tokens.words[token] == "," and tokens.deps[token] == "punct" and not relative:
                last = token - 1
                break
    return cue.first, last


def _matrix(tokens: Tokens, cue: Cue, without: Range) -> list[Range]:
    """The clause that a cue phrase stands in, without the phrase."""
    paragraph = tokens.paragraph[cue.token]
    verb = tokens.heads[cue.token]
    while tokens.heads[verb] != verb and not (
        is_verb(tokens, verb) and tokens.deps[verb] in ("ccomp", "conj", "parataxis")
    ):
        verb = tokens.heads[verb]
    first, last = tokens.left[verb], tokens.right[verb]
    if tokens.deps[verb] == "conj":
        first = max(first, tokens.heads[verb] + 1)
    if without[0] - first <= 1:
        ranges = [(without[1] + 1, last)]
    elif last - without[1] <= 1 or (
        without[1] + 1 <= last and tokens.words[without[1] + 1] != "," and cue.kind != "according"
    ):
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
        if cue.lemma == "refuse" and tokens.lower[child] not in words("answering"):
            continue
        if cue.lemma == "ask" and (
            tokens.lower[child] in _NAMING or (cue.speaker is None and is_passive(tokens, verb))
        ):
            continue
        found = _content(tokens, max(tokens.left[child], cue.last + 1), tokens.right[child], paragraph)
        return [found] if found else []
    return []


def _noun_clause(tokens: Tokens, cue: Cue) -> list[Range]:
    for child in tokens.children[cue.token]:
        if child > cue.token and tokens.deps[child] in ("acl", "ccomp", "relcl") and is_marked_that(tokens, child):
            if tokens.lower[cue.token + 1] != "that":
                continue
            found = _content(tokens, tokens.left[child], tokens.right[child], tokens.paragraph[cue.token])
            return [found] if found else []
    return []
