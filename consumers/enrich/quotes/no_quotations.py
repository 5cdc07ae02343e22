"""Words between quote marks that nobody is quoted with: titles of works, nicknames, labels, inscriptions, distance
kept.
"""

from __future__ import annotations

from consumers.enrich.lexicon import nouns, words
from consumers.enrich.quotes.article import Article
from consumers.enrich.quotes.attribution import after_gap, before_gap, starts_sentence
from consumers.enrich.quotes.cue import Cue

_LONGEST_TITLE = 14


def no_quotation(article: Article, number: int) -> str:
    """The rule by which a stretch is no quotation, or "" where none applies."""
    tokens = article.tokens
    first, last = article.ranges[number]
    before, tail = before_gap(article, number)
    comma = before <= tail and tokens.words[tail] == ","
    if comma:
        tail -= 1
    previous = tokens.lower[tail] if before <= tail else ""
    if article.stretches[number].outer_start and tokens.text[article.stretches[number].outer_start - 1] == "=":
        return "markup"
    if previous == ":" and tail - before <= 2 and tokens.lower[before] in words("notes"):
        return "note"
    if _is_nickname(article, number):
        return "nickname"
    if previous in ("as", "like") and tail - 2 >= before and tokens.lower[tail - 1] == "such":
        listed = nouns("labels") | {"terms", "expressions"}
        if any(tokens.lower[t] in listed for t in range(max(before, tail - 4), tail)):
            return "label"
    if previous in words("labels") and not _said_by_somebody(article, tail):
        return "label"
    if (
        previous == "as"
        and tail > before
        and any(w in words("labels") for w in tokens.lower[max(before, tail - 4) : tail])
    ):
        return "label"
    if any(cue.last == tail and cue.frames & {"quote", "manner"} for cue in article.cues_between(before, tail)):
        return ""
    titled = _is_title(article, number)
    alone = sum(1 for t in range(first, last + 1) if tokens.words[t][0].isalnum()) == 1
    if previous in nouns("works") and (titled or alone):
        return "title-of-work"
    owned = before <= tail and tokens.tags[tail] == "POS"
    if titled and not comma and (owned or not starts_sentence(article, number)):
        return "title-of-work"
    if _within_noun_phrase(article, number):
        return "modifier"
    return ""


def _is_nickname(article: Article, number: int) -> bool:
    """Whether one to three words with capitals stand in marks within somebody's name: Dean ‘Deano’ Fox."""
    tokens, text = article.tokens, article.tokens.text
    stretch = article.stretches[number]
    first, last = article.ranges[number]
    if last - first > 2 or text[stretch.outer_start - 1 : stretch.outer_start] != " ":
        return False
    if not stretch.closed or text[stretch.outer_end : stretch.outer_end + 1] != " ":
        return False
    before, after = tokens.at(stretch.outer_start - 2), tokens.at(stretch.outer_end + 1)
    if stretch.outer_start < 2 or after >= len(tokens) or not tokens.words[first][0].isupper():
        return False
    parts = (before, after)
    return all(tokens.tags[t] == "NNP" and tokens.words[t][0].isupper() for t in parts) and any(
        tokens.entity[t] == "PERSON" for t in parts
    )


def _said_by_somebody(article: Article, verb: int) -> bool:
    """Whether a word like “called” is an active verb with a subject of its own: critics called it …"""
    tokens = article.tokens
    if tokens.tags[verb] not in ("VBD", "VBZ", "VBP", "VBG", "VB"):
        return False
    return any(tokens.deps[child] == "nsubj" for child in tokens.children[verb]) or tokens.tags[verb] == "VBG"


def _is_title(article: Article, number: int) -> bool:
    """Whether all words but the small ones have capitals, as in the title of a work, and there are several."""
    tokens = article.tokens
    first, last = article.ranges[number]
    if last - first + 1 > _LONGEST_TITLE:
        return False
    large = [
        t for t in range(first, last + 1) if tokens.words[t][0].isalpha() and (len(tokens.words[t]) > 3 or t == first)
    ]
    if not large or not all(tokens.words[t][0].isupper() for t in large):
        return False
    return sum(1 for t in range(first, last + 1) if tokens.words[t][0].isalnum()) > 1


def _within_noun_phrase(article: Article, number: int) -> bool:
    """Whether a few words stand in marks between an article and a noun: the “big four” negotiators."""
    tokens = article.tokens
    first, last = article.ranges[number]
    before, tail = before_gap(article, number)
    after, end = after_gap(article, number)
    if before > tail or after > end:
        return False
    indefinite = (
        tokens.lower[tail] in ("a", "an") and tokens.tags[after] == "NN" and tokens.lower[first] not in ("i", "we")
    )
    if indefinite and last - first <= 5 and tokens.starts[after] == article.stretches[number].outer_end + 1:
        return True
    if last - first > 2:
        return False
    if tokens.tags[tail] not in ("DT", "PRP$", "POS", "JJ", "CD") or tokens.words[after] in (",", "-"):
        return False
    return (
        tokens.tags[after].startswith("NN")
        and not tokens.tags[last].startswith(("VB", "RB"))
        and tokens.heads[first] >= after
    )


def is_inscription(article: Article, cue: Cue) -> bool:
    """Whether what “says” it is a thing with words on it: a sign, a mug, a banner."""
    if cue.speaker is None:
        tokens = article.tokens
        sentence = range(tokens.sentence[cue.token], cue.token)
        return any(tokens.lower[t] in nouns("inscriptions") for t in sentence)
    return article.tokens.lower[cue.speaker.head] in nouns("inscriptions")
