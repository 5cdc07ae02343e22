"""The names of a watchlist in an article: each that is meant there, where, how it occurs and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from consumers.alerts.boilerplate import Boilerplate
from consumers.alerts.context import Context
from consumers.alerts.judging import Judge, Judged
from consumers.alerts.marks import FalsePositive, is_marked
from consumers.alerts.occurrences import FormIndex, Occurrence, occurrences
from consumers.alerts.surnames import with_surnames
from consumers.alerts.surroundings import Surroundings
from quotewire.ports import TrackedName
from schemas.records import AlertQuote, Condition, EnrichedArticle, Mention

LEAST_CONFIDENCE = 0.5
"""Less sure matches raise nothing: more likely than not somebody else is meant."""


@dataclass(frozen=True, slots=True)
class Match:
    """A tracked name in an article: the mention that counts most, why it is one, and how the name occurs in all."""

    tracked: TrackedName
    mention: Mention
    rule: str
    confidence: float
    conditions: tuple[Condition, ...] = ("mentioned",)
    quotes: tuple[AlertQuote, ...] = ()


class Matcher:
    """Finds the tracked names in an article; made once for a watchlist.

    `marks` are the alerts that were marked false: what is like them stays quiet. Paused entries match nothing.
    """

    def __init__(
        self,
        watchlist: Iterable[TrackedName],
        marks: Sequence[FalsePositive] = (),
        least_confidence: float = LEAST_CONFIDENCE,
    ) -> None:
        self._forms = FormIndex(tracked for tracked in watchlist if not tracked.paused)
        self._marks: dict[str, list[FalsePositive]] = {}
        for mark in marks:
            self._marks.setdefault(mark.name, []).append(mark)
        self._least = least_confidence

    def matches(self, article: EnrichedArticle) -> list[Match]:
        """The tracked names that the article mentions as their entries ask for, each once, in the order of the text."""
        around = Surroundings(article)
        found = occurrences(self._forms, around)
        if not found:
            return []
        by_name = self._judged(around, found)
        context = Context(article)
        matched = [match for judged in by_name.values() if (match := self._match(article, context, judged)) is not None]
        names = frozenset(by_name)
        return [match for each in matched if (match := _together(each, context, names)) is not None]

    def _judged(self, around: Surroundings, found: Sequence[Occurrence]) -> dict[str, list[Judged]]:
        boilerplate, judge = Boilerplate(around.text, around.headline_end), Judge(around)
        by_name: dict[str, list[Judged]] = {}
        for occurrence in found:
            if boilerplate.holds(occurrence.start, occurrence.end):
                continue
            judged = judge.judge(occurrence)
            if judged is not None:
                by_name.setdefault(occurrence.form.tracked.name, []).append(judged)
        return {
            name: [
                each
                for each in with_surnames(around, judged, judge)
                if not boilerplate.holds(each.occurrence.start, each.occurrence.end)
            ]
            for name, judged in by_name.items()
            if _is_borne_out(judged)
        }

    def _match(self, article: EnrichedArticle, context: Context, judged: Sequence[Judged]) -> Match | None:
        tracked = judged[0].occurrence.form.tracked
        if not context.is_wanted(tracked):
            return None
        spans = [(each.occurrence.start, each.occurrence.end) for each in judged]
        if tracked.not_near and any(context.is_near(tracked.not_near, *span) for span in spans):
            return None
        near = [context.is_near(tracked.near, *span) for span in spans] if tracked.near else []
        if tracked.near and not any(near):
            return None
        conditions, quotes = context.held(judged)
        if not set(tracked.conditions) & set(conditions):
            return None
        best = max(judged, key=lambda each: (each.confidence, -each.occurrence.start))
        confidence = min(0.99, best.confidence + (0.04 if tracked.near else 0))
        if confidence < self._least:
            return None
        start, end = best.occurrence.start, best.occurrence.end
        mention = Mention(start=start, end=end, text=article.text[start:end])
        if is_marked(self._marks.get(tracked.name, ()), article, mention, best.occurrence.entity):
            return None
        return Match(tracked, mention, best.rule, round(confidence, 2), conditions, quotes)


def _is_borne_out(judged: Sequence[Judged]) -> bool:
    """“Austin” alone is the tracked one only where his full name stands in the article itself, too."""
    return not all(each.occurrence.resolved for each in judged)


def _together(match: Match, context: Context, names: frozenset[str]) -> Match | None:
    """The match with what stands together with it; None where its entry asks for that in vain."""
    wanted = match.tracked.together_with
    if not wanted:
        return match
    if not context.has_one_of(wanted, names - {match.tracked.name}):
        return None
    return replace(match, conditions=(*match.conditions, "together"))
