"""What stands around an occurrence of a name in its text."""

from __future__ import annotations

import re
from functools import cache, cached_property

from consumers.alerts.forms import folded, searched
from consumers.alerts.lines import Lines
from consumers.alerts.mentions import Mentions
from consumers.enrich.lexicon import words as word_list
from consumers.enrich.names.lexicon import given_names, known
from consumers.enrich.names.spelling import plain
from schemas.records import EnrichedArticle

CORPORATE = frozenset(
    "inc corp corporation ltd limited plc llc llp ag se sa nv gmbh spa ab asa oyj co company group holdings".split()
)
SUFFIXES = frozenset("jr sr ii iii iv esq".split())
_NAME_BEFORE = re.compile(r"([^\W\d_a-z][\w’'.-]*)[ \u00a0]$")
_NAME_AFTER = re.compile(r"^(?:[ \u00a0]|-(?=[^\W\d_a-z]))([^\W\d_a-z][\w’'.-]*)")
_WORD_AFTER = re.compile(r"^[ \u00a0-]([^\W\d_]+)")
_PLACE_BEFORE = re.compile(
    r"\b(?:in|at|from|to|near|outside|around|across|into|leaving|toward|towards|via)\s+$", re.IGNORECASE
)
_PLACE_AFTER = re.compile(r"^,\s+(?=[A-Z])([A-Z][\w.]*(?: [A-Z]\w*)?)")
_NOT_NAMES = frozenset(
    "the a an this that these those in on at for from by with and but or if as when while after before since until why "
    "how what who where our his her their its my your no not yes we he she they i it there here then now today "
    "monday tuesday wednesday thursday friday saturday sunday also even only both former late says said".split()
)
"""Capitalised at the beginning of a sentence or in a headline, they belong to no name."""


class Surroundings:
    """One article's text, as it is asked about by offsets."""

    def __init__(self, article: EnrichedArticle) -> None:
        self._article = article
        self.text = article.text
        self.entities = article.entities
        self.headline_end = article.headline.end if article.headline else 0

    # Most articles mention no tracked name: nothing is worked out for these.

    @cached_property
    def folded(self) -> str:
        """The text in lower case and without diacritics, with the same offsets."""
        return folded(self.text)

    @cached_property
    def searched(self) -> str:
        """The folded text with spaces for hyphens, as forms are looked for in it."""
        return searched(self.folded)

    @cached_property
    def lines(self) -> Lines:
        """The lines of the text."""
        return Lines(self.text)

    @cached_property
    def mentions(self) -> Mentions:
        """Where entities are mentioned."""
        return Mentions(self._article, self.lines)

    def before(self, start: int, most: int = 24) -> str:
        """The characters before an offset."""
        return self.text[max(0, start - most) : start]

    def after(self, end: int, most: int = 40) -> str:
        """The characters from an offset on."""
        return self.text[end : end + most]

    def name_before(self, start: int) -> str | None:
        """The capitalised word before an offset, where it may belong to the same name."""
        match = _NAME_BEFORE.search(self.before(start, 40))
        if match is None or not match.group(1)[0].isupper() or is_no_name(match.group(1)):
            return None
        return match.group(1)

    def name_after(self, end: int) -> str | None:
        """The capitalised word after an offset."""
        match = _NAME_AFTER.match(self.after(end))
        return match.group(1) if match and match.group(1)[0].isupper() else None

    def word_after(self, end: int) -> str:
        """The word after an offset, in whatever case, folded; "" where none follows at once."""
        match = _WORD_AFTER.match(self.after(end))
        return folded(match.group(1)) if match else ""

    def is_placed(self, start: int) -> bool:
        """Whether what stands before says that a place follows: in, at, from …"""
        return _PLACE_BEFORE.search(self.before(start)) is not None

    def is_in_a_place(self, end: int) -> bool:
        """Whether a known place follows after a comma: Austin, Texas."""
        match = _PLACE_AFTER.match(self.after(end))
        return match is not None and folded(match.group(1)).rstrip(".") in places()

    def in_headline(self, start: int) -> bool:
        """Whether an offset lies in the headline."""
        return start < self.headline_end

    def in_capitals(self, start: int) -> bool:
        """Whether an offset lies in a line of capitals."""
        return self.lines.in_capitals(start)

    def in_title_case(self, start: int) -> bool:
        """Whether an offset lies in a headline most of whose words are capitalised."""
        return self.in_headline(start) and self._headline_is_in_title_case

    @cached_property
    def _headline_is_in_title_case(self) -> bool:
        words = re.findall(r"[^\W\d_][\w’'-]*", self.text[: self.headline_end])
        capital = sum(word[0].isupper() for word in words)
        return bool(words) and capital >= 0.6 * len(words)

    def begins_sentence(self, start: int) -> bool:
        """Whether a sentence begins at an offset, so that its first word is capitalised whatever it is."""
        before = self.before(start, 4).rstrip(" “\"'‘")
        return not before or before.endswith((".", "!", "?", "\n", ":"))


def is_no_name(word: str) -> bool:
    """Whether a capitalised word is no part of a name: a title, or a small word that begins a sentence."""
    word = folded(word).rstrip(".'")
    return word in _NOT_NAMES or word in word_list("titles") or word in word_list("people") or word in ("us", "u.s")


def is_possessive(word: str) -> bool:
    """Whether a word is what a possessive puts to a name."""
    return plain(word) == "s"


@cache
def places() -> frozenset[str]:
    """The names of well-known places, folded."""
    return frozenset(map(folded, known("places")))


@cache
def bodies() -> frozenset[str]:
    """The names of well-known bodies, folded."""
    return frozenset(map(folded, known("bodies")))


@cache
def common_given_names() -> frozenset[str]:
    """Common given names, folded."""
    return frozenset(map(folded, given_names("any")))
