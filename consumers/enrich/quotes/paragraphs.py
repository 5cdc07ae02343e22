"""A spaCy component before the parser: no sentence runs over the end of a paragraph.

    nlp.add_pipe("quotewire_paragraphs", before="parser")

Headlines and datelines have no full stop, so that the parser would join them to what follows. It also keeps the
attribution
of “…,” she said in one sentence with the words it belongs to.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

_CLOSING = frozenset(["”", '"', "’", "''"])


class ParagraphMarker:
    """Sets `is_sent_start` of the tokens that surely start a sentence, or surely do not; the parser decides the
    others.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a document and give it back."""
        words = [token.text for token in doc]
        for number in range(1, len(words)):
            before = words[number - 1]
            if "\n" in before:
                if words[number].strip():
                    doc[number].is_sent_start = True
            elif before in _CLOSING and number > 1 and words[number - 2] == "," and words[number][0].isalpha():
                doc[number].is_sent_start = False
        return doc


@Language.factory("quotewire_paragraphs", assigns=["token.is_sent_start"])
def make_paragraphs(nlp: Language, name: str) -> ParagraphMarker:  # noqa: ARG001 - what spaCy calls a factory with
    """The factory that `nlp.add_pipe("quotewire_paragraphs", before="parser")` calls."""
    return ParagraphMarker()
