"""What the components add to spaCy's Doc and Span, and how it travels with a Doc that is serialised.

doc._.named_entities   tuple of schemas.records.Entity      doc._.quotes   tuple of schemas.records.Quote
doc._.headline         where the headline stands, (start, end) in code points: set it before the components run
span._.quote           the quote that the span stands in, or None
span._.speaker         who said the words of the span: schemas.records.Speaker, or None
span._.resolved_name   the fullest name of whom the span mentions, be it a surname or a speaker's pronoun, or None
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import srsly
from pydantic import BaseModel
from spacy.tokens import Doc, Span

from schemas.records import Entity, Quote, Speaker

_RECORDS: dict[str, type[BaseModel]] = {"entity": Entity, "quote": Quote}
_MARK = "__quotewire__"


def add_extensions() -> None:
    """Register the extensions and the records' serialisation; again and again does no harm."""
    for name, default in (("named_entities", ()), ("quotes", ()), ("headline", None)):
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=default)
    for name, getter in (("quote", quote_of), ("speaker", speaker_of), ("resolved_name", resolved_name)):
        if not Span.has_extension(name):
            Span.set_extension(name, getter=getter)


def quote_of(span: Span) -> Quote | None:
    """The quote that all of a span stands in; of a quote within a quote the inner one. None where it is in none."""
    around = [
        (stretch.end - stretch.start, number, quote)
        for number, quote in enumerate(_with_nested(span.doc))
        for stretch in quote.spans
        if stretch.start <= span.start_char and span.end_char <= stretch.end
    ]
    return min(around, key=lambda found: found[:2])[2] if around else None


def speaker_of(span: Span) -> Speaker | None:
    """Who said the words of a span. None where they are in no quote, or in one whose speaker is not known."""
    quote = quote_of(span)
    return quote.speaker if quote else None


def resolved_name(span: Span) -> str | None:
    """The fullest name of whom a span mentions: an entity, or a speaker found by pronoun or role. None for others."""
    start, end = span.start_char, span.end_char
    for entity in span.doc._.named_entities:
        if any(start <= mention.start and mention.end <= end for mention in entity.mentions):
            return str(entity.name)
    for quote in _with_nested(span.doc):
        for speaker in (quote.speaker, *quote.other_speakers):
            if speaker is not None and (speaker.start, speaker.end) == (start, end) and speaker.entity:
                return str(speaker.name)
    return None


def _with_nested(doc: Doc) -> Iterator[Quote]:
    for quote in doc._.quotes:
        yield quote
        yield from quote.nested


@srsly.msgpack_encoders("quotewire_records")  # type: ignore[untyped-decorator]
def _encode(value: Any, chain: Callable[[Any], Any] | None = None) -> Any:
    """What MessagePack is to write for a record: this is how a Doc goes to bytes, a DocBin or another process."""
    for kind, record in _RECORDS.items():
        if isinstance(value, record):
            return {_MARK: kind, "fields": value.model_dump_json()}
    return chain(value) if chain else value


@srsly.msgpack_decoders("quotewire_records")  # type: ignore[untyped-decorator]
def _decode(value: Any, chain: Callable[[Any], Any] | None = None) -> Any:
    if isinstance(value, dict) and _MARK in value:
        return _RECORDS[value[_MARK]].model_validate_json(value["fields"])
    return chain(value) if chain else value
