"""The embedding of texts by WordLlama, whose weights come with its package: nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class WordLlamaEmbedder:
    """Static token vectors, averaged; loaded when first asked for (0.7 seconds)."""

    @cached_property
    def _model(self) -> Any:
        import wordllama

        return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector of unit length a text, as rows; a text without words is all zeros."""
        vectors: NDArray[np.float32] = self._model.embed(list(texts), norm=True)
        return np.nan_to_num(vectors)
