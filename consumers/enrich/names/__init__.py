"""The name resolver, a spaCy component: one entity for all the mentions of a person, body or place in an article.

    nlp.add_pipe("quotewire_names")
    doc = nlp("Anna Roth resigned. Roth had been in office for a year.")
    [entity.name for entity in doc._.named_entities]

It needs an entity recogniser before it; a tagger and a parser make it better. Ops can add to the lists in
consumers/enrich/data.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from consumers.enrich.names.clusters import cluster
from consumers.enrich.names.mentions import find_mentions
from consumers.enrich.names.records import make_entities
from consumers.enrich.tokens import read_tokens


class NameResolver:
    """Sets `doc._.named_entities`, a tuple of schemas.records.Entity in the order of their first mention."""

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a document and give it back."""
        tokens = read_tokens(doc)
        doc._.named_entities = make_entities(tokens, cluster(tokens, find_mentions(tokens)))
        return doc


@Language.factory("quotewire_names", assigns=["doc._.named_entities"], requires=["doc.ents"])
def make_names(nlp: Language, name: str) -> NameResolver:  # noqa: ARG001 - what spaCy calls a factory with
    """The factory that `nlp.add_pipe("quotewire_names")` calls."""
    if not Doc.has_extension("named_entities"):
        Doc.set_extension("named_entities", default=())
    return NameResolver()
