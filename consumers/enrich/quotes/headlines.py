"""Words in marks in the headline: somebody's whose quote holds them in the text."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.enrich.quotes.article import Draft
from consumers.enrich.tokens import Tokens

_UNSURE = frozenset(["floating", "fragment", "headline"])
"""First rules of quotes whose speaker no cue names."""
_SHARED = 0.6
"""The share of the headline's words that a quote of the text holds at the least."""


def echo_headlines(tokens: Tokens, drafts: Sequence[Draft]) -> None:
    """Give the quotes of the headline that have no cue the speaker of the quote that holds their words, in place."""
    for draft in drafts:
        if tokens.paragraph[tokens.at(draft.start)] or not _UNSURE & set(draft.rules[:1]):
            continue
        if draft.cue is not None and draft.speaker is not None:
            continue
        said = _content_words(tokens, draft)
        best: tuple[float, Draft] | None = None
        for other in drafts:
            if other is draft or other.speaker is None or not said:
                continue
            share = len(said & _content_words(tokens, other)) / len(said)
            if share >= _SHARED and (best is None or share > best[0]):
                best = (share, other)
        if best is not None:
            draft.speaker, draft.others = best[1].speaker, best[1].others
            draft.rules = ["headline", "echo"]


def _content_words(tokens: Tokens, draft: Draft) -> set[str]:
    return {
        tokens.lower[t]
        for start, end in draft.spans
        for t in range(tokens.at(start), tokens.at(end - 1) + 1)
        if t < len(tokens) and len(tokens.words[t]) > 2 and tokens.words[t][0].isalpha()
    }
