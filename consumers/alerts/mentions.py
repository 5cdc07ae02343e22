"""Where an article's entities are mentioned."""

from __future__ import annotations

from bisect import bisect_left

from consumers.alerts.lines import Lines
from schemas.records import EnrichedArticle, Entity, Mention


class Mentions:
    """The mentions of an article's entities by their place.

    In a line of capitals a model takes verbs for words of names (IMF WARNS), so that a name of several words is only
    believed there if the article has it elsewhere, too.
    """

    def __init__(self, article: EnrichedArticle, lines: Lines) -> None:
        spans = sorted(
            (mention.start, mention.end, number)
            for number, entity in enumerate(article.entities)
            for mention in _believed(entity, lines)
        )
        self._starts = [start for start, _, _ in spans]
        self._spans = spans
        self._entities = article.entities

    def at(self, start: int, end: int) -> Entity | None:
        """The entity one of whose mentions holds text[start:end], or lies within it."""
        found = self.span_at(start, end)
        return self._entities[found[2]] if found else None

    def span_at(self, start: int, end: int) -> tuple[int, int, int] | None:
        """Start and end of that mention, and the number of its entity; the longest one."""
        place = bisect_left(self._starts, end)
        around = [span for span in self._spans[max(0, place - 4) : place] if span[1] > start]
        return max(around, key=lambda span: span[1] - span[0], default=None)


def _believed(entity: Entity, lines: Lines) -> list[Mention]:
    """The mentions of an entity, but for names of several words that stand in lines of capitals only."""
    if all(lines.in_capitals(mention.start) for mention in entity.mentions):
        return [mention for mention in entity.mentions if len(mention.text.split()) == 1]
    return list(entity.mentions)
