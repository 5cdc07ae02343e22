"""A spaCy component before the parser: no sentence runs over the end of a paragraph.

    nlp.add_pipe("quotewire_paragraphs", before="parser")

Headlines and datelines (CARDIFF, Wales (AP) —) have no full stop, so that the parser would join them to what follows.
It also keeps the attribution of “…,” she said in one sentence with the words it belongs to.
"""

from __future__ import annotations

import re

from spacy.language import Language
from spacy.tokens import Doc

_CLOSING = frozenset(["”", '"', "’", "''"])


_DATELINE_ENDS = frozenset(["—", "–", "-", "--", ":"])
_LONGEST_DATELINE = 16
_MONTH = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?")


def _is_dateline(words: list[str], end: str) -> bool:
    """Whether the first words of a paragraph are a dateline: a place in capitals, or a month, then nothing in small
    letters.
    """
    if not words:
        return False
    place = len(words[0]) > 2 and words[0].isupper() and words[0].isalpha()
    dated = _MONTH.fullmatch(words[0]) is not None and ")" in words and end != ":"
    if not (place or dated) or (end == ":" and len(words) > 3):
        return False
    return all(not word[0].islower() or word in ("and", "of") for word in words if word)


class ParagraphMarker:
    """Sets `is_sent_start` of the tokens that surely start a sentence, or surely do not; the parser decides the
    others.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a document and give it back."""
        words = [token.text for token in doc]
        paragraph = 0
        for number in range(1, len(words)):
            before = words[number - 1]
            if "\n" in before:
                paragraph = number
            ends = before in _DATELINE_ENDS and number - paragraph < _LONGEST_DATELINE and words[number][0].isalnum()
            if ends and _is_dateline(words[paragraph : number - 1], before):
                doc[number].is_sent_start = True
                continue
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
