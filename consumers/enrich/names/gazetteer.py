"""The gazetteer: names that are known before an article is read, with their kind and what else they are called.

It puts the recogniser's slips right (Kiev is a place), finds names it passed over, and makes one entity of the forms of
a name. What the article itself says weighs more: “Jordan, 61,” is a person whatever the gazetteer lists.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal

from ahocorasick_rs import AhoCorasick
from pydantic import BaseModel, ConfigDict, Field

from consumers.enrich.names.lexicon import known
from consumers.enrich.names.mentions import Name, take_title
from consumers.enrich.names.spelling import plain, spellings
from consumers.enrich.tokens import Tokens

NameType = Literal["person", "organization", "place", "product"]
LABEL_OF = {"person": "PERSON", "organization": "ORG", "place": "GPE", "product": "PRODUCT"}
_PLACES = ("GPE", "LOC", "FAC")


class KnownName(BaseModel):
    """One entry. `type`: what it is, None where that is not known; `aliases`: its other names and spellings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    type: NameType | None = None
    aliases: tuple[str, ...] = ()


class Gazetteer:
    """Known names, ready to be looked up and looked for; on top of the lists of places and bodies that ship.

    Of entries that share a form the first one counts.
    """

    def __init__(self, names: Iterable[KnownName] = ()) -> None:
        self.names = tuple(names)
        forms: dict[str, tuple[str, KnownName]] = {}
        self._kinds: dict[str, str] = {}
        self._first: dict[str, str] = dict(spellings("places"))
        for known_name in reversed(self.names):
            for form in (*known_name.aliases, known_name.name):
                forms[_folded(form)] = (form, known_name)
                if known_name.type:
                    self._kinds[plain(form)] = LABEL_OF[known_name.type]
                self._first[plain(form)] = plain(known_name.name)
        self._forms = [entry for folded, entry in forms.items() if folded.strip()]
        self._finder = AhoCorasick([folded for folded in forms if folded.strip()]) if self._forms else None

    def __reduce__(self) -> tuple[type[Gazetteer], tuple[tuple[KnownName, ...]]]:
        """Pickled as its entries: the automaton that looks for them is made anew."""
        return Gazetteer, (self.names,)

    def label(self, name: str) -> str | None:
        """The label of a name that is listed, whole: PERSON, ORG, GPE or PRODUCT; None where it is not."""
        listed = self._kinds.get(plain(name))
        if listed is not None:
            return listed
        if name in known("places"):
            return "GPE"
        return "ORG" if name in known("bodies") else None

    def lists(self, name: str) -> bool:
        """Whether an entry, not only a list that ships, says what kind of thing a name is."""
        return plain(name) in self._kinds

    def first_form(self, letters: str) -> str:
        """The name, in plain letters, that plain letters are a form of; themselves where they are not listed."""
        return self._first.get(letters, letters)

    def add_mentions(self, tokens: Tokens, names: list[Name]) -> list[Name]:
        """The names of a text with those listed that were passed over; the longer of two that overlap is kept."""
        if self._finder is None:
            return names
        at = {token: name for name in names for token in range(name.first, name.last + 1)}
        for first, last, label in self._listed(tokens):
            touched = {id(name): name for token in range(first, last + 1) if (name := at.get(token))}
            if any(name.first < first or name.last > last for name in touched.values()):
                continue
            if label is None or any((name.first, name.last) == (first, last) for name in touched.values()):
                continue
            new = Name(first, last, label)
            take_title(tokens, new)
            names = [name for name in names if id(name) not in touched]
            names.append(new)
            at.update(dict.fromkeys(range(first, last + 1), new))
        return sorted(names, key=lambda name: name.first)

    def _listed(self, tokens: Tokens) -> Iterator[tuple[int, int, str | None]]:
        """Where forms stand as words of their own and are written like names: first and last token, and label."""
        assert self._finder is not None
        text, folded = tokens.text, _folded(tokens.text)
        for number, start, end in self._finder.find_matches_as_indexes(folded, overlapping=True):
            form, entry = self._forms[number]
            first, last = tokens.at(start), tokens.at(end - 1)
            whole = last < len(tokens) and (tokens.starts[first], tokens.ends[last]) == (start, end)
            if whole and _written_alike(form, text[start:end]):
                yield first, last, LABEL_OF[entry.type] if entry.type else None


def fitting_label(listed: str, label: str) -> str:
    """The label of a listed name: a place may be a region or a building as the model says."""
    return label if listed == "GPE" and label in _PLACES else listed


def _written_alike(form: str, words: str) -> bool:
    """Whether words are written as a name is: “us” is not the “US”, but a headline in capitals is any name."""
    if words.isupper() and not form.isupper():
        return len(form) > 3
    return words[:1].isupper() == form[:1].isupper() and words.isupper() == form.isupper()


class _Folding(dict[int, str]):
    def __missing__(self, code: int) -> str:
        letter = unicodedata.normalize("NFKD", chr(code).lower())[:1] or chr(code)
        folded = " " if letter in "-‐‑–" else "'" if letter in "’‘ʼ`" else letter
        if len(self) < 0x3000:
            self[code] = folded
        return folded


_FOLDING = _Folding()


def _folded(text: str) -> str:
    """Lower case without diacritics, hyphens as spaces, character by character: offsets stay those of the text."""
    return text.translate(_FOLDING)
