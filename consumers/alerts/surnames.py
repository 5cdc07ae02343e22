"""Where an article that gives a person's full name calls him by the surname alone, also where no model saw it.

The name resolver finds these in running English text. In other languages, and in headlines in capitals, there is only
this: the surname stands alone, and nobody else in the article bears it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from consumers.alerts.forms import folded, stands_alone
from consumers.alerts.judging import Judge, Judged
from consumers.alerts.occurrences import Occurrence
from consumers.alerts.surroundings import SUFFIXES, Surroundings
from consumers.enrich.names.spelling import plain

_ARTICLE = re.compile(r"^(?:[ae]l|a[dnrstz]|ash)[-’']", re.IGNORECASE)
"""The Arabic article, which newsrooms leave out of a surname alone: Rashidi for al-Rashidi."""
_LESS_SURE = 0.04


def with_surnames(around: Surroundings, judged: Sequence[Judged], judge: Judge) -> list[Judged]:
    """The occurrences of one tracked name and those of its surname alone, in the order of the text."""
    full = [each for each in judged if _is_a_full_name(each.occurrence)]
    if not full:
        return list(judged)
    known = sorted((each.occurrence.start, each.occurrence.end) for each in judged)
    longest = max(end - start for start, end in known)
    more = []
    for occurrence in _alone(around, full[0].occurrence, _surnames(around.text, full)):
        first, last = bisect_left(known, (occurrence.start - longest, 0)), bisect_left(known, (occurrence.end, 0))
        if any(end > occurrence.start for _, end in known[first:last]):
            continue
        if not judge.is_somebody_else(occurrence):
            rule = f"“{around.text[occurrence.start : occurrence.end]}”, after the full name"
            more.append(Judged(occurrence, rule, round(full[0].confidence - _LESS_SURE, 2)))
    return sorted([*judged, *more], key=lambda each: each.occurrence.start)


def _is_a_full_name(occurrence: Occurrence) -> bool:
    form = occurrence.form
    kind = form.tracked.type or ("person" if occurrence.entity and occurrence.entity.label == "PERSON" else None)
    return kind == "person" and len(form.words) > 1 and not occurrence.resolved


def _surnames(text: str, full: Sequence[Judged]) -> set[str]:
    found = set()
    for each in full:
        written = text[each.occurrence.start : each.occurrence.end].split()
        for words in (written, each.occurrence.form.words):
            last = next((word for word in reversed(words) if plain(word) not in SUFFIXES), "")
            for surname in (last, _ARTICLE.sub("", last)):
                if len(plain(surname)) > 2:
                    found.add(folded(surname))
    return found


def _alone(around: Surroundings, occurrence: Occurrence, surnames: set[str]) -> Iterator[Occurrence]:
    """Each place where one of the surnames stands without a given name before it."""
    text, lines, mentions = around.text, around.lines, around.mentions
    for surname in sorted(surnames):
        for match in re.finditer(re.escape(surname), around.folded):
            start, end = match.span()
            if not text[start].isupper() or not stands_alone(text, start, end):
                continue
            if text[start:end].isupper() and not lines.in_capitals(start):
                continue
            entity = mentions.at(start, end)
            if entity is not None and entity.label == "PERSON" and surname not in folded(entity.name).split():
                continue
            yield Occurrence(occurrence.form, start, end, occurrence.entity, resolved=True)
