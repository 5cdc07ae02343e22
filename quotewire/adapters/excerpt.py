"""The piece of an article that is shown with it in a list of results, with what was searched marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from quotewire.adapters.words import Phrase, Word, placed_words
from quotewire.ports import Fragment

LENGTH = 220
"""About how many characters an excerpt has."""

_BEFORE = 60
"""About how many characters of it stand before the first match."""

_LONGEST_WORD = 40
"""How far, in characters, a cut may move to fall between words."""


def excerpt(text: str, phrases: Sequence[Phrase]) -> tuple[Fragment, ...]:
    """The surroundings of the first match of any of the phrases, each match in them marked; else the beginning.

    Fragments follow one another; line breaks become spaces, and “…” stands where text was left out.
    """
    matches = _matches(text, phrases)
    first = next(matches, None)
    start = _cut_before(text, first[0] - _BEFORE) if first else 0
    end = _cut_after(text, start + LENGTH)
    if first and first[1] > end:
        end = min(first[1], start + 2 * LENGTH)
    marked = _marked_within(chain([first], matches) if first else (), start, end)
    return tuple(_fragments(text, start, end, marked))


def _matches(text: str, phrases: Sequence[Phrase]) -> Iterator[tuple[int, int]]:
    """Where the phrases stand, in order, never overlapping. Lazy: a long text is only read as far as needed."""
    by_first: dict[str, list[Phrase]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        by_first.setdefault(phrase[0], []).append(phrase)
    longest = max(map(len, phrases), default=0)
    if not longest:
        return
    free_from = 0
    for window in _windows(placed_words(text), longest):
        if window[0].start < free_from:
            continue
        for phrase in by_first.get(window[0].value, ()):
            if len(phrase) <= len(window) and all(
                word.value == wanted for word, wanted in zip(window, phrase, strict=False)
            ):
                free_from = window[len(phrase) - 1].end
                yield window[0].start, free_from
                break


def _windows(words: Iterator[Word], size: int) -> Iterator[list[Word]]:
    """Each word with the up to `size` - 1 words that follow it."""
    window = list(islice(words, size))
    while window:
        yield window
        window = window[1:]
        window.extend(islice(words, 1))


def _marked_within(matches: Iterable[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    for match_start, match_end in matches:
        if match_start >= end:
            return
        if match_end > start:
            yield max(match_start, start), min(match_end, end)


def _fragments(text: str, start: int, end: int, marked: Iterable[tuple[int, int]]) -> Iterator[Fragment]:
    plain = "…" if start > 0 else ""
    place = start
    for match_start, match_end in marked:
        plain += _one_line(text[place:match_start])
        if plain:
            yield Fragment(plain)
        yield Fragment(_one_line(text[match_start:match_end]), marked=True)
        plain, place = "", match_end
    plain += _one_line(text[place:end]) + ("…" if end < len(text) else "")
    if plain:
        yield Fragment(plain)


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")


def _cut_before(text: str, place: int) -> int:
    """The beginning of the line or of a word, at or a little after `place`."""
    if place <= 0:
        return 0
    line = text.find("\n", place, place + _BEFORE)
    if line >= 0:
        return line + 1
    space = text.find(" ", place, place + _LONGEST_WORD)
    return space + 1 if space >= 0 else place


def _cut_after(text: str, place: int) -> int:
    """The end of a word at or a little before `place`."""
    if place >= len(text):
        return len(text)
    space = text.rfind(" ", place - _LONGEST_WORD, place + 1)
    return space if space > 0 else place
