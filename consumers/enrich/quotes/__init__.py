"""The quote finder, a spaCy component: who said what.

    nlp.add_pipe("quotewire_names")
    nlp.add_pipe("quotewire_quotes")
    doc = nlp("“It is over,” Anna Roth said.")
    doc._.quotes[0].speaker.name

It needs a tagger, a parser and an entity recogniser before it; the name resolver is optional, without it speakers are
not resolved to entities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spacy.language import Language
from spacy.tokens import Doc

from consumers.enrich.extensions import add_extensions
from consumers.enrich.quotes.article import read_article
from consumers.enrich.quotes.finder import Finder
from consumers.enrich.quotes.paragraphs import make_paragraphs
from consumers.enrich.quotes.records import make_quotes as _records
from consumers.enrich.tokens import Tokens, read_tokens
from schemas.records import Entity

__all__ = ["QuoteFinder", "make_paragraphs", "make_quotes"]


class QuoteFinder:
    """Sets `doc._.quotes`, a tuple of schemas.records.Quote in the order of the text."""

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a document and give it back. Raises ValueError where no tagger or parser has read it."""
        if not (doc.has_annotation("DEP") and doc.has_annotation("TAG")):
            raise ValueError("quotewire_quotes needs a tagger and a parser before it in the pipeline")
        tokens = _with_names(read_tokens(doc), doc._.named_entities)
        article = read_article(tokens)
        doc._.quotes = _records(article, Finder(article).find(), doc._.named_entities)
        return doc


def _with_names(tokens: Tokens, entities: Sequence[Entity]) -> Tokens:
    """The tokens with the people whom the name resolver found labelled so, whatever the model took them for."""
    entity, begins = list(tokens.entity), list(tokens.entity_begins)
    for person in entities:
        if person.label != "PERSON":
            continue
        for mention in person.mentions:
            first = tokens.at(mention.start)
            for token in range(first, min(tokens.at(mention.end - 1) + 1, len(tokens))):
                entity[token], begins[token] = "PERSON", token == first
    return replace(tokens, entity=entity, entity_begins=begins)


@Language.factory(
    "quotewire_quotes",
    assigns=["doc._.quotes", "span._.quote", "span._.speaker"],
    requires=["token.dep", "token.head", "token.tag", "token.ent_type"],
)
def make_quotes(nlp: Language, name: str) -> QuoteFinder:  # noqa: ARG001 - what spaCy calls a factory with
    """The factory that `nlp.add_pipe("quotewire_quotes")` calls."""
    add_extensions()
    return QuoteFinder()
