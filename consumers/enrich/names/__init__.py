"""The name resolver, a spaCy component: one entity for all the mentions of a person, body or place in an article."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from schemas.records import Entity, Mention


class NameResolver:
    """Sets `doc._.named_entities`, a tuple of schemas.records.Entity."""

    def __call__(self, doc: Doc) -> Doc:
        found = {}
        for span in doc.ents:
            found.setdefault((span.text, span.label_), []).append(span)
        labels = {"PERSON", "ORG", "GPE", "LOC", "NORP", "FAC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW"}
        doc._.named_entities = tuple(
            Entity(
                id=f"e{n}",
                name=name,
                label=label,
                mentions=tuple(Mention(start=s.start_char, end=s.end_char, text=s.text) for s in spans),
            )
            for n, ((name, label), spans) in enumerate(((k, v) for k, v in found.items() if k[1] in labels), 1)
        )
        return doc


@Language.factory("quotewire_names", assigns=["doc._.named_entities"], requires=["doc.ents"])
def make_names(nlp: Language, name: str) -> NameResolver:
    """The factory that `nlp.add_pipe("quotewire_names")` calls."""
    Doc.set_extension("named_entities", default=(), force=True)
    return NameResolver()
