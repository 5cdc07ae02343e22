"""Drafts to records: the quotes as they travel, with speakers resolved to the entities of the article."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.enrich.quotes.article import Draft
from consumers.enrich.quotes.resolution import Resolver
from consumers.enrich.tokens import Tokens
from schemas.records import Entity, Mention, Quote, Span


def make_quotes(tokens: Tokens, drafts: Sequence[Draft], entities: Sequence[Entity]) -> tuple[Quote, ...]:
    """The records of drafts, numbered in the order of the text."""
    resolver = Resolver(tokens, entities)
    return tuple(_quote(tokens, draft, number, resolver) for number, draft in enumerate(drafts, 1))


def _quote(tokens: Tokens, draft: Draft, number: int, resolver: Resolver) -> Quote:
    text = tokens.text
    spans = tuple(Span(start=start, end=end) for start, end in sorted(draft.spans))
    cue = None
    if draft.cue is not None:
        start, end = tokens.starts[draft.cue.first], tokens.ends[draft.cue.last]
        cue = Mention(start=start, end=end, text=text[start:end])
    rules = list(draft.rules)
    speaker = resolver.speaker(draft.speaker, draft.start, rules) if draft.speaker else None
    return Quote(
        id=f"q{number}",
        kind=draft.kind,  # type: ignore[arg-type]
        spans=spans,
        text=" ".join(text[span.start : span.end] for span in spans),
        cue=cue,
        speaker=speaker,
        other_speakers=tuple(resolver.speaker(other, draft.start, []) for other in draft.others),
        via=resolver.outlet(draft.cue.via, draft.start) if draft.cue is not None and draft.cue.via is not None else None,
        act=draft.act,  # type: ignore[arg-type]
        confidence=0.5,
        rules=tuple(dict.fromkeys(rules)),
    )
