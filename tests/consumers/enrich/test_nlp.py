"""Any string can be annotated: nothing crashes, offsets hold, and one text's trouble stays its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from consumers.enrich import nlp
from consumers.enrich.annotator import SpacyAnnotator
from consumers.enrich.names.gazetteer import Gazetteer, KnownName
from quotewire.ports import ConfigurationError

PIECES = [
    "“", "”", '"', "'", "‘", "’", "«", "»", "''", "\n\n", "\n", " ", "said", "Maria Keane", "told", ", ", ". ", "that",
    "he", "according to", "Q: ", "— ", "©", "😀", "שלום", "\x00", "\ud800", "\r\n", "citing", "Reuters", "?", "denies",
    "the minister", "The bridge is safe",
]  # fmt: skip


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return nlp.load()


def check(text: str, found: nlp.Annotation) -> None:
    assert found.problem is None
    mentions = [mention for entity in found.entities for mention in entity.mentions]
    for quote in found.quotes:
        ends = [0]
        for span in quote.spans:
            assert ends[-1] <= span.start < span.end <= len(text)
            ends.append(span.end)
        assert quote.text == " ".join(text[span.start : span.end] for span in quote.spans)
        if quote.cue:
            mentions.append(quote.cue)
        for speaker in [quote.speaker, *quote.other_speakers]:
            assert speaker is None or text[speaker.start : speaker.end] == speaker.text
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.text


@settings(max_examples=150)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=40).map(" ".join))
def test_any_string(pipeline: Language, text: str) -> None:
    [found] = nlp.annotate(pipeline, [nlp.Text("a", text)])

    check(text, found)


@given(st.text(st.characters(), max_size=300), st.integers(1, 40))
def test_a_text_is_cut_without_loss(text: str, longest: int) -> None:
    pieces = nlp.cut(text, longest)

    assert "".join(pieces) == text
    assert all(len(piece) <= longest for piece in pieces)


def test_a_quote_is_found_wherever_a_long_text_is_cut(pipeline: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nlp, "PIECE_LENGTH", 200)
    text = "\n\n".join(f"The mill number {n} was closed by the council in May." for n in range(40))
    text += "\n\n“The bridge is safe,” Maria Keane said."
    [found] = nlp.annotate(pipeline, [nlp.Text("a", text)])

    check(text, found)
    assert [quote.text for quote in found.quotes] == ["The bridge is safe"]


def test_a_word_without_end_is_read(pipeline: Language) -> None:
    text = "x" * 50_000 + ' "' * 500 + "“" * 3_000
    [found] = nlp.annotate(pipeline, [nlp.Text("a", text)])

    check(text, found)


def test_texts_come_back_in_order_and_one_failure_stays_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = nlp.load()
    finder = pipeline.get_pipe("quotewire_quotes")
    real: Callable[[object, Doc], Doc] = type(finder).__call__

    def failing(self: object, doc: Doc) -> Doc:
        if "poison" in doc.text:
            raise RuntimeError("no such luck")
        return real(self, doc)

    monkeypatch.setattr(type(finder), "__call__", failing)
    texts = [nlp.Text("1", "Maria Keane said it was safe."), nlp.Text("2", "poison"), nlp.Text("3", "")]
    found = list(nlp.annotate(pipeline, texts))

    assert [annotation.id for annotation in found] == ["1", "2", "3"]
    assert [annotation.problem for annotation in found] == [None, "RuntimeError: no such luck", None]
    assert len(found[0].quotes) == 1


def test_texts_are_taken_a_batch_at_a_time(pipeline: Language) -> None:
    taken = []

    def endless() -> Iterator[nlp.Text]:
        for number in range(1_000_000):
            taken.append(number)
            yield nlp.Text(str(number), "Maria Keane said that it was over. " * 100)

    next(nlp.annotate(pipeline, endless()))

    assert len(taken) < 100


def test_a_model_that_is_not_installed_is_the_users_mistake() -> None:
    with pytest.raises(ConfigurationError, match="no_such_model"):
        nlp.load("no_such_model")


def test_a_model_of_another_language_is_the_users_mistake(tmp_path: Path) -> None:
    spacy.blank("de").to_disk(tmp_path)

    with pytest.raises(ConfigurationError, match="reads 'de'; choose a full English pipeline"):
        nlp.load(str(tmp_path))


def test_the_components_work_in_anybodys_pipeline() -> None:
    pipeline = spacy.load(nlp.DEFAULT_MODEL)
    pipeline.add_pipe("quotewire_names")
    pipeline.add_pipe("quotewire_quotes")
    doc = pipeline("“The bridge is safe,” Maria Keane said on Friday.")

    assert [entity.name for entity in doc._.named_entities] == ["Maria Keane"]
    assert [quote.speaker.name for quote in doc._.quotes] == ["Maria Keane"]


def test_the_quote_finder_does_without_the_name_resolver() -> None:
    pipeline = spacy.load(nlp.DEFAULT_MODEL)
    pipeline.add_pipe("quotewire_quotes")
    doc = pipeline("“The bridge is safe,” Maria Keane said on Friday.")

    assert [quote.speaker.name for quote in doc._.quotes] == ["Maria Keane"]


def test_the_vocabulary_stops_growing(pipeline: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(name: str) -> int:
        list(nlp.annotate(pipeline, [nlp.Text("a", " ".join(f"“{name}{n},” said {name}y{n}." for n in range(50)))]))
        return len(pipeline.vocab.strings)

    monkeypatch.setattr(nlp, "WORDS_KEPT", 10**9)
    start = read("first")
    assert read("second") >= start + 100
    monkeypatch.setattr(nlp, "WORDS_KEPT", len(pipeline.vocab))
    end = read("third")
    assert read("fourth") == read("fifth") == end < start + 200


def test_after_many_words_the_pipeline_is_loaded_anew_and_reads_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Gazetteer([KnownName(name="Marrow", type="place")])
    annotator = SpacyAnnotator(nlp.DEFAULT_MODEL, gazetteer=lambda: known)
    texts = [nlp.Text("a", "“We stay in Marrow,” Anna Roth said."), nlp.Text("b", "Marrow has a mayor.")]
    before = annotator.annotate(texts)
    monkeypatch.setattr("consumers.enrich.annotator.WORDS_SEEN", 0)
    assert annotator.annotate(texts) == before
    entities = [entity for annotation in before for entity in annotation.entities]
    assert {entity.label for entity in entities if entity.name == "Marrow"} == {"GPE"}
