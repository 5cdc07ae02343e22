"""The quicker token vectors are spaCy's, whatever the text and however much is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from consumers.enrich import token_vectors
from consumers.enrich.nlp import DEFAULT_MODEL
from consumers.enrich.token_vectors import quicken

WORDS = [
    "The",
    "bridge",
    "is",
    "“safe”,",
    "Maria",
    "Keane",
    "said",
    "on",
    "Friday.",
    "\n\n",
    "  ",
    "don't",
    "©",
    "Łódź",
]
TEXT = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=60).map(" ".join)


@pytest.fixture(scope="module")
def plain() -> Language:
    return spacy.load(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def quick() -> Language:
    pipeline = spacy.load(DEFAULT_MODEL)
    quicken(pipeline)
    return pipeline


def vectors(pipeline: Language, component: str, texts: Sequence[str]) -> Any:
    """The vectors that a component's model computes: those of `ner` are its own, before its linear layer."""
    model = pipeline.get_pipe(component).model  # type: ignore[attr-defined]
    model = model if component == "tok2vec" else model.get_ref("tok2vec").layers[0]
    return model.predict([pipeline.make_doc(text) for text in texts])


def same(plain: Language, quick: Language, texts: Sequence[str]) -> None:
    for component in ("tok2vec", "ner"):
        pairs = zip(vectors(plain, component, texts), vectors(quick, component, texts), strict=True)
        for theirs, ours in pairs:
            np.testing.assert_allclose(ours, theirs, atol=1e-3)


@settings(max_examples=40)
@given(st.lists(TEXT, min_size=1, max_size=5))
def test_same_vectors(plain: Language, quick: Language, texts: list[str]) -> None:
    same(plain, quick, texts)


def test_same_vectors_in_many_blocks_and_with_empty_texts(plain: Language, quick: Language) -> None:
    long = " ".join(f"Word{number} said {number}." for number in range(token_vectors.BLOCK))
    same(plain, quick, ["", long, "", "One more."])
    same(plain, quick, [""])


def test_what_is_remembered_has_an_end(plain: Language, quick: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_vectors, "REMEMBERED", 10)
    for number in range(0, 60, 6):
        same(plain, quick, ["The bridge is safe.", " ".join(f"w{n}x" for n in range(number, number + 6))])


def test_all_of_the_default_pipeline_is_quickened(quick: Language) -> None:
    for component, convolutions in (("tok2vec", 4), ("ner", 4)):
        names = [node.name for node in quick.get_pipe(component).model.walk()]  # type: ignore[attr-defined]
        assert names.count("quotewire_embedding") == 1
        assert names.count("quotewire_convolution") == convolutions


def test_a_quickened_pipeline_is_not_saved_without_its_weights(quick: Language, tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="cannot be saved"):
        quick.to_bytes()
    with pytest.raises(NotImplementedError, match="cannot be saved"):
        quick.to_disk(tmp_path)


@pytest.mark.parametrize(
    ("embed", "encode", "expected"),
    [
        (
            {"@architectures": "spacy.CharacterEmbed.v2", "width": 32, "rows": 100, "nM": 8, "nC": 4},
            {"@architectures": "spacy.MaxoutWindowEncoder.v2", "width": 32, "maxout_pieces": 2, "depth": 1},
            {"quotewire_convolution"},
        ),
        (
            {"@architectures": "spacy.MultiHashEmbed.v2", "width": 32, "attrs": ["LOWER"], "rows": [100]},
            {"@architectures": "spacy.MishWindowEncoder.v2", "width": 32, "depth": 2},
            {"quotewire_embedding"},
        ),
    ],
)
def test_layers_of_another_architecture_are_left(
    embed: dict[str, Any], encode: dict[str, Any], expected: set[str]
) -> None:
    def pipeline() -> Language:
        nlp = spacy.blank("en")
        embed_all = {"include_static_vectors": False, **embed}
        model = {"@architectures": "spacy.Tok2Vec.v2", "embed": embed_all, "encode": {"window_size": 1, **encode}}
        nlp.add_pipe("tok2vec", config={"model": model})
        nlp.initialize()
        return nlp

    theirs, ours = pipeline(), pipeline()
    ours.from_bytes(theirs.to_bytes())
    quicken(ours)
    names = {node.name for node in ours.get_pipe("tok2vec").model.walk()}  # type: ignore[attr-defined]
    assert {name for name in names if name.startswith("quotewire")} == expected
    texts = ["The bridge is safe, Maria Keane said.", "No."]
    for one, other in zip(vectors(theirs, "tok2vec", texts), vectors(ours, "tok2vec", texts), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-3)
