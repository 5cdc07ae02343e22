"""Drafts to records: the quotes as they travel, with speakers resolved to the entities of the article."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.enrich.quotes.acts import act_of
from consumers.enrich.quotes.article import Article, Draft
from consumers.enrich.quotes.confidence import with_confidence
from consumers.enrich.quotes.nested import Nested
from consumers.enrich.quotes.resolution import Resolver
from consumers.enrich.tokens import Tokens
from schemas.records import Entity, Mention, Quote, Span, Speaker

_CLOSING = frozenset("”\"’'»")


def make_quotes(article: Article, drafts: Sequence[Draft], entities: Sequence[Entity]) -> tuple[Quote, ...]:
    """The records of drafts, numbered in the order of the text, with the quotes within them."""
    tokens = article.tokens
    resolver = Resolver(tokens, entities)
    found: list[Quote] = []
    nested = Nested(article)
    for draft in drafts:
        quote = with_confidence(_quote(tokens, draft, f"q{len(found) + 1}", resolver, found))
        inside = tuple(
            with_confidence(_quote(tokens, inner, f"{quote.id}.{place}", resolver, found, quote))
            for place, inner in enumerate(nested.of(draft), 1)
        )
        found.append(quote.model_copy(update={"nested": inside}) if inside else quote)
    return tuple(found)


def _quote(
    tokens: Tokens, draft: Draft, identity: str, resolver: Resolver, before: list[Quote], outer: Quote | None = None
) -> Quote:
    text = tokens.text
    spans = tuple(_span(tokens, draft, start, end) for start, end in sorted(draft.spans))
    cue = None
    if draft.cue is not None:
        start, end = tokens.starts[draft.cue.first], tokens.ends[draft.cue.last]
        cue = Mention(start=start, end=end, text=text[start:end])
    rules, remember = list(draft.rules), outer is None
    speaker = resolver.speaker(draft.speaker, draft.start, rules, remember=remember) if draft.speaker else None
    if outer is not None and outer.speaker is not None and speaker is not None and speaker.text.lower() in ("i", "me"):
        # Who quotes himself: “I said, ‘No,’” she said.
        speaker = outer.speaker.model_copy(update={"start": speaker.start, "end": speaker.end, "text": speaker.text})
    via = resolver.outlet(draft.cue.via, draft.start) if draft.cue is not None and draft.cue.via is not None else None
    if via is None and speaker is not None and draft.speaker is not None:
        via = _inherited(speaker, tokens.lower[draft.speaker.head], before)
    rules = list(dict.fromkeys(rules))
    return Quote(
        id=identity,
        kind=draft.kind,
        spans=spans,
        text=" ".join(text[span.start : span.end] for span in spans),
        cue=cue,
        speaker=speaker,
        other_speakers=tuple(resolver.speaker(other, draft.start, [], remember=remember) for other in draft.others),
        via=via,
        act=act_of(tokens, draft),
        confidence=0.5,
        rules=tuple(rules),
    )


def _span(tokens: Tokens, draft: Draft, start: int, end: int) -> Span:
    """A span; the comma before the closing mark of a direct quote is the newspaper's, not the speaker's, and so is the
    full stop that ends the sentence within the marks of a mixed one, with its mark.
    """
    if draft.kind == "mixed" and end - start > 2 and tokens.text[end - 2] == "." and tokens.text[end - 1] in _CLOSING:
        return Span(start=start, end=end - 2)
    while draft.kind == "direct" and end - start > 1 and tokens.text[end - 1] in ", ":
        end -= 1
    return Span(start=start, end=end)


def _inherited(speaker: Speaker, head: str, before: list[Quote]) -> str | None:
    """The outlet through which an unnamed source (the official) spoke before."""
    if speaker.kind != "unnamed" or not speaker.text.lower().startswith(("the ", "this ", "that ")):
        return None
    for quote in reversed(before[-4:]):
        if quote.via is None or quote.speaker is None or quote.speaker.kind != "unnamed":
            continue
        source = quote.speaker.text.lower().split()
        if head in source or "source" in (head, source[-1]):
            return quote.via
    return None
