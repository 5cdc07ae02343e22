"""Drafts to records: the quotes as they travel, with speakers resolved to the entities of the article."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.enrich.quotes.article import Draft
from consumers.enrich.quotes.grammar import Phrase, is_pronoun
from consumers.enrich.tokens import Tokens
from schemas.records import Entity, Mention, Quote, Span, Speaker


def make_quotes(tokens: Tokens, drafts: Sequence[Draft], entities: Sequence[Entity]) -> tuple[Quote, ...]:
    """The records of drafts, numbered in the order of the text."""
    return tuple(_quote(tokens, draft, number, entities) for number, draft in enumerate(drafts, 1))


def _quote(tokens: Tokens, draft: Draft, number: int, entities: Sequence[Entity]) -> Quote:
    text = tokens.text
    spans = tuple(Span(start=start, end=end) for start, end in sorted(draft.spans))
    cue = None
    if draft.cue is not None:
        start, end = tokens.starts[draft.cue.first], tokens.ends[draft.cue.last]
        cue = Mention(start=start, end=end, text=text[start:end])
    return Quote(
        id=f"q{number}",
        kind=draft.kind,  # type: ignore[arg-type]
        spans=spans,
        text=" ".join(text[span.start : span.end] for span in spans),
        cue=cue,
        speaker=_speaker(tokens, draft.speaker, entities) if draft.speaker else None,
        other_speakers=tuple(_speaker(tokens, other, entities) for other in draft.others),
        confidence=0.5,
        rules=tuple(dict.fromkeys(draft.rules)),
    )


def _speaker(tokens: Tokens, phrase: Phrase, entities: Sequence[Entity]) -> Speaker:
    start, end = phrase.start(tokens), phrase.end(tokens)
    text = tokens.text[start:end]
    for entity in entities:
        for mention in entity.mentions:
            if mention.start < end and mention.end > start and mention.end >= tokens.ends[phrase.head]:
                kind = {"PERSON": "person", "GPE": "place", "LOC": "place"}.get(entity.label, "organization")
                return Speaker(start=start, end=end, text=text, name=entity.name, entity=entity.id, kind=kind)  # type: ignore[arg-type]
    return Speaker(start=start, end=end, text=text, name=text, kind="person" if is_pronoun(tokens, phrase.head) else "unnamed")
