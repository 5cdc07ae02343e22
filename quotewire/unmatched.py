"""Where the words of a tracked name stand in an article that the matcher does not take for a mention, and why not.

The words are looked for by themselves, by none of the matcher's ways: so what it misses comes out, too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ahocorasick_rs import AhoCorasick

from consumers.alerts.boilerplate import Boilerplate
from consumers.alerts.matcher import Matcher
from consumers.stories.names import folded
from quotewire.ports import TrackedName
from schemas.records import EnrichedArticle

ASKS_MORE = "its entry asks for more than that"
UNSURE = "too unsure to raise an alert"
BOILERPLATE = "only in a byline, a credit, a list of other articles or the like"
OTHER_NAME = "part of another name"
OTHER_KIND = "taken for something of another kind"
NOT_TAKEN = "not taken for the name"

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_ABBREVIATION = 5
"""Letters of an abbreviation at the most: one is looked for as it is written, for “US” is not “us”."""
_OPEN = TrackedName("")
_ASKED = ("near", "not_near", "conditions", "together_with", "outlets", "languages", "tags")
_KINDS = {"person": {"PERSON"}, "organization": {"ORG", "NORP"}, "place": {"GPE", "LOC", "FAC"}}


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Words of a tracked name in an article, not taken for a mention of it."""

    name: str
    article: str
    title: str
    outlet: str
    sentence: str
    reason: str
    detail: str = ""
    """What of the entry does not hold, how unsure it was, or for whom it was taken."""


class NamesInText:
    """Finds the words of tracked names in articles; made once for a watchlist. Paused entries are left out."""

    def __init__(self, names: Iterable[TrackedName]) -> None:
        self._by_form: dict[str, list[tuple[TrackedName, str]]] = {}
        for tracked in names:
            for written in () if tracked.paused else (tracked.name, *tracked.aliases):
                words = " ".join(folded(word) for word in _WORD.findall(written))
                if words:
                    form = words if _UNSPACED.match(words) else f" {words} "
                    self._by_form.setdefault(form, []).append((tracked, written))
        self._forms = list(self._by_form)
        self._automaton = AhoCorasick(self._forms)

    def unmatched(self, article: EnrichedArticle, matched: Set[str]) -> Iterator[Unmatched]:
        """Each name, once, whose words stand in the article and that is none of the matched ones."""
        spans: dict[str, list[tuple[int, int]]] = {}
        entries: dict[str, TrackedName] = {}
        for tracked, start, end in self._found(article.text):
            if tracked.name not in matched:
                entries[tracked.name] = tracked
                spans.setdefault(tracked.name, []).append((start, end))
        if not spans:
            return
        why = _Why(article)
        for name, found in spans.items():
            start, end = found[0]
            words = " ".join(article.text[max(0, start - 60) : end + 60].split())
            reason, detail = why.not_matched(entries[name], found)
            yield Unmatched(name, article.id, article.title, article.outlet, words, reason, detail)

    def _found(self, text: str) -> Iterator[tuple[TrackedName, int, int]]:
        words, starts, folded_words, length = [], [], [], 1
        for match in _WORD.finditer(text):
            words.append(match)
            folded_words.append(folded(match.group()))
            starts.append(length)
            length += len(folded_words[-1]) + 1
        line = f" {' '.join(folded_words)} "
        for number, start, end in self._automaton.find_matches_as_indexes(line, overlapping=True):
            form = self._forms[number]
            first = bisect_right(starts, start + form.startswith(" ")) - 1
            last = bisect_right(starts, end - 1 - form.endswith(" ")) - 1
            span = words[first].start(), words[last].end()
            for tracked, written in self._by_form[form]:
                if _written_alike(text[slice(*span)], written, tracked.type):
                    yield tracked, *span


class _Why:
    """Why names were not taken for mentions in one article."""

    def __init__(self, article: EnrichedArticle) -> None:
        self._article = article

    @cached_property
    def _boilerplate(self) -> Boilerplate:
        headline = self._article.headline
        return Boilerplate(self._article.text, headline.end if headline else 0)

    def not_matched(self, tracked: TrackedName, spans: list[tuple[int, int]]) -> tuple[str, str]:
        """The reason, and what more can be said of it."""
        plain = replace(tracked, **_defaults(_ASKED))
        if plain != tracked and self._matches(plain):
            fields = [field for field in _ASKED if self._matches(replace(tracked, **_defaults((field,))))]
            return ASKS_MORE, " or ".join(fields).replace("_", " ")
        unsure = Matcher([plain], least_confidence=0.0).matches(self._article)
        if unsure:
            return UNSURE, f"{unsure[0].confidence:.2f}, {unsure[0].rule}"
        own = [span for span in spans if not self._boilerplate.holds(*span)]
        if not own:
            return BOILERPLATE, ""
        for start, end in own:
            for entity in self._article.entities:
                for mention in entity.mentions:
                    if mention.start <= start and end <= mention.end:
                        if mention.end - mention.start > end - start + 2:
                            return OTHER_NAME, mention.text
                        if entity.label not in _KINDS.get(tracked.type or "", {entity.label}):
                            return OTHER_KIND, f"{entity.name}, {entity.label}"
        return NOT_TAKEN, ""

    def _matches(self, tracked: TrackedName) -> bool:
        return bool(Matcher([tracked]).matches(self._article))


def _defaults(fields: Iterable[str]) -> dict[str, Any]:
    return {field: getattr(_OPEN, field) for field in fields}


def _written_alike(found: str, written: str, kind: str | None) -> bool:
    """Whether words may be a name by their capitals: “may” is not May, nor “us” the US."""
    if kind == "phrase":
        return True
    if written.isupper() and len(written) <= _ABBREVIATION:
        return found == written
    return found[0].isupper() or not written[0].isupper()
