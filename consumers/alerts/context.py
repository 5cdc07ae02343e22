"""What an entry of the watchlist asks of the article around a name: words near it, how it occurs, with whom, where."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from consumers.alerts.forms import folded
from consumers.alerts.judging import Judged
from consumers.alerts.speaking import Speaking
from consumers.alerts.surroundings import Surroundings
from quotewire.ports import TrackedName
from schemas.records import AlertQuote, Condition, EnrichedArticle, Quote, Span, Speaker

NEAR_WORDS = 30
"""How many words before and after a name are near it; its paragraph and the headline are near as well."""
_LONGEST = 1_000
"""How much before and after a name is near it at most: a page without breaks is not one paragraph."""

_WORD = re.compile(r"\w+")


class Context:
    """One article, as the conditions of entries ask about it."""

    def __init__(self, article: EnrichedArticle, around: Surroundings) -> None:
        self._article = article
        self._around = around
        self._headline_end = around.headline_end
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._short_headline_end = min(self._headline_end, _LONGEST)

    # --- the article as a whole

    def is_wanted(self, tracked: TrackedName) -> bool:
        """Whether the entry is about articles of this outlet, language and feed at all."""
        article = self._article
        outlets = {folded(outlet) for outlet in tracked.outlets}
        tags = {tag.casefold() for tag in tracked.tags}
        return (
            (not outlets or folded(article.outlet) in outlets or (article.feed or "") in tracked.outlets)
            and (not tracked.languages or article.language in tracked.languages)
            and (not tags or not tags.isdisjoint(map(str.casefold, article.tags)))
        )

    # --- near

    def is_near(self, words: Sequence[str], start: int, end: int) -> bool:
        """Whether one of some words stands near text[start:end]."""
        first, last = self._surroundings(start, end)
        return any(
            self._stands(word, first, last, (start, end))
            or self._stands(word, 0, self._short_headline_end, (start, end))
            for word in words
        )

    def _surroundings(self, start: int, end: int) -> tuple[int, int]:
        text = self._around.folded
        before = [match.start() for match in _WORD.finditer(text, max(0, start - 12 * NEAR_WORDS), start)]
        after = [match.end() for match in _WORD.finditer(text, end, end + 12 * NEAR_WORDS)]
        first, last = max(0, start - _LONGEST), min(len(text), end + _LONGEST)
        line_start, line_end = text.rfind("\n", first, start) + 1 or first, text.find("\n", end, last)
        return (
            min(line_start, before[-NEAR_WORDS:][0] if before else start),
            max(line_end if line_end >= 0 else last, after[:NEAR_WORDS][-1] if after else end),
        )

    def _stands(self, words: str, start: int, end: int, apart_from: tuple[int, int] = (0, 0)) -> bool:
        """Whether words stand between two offsets, in whatever case and number, but for the name itself."""
        if words not in self._places:
            pattern = re.compile(rf"(?<!\w){re.escape(folded(words))}(?:'?s|es|'s)?(?!\w)")
            self._places[words] = [match.span() for match in pattern.finditer(self._around.folded)]
        places = self._places[words]
        return any(
            last <= end and not (apart_from[0] <= first and last <= apart_from[1])
            for first, last in places[bisect_left(places, (start, 0)) : bisect_left(places, (end, 0))]
        )

    # --- how it occurs

    def held(self, judged: Sequence[Judged]) -> tuple[tuple[Condition, ...], tuple[AlertQuote, ...]]:
        """The conditions that hold for the occurrences of one name, and the quotes by it and about it."""
        conditions: list[Condition] = ["mentioned"]
        if any(each.occurrence.end <= self._headline_end for each in judged):
            conditions.append("headline")
        speaking = Speaking(judged)
        spans = sorted((each.occurrence.start, each.occurrence.end) for each in judged)
        quotes = []
        for quote, speakers in self._quotes_and_speakers:
            if speaking.is_any_of(speakers):
                quotes.append(self._quote(quote, "quoted"))
            elif any(_one_within(spans, span) for span in quote.spans):
                quotes.append(self._quote(quote, "quoted-about"))
        said: tuple[Condition, ...] = ("quoted", "quoted-about")
        conditions += [condition for condition in said if any(quote.condition == condition for quote in quotes)]
        return tuple(conditions), tuple(quotes)

    @cached_property
    def _quotes_and_speakers(self) -> list[tuple[Quote, list[Speaker]]]:
        """Every quote of the article, and those known of who speak there."""
        return [
            (
                quote,
                [one for one in (quote.speaker, *quote.other_speakers) if one is not None and one.kind != "unknown"],
            )
            for quote in self._article.every_quote
        ]

    def _quote(self, quote: Quote, condition: str) -> AlertQuote:
        speaker = quote.speaker
        return AlertQuote.model_validate(
            {
                "article": self._article.id,
                "id": quote.id,
                "kind": quote.kind,
                "text": quote.text,
                "speaker": speaker.name if speaker and speaker.kind != "unknown" else None,
                "condition": condition,
            }
        )


def _one_within(spans: Sequence[tuple[int, int]], span: Span) -> bool:
    """Whether one of some sorted spans lies within another."""
    first = bisect_left(spans, (span.start, 0))
    return any(end <= span.end for _, end in spans[first : bisect_left(spans, (span.end, 0))])
