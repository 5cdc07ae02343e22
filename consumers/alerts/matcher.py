"""Tracked names in articles: where each stands, and how sure it is that it is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from quotewire.ports import TrackedName
from schemas.records import AlertQuote, Condition, EnrichedArticle, Mention

BY_NAME_CONFIDENCE = 0.95
BY_ALIAS_CONFIDENCE = 0.9
BY_WORDS_CONFIDENCE = 0.7
"""How sure a match is: a resolved entity of that name, of that alias, or the bare words with no entity around them."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where a tracked name stands in an article, and why it is one."""

    tracked: TrackedName
    mention: Mention
    rule: str
    confidence: float
    conditions: tuple[Condition, ...] = ("mentioned",)
    quotes: tuple[AlertQuote, ...] = ()


class Matcher:
    """Finds the tracked names in an article; made once for a watchlist."""

    def __init__(self, watchlist: Sequence[TrackedName]) -> None:
        forms: dict[str, list[tuple[TrackedName, str]]] = {}
        for tracked in watchlist:
            for form in (tracked.name, *tracked.aliases):
                forms.setdefault(_folded(form), []).append((tracked, form))
        self._forms = [entries for folded, entries in forms.items() if folded]
        patterns = [folded for folded in forms if folded]
        self._finder = AhoCorasick(patterns) if patterns else None

    def matches(self, article: EnrichedArticle) -> list[Match]:
        """The best match of each tracked name that the article mentions, in the order of the watchlist's finding.

        A name counts where it is an entity's name or the whole of one of its mentions, or where its words stand in the
        text outside any longer name: “Washington” in “Denzel Washington” is nobody's mention but his.
        """
        best: dict[str, Match] = {}
        for match in (*self._by_entity(article), *self._by_words(article)):
            known = best.get(match.tracked.name)
            if known is None or match.confidence > known.confidence:
                best[match.tracked.name] = match
        return list(best.values())

    def _by_entity(self, article: EnrichedArticle) -> Iterator[Match]:
        for entity in article.entities:
            if not entity.mentions:
                continue
            for tracked, form in self._exactly(entity.name):
                rule = "name" if form == tracked.name else "alias"
                if not _written_alike(form, entity.name):
                    continue
                confidence = BY_NAME_CONFIDENCE if rule == "name" else BY_ALIAS_CONFIDENCE
                yield Match(tracked, entity.mentions[0], f"entity by {rule}", confidence)

    def _by_words(self, article: EnrichedArticle) -> Iterator[Match]:
        if self._finder is None:
            return
        text, folded = article.text, _folded(article.text)
        names = sorted((mention.start, mention.end) for entity in article.entities for mention in entity.mentions)
        for number, start, end in self._finder.find_matches_as_indexes(folded, overlapping=True):
            if not _stands_alone(text, start, end) or _inside_longer(names, start, end):
                continue
            for tracked, form in self._forms[number]:
                if _written_alike(form, text[start:end]):
                    mention = Mention(start=start, end=end, text=text[start:end])
                    yield Match(tracked, mention, f"words “{form}”", BY_WORDS_CONFIDENCE)

    def _exactly(self, name: str) -> Iterator[tuple[TrackedName, str]]:
        if self._finder is None:
            return
        folded = _folded(name)
        for number, start, end in self._finder.find_matches_as_indexes(folded, overlapping=True):
            if start == 0 and end == len(folded):
                yield from self._forms[number]


def _folded(text: str) -> str:
    """Lower case, character by character, so that offsets stay those of the text."""
    return "".join(lower if len(lower := char.lower()) == 1 else char for char in text.replace("’", "'"))


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_is_word(before) and _is_word(text[start])) and not (_is_word(after) and _is_word(text[end - 1]))


def _is_word(char: str) -> bool:
    return bool(char) and (char.isalnum() or char == "_")


def _inside_longer(names: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(s <= start and end <= e and e - s > end - start for s, e in names)


def _written_alike(form: str, words: str) -> bool:
    """Whether words are written as a name is: “us” is not the “US”, but a headline in capitals is any name."""
    form, words = form.replace("’", "'"), words.replace("’", "'")
    return (
        words == form
        or form.islower()
        or (words.isupper() and (len(form) > 3 or form.isupper()))
        or (words.casefold() == form.casefold() and words[:1].isupper() and not form.isupper())
    )
