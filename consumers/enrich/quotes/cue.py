"""What a cue is: words that report speech."""

from __future__ import annotations

from dataclasses import dataclass

from consumers.enrich.quotes.grammar import Phrase


@dataclass(slots=True)
class Cue:
    """Words that report speech, and the phrase that names the speaker, where there is one.

    `kind`: verb, noun, according, colon or dash. `via`: the outlet that relays it. `first` to `last` are its
    tokens, `token` the main one. `rule` says how the
    speaker was found.
    """

    kind: str
    lemma: str
    frames: frozenset[str]
    token: int
    first: int
    last: int
    speaker: Phrase | None = None
    others: tuple[Phrase, ...] = ()
    via: Phrase | None = None
    rule: str = ""
    depth: int = 0
