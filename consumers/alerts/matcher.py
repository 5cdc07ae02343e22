"""The names of a watchlist in an article: each that is meant there, where, how it occurs and how sure that is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from enum import Enum, auto

from consumers.alerts.boilerplate import Boilerplate
from consumers.alerts.context import Context
from consumers.alerts.forms import forms_of
from consumers.alerts.judging import Judge, Judged
from consumers.alerts.marks import FalsePositive, is_marked
from consumers.alerts.occurrences import FormIndex, Occurrence, occurrences
from consumers.alerts.surnames import with_surnames
from consumers.alerts.surroundings import Surroundings
from consumers.enrich.names.spelling import plain
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


@dataclass(frozen=True, slots=True)
class Look:
    """What a look through an article found."""

    matches: tuple[Match, ...] = ()
    """Each tracked name once, in the order of the text."""
    passed_over: tuple[TrackedName, ...] = ()
    """Those whose words stand there, but not as their entries ask for: somebody else is meant, what must be near is
    not, or nobody is quoted. Not those that are kept quiet by a doubt, a mark, a word of `not_near`, or their outlet.
    """


class _Silence(Enum):
    """Why a mention makes no match."""

    PASSED_OVER = auto()
    KEPT_QUIET = auto()


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
        tracked = [tracked for tracked in watchlist if not tracked.paused]
        names = {each.name for each in tracked}
        asked_for = {name for each in tracked for name in each.together_with}
        self._companion_entries = {each.name: each for each in tracked if each.name in asked_for}
        self._forms = FormIndex(tracked)
        self._companions = FormIndex(TrackedName(words, type="phrase") for words in sorted(asked_for - names))
        self._marks = _marks_of(tracked, marks)
        self._least = least_confidence

    def matches(self, article: EnrichedArticle) -> list[Match]:
        """The tracked names that the article mentions as their entries ask for, each once, in the order of the text."""
        return list(self.look_through(article).matches)

    def look_through(self, article: EnrichedArticle) -> Look:
        """The tracked names that the article mentions as their entries ask for, and those that it does otherwise."""
        around = Surroundings(article)
        found = occurrences(self._forms, around)
        if not found:
            return Look()
        boilerplate = Boilerplate(around.text, around.headline_end)
        by_name = _judged(around, boilerplate, found)
        context = Context(article, around)
        verdicts = {name: self._match(article, context, judged) for name, judged in by_name.items()}
        matched = [verdict for verdict in verdicts.values() if isinstance(verdict, Match)]
        if any(match.tracked.together_with for match in matched):
            there = {*by_name, *self._companions_in(around, boilerplate)}
            matched = [whole for match in matched if (whole := _together(match, there)) is not None]
        heard = {match.tracked.name for match in matched}
        heard |= {name for name, verdict in verdicts.items() if verdict is _Silence.KEPT_QUIET}
        in_words = {occurrence.form.tracked.name: occurrence.form.tracked for occurrence in found}
        passed_over = (each for name, each in in_words.items() if name not in heard and context.is_wanted(each))
        return Look(tuple(matched), tuple(passed_over))

    def digest_of(self, tracked: TrackedName) -> str:
        """What is the same as long as an entry is, and those that it asks for together with it: 16 hex digits."""
        companions = (self._companion_entries.get(name) for name in tracked.together_with)
        digests = [tracked.digest, *(each.digest for each in companions if each is not None)]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16]

    def _companions_in(self, around: Surroundings, boilerplate: Boilerplate) -> Iterator[str]:
        """What stands in the article of the words that entries ask for and that are no entries themselves."""
        for form, start, end in self._companions.in_text(around):
            if not boilerplate.holds(start, end):
                yield form.tracked.name

    def _match(self, article: EnrichedArticle, context: Context, judged: Sequence[Judged]) -> Match | _Silence:
        tracked = judged[0].occurrence.form.tracked
        if not context.is_wanted(tracked):
            return _Silence.KEPT_QUIET
        marks = self._marks.get(tracked.name)
        if tracked.not_near or marks:
            judged = [
                each
                for each in judged
                if not context.is_near(tracked.not_near, each.occurrence.start, each.occurrence.end)
                and not (marks and is_marked(marks, article, _mention(article, each), each.occurrence.entity))
            ]
        if not _is_borne_out(judged):
            return _Silence.KEPT_QUIET
        telling = judged
        if tracked.near:
            telling = [
                each for each in judged if context.is_near(tracked.near, each.occurrence.start, each.occurrence.end)
            ]
        if not telling:
            return _Silence.PASSED_OVER
        conditions, quotes = context.held(judged)
        if not set(tracked.conditions) & set(conditions):
            return _Silence.PASSED_OVER
        best = max(telling, key=lambda each: (each.confidence, -each.occurrence.start))
        confidence = min(0.99, best.confidence + (0.04 if tracked.near else 0))
        if confidence < self._least:
            return _Silence.KEPT_QUIET
        return Match(tracked, _mention(article, best), best.rule, round(confidence, 2), conditions, quotes)


def _judged(around: Surroundings, boilerplate: Boilerplate, found: Sequence[Occurrence]) -> dict[str, list[Judged]]:
    """What counts of the occurrences in an article, for each tracked name."""
    judge = Judge(around)
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
            for each in with_surnames(around, _of_the_named(judged), judge)
            if not boilerplate.holds(each.occurrence.start, each.occurrence.end)
        ]
        for name, judged in by_name.items()
        if _is_borne_out(judged)
    }


def _of_the_named(judged: Sequence[Judged]) -> list[Judged]:
    """Without the other mentions of whoever is named by a longer name: “the foundation”, where the tracked one has
    given the Orla Finch Foundation its name.
    """
    named = {_entity_of(each) for each in judged if not each.occurrence.resolved}
    return [each for each in judged if not each.occurrence.resolved or _entity_of(each) in named]


def _entity_of(judged: Judged) -> str | None:
    entity = judged.occurrence.entity
    return entity.id if entity is not None else None


def _mention(article: EnrichedArticle, judged: Judged) -> Mention:
    start, end = judged.occurrence.start, judged.occurrence.end
    return Mention(start=start, end=end, text=article.text[start:end])


def _marks_of(watchlist: Sequence[TrackedName], marks: Sequence[FalsePositive]) -> dict[str, list[FalsePositive]]:
    """The marks of each entry. One that names the tracked one itself, by an alias say, holds for its sentence only."""
    by_name: dict[str, list[FalsePositive]] = {}
    for mark in marks:
        by_name.setdefault(mark.name, []).append(mark)
    for tracked in watchlist if by_name else ():
        if tracked.name in by_name:
            own = {plain(form.written) for form in forms_of(tracked)}
            by_name[tracked.name] = [
                replace(mark, entity="") if plain(mark.entity) in own else mark for mark in by_name[tracked.name]
            ]
    return by_name


def _is_borne_out(judged: Sequence[Judged]) -> bool:
    """“Austin” alone is the tracked one only where his full name stands in the article itself, too."""
    return any(not each.occurrence.resolved for each in judged)


def _together(match: Match, there: Set[str]) -> Match | None:
    """The match with what stands together with it; None where its entry asks for that in vain."""
    wanted = match.tracked.together_with
    if not wanted:
        return match
    if there.isdisjoint({*wanted} - {match.tracked.name}):
        return None
    return replace(match, conditions=(*match.conditions, "together"))
