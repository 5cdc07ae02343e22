"""Whether a tracked name is who speaks: not everybody who is named with the speaker says something."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from consumers.alerts.judging import Judged
from consumers.alerts.occurrences import Occurrence
from consumers.enrich.names.spelling import plain
from schemas.records import Speaker

_BOUND = re.compile(
    r"\b(?:for|of|at|in|from|by|with|to|near|on|about|against|outside|inside|behind|and)\b(?!.*,)", re.IGNORECASE
)
"""What makes the name after it another's: a lawyer for X, a worker in X; not where a comma ends that, as in “the mayor
of Y, X”."""
_GOES_ON = re.compile(r"^\s*(?:,|[(–—]|(?:of|in|at|from|who|and|for|on|with|near)\b|$)")
"""What may follow the speaker's name within the words for the speaker; a noun makes it another's: Apple engineers."""
_MOUTHPIECE = re.compile(
    r"\b(?:spokes(?:man|woman|person|people)|statement)s?\b(?: \w+){0,2} (?:for|of|at|from|by) (?:the )?$",
    re.IGNORECASE,
)
_MOUTHPIECE_AFTER = re.compile(r"^(?:[’']s)? (?:\w+ )?(?:spokes(?:man|woman|person|people)|statement)\b", re.IGNORECASE)


class Speaking:
    """The occurrences of one tracked name, asked of speakers."""

    def __init__(self, judged: Sequence[Judged]) -> None:
        self._occurrences = [each.occurrence for each in judged]
        self._entities = {each.entity.id for each in self._occurrences if each.entity and not _is_a_namesake(each)}
        self._names = {plain(form) for each in self._occurrences for form in _full_forms(each)}

    def is_any_of(self, speakers: Collection[Speaker]) -> bool:
        """Whether the tracked one is among some known speakers, or a body speaks through its spokespeople there."""
        return any(map(self._is, speakers))

    def _is(self, speaker: Speaker) -> bool:
        if speaker.entity in self._entities or (speaker.entity is None and plain(speaker.name) in self._names):
            return True
        start, end = speaker.start, speaker.start + len(speaker.text)
        return any(start <= each.start and each.end <= end and _is_head(each, speaker) for each in self._occurrences)


def _is_head(occurrence: Occurrence, speaker: Speaker) -> bool:
    """Whether the words for a speaker are about the one named among them, and not about somebody with, of or for it."""
    before = speaker.text[: occurrence.start - speaker.start]
    after = speaker.text[occurrence.end - speaker.start :]
    if _is_body(occurrence) and (_MOUTHPIECE.search(before) or _MOUTHPIECE_AFTER.match(after)):
        return True
    return not _BOUND.search(before) and _GOES_ON.match(after) is not None


def _is_a_namesake(occurrence: Occurrence) -> bool:
    """Whether the article takes a place or a body for a person of a longer name: Ford for Doug Ford."""
    entity = occurrence.entity
    return (
        entity is not None
        and entity.label == "PERSON"
        and occurrence.form.tracked.type not in (None, "person")
        and len(entity.name.split()) > len(occurrence.form.words)
    )


def _is_body(occurrence: Occurrence) -> bool:
    kind, entity = occurrence.form.tracked.type, occurrence.entity
    return kind == "organization" or (kind is None and entity is not None and entity.label == "ORG")


def _full_forms(occurrence: Occurrence) -> Sequence[str]:
    form = occurrence.form
    return [form.written] if len(form.words) > 1 or not occurrence.resolved else []
