"""How sure a quote is: the share of quotes found by the same rules that were right in the annotated corpus."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files

from schemas.records import Quote

SHORT, LONG = 20, 80
"""Code points from which a quote is no longer short, and from which it is long."""


def with_confidence(quote: Quote) -> Quote:
    """The quote with the probability that it is one and that its speaker is right.

    A logistic regression over the kind of the quote, the rules that found it and what is known of the speaker; the
    weights are learned from corpus/tuning by `python -m benchmarks.train_confidence`.
    """
    weights = _weights()
    total = sum(weights.get(name, 0.0) for name in features(quote))
    return quote.model_copy(update={"confidence": round(1 / (1 + math.exp(-total)), 3)})


def features(quote: Quote) -> list[str]:
    """The names of what is looked at."""
    length = len(quote.text)
    speaker = quote.speaker
    return [
        "any",
        f"kind={quote.kind}",
        *(f"rule={rule}" for rule in quote.rules),
        f"speaker={speaker.kind if speaker else 'none'}",
        f"length={'short' if length < SHORT else 'middle' if length < LONG else 'long'}",
        f"resolved={bool(speaker and speaker.entity)}",
    ]


@cache
def _weights() -> dict[str, float]:
    text = files("consumers.enrich").joinpath("data", "confidence.json").read_text(encoding="utf-8")
    weights: dict[str, float] = json.loads(text)["weights"]
    return weights
