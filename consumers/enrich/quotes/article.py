"""What the rules of the quote finder read and write: an article with its cues and stretches, and drafts of quotes."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.cues import find_cues
from consumers.enrich.quotes.grammar import Phrase
from consumers.enrich.quotes.marks import Stretch, find_stretches
from consumers.enrich.quotes.reported import Range
from consumers.enrich.tokens import Tokens

LONGEST_HEADLINE = 120
"""Code points of a headline in a list of what else to read, at the most."""
_READ_MORE = re.compile(
    r"(?:read (?:more|also|next)|also read|more on this story|related(?: (?:stories|articles|content))?"
    r"|recommended(?: reading)?|see also|you may also like|more from [\w ]+)\s*(?:[:|]|$)",
    re.IGNORECASE,
)
_SENTENCE_ENDS = ".!?"


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
    """Look for stretches and cues; none in the newspaper's lists of what else to read."""
    lists = _reading_lists(tokens)
    stretches = [
        stretch
        for stretch in find_stretches(tokens.text, tokens.paragraphs)
        if not lists or tokens.paragraph[min(tokens.at(stretch.start), len(tokens) - 1)] not in lists
    ]
    stretch_of = [-1] * len(tokens)
    ranges: list[Range] = []
    for number, stretch in enumerate(stretches):
        first, last = tokens.at(stretch.start), tokens.at(stretch.end - 1)
        ranges.append((first, min(last, len(tokens) - 1)))
        for token in range(first, min(last, len(tokens) - 1) + 1):
            stretch_of[token] = number
    cues = [cue for cue in find_cues(tokens, stretch_of) if tokens.paragraph[cue.token] not in lists]
    return Article(tokens, stretches, stretch_of, ranges, cues)


def _reading_lists(tokens: Tokens) -> set[int]:
    """The paragraphs that say what else to read: “Read more: …”, and the headlines below a line that says only that."""
    found: set[int] = set()
    below = False
    for number, (start, end) in enumerate(tokens.paragraphs):
        line = tokens.text[start:end].strip()
        match = _READ_MORE.match(line)
        if match is not None:
            found.add(number)
            below = match.end() == len(line)
        elif below and len(line) <= LONGEST_HEADLINE and line[-1] not in _SENTENCE_ENDS:
            found.add(number)
        else:
            below = False
    return found
