"""Quotes within quotes: “My boss told me, ‘You will never walk again,’” she said.

The words between the inner marks are a quote of their own where words beside them, inside the outer quote, say who
speaks. Without such words they are what somebody calls something, and stay part of the outer quote alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consumers.enrich.quotes.article import Article, Draft
from consumers.enrich.quotes.attribution import before_gap, cue_after, cue_before
from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.marks import find_inner
from consumers.enrich.quotes.no_quotations import is_inscription, no_quotation

OUTSIDE = 1_000_000_000
"""The stretch that tokens around the outer quote are said to be in, so that no rule looks there."""
SURE = ("cue-after", "cue-after-inverted", "cue-and-colon", "cue-before-comma", "cue-right-before")
_WITH_HEARER = frozenset("tell ask warn remind assure urge".split())
_INNER_MARK = re.compile(r"[‘“«„\"]|(?<![^\s(\[,:;—–-])'")


def _told(inside: Article, number: int) -> tuple[Cue, str] | None:
    """The cue of My boss told me ‘no’: right before the words but for whoever is spoken to."""
    tokens = inside.tokens
    first, last = before_gap(inside, number)
    for cue in reversed(inside.cues_between(first, last)):
        hearer = tokens.tags[cue.last + 1 : last + 1]
        if cue.lemma in _WITH_HEARER and 0 < len(hearer) <= 3:
            return (cue, "cue-right-before") if all(tag.startswith(("PRP", "NN", "DT")) for tag in hearer) else None
    return None


class Nested:
    """Finds the quotes within the quotes of an article."""

    def __init__(self, article: Article) -> None:
        self._article = article
        self._within: list[int] = []

    def of(self, draft: Draft) -> Iterator[Draft]:
        """The quotes within a direct quote, in order."""
        if draft.kind != "direct":
            return
        text = self._article.tokens.text
        for start, end in draft.spans:
            if _INNER_MARK.search(text, start, end):
                yield from self._between(start, end)

    def _between(self, start: int, end: int) -> Iterator[Draft]:
        tokens = self._article.tokens
        stretches = find_inner(tokens.text, start, end)
        first, last = tokens.at(start), tokens.at(end - 1)
        if not stretches or last >= len(tokens):
            return
        self._within = self._within or [OUTSIDE] * len(tokens)
        self._within[first : last + 1] = [-1] * (last + 1 - first)
        ranges = [(tokens.at(s.start), tokens.at(s.end - 1)) for s in stretches]
        for number, (inner_first, inner_last) in enumerate(ranges):
            self._within[inner_first : inner_last + 1] = [number] * (inner_last + 1 - inner_first)
        cues = [cue for cue in self._article.cues if first <= cue.first and cue.last <= last]
        inside = Article(tokens, stretches, self._within, ranges, cues)
        yield from filter(None, (self._quote(inside, number) for number in range(len(stretches))))
        self._within[first : last + 1] = [OUTSIDE] * (last + 1 - first)

    def _quote(self, inside: Article, number: int) -> Draft | None:
        before = cue_before(inside, number)
        found = before if before and before[1] in SURE[2:] else cue_after(inside, number) or before
        found = found or _told(inside, number)
        if found is None:
            return None
        cue, rule = found
        if rule not in SURE or cue.speaker is None or is_inscription(inside, cue) or no_quotation(inside, number):
            return None
        stretch = inside.stretches[number]
        first, last = inside.ranges[number]
        if first == last and rule not in ("cue-and-colon", "cue-right-before"):
            return None
        rules = [name for name in ("nested", rule, cue.rule) if name]
        return Draft([(stretch.start, stretch.end)], "direct", cue, cue.speaker, cue.others, rules)
