"""The project's own annotator: a spaCy pipeline with the name resolver and the quote finder."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.enrich import nlp
from consumers.enrich.nlp import Annotation, Text


class SpacyAnnotator:
    """Annotates texts with the spaCy pipeline of an import name.

    Raises ConfigurationError where the pipeline cannot be loaded. `model` is its name and version.
    """

    def __init__(self, pipeline: str) -> None:
        self._nlp = nlp.load(pipeline)
        meta = self._nlp.meta
        self.model = f"{meta['lang']}_{meta['name']} {meta['version']}"

    def annotate(self, texts: Sequence[Text]) -> Sequence[Annotation]:
        """Entities and quotes of each text, in order; a text the pipeline fails on has a `problem`."""
        return list(nlp.annotate(self._nlp, texts))
