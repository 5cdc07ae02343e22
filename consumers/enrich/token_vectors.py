"""spaCy's convolutional token vectors: the same numbers, several times faster.

The pipelines of spaCy that are no transformers spend most of their time here: on a hash embedding of each token
(`spacy.MultiHashEmbed.v2`), then on convolutions with maxout (`spacy.MaxoutWindowEncoder.v2`; both explained in
https://explosion.ai/blog/deep-learning-formula-nlp). Three things make it quicker:

- the embedding knows nothing of the context, so it is computed once for each kind of token and remembered;
- numpy multiplies the matrices instead of thinc's BLIS, which is often built without kernels for today's processors;
- the pieces of a maxout lie apart instead of interleaved, so that their maximum is taken over whole rows.

Results differ from spaCy's by rounding alone. Layers of another architecture are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps, Shim
from threadpoolctl import ThreadpoolController

Floats = NDArray[np.float32]
Attributes = NDArray[np.uint64]
Layer = Model[Any, Any]

REMEMBERED = 20_000
"""Kinds of tokens whose embedding is remembered for a model; then it begins anew.

At width 96 they take up to 15 MB and their keys some more, for each embedding of the pipeline.
"""
BLOCK = 512
"""Tokens that go through a convolution together, so that what it makes of them stays in the processor's cache."""

_threads = ThreadpoolController()


def on_one_core() -> AbstractContextManager[Any]:
    """Within it numpy multiplies on one core: our matrices are small, and other cores have processes of their own."""
    limited: AbstractContextManager[Any] = _threads.limit(limits=1, user_api="blas")
    return limited


def quicken(nlp: Language) -> None:
    """Put quicker equivalents into the models of a pipeline, which from then on is for reading texts alone.

    It can be neither trained nor saved: its `to_bytes` and `to_disk` raise NotImplementedError. It remembers embeddings
    as it reads, so one thread at a time may use it.
    """
    for _, component in nlp.pipeline:
        model = getattr(component, "model", None)
        if not isinstance(model, Model) or not isinstance(model.ops, NumpyOps):
            continue
        for node in list(model.walk()):
            if (quick := _embedding(node) or _convolution(node)) is not None:
                model.replace_node(node, quick)
        for node in model.walk():
            if type(node.ops) is NumpyOps:
                node.ops = NumpyOps(use_blis=False)


class _NotSaved(Shim):
    """Part of a quicker layer, which has no weights of its own: refuses to be saved without them."""

    def to_bytes(self) -> bytes:
        """Raise NotImplementedError."""
        raise NotImplementedError("a quickened pipeline cannot be saved; save the one that spacy.load gives")


def _parts(node: Layer, *names: str) -> list[Layer] | None:
    """The layers of a node where these are their names, or the beginnings of them."""
    parts = list(node.layers)
    same = len(parts) == len(names) and all(map(str.startswith, [part.name for part in parts], names))
    return parts if same else None


# --- the embedding ----------------------------------------------------------------------------------------------------


def _embedding(node: Layer) -> Layer | None:
    """The quicker `spacy.MultiHashEmbed.v2`: docs to a (tokens, width) array each. None for any other node."""
    parts = _parts(node, "extract_features", "list2ragged", "with_array", "with_array", "ragged2list")
    if parts is None:
        return None
    extract, _, tables, mix, _ = parts
    columns = extract.attrs["columns"]
    remembered = _Remembered(lambda kinds: mix.predict(tables.predict(kinds)), mix.get_dim("nO"))

    def forward(_: Layer, docs: Sequence[Doc], is_train: bool) -> tuple[list[Floats], Callable[..., Any]]:  # noqa: ARG001
        kinds = np.concatenate([doc.to_array(columns).reshape(len(doc), len(columns)) for doc in docs])
        ends = np.cumsum([len(doc) for doc in docs])
        return np.split(remembered(kinds), ends[:-1]), _not_trained

    return Model("quotewire_embedding", forward, shims=[_NotSaved(None)])


