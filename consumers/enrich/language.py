"""The language of a text."""

from __future__ import annotations

import py3langid

SHORTEST = 200
"""Letters below which a text says too little for a guess: a short English text full of names looks like anything."""
READ = 2000
"""Code points that are looked at: the head of an article tells its language as well as the whole."""


def load() -> None:
    """Load the model, which takes most of a second where a text is the first that is asked for."""
    py3langid.classify("")


def of_text(text: str, declared: str | None = None) -> str | None:
    """ISO 639-1 code of a text's language; None where there is nothing to tell it by.

    `declared` is what the feed says (a BCP 47 tag). It decides for a short text only: feeds often declare the language
    of the site's template.
    """
    words = text[:READ]
    if sum(char.isalpha() for char in words) >= SHORTEST:
        guess = str(py3langid.classify(words)[0])
        return guess if len(guess) == 2 else None
    tag = (declared or "").split("-")[0].split("_")[0].strip().lower()
    return tag if tag.isalpha() and len(tag) == 2 else None
