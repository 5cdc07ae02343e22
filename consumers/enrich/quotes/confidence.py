"""How sure a quote is: the share of quotes found by the same rules that were right in the annotated corpus."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from consumers.enrich.quotes.article import Draft
from schemas.records import Speaker


def confidence(draft: Draft, speaker: Speaker | None, rules: list[str]) -> float:
    """The probability that this is a quote and its speaker is right.

    A logistic regression over the kind of the quote, the rules that found it and what is known of the speaker; the
    weights
    are learned from corpus/tuning by `python -m benchmarks.train_confidence`.
    """
    weights = _weights()
    total = sum(weights.get(name, 0.0) for name in features(draft, speaker, rules))
    return round(1 / (1 + 2.718281828459045**-total), 3)


def features(draft: Draft, speaker: Speaker | None, rules: list[str]) -> list[str]:
    """The names of what is looked at."""
    length = sum(end - start for start, end in draft.spans)
    return [
        "any",
        f"kind={draft.kind}",
        *(f"rule={rule}" for rule in rules),
        f"speaker={speaker.kind if speaker else 'none'}",
        f"length={'short' if length < 20 else 'middle' if length < 80 else 'long'}",
        f"resolved={bool(speaker and speaker.entity)}",
    ]


@cache
def _weights() -> dict[str, float]:
    text = files("consumers.enrich").joinpath("data", "confidence.json").read_text(encoding="utf-8")
    weights: dict[str, float] = json.loads(text)["weights"]
    return weights
