"""Learn the weights of a quote's confidence from the annotated corpus.

    python -m benchmarks.train_confidence

Reads corpus/tuning, writes consumers/enrich/data/confidence.json. A quote is right where it shares at least half its
words with an annotated one and names its speaker; a logistic regression with a ridge penalty, fitted by Newton's
method, gives each feature (see consumers/enrich/quotes/confidence.py) a weight. Half of the articles are held back
once, and the mean gap between predicted and true shares over ten bins is printed for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import read_corpus
from consumers.enrich import nlp
from consumers.enrich.quotes.confidence import features
from schemas.records import Quote

ROOT = Path(__file__).parent.parent
RIDGE = 1.0
"""Strength of the penalty: keeps rules seen a few times near the average."""
LEAST = 5
"""Features seen less often than this are left out."""

Floats = NDArray[np.float64]


def main() -> None:
    """Learn, report how well calibrated it is, and write the weights."""
    examples = [(sample, number % 2) for number, article in enumerate(_annotated()) for sample in article]
    first = [sample for sample, half in examples if half == 0]
    second = [sample for sample, half in examples if half == 1]
    weights = fit(first)
    print(f"{len(second)} quotes held back: mean gap of calibration {gap(weights, second):.3f}")
    weights = fit(first + second)
    path = ROOT / "consumers" / "enrich" / "data" / "confidence.json"
    rounded = {name: round(value, 3) for name, value in sorted(weights.items())}
    path.write_text(json.dumps({"weights": rounded}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(rounded)} weights from {len(examples)} quotes: {path.relative_to(ROOT)}")


def fit(examples: Sequence[tuple[list[str], bool]]) -> dict[str, float]:
    """Weights of the features for the probability that a quote is right."""
    counts: dict[str, int] = {}
    for names, _ in examples:
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    columns = {name: number for number, name in enumerate(sorted(n for n, count in counts.items() if count >= LEAST))}
    matrix: Floats = np.zeros((len(examples), len(columns)))
    for row, (names, _) in enumerate(examples):
        for name in names:
            if name in columns:
                matrix[row, columns[name]] = 1.0
    right = np.array([float(value) for _, value in examples])
    penalty = np.full(len(columns), RIDGE)
    penalty[columns["any"]] = 1e-3
    weights: Floats = np.zeros(len(columns))
    for _ in range(25):
        chance = 1 / (1 + np.exp(-matrix @ weights))
        gradient = matrix.T @ (right - chance) - penalty * weights
        curvature = (matrix.T * (chance * (1 - chance))) @ matrix + np.diag(penalty)
        weights = weights + np.linalg.solve(curvature, gradient)
    return {name: float(weights[number]) for name, number in columns.items()}


def gap(weights: dict[str, float], examples: Sequence[tuple[list[str], bool]]) -> float:
    """The mean distance between predicted and true share over ten bins of equal size (expected calibration error)."""
    chances = np.array([1 / (1 + np.exp(-sum(weights.get(n, 0.0) for n in names))) for names, _ in examples])
    right = np.array([float(value) for _, value in examples])
    order = np.argsort(chances)
    bins = np.array_split(order, 10)
    return float(sum(len(b) * abs(chances[b].mean() - right[b].mean()) for b in bins) / len(examples))


def _annotated() -> list[list[tuple[list[str], bool]]]:
    """The features of the quotes found in each article, and whether they are right."""
    pipeline = nlp.load()
    articles = list(read_corpus(ROOT / "corpus" / "tuning"))
    found = nlp.annotate(pipeline, [nlp.Text(article.name, article.text) for article in articles])
    return [
        [(features(quote), is_right(quote, article.quotes, article.text)) for quote in annotation.quotes]
        for article, annotation in zip(articles, found, strict=True)
    ]


def is_right(quote: Quote, gold: list[dict[str, Any]], text: str) -> bool:
    """Whether a quote is annotated, with this speaker."""
    mine = {word for span in quote.spans for word in _words(text, span.start, span.end)}
    for other in gold:
        theirs = {word for start, end in other["spans"] for word in _words(text, start, end)}
        if len(mine & theirs) >= 0.5 * len(mine | theirs):
            return _same_speaker(quote, other)
    return False


def _words(text: str, start: int, end: int) -> set[int]:
    return {start + match.start() for match in re.finditer(r"\w+", text[start:end])}


def _same_speaker(quote: Quote, gold: dict[str, Any]) -> bool:
    speaker, wanted = quote.speaker, gold["speaker"]
    if speaker is None:
        return wanted is None and not gold["ref"]
    if gold["ref"] and speaker.entity:
        return speaker.name.split()[-1] == str(gold["ref"]).split()[-1]
    return wanted is not None and speaker.start < wanted["end"] and speaker.end > wanted["start"]


if __name__ == "__main__":
    main()
