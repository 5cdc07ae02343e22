"""Attribution without a verb of speech, told by its place right after words in marks.

“…,” grinned the Italian. “…,” narrated Joyce Njeri. “…,” is her answer. “…” is how Keane puts it.
"""

from __future__ import annotations

from consumers.enrich.lexicon import nouns, words
from consumers.enrich.quotes.article import Article
from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.grammar import Phrase, noun_phrase, own_subject, plain_phrase

_BE = frozenset(["is", "was", "are", "were", "'s"])
_NO_ACTIONS = _BE | frozenset("be been being am do does did has have had can could will would may might must".split())
"""Verbs that are no manner of speaking."""
_ENDS = frozenset(",.;:?!—–(")


def cue_by_place(article: Article, first: int, last: int, mark: str) -> tuple[Cue, str] | None:
    """The cue among the tokens from `first` to `last` that follow a stretch which ends with `mark`."""
    tokens = article.tokens
    if tokens.lower[first] in _BE:
        return _verdict(article, first, last)
    if mark not in (",", "?", "!", "—", "–", "…") or not tokens.words[first][0].isalpha():
        return None
    acts = tokens.tags[first] in ("VBD", "VBZ") or (tokens.lower[first].endswith("ed") and first < last)
    if acts and tokens.lower[first] not in _NO_ACTIONS:
        phrase = _named_after(article, first + 1, last)
        return (_cue(article, first, phrase), "manner-inverted") if phrase is not None else None
    return _direct(article, first, last, mark)


def _verdict(article: Article, first: int, last: int) -> tuple[Cue, str] | None:
    """“…” was his verdict; “…” is how she puts it."""
    tokens = article.tokens
    if first + 2 <= last and tokens.lower[first + 1] == "how":
        for verb in range(first + 2, min(last, first + 8) + 1):
            if tokens.tags[verb] in ("VBD", "VBZ", "VBP"):
                head = own_subject(tokens, verb)
                if head is not None and first + 1 < head < verb:
                    return _cue(article, verb, noun_phrase(tokens, head)), "verdict"
        return None
    for cue in article.cues_between(first + 1, min(last, first + 8)):
        if cue.kind == "noun" and cue.rule in ("possessor", "author") and cue.speaker is not None:
            between = range(first + 1, cue.first)
            if all(not tokens.tags[t].startswith(("VB", "MD", "IN")) for t in between):
                return cue, "verdict"
    return None


def _named_after(article: Article, start: int, last: int) -> Phrase | None:
    """Whoever the tokens after a verb name, where they are the end of the clause: a person or a role."""
    tokens = article.tokens
    end = start
    while end <= last and tokens.words[end] not in _ENDS and tokens.tags[end] not in ("IN", "TO", "RB", "WP", "WRB"):
        end += 1
    if start >= end:
        return None
    if tokens.tags[start] == "PRP":
        return Phrase(start, start, start) if tokens.lower[start] in ("he", "she", "i", "they", "we") else None
    phrase = plain_phrase(tokens, start, end - 1)
    if phrase is None or phrase.first != start or not _is_somebody(article, phrase.head):
        return None
    return phrase


def _direct(article: Article, first: int, last: int, mark: str) -> tuple[Cue, str] | None:
    """“…,” she beamed: a pronoun or, after a comma, a name with a verb right after it, and little more."""
    tokens = article.tokens
    verb = first + 1
    if tokens.entity[first] == "PERSON":
        verb = _last_of_name(article, first) + 1
    pronoun = tokens.words[first] in ("he", "she", "they")
    if not pronoun and (tokens.entity[first] != "PERSON" or mark != ","):
        return None
    while verb <= last and tokens.tags[verb] == "RB":
        verb += 1
    if verb > last or tokens.tags[verb] not in ("VBD", "VBZ") or tokens.lower[verb] in _NO_ACTIONS:
        return None
    after = verb + 1
    ends = after > last or tokens.words[after] in _ENDS or tokens.tags[after] in ("IN", "RB", "TO", "RP", "VBG")
    if not ends:
        return None
    speaker = (
        Phrase(first, first, first)
        if pronoun
        else Phrase(first, _last_of_name(article, first), _last_of_name(article, first))
    )
    return _cue(article, verb, speaker), "manner"


def _last_of_name(article: Article, first: int) -> int:
    """The last token of the person's name that starts at a token."""
    tokens = article.tokens
    last = first
    while last + 1 < len(tokens) and tokens.entity[last + 1] == "PERSON" and not tokens.entity_begins[last + 1]:
        last += 1
    return last


def _is_somebody(article: Article, head: int) -> bool:
    tokens = article.tokens
    return (
        tokens.entity[head] == "PERSON"
        or tokens.lower[head] in nouns("people")
        or tokens.lower[head] in words("indefinite")
    )


def _cue(article: Article, verb: int, speaker: Phrase) -> Cue:
    tokens = article.tokens
    return Cue("verb", tokens.lower[verb], frozenset(["quote", "manner"]), verb, verb, verb, speaker, rule="by-place")
