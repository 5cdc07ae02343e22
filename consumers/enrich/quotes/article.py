"""What the rules of the quote finder read and write: an article with its cues and stretches, and drafts of quotes."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.cues import find_cues
from consumers.enrich.quotes.grammar import Phrase
from consumers.enrich.quotes.marks import Stretch, find_stretches
from consumers.enrich.quotes.reported import Range
from consumers.enrich.tokens import Tokens


@dataclass(slots=True, eq=False)
class Draft:
    """A quote as it is found, before names and confidence. `spans` are offsets of the text, in order."""

    spans: list[tuple[int, int]]
    kind: str
    cue: Cue | None = None
    speaker: Phrase | None = None
    others: tuple[Phrase, ...] = ()
    rules: list[str] = field(default_factory=list)
    stretches: list[int] = field(default_factory=list)
    via: str | None = None
    act: str = "statement"

    @property
    def start(self) -> int:
        """Where its first span starts."""
        return self.spans[0][0]


@dataclass(slots=True)
class Article:
    """All that the rules look at: tokens, stretches between marks, the stretch of each token (or -1), and cues."""

    tokens: Tokens
    stretches: list[Stretch]
    stretch_of: list[int]
    ranges: list[Range]
    cues: list[Cue]
    outside: list[Cue] = field(init=False)
    _firsts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Sort out the cues outside marks: `outside`."""
        self.outside = [cue for cue in self.cues if self.stretch_of[cue.token] < 0]
        self._firsts = [cue.first for cue in self.outside]

    def cues_between(self, first: int, last: int) -> list[Cue]:
        """The cues outside marks whose tokens lie in a range."""
        low, high = bisect_left(self._firsts, first), bisect_left(self._firsts, last + 1)
        return [cue for cue in self.outside[low:high] if cue.last <= last]


def read_article(tokens: Tokens) -> Article:
    """Look for stretches and cues."""
    stretches = find_stretches(tokens.text, tokens.paragraphs)
    stretch_of = [-1] * len(tokens)
    ranges: list[Range] = []
    for number, stretch in enumerate(stretches):
        first, last = tokens.at(stretch.start), tokens.at(stretch.end - 1)
        ranges.append((first, min(last, len(tokens) - 1)))
        for token in range(first, min(last, len(tokens) - 1) + 1):
            stretch_of[token] = number
    return Article(tokens, stretches, stretch_of, ranges, find_cues(tokens, stretch_of))
