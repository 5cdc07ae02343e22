"""The lists of consumers/enrich/data, as names and quotes read them. The files say what each list is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_VOWELS = "aeiou"
_VERB = re.compile(r"(?P<lemma>[a-z-]+)(?:\+(?P<particle>[a-z]+))?(?: \((?P<forms>[^)]+)\))?: (?P<frames>[a-z ]+)")


@dataclass(frozen=True, slots=True)
class CueWord:
    """A word that reports speech. `frames`: what it goes with, as explained in data/cue_verbs.txt. `particle`: the word
    that must follow it, or "".
    """

    lemma: str
    frames: frozenset[str]
    particle: str = ""


@cache
def cue_verbs() -> dict[str, tuple[CueWord, ...]]:
    """Every form of every cue verb; verbs with a particle before those without."""
    frames: dict[tuple[str, str], set[str]] = {}
    forms: dict[tuple[str, str], set[str]] = {}
    for line in _lines("cue_verbs.txt"):
        match = _VERB.fullmatch(line)
        if match is None:
            raise ValueError(f"cue_verbs.txt: cannot read {line!r}")
        key = (match["lemma"], match["particle"] or "")
        frames.setdefault(key, set()).update(match["frames"].split())
        forms.setdefault(key, set()).update(inflect(match["lemma"], (match["forms"] or "").split()))
    table: dict[str, list[CueWord]] = {}
    for (lemma, particle), words in forms.items():
        for word in words:
            table.setdefault(word, []).append(CueWord(lemma, frozenset(frames[lemma, particle]), particle))
    return {word: tuple(sorted(found, key=lambda cue: not cue.particle)) for word, found in table.items()}


def inflect(lemma: str, irregular: list[str]) -> set[str]:
    """The forms of a verb: regular ones, and instead of -ed and -ing those that are given."""
    found = {lemma, *irregular}
    found.add(lemma + "es" if re.search(r"(?:s|x|z|ch|sh)$", lemma) else re.sub(r"(?<=[^aeiou])y$", "ie", lemma) + "s")
    if not any(form.endswith("ing") for form in irregular):
        found.add((lemma[:-1] if lemma.endswith("e") and not lemma.endswith("ee") else lemma) + "ing")
    if not any(not form.endswith(("ing", "s")) for form in irregular):
        found.add(re.sub(r"(?<=[^aeiou])y$", "i", lemma.removesuffix("e")) + "ed")
    return found


@cache
def cue_nouns() -> dict[str, str]:
    """Every cue noun, singular and plural, with its group: clause or words."""
    found = {}
    for group, listed in _sections("cue_nouns.txt").items():
        for word in " ".join(listed).split():
            found[word] = group
            found[plural(word)] = group
    return found


@cache
def words(name: str) -> frozenset[str]:
    """One of the lists of words.txt, as it stands there."""
    return frozenset(word for line in section("words.txt", name) for word in line.split())


@cache
def nouns(name: str) -> frozenset[str]:
    """One of the lists of words.txt, with plurals."""
    return words(name) | {plural(word) for word in words(name)}


def plural(noun: str) -> str:
    """The regular plural of a noun, and that of man and woman."""
    if noun.endswith("man"):
        return noun[:-2] + "en"
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(?:s|x|z|ch|sh)$", noun) else "s")


def section(file: str, name: str) -> tuple[str, ...]:
    """The lines of one [section] of a list."""
    return tuple(_sections(file)[name])


@cache
def _sections(file: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _lines(file):
        if line.startswith("["):
            current = sections.setdefault(line.strip("[] "), [])
        else:
            current.append(line)
    return sections


def _lines(file: str) -> list[str]:
    text = files("consumers.enrich").joinpath("data", file).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
