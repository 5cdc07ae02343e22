"""The project's own annotator: a spaCy pipeline with the name resolver and the quote finder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from consumers.enrich import nlp
from consumers.enrich.names.gazetteer import Gazetteer
from consumers.enrich.nlp import Annotation, Text

WORDS_SEEN = 500_000
"""Different words after which the pipeline is loaded anew: the table of a spaCy vocabulary doubles whenever the words
that went through it fill it, those let go of too, and so grows by some 50 bytes with each of them.
"""


class SpacyAnnotator:
    """Annotates texts with the spaCy pipeline of an import name.

    Quotes less sure than `least_confidence` (0 to 1) are left out: more of it means fewer wrong ones, and fewer.
    `gazetteer` gives the names known beforehand; it is asked before each batch, so that edits are taken up.
    Raises ConfigurationError where the pipeline cannot be loaded. `model` is its name and version.
    """

    def __init__(
        self, pipeline: str, *, least_confidence: float = 0.0, gazetteer: Callable[[], Gazetteer] = Gazetteer
    ) -> None:
        self._pipeline = pipeline
        self._nlp = nlp.load(pipeline)
        self._gazetteer = gazetteer
        self._least_confidence = least_confidence
        meta = self._nlp.meta
        self.model = f"{meta['lang']}_{meta['name']} {meta['version']}"

    def annotate(self, texts: Sequence[Text]) -> Sequence[Annotation]:
        """Entities and quotes of each text, in order; a text the pipeline fails on has a `problem`."""
        if len(self._nlp.vocab) > WORDS_SEEN:
            del self._nlp
            self._nlp = nlp.load(self._pipeline)
        resolver: Any = self._nlp.get_pipe("quotewire_names")
        resolver.gazetteer = self._gazetteer()
        return [self._sure(annotation) for annotation in nlp.annotate(self._nlp, texts)]

    def _sure(self, annotation: Annotation) -> Annotation:
        sure = tuple(quote for quote in annotation.quotes if quote.confidence >= self._least_confidence)
        return replace(annotation, quotes=sure)
