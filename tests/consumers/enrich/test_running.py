"""Documents that take steps together are parsed as spaCy parses each."""

from __future__ import annotations

from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from consumers.enrich import running
from consumers.enrich.nlp import DEFAULT_MODEL

SENTENCES = [
    "“The bridge is safe,” Maria Keane said on Friday.",
    "The council of Ashmere, which met in March, sued Harbour Lines for £3.2 million.",
    "She resigned.",
    "“No,” said the minister, “not while 4,000 people in Łódź and New York wait for trains.”",
    "\n\n",
    "Dr. Osei-Brandt told CNN: “It was a disaster – a ‘total’ one.”",
    "12 – 7 ??",
]
TEXTS = st.lists(st.lists(st.sampled_from(SENTENCES), max_size=6).map(" ".join), max_size=40)


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return spacy.load(DEFAULT_MODEL)


def read(doc: Doc) -> list[Any]:
    return [[(t.text, t.tag_, t.dep_, t.head.i, t.is_sent_start) for t in doc], [(e.text, e.label_) for e in doc.ents]]


def together(pipeline: Language, texts: list[str]) -> list[Doc]:
    docs = [pipeline.make_doc(text) for text in texts]
    for name in ("tok2vec", "tagger", "parser", "ner"):
        docs = running.run(pipeline.get_pipe(name), docs)
    return docs


@settings(max_examples=12)
@given(TEXTS)
def test_as_spacy_reads_them(pipeline: Language, texts: list[str]) -> None:
    with pipeline.select_pipes(disable=["attribute_ruler", "lemmatizer"]):
        expected = [read(pipeline(text)) for text in texts]
    assert [read(doc) for doc in together(pipeline, texts)] == expected


def test_many_documents_take_steps_together(pipeline: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(SENTENCES[number % 5 :]) for number in range(40)]
    expected = [read(doc) for doc in together(pipeline, texts)]
    monkeypatch.setattr(running, "WORTHWHILE", 1_000)
    assert [read(doc) for doc in together(pipeline, texts)] == expected
    monkeypatch.setattr(running, "WORTHWHILE", 0)
    monkeypatch.setattr(running, "TOKENS_TOGETHER", 100)
    assert [read(doc) for doc in together(pipeline, texts)] == expected
