"""The enrich stage: raw articles in, articles with entities and quotes out."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Protocol

from consumers.enrich import language, text
from consumers.enrich.nlp import Annotation, Text
from quotewire.ports import Clock, Rejected
from schemas.records import EnrichedArticle, RawArticle, TopicRecord

READ_LANGUAGES = frozenset({"en", None})
"""Languages that the pipeline reads. A text in another one is kept and searchable, without entities and quotes."""


class Annotator(Protocol):
    """Finds entities and quotes; `consumers.enrich.nlp` is the one of this project."""

    model: str

    def annotate(self, texts: Sequence[Text]) -> Sequence[Annotation]:
        """The annotation of each text, in order."""
        ...


class Enrichment:
    """Turns raw articles into enriched ones, a batch at a time."""

    def __init__(self, annotator: Annotator, clock: Clock) -> None:
        self._annotator = annotator
        self._clock = clock

    def prepare(self) -> None:
        """Load what the first article would load: the guesser of languages, names known beforehand."""
        language.load()
        self._annotator.annotate([Text("none", "Nothing happened.", None)])

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Sequence[TopicRecord] | Rejected]:
        """For each raw article its enriched article, or why it can never be enriched."""
        drafts = [self._draft(record) for record in batch]
        finished = iter(annotate_all(self._annotator, [draft for draft in drafts if not isinstance(draft, Rejected)]))
        results = (draft if isinstance(draft, Rejected) else next(finished) for draft in drafts)
        return [result if isinstance(result, Rejected) else [result] for result in results]

    def _draft(self, record: TopicRecord) -> EnrichedArticle | Rejected:
        assert isinstance(record, RawArticle)
        try:
            found = text.of_article(record)
        except zlib.error as error:
            return Rejected(f"the page in the record is damaged: {error}")
        if not found.text:
            return Rejected("neither a title nor any text: there is nothing to read")
        return EnrichedArticle(
            id=record.id,
            revision=record.revision,
            url=found.url or record.url,
            feed=record.feed.url,
            outlet=record.feed.title,
            tags=record.feed.tags,
            title=found.title,
            byline=found.byline,
            published=found.published,
            fetched=record.fetched,
            enriched=self._clock.now(),
            language=language.of_text(found.text, record.entry.language or found.language),
            image=found.image,
            text=found.text,
            headline=found.headline,
            text_source=found.source,
        )


def annotate_all(annotator: Annotator, drafts: Sequence[EnrichedArticle]) -> list[EnrichedArticle | Rejected]:
    """The drafts with their entities and quotes; Rejected where the pipeline fails on one."""
    read = [draft for draft in drafts if draft.language in READ_LANGUAGES]
    texts = [
        Text(draft.id, draft.text, (draft.headline.start, draft.headline.end) if draft.headline else None)
        for draft in read
    ]
    # By position, not by id: a batch may hold two revisions of one article.
    annotations = iter(annotator.annotate(texts))
    finished: list[EnrichedArticle | Rejected] = []
    for draft in drafts:
        if draft.language not in READ_LANGUAGES:
            finished.append(draft)
            continue
        found = next(annotations)
        if found.problem is not None:
            finished.append(Rejected(f"the language pipeline failed on this text: {found.problem}"))
        else:
            update = {"entities": found.entities, "quotes": found.quotes, "model": annotator.model}
            finished.append(draft.model_copy(update=update))
    return finished
