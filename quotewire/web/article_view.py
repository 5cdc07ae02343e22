"""An article as its page shows it: the text with everything found in it marked, and lists of who and what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from quotewire.web.marking import Mark, Paragraph, marked_paragraphs
from schemas.records import Alert, EnrichedArticle, Entity, Quote, Span

_ATTRIBUTIONS, _QUOTES, _ENTITIES, _CUES, _TRACKED = range(5)
"""Layers of marks. An attribution shows nothing but, where it ends, who said it."""

_CLOSING = re.compile(r"[’”\"'»]*[.,;:!?…]*[’”\"'»]*")
"""What belongs to the end of a quote for the eye: the speaker is named after it, not before."""

GROUPS = {
    "PERSON": ("person", "People"),
    "ORG": ("organisation", "Organisations"),
    "GPE": ("place", "Places"),
    "LOC": ("place", "Places"),
    "FAC": ("place", "Places"),
    "NORP": ("people", "Peoples and parties"),
}
"""How a label is shown: a style, and a heading. All others are “other”."""

_OTHER = ("other", "Products, events and others")


@dataclass(frozen=True, slots=True)
class EntityGroup:
    """Entities that are shown alike, by how often they are mentioned."""

    style: str
    heading: str
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """The quotes of one speaker, in the order of the text. No name where nobody knows who it was."""

    name: str | None
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class ArticleView:
    """What the article's page shows. The headline stands apart where the text begins with it."""

    article: EnrichedArticle
    headline: tuple[Paragraph, ...]
    body: tuple[Paragraph, ...]
    said: tuple[Said, ...]
    groups: tuple[EntityGroup, ...]
    tracked: tuple[Alert, ...]


def article_view(article: EnrichedArticle, alerts: Sequence[Alert]) -> ArticleView:
    """The view of an article with the alerts that it stands in."""
    alerts = [_as_here(alert, article.id) for alert in alerts]
    paragraphs = marked_paragraphs(article.text, list(_marks(article, alerts)))
    end = article.headline.end if article.headline and article.headline.start == 0 else 0
    if article.text[end : end + 1] not in ("\n", ""):
        end = 0
    return ArticleView(
        article=article,
        headline=tuple(p for p in paragraphs if p.start < end and p.pieces),
        body=tuple(p for p in paragraphs if p.start >= end and p.pieces),
        said=tuple(_said(article.every_quote)),
        groups=tuple(_groups(article.entities)),
        tracked=tuple(alerts),
    )


def speaker_name(quote: Quote) -> str | None:
    """Whom a quote is put to; none where that is not known."""
    return quote.speaker.name if quote.speaker and quote.speaker.kind != "unknown" else None


def style(entity: Entity) -> str:
    """How an entity is shown."""
    return GROUPS.get(entity.label, _OTHER)[0]


def _as_here(alert: Alert, article: str) -> Alert:
    """The alert with the mention in this article, which need not be the one that raised it."""
    here = alert.in_article(article)
    return alert.model_copy(update={"mention": here.mention, "sentence": here.sentence}) if here else alert


def _marks(article: EnrichedArticle, alerts: Iterable[Alert]) -> Iterator[Mark]:
    for quote in article.every_quote:
        for span in quote.spans:
            yield _mark(span, _QUOTES, quote.id, quote)
        last = quote.spans[-1]
        closing = _CLOSING.match(article.text, last.end)
        yield Mark(last.start, closing.end() if closing else last.end, _ATTRIBUTIONS, f"{quote.id}-by", quote)
        if quote.cue:
            yield _mark(quote.cue, _CUES, f"{quote.id}-cue", None)
    for entity in article.entities:
        for mention in entity.mentions:
            yield _mark(mention, _ENTITIES, f"{entity.id}-{mention.start}", entity)
    for alert in alerts:
        # The alert may have been raised for an earlier revision, whose words stood elsewhere.
        if article.text[alert.mention.start : alert.mention.end] == alert.mention.text:
            yield _mark(alert.mention, _TRACKED, f"tracked-{alert.mention.start}", alert)


def _mark(span: Span, layer: int, key: str, data: object) -> Mark:
    return Mark(span.start, span.end, layer, key, data)


def _said(quotes: Iterable[Quote]) -> Iterator[Said]:
    """Speakers in the order in which they first speak, the unknown last."""
    by_name: dict[str | None, list[Quote]] = {}
    for quote in quotes:
        by_name.setdefault(speaker_name(quote), []).append(quote)
    nobody = by_name.pop(None, [])
    for name, said in by_name.items():
        yield Said(name, tuple(said))
    if nobody:
        yield Said(None, tuple(nobody))


def _groups(entities: Sequence[Entity]) -> Iterator[EntityGroup]:
    for group_style, heading in dict.fromkeys([*GROUPS.values(), _OTHER]):
        members = [entity for entity in entities if style(entity) == group_style]
        if members:
            members.sort(key=lambda entity: (-len(entity.mentions), entity.name))
            yield EntityGroup(group_style, heading, tuple(members))
