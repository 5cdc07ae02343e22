"""False positives: what an analyst has marked stays quiet, in copies of the article and in what is like it.

A mark is about one entry of the watchlist. It holds for a mention that the article takes for the same other entity
(“Michael Jordan” for Jordan), and for one in the same surroundings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from consumers.alerts.forms import folded
from consumers.alerts.sentences import sentence_around
from consumers.enrich.names.spelling import plain
from schemas.records import Alert, EnrichedArticle, Entity, Mention

LEAST_SHARED = 0.6
"""Share of a marked sentence's telling words that another sentence must have to be taken for the same."""
LEAST_WORDS = 4
"""A sentence of fewer telling words says too little: only one of the same words is taken for it."""

_TELLING = re.compile(r"[^\W\d_]{4,}")
_SMALL = frozenset("that this with from have been were will would said says their there which about after they".split())


@dataclass(frozen=True, slots=True)
class FalsePositive:
    """A mark: the tracked name it is about, the alert that was marked, the other one's full name where the article
    gave one, and the telling words of the sentence.
    """

    name: str
    alert: str
    entity: str = ""
    words: frozenset[str] = frozenset()


def mark_of(alert: Alert, article: EnrichedArticle | None) -> FalsePositive:
    """The mark for an alert that is false; `article` is the one that raised it, where it can still be had."""
    entity = _entity_at(article, alert.mention) if article else None
    named = {plain(alert.name), plain(alert.mention.text)}
    # An entity of just the marked words is no other one: the IMF is called so wherever it is meant.
    name = entity.name if entity and plain(entity.name) not in named else ""
    return FalsePositive(alert.name, alert.id, name, _telling(alert.sentence.text, alert.mention.text))


def is_marked(
    marks: Iterable[FalsePositive], article: EnrichedArticle, mention: Mention, entity: Entity | None
) -> bool:
    """Whether one of the marks of a tracked name holds for a mention of it in an article."""
    words: frozenset[str] | None = None
    for mark in marks:
        if mark.entity and entity is not None and plain(mark.entity) == plain(entity.name):
            return True
        if words is None:
            words = _telling(sentence_around(article.text, mention).text, mention.text)
        if _is_like(mark.words, words):
            return True
    return False


def _is_like(marked: frozenset[str], words: frozenset[str]) -> bool:
    """Whether a sentence of some telling words is like a marked one."""
    if len(marked) < LEAST_WORDS:
        return bool(marked) and marked == words
    return len(marked & words) >= LEAST_SHARED * len(marked)


def _entity_at(article: EnrichedArticle, mention: Mention) -> Entity | None:
    for entity in article.entities:
        if any(each.start < mention.end and each.end > mention.start for each in entity.mentions):
            return entity
    return None


def _telling(sentence: str, name: str) -> frozenset[str]:
    own = set(_TELLING.findall(folded(name)))
    return frozenset(word for word in _TELLING.findall(folded(sentence)) if word not in own and word not in _SMALL)
