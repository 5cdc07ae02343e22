"""A text with marks over it, as paragraphs of properly nested pieces. Pure: no HTML here.

Marks come from different sources (quotes, entities, cues) and overlap in every way. HTML must nest, so where two cross,
the inner one is cut in pieces.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to show over text[start:end]. Lower layers enclose higher ones.

    Marks with the same `key` belong together, like the parts of an interrupted quote.
    """

    start: int
    end: int
    layer: int
    key: str
    data: object = None


@dataclass(frozen=True, slots=True)
class Open:
    """A piece of a mark begins; `first` of all pieces with its key."""

    mark: Mark
    first: bool


@dataclass(frozen=True, slots=True)
class Close:
    """The mark opened last and still open ends; `last` of all pieces with its key."""

    mark: Mark
    last: bool


Piece = str | Open | Close


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of the text. Its pieces nest: each Open has its Close, and the strings together are the line."""

    start: int
    pieces: tuple[Piece, ...]


def marked_paragraphs(text: str, marks: Sequence[Mark]) -> list[Paragraph]:
    """The lines of a text with its marks; what of a mark lies outside the text, or covers no character, is left out."""
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines[:-1])]
    clipped: list[list[Mark]] = [[] for _ in lines]
    for mark in sorted(marks, key=lambda mark: (mark.layer, mark.start, -mark.end)):
        for number in range(max(0, bisect_right(starts, mark.start) - 1), bisect_right(starts, mark.end - 1)):
            if max(mark.start, starts[number]) < min(mark.end, starts[number] + len(lines[number])):
                clipped[number].append(mark)
    paragraphs = [list(_nested(text, starts[n], starts[n] + len(line), clipped[n])) for n, line in enumerate(lines)]
    return _with_ends(starts, paragraphs)


def _nested(text: str, start: int, end: int, marks: Sequence[Mark]) -> Iterator[Piece]:
    """The pieces of text[start:end] under marks that are sorted outermost first. No first or last is set yet."""
    cuts = {start, end}
    for mark in marks:
        cuts.update((max(mark.start, start), min(mark.end, end)))
    places = sorted(cuts)
    # How deep a mark may stand is its place in `marks`: keeping that order everywhere makes the pieces nest.
    begins: dict[int, list[int]] = {}
    for order, mark in enumerate(marks):
        begins.setdefault(max(mark.start, start), []).append(order)
    opened: list[int] = []
    active: list[int] = []
    for place, following in zip(places, [*places[1:], end], strict=True):
        active = sorted([order for order in active if marks[order].end > place] + begins.get(place, []))
        if place == end:
            active = []
        shared = 0
        while shared < min(len(opened), len(active)) and opened[shared] == active[shared]:
            shared += 1
        for order in reversed(opened[shared:]):
            yield Close(marks[order], last=False)
        for order in active[shared:]:
            yield Open(marks[order], first=False)
        opened = active
        if place < following:
            yield text[place:following]


def _with_ends(starts: Sequence[int], paragraphs: Sequence[Sequence[Piece]]) -> list[Paragraph]:
    """Set which pieces are the first and the last of their key."""
    lasts = {
        piece.mark.key: (number, place)
        for number, pieces in enumerate(paragraphs)
        for place, piece in enumerate(pieces)
        if isinstance(piece, Close)
    }
    seen: set[str] = set()
    result = []
    for number, pieces in enumerate(paragraphs):
        told: list[Piece] = []
        for place, piece in enumerate(pieces):
            if isinstance(piece, Open):
                told.append(Open(piece.mark, first=piece.mark.key not in seen))
                seen.add(piece.mark.key)
            elif isinstance(piece, Close):
                told.append(Close(piece.mark, last=lasts[piece.mark.key] == (number, place)))
            else:
                told.append(piece)
        result.append(Paragraph(starts[number], tuple(told)))
    return result