class _Remembered:
    """A function from rows of integers to rows of floats, whose results are remembered by row."""

    def __init__(self, function: Callable[[Attributes], Floats], width: int) -> None:
        self._function = function
        self._places: dict[bytes, int] = {}
        self._results: Floats = np.zeros((0, width), dtype="f")

    def __call__(self, kinds: Attributes) -> Floats:
        """(rows, columns) to (rows, width)."""
        kinds = np.ascontiguousarray(kinds)
        keys = kinds.view(f"V{kinds.itemsize * kinds.shape[1]}")[:, 0].tolist()
        if not all(map(self._places.__contains__, keys)):
            self._learn(keys, kinds)
        return self._results[list(map(self._places.__getitem__, keys))]

    def _learn(self, keys: list[bytes], kinds: Attributes) -> None:
        if len(self._places) > REMEMBERED:
            self._places = {}
        new = {key: row for row, key in enumerate(keys) if key not in self._places}
        results = self._function(kinds[list(new.values())])
        start, end = len(self._places), len(self._places) + len(new)
        if end > len(self._results):
            larger = np.zeros((2 * end, results.shape[1]), dtype="f")
            larger[:start] = self._results[:start]
            self._results = larger
        self._results[start:end] = results
        self._places.update(zip(new, range(start, end), strict=True))


# --- the convolutions -------------------------------------------------------------------------------------------------


def _convolution(node: Layer) -> Layer | None:
    """The quicker layer of a `spacy.MaxoutWindowEncoder.v2`: (tokens, width) to the same. None for any other node."""
    if not (
        node.name.startswith("residual")
        and (inner := _parts(node, "expand_window>>maxout>>layernorm>>dropout"))
        and (windowed := _parts(inner[0], "expand_window", "maxout>>layernorm>>dropout"))
        and (dropped := _parts(windowed[1], "maxout>>layernorm", "dropout"))
        and (normalised := _parts(dropped[0], "maxout", "layernorm"))
    ):
        return None
    window = windowed[0].attrs["window_size"]
    linear, norm = normalised
    weights, bias = _parameter(linear, "W"), _parameter(linear, "b")  # (width, pieces, inputs), (width, pieces)
    width, pieces, inputs = weights.shape
    weights = np.ascontiguousarray(weights.transpose(2, 1, 0).reshape(inputs, pieces * width))
    bias = np.ascontiguousarray(bias.T.reshape(pieces * width))
    scale, shift = _parameter(norm, "G"), _parameter(norm, "b")

    def forward(_: Layer, tokens: Floats, is_train: bool) -> tuple[Floats, Callable[..., Any]]:  # noqa: ARG001
        count = len(tokens)
        padded = np.zeros((count + 2 * window, width), dtype="f")
        padded[window : window + count] = tokens
        # A window's tokens follow each other in memory, so it is a row of a view that starts a token further each time.
        windows = as_strided(padded, (count, inputs), padded.strides, writeable=False)
        results = np.empty_like(tokens)
        for start in range(0, count, BLOCK):
            end = min(start + BLOCK, count)
            sums = windows[start:end] @ weights
            sums += bias
            best = results[start:end]
            np.maximum(sums[:, :width], sums[:, width : 2 * width], out=best)
            for piece in range(2, pieces):
                np.maximum(best, sums[:, piece * width : (piece + 1) * width], out=best)
            best -= best.mean(axis=1, keepdims=True)
            spread = np.einsum("ij,ij->i", best, best)[:, None]
            spread /= width
            spread += 1e-8  # as thinc's layer normalisation
            best *= spread**-0.5
            best *= scale
            best += shift
            best += tokens[start:end]
        return results, _not_trained

    return Model("quotewire_convolution", forward, shims=[_NotSaved(None)])


def _parameter(layer: Layer, name: str) -> Floats:
    return np.asarray(layer.get_param(name), dtype="f")


def _not_trained(gradient: object) -> object:
    raise NotImplementedError("a quickened pipeline is for reading texts, not for training")
