"""Where quote marks open and close: the stretches of a text between them.

Marks are read a paragraph at a time. A stretch that is left open ends with its paragraph; where the next paragraph
opens with a mark again it is continued there, as newspapers set a quotation of several paragraphs. Where a closing mark
was forgotten, and the text goes on to say who is speaking or opens another quotation, the stretch ends before that, so
that the words of two people never become one quotation.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import islice

OPENING = "“„«‹"
CLOSING = "”»›"
EITHER = '"'
DOUBLED = ("''", "``")
"""Two single marks set for one double mark: `` opens, '' does either."""
SINGLE_OPENING = "‘'`"
SINGLE_CLOSING = "’'"
FINAL = ".?!…,;:—–-"
"""What may stand before the closing mark of a quotation, but hardly before an apostrophe."""

_CANDIDATES = 40
"""So many later marks are looked at for the one that closes a single mark."""

_MARK = re.compile(r"''|``|[“”„«»‹›\"]")
_SINGLE = re.compile(r"[‘’'`]")
_WORDS = re.compile(r"\S")
_ATTRIBUTED = re.compile(
    r"(?<=[\w)][,?!])\s(?:(?:said|says|added|told|wrote) (?=[A-Z])|"
    r"(?:(?P<pronoun>he|she|they)|(?:Mr|Mrs|Ms|Dr)\.? [A-Z][\w’'-]+|[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,3})"
    r" (?:said|says|added|told)\b)"
)
"""Words that say who is speaking, right after a comma: “The bridge is safe, she said."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words between quote marks: text[start:end], without the marks; `outer_start` and `outer_end` are with them.

    `closed`: whether the closing mark is there. `continued`: whether it goes on with the stretch before it, which was
    left open at the end of the paragraph before. `single`: whether the marks are single ones.
    """

    start: int
    end: int
    outer_start: int
    outer_end: int
    closed: bool = True
    continued: bool = False
    single: bool = False


def find_stretches(text: str, paragraphs: list[tuple[int, int]]) -> list[Stretch]:
    """All stretches between quote marks, in order and without overlap: nested ones belong to the one around them.

    `paragraphs`: where the paragraphs of the text stand. Single marks count where no double mark is open.
    """
    found: list[Stretch] = []
    open_before = False
    for number, (start, end) in enumerate(paragraphs):
        goes_on = number + 1 < len(paragraphs) and text[paragraphs[number + 1][0]] in OPENING + EITHER
        double = _double(text, start, end, open_before, goes_on)
        open_before = bool(double) and not double[-1].closed
        covered = [(stretch.outer_start, stretch.outer_end) for stretch in double]
        single = _single(text, start, end, covered)
        opened = [stretch.outer_start for stretch in single]
        outermost = []
        for stretch in double:
            before = bisect_left(opened, stretch.outer_start) - 1
            if before < 0 or stretch.outer_start >= single[before].outer_end:
                outermost.append(stretch)
        found.extend(sorted(outermost + single, key=lambda stretch: stretch.start))
    return found


def find_inner(text: str, start: int, end: int) -> list[Stretch]:
    """The stretches between quote marks within text[start:end], a stretch itself; in order, without overlap."""
    double = _double(text, start, end, open_before=False, goes_on=False)
    single = _single(text, start, end, [(stretch.outer_start, stretch.outer_end) for stretch in double])
    closed = [stretch for stretch in (*double, *single) if stretch.closed]
    return sorted(closed, key=lambda stretch: stretch.start)


def _double(text: str, start: int, end: int, open_before: bool, goes_on: bool) -> list[Stretch]:
    """The stretches of a paragraph. `goes_on`: whether the next paragraph opens with a mark."""
    found: list[Stretch] = []
    opened: re.Match[str] | None = None
    inner = 0
    for mark in _MARK.finditer(text, start, end):
        side = _side(text, mark, start, end, opened)
        if side == "open" and opened is None:
            opened, inner = mark, 0
        elif side == "open" and opened is not None:
            if _blank(text, opened.end(), mark.start()):
                continue
            if inner or _closed_twice(text, mark, end) or (goes_on and not found and opened.start() == start):
                inner += 1
                continue
            _append_forgotten(found, text, opened, mark.start(), open_before, start, named=False)
            opened = mark
        elif side == "close" and opened is not None:
            if inner:
                inner -= 1
                continue
            _append(found, text, opened, mark.start(), mark.end(), open_before, start)
            opened = None
    if opened is not None and not _append_forgotten(found, text, opened, end, open_before, start, named=goes_on):
        _append(found, text, opened, end, end, open_before, start, closed=False)
    return found


def _append_forgotten(
    found: list[Stretch], text: str, opened: re.Match[str], end: int, open_before: bool, start: int, named: bool
) -> bool:
    """Close a stretch whose closing mark was forgotten where the text says who is speaking; whether it does.

    `named`: whether only a name tells, because a stretch that goes on in the next paragraph may hold “he said”.
    """
    for words in _ATTRIBUTED.finditer(text, opened.end(), end):
        if not (named and words["pronoun"]):
            _append(found, text, opened, words.start(), words.start(), open_before, start)
            return True
    return False


def _closed_twice(text: str, inner: re.Match[str], end: int) -> bool:
    """Whether after a mark that opens within a stretch both it and the stretch around it are closed."""
    depth = 2
    for mark in islice(_MARK.finditer(text, inner.end(), end), _CANDIDATES):
        if mark.group() in CLOSING or (mark.group() not in OPENING and not _opens(text, mark, inner.start(), end)):
            depth -= 1
        else:
            depth += 1
        if depth == 0:
            return True
    return False


def _side(text: str, mark: re.Match[str], start: int, end: int, opened: re.Match[str] | None) -> str:
    """Whether a mark opens or closes."""
    character, is_open = mark.group(), opened is not None
    if character == "“" and opened is not None and not _opens(text, mark, start, end):
        # „So“ in some newsrooms, and “so“ by mistake.
        return "close" if opened.group() == "„" or _closes(text, mark, start, end) else "open"
    if character in OPENING or character == "``":
        # Guillemets are set the other way round in some newsrooms: »so«.
        return "close" if character in "«‹" and is_open else "open"
    if character in CLOSING:
        return "open" if not is_open and _opens(text, mark, start, end) else "close"
    if _opens(text, mark, start, end):
        return "close" if is_open and not _closes(text, mark, start, end) and _at_end(text, mark, end) else "open"
    return "close" if is_open else "none" if _closes(text, mark, start, end) else "open"


def _opens(text: str, mark: re.Match[str], start: int, end: int) -> bool:
    before = text[mark.start() - 1] if mark.start() > start else " "
    after = text[mark.end()] if mark.end() < end else " "
    return (before.isspace() or before in "([{—–-‘'/") and not after.isspace()


def _closes(text: str, mark: re.Match[str], start: int, end: int) -> bool:
    before = text[mark.start() - 1] if mark.start() > start else " "
    after = text[mark.end()] if mark.end() < end else " "
    return not before.isspace() and not after.isalnum()


def _at_end(text: str, mark: re.Match[str], end: int) -> bool:
    return _blank(text, mark.end(), end)


def _blank(text: str, start: int, end: int) -> bool:
    """Whether only white space stands in text[start:end]; read no further than its first word, however long it is."""
    return _WORDS.search(text, start, end) is None


def _append(
    found: list[Stretch],
    text: str,
    opened: re.Match[str],
    end: int,
    outer_end: int,
    open_before: bool,
    start: int,
    closed: bool = True,
) -> None:
    inner_start, inner_end = opened.end(), end
    while inner_start < inner_end and text[inner_start].isspace():
        inner_start += 1
    while inner_end > inner_start and text[inner_end - 1].isspace():
        inner_end -= 1
    if any(character.isalnum() for character in text[inner_start:inner_end]):
        continued = open_before and not found and _blank(text, start, opened.start())
        found.append(Stretch(inner_start, inner_end, opened.start(), outer_end, closed, continued))


def _single(text: str, start: int, end: int, covered: list[tuple[int, int]]) -> list[Stretch]:
    """Stretches between single marks, told from apostrophes, in order and without overlap.

    `covered`: parts, in order and without overlap, in which none starts or ends.
    """
    starts = [first for first, _ in covered]
    marks = []
    for mark in _SINGLE.finditer(text, start, end):
        before = bisect_right(starts, mark.start()) - 1
        if before < 0 or mark.start() >= covered[before][1]:
            marks.append(mark.start())
    marks = [at for at in marks if text[at : at + 2] not in DOUBLED and text[at - 1 : at + 1] not in DOUBLED]
    found: list[Stretch] = []
    last = start
    for position, opening in enumerate(marks):
        if opening < last or _elided(text, opening) or not _single_opens(text, opening, start, end):
            continue
        closing = _single_closing(text, marks[position + 1 : position + 1 + _CANDIDATES], start, end)
        if closing is None or not any(c.isalnum() for c in text[opening + 1 : closing]):
            continue
        after = bisect_right(starts, opening)
        around = after < len(starts) and starts[after] < closing
        if around and text[opening] != "‘" and text[closing - 1] not in FINAL and text[closing - 1] not in '”"':
            continue
        found.append(Stretch(opening + 1, closing, opening, closing + 1, single=True))
        last = closing + 1
    return found


def _single_opens(text: str, mark: int, start: int, end: int) -> bool:
    before = text[mark - 1] if mark > start else " "
    after = text[mark + 1] if mark + 1 < end else " "
    if text[mark] not in SINGLE_OPENING or after.isspace():
        return False
    return not before.isalnum() and before not in ".,!?’'`" and (after.isalnum() or after in '“"[(…$£€-—.¿¡@#')


def _single_closing(text: str, candidates: list[int], start: int, end: int) -> int | None:
    """The closing mark of a stretch between single marks: the first that is surely none of a plural's possessive.

    A mark after s and before a word (the workers’ rights) closes only where no better one follows before the next
    opening.
    """
    doubtful: int | None = None
    for mark in candidates:
        before = text[mark - 1]
        after = text[mark + 1] if mark + 1 < end else " "
        if _elided(text, mark):
            continue
        if text[mark] == "‘" or _single_opens(text, mark, start, end):
            if doubtful is not None:
                return doubtful
            if text[mark] == "‘":
                return None
            continue
        if text[mark] not in SINGLE_CLOSING or before.isspace() or after.isalnum():
            continue
        if before in "sS" and after == " " and mark + 2 < end and text[mark + 2].islower():
            doubtful = doubtful or mark
            continue
        return mark
    return doubtful


def _elided(text: str, mark: int) -> bool:
    """Whether an apostrophe stands for letters left out at a word's start: ’90s, ’em, ’til."""
    return bool(re.match(r"[’'‘](?:\d0s|em\b|til\b|tis\b|cause\b|n\b)", text[mark : mark + 8]))
