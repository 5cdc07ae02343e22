"""Block quotes: paragraphs of somebody's words without marks, below a paragraph that ends with a cue and a colon."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from consumers.enrich.quotes.article import Article
from consumers.enrich.quotes.attribution import colon_above
from consumers.enrich.quotes.cue import Cue

_OWN = frozenset("i we my our me us mine ours".split())
"""Pronouns that tell a speaker's own words from the newspaper's."""
_SENTENCE_ENDS = (".", "!", "?", "…")


@dataclass(frozen=True, slots=True)
class Block:
    """A block quote: its cue, and where each of its paragraphs stands in the text (start, end)."""

    cue: Cue
    spans: list[tuple[int, int]]

    def holds(self, place: int) -> bool:
        """Whether a place of the text is within it."""
        return self.spans[0][0] <= place < self.spans[-1][1]


def find_blocks(article: Article, turns: Container[int]) -> list[Block]:
    """The block quotes of an article, in order. `turns`: the paragraphs that are turns of an interview.

    The first paragraph below the colon must be sentences in which the speaker says I or we; it runs on over the
    paragraphs that are so too and hold no words in marks.
    """
    found: list[Block] = []
    last = -1
    for paragraph in range(1, len(article.tokens.paragraphs)):
        if paragraph <= last or paragraph in turns or not _is_own(article, paragraph):
            continue
        above = colon_above(article, paragraph)
        if above is None or above[0].speaker is None:
            continue
        last = paragraph
        while last + 1 < len(article.tokens.paragraphs) and _is_own(article, last + 1):
            last += 1
        found.append(Block(above[0], [_stripped(article, number) for number in range(paragraph, last + 1)]))
    return found


def _stripped(article: Article, paragraph: int) -> tuple[int, int]:
    """A paragraph without the white space around it."""
    start, end = article.tokens.paragraphs[paragraph]
    text = article.tokens.text[start:end]
    return start + len(text) - len(text.lstrip()), start + len(text.rstrip())


def _is_own(article: Article, paragraph: int) -> bool:
    """Whether a paragraph is sentences without marks in which somebody speaks of himself."""
    tokens = article.tokens
    start, end = tokens.paragraphs[paragraph]
    text = tokens.text[start:end].strip()
    if not text[:1].isupper() or not text.endswith(_SENTENCE_ENDS):
        return False
    span = range(tokens.at(start), min(tokens.at(end - 1) + 1, len(tokens)))
    return any(tokens.lower[t] in _OWN for t in span) and all(article.stretch_of[t] < 0 for t in span)
