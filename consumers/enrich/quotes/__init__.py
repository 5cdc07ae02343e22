"""The quote finder, a spaCy component: who said what."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc


class QuoteFinder:
    """Sets `doc._.quotes`, a tuple of schemas.records.Quote."""

    def __call__(self, doc: Doc) -> Doc:
        return doc


@Language.factory("quotewire_quotes", assigns=["doc._.quotes"], requires=["token.dep", "token.head", "token.tag"])
def make_quotes(nlp: Language, name: str) -> QuoteFinder:
    """The factory that `nlp.add_pipe("quotewire_quotes")` calls."""
    Doc.set_extension("quotes", default=(), force=True)
    Doc.set_extension("headline", default=None, force=True)
    return QuoteFinder()
