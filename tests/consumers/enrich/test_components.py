"""The components in anybody's pipeline: extensions, and Docs and pipelines that are saved, pickled and sent about."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from consumers.enrich import nlp

TEXT = "“The bridge is safe,” Maria Keane said in Quillon on Friday. She called the ferry “a disgrace”. It rained."
GAZETTEER = [{"name": "Quillon", "type": "place", "aliases": ["Qillon"]}]


@pytest.fixture(scope="module")
def pipeline() -> Language:
    loaded = spacy.load(nlp.DEFAULT_MODEL)
    loaded.add_pipe("quotewire_names", config={"gazetteer": GAZETTEER})
    loaded.add_pipe("quotewire_quotes")
    return loaded


def seen(doc: Doc) -> list[tuple[str, str]]:
    return [
        *[(quote.text, quote.speaker.name) for quote in doc._.quotes],
        *[(entity.name, entity.label) for entity in doc._.named_entities],
    ]


EXPECTED = [
    ("The bridge is safe", "Maria Keane"),
    ("a disgrace", "Maria Keane"),
    ("Maria Keane", "PERSON"),
    ("Quillon", "GPE"),
]


def test_a_span_knows_its_quote_and_speaker(pipeline: Language) -> None:
    doc = pipeline(TEXT)
    bridge, ferry = doc[2:3], doc.char_span(TEXT.index("ferry"), TEXT.index("ferry") + 5)
    assert ferry is not None

    assert bridge.text == "bridge"
    assert (bridge._.quote, bridge._.speaker.text) == (doc._.quotes[0], "Maria Keane")
    assert (ferry._.quote, ferry._.speaker) == (None, None)
    assert doc[:]._.quote is None


def test_a_span_knows_whom_it_mentions(pipeline: Language) -> None:
    doc = pipeline(TEXT)
    she = TEXT.index("She")
    spans = [*doc.ents, doc.char_span(she, she + 3)]

    assert {span.text: span._.resolved_name for span in spans if span} == {
        "Maria Keane": "Maria Keane",
        "Quillon": "Quillon",
        "Friday": None,
        "She": "Maria Keane",
    }


def test_docs_come_back_from_bytes_bins_and_pickles(pipeline: Language) -> None:
    doc = pipeline(TEXT)
    bin_of_docs = DocBin(store_user_data=True, docs=[doc]).to_bytes()

    assert seen(Doc(pipeline.vocab).from_bytes(doc.to_bytes())) == EXPECTED
    assert seen(pickle.loads(pickle.dumps(doc))) == EXPECTED
    assert [seen(found) for found in DocBin().from_bytes(bin_of_docs).get_docs(pipeline.vocab)] == [EXPECTED]


def test_processes_side_by_side_find_the_same(pipeline: Language) -> None:
    assert [seen(doc) for doc in pipeline.pipe([TEXT] * 4, n_process=2, batch_size=1)] == [EXPECTED] * 4


def test_a_pipeline_is_saved_and_read_with_its_gazetteer(pipeline: Language, tmp_path: Path) -> None:
    pipeline.to_disk(tmp_path)
    again = spacy.blank("en").from_config(pipeline.config)
    again.from_bytes(pipeline.to_bytes())

    assert seen(spacy.load(tmp_path)(TEXT)) == EXPECTED
    assert seen(again(TEXT)) == EXPECTED
    assert seen(pickle.loads(pickle.dumps(pipeline))(TEXT)) == EXPECTED


def test_a_pipeline_that_lacks_a_parser_is_told_so() -> None:
    bare = spacy.blank("en")
    bare.add_pipe("quotewire_quotes")

    with pytest.raises(ValueError, match="needs a tagger and a parser"):
        bare("“It is over,” she said.")


def test_what_the_components_need_and_give_is_declared(pipeline: Language) -> None:
    analysis = pipeline.analyze_pipes()
    assert analysis is not None

    assert analysis["problems"]["quotewire_names"] == analysis["problems"]["quotewire_quotes"] == []
    assert analysis["summary"]["quotewire_quotes"]["assigns"] == ["doc._.quotes", "span._.quote", "span._.speaker"]
