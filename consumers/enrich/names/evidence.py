"""What kind of thing a name stands for, by evidence within the article and by the lists of known names.

The small models take unusual surnames for bodies and places, and foreign cities for people. What an article says around
a name tells better: titles, ages, roles and relative clauses with “who” make it a person, prepositions of place a
place. All mentions of a name are taken together.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from consumers.enrich.lexicon import cue_verbs, nouns, words
from consumers.enrich.names.gazetteer import Gazetteer, fitting_label
from consumers.enrich.names.lexicon import given_names, known
from consumers.enrich.names.mentions import KIN, PERSONAL_TITLES, Name, is_age
from consumers.enrich.names.spelling import plain, sound
from consumers.enrich.tokens import Tokens

SURE = 3
"""Points from which a name is a person's whatever the model says."""
LIKELY = 2
"""Points from which a name of two words or more is a person's."""
_HUMAN = frozenset("he him his himself she her hers herself who whose whom".split())
_NOT_HUMAN = frozenset("it its itself they them their which".split())
_KIN = KIN | {"children", "aides", "aide"}
_FOLLOWING = 25
"""Tokens after a name within which a pronoun may stand for it."""
_INITIALS = re.compile(r"(?:[A-Z]\.[ -]?){1,4} ?[A-Z][a-z]\w+")
_MEETING = frozenset("spoke speaks speaking talked talks talking interviewed married".split())
_PLACE_BEFORE = frozenset("in at near from outside across around to".split())
_BODY_WORDS = frozenset(
    "inc inc. ltd ltd. plc corp corp. llc group holdings partners university college council party"
    " united rovers wanderers albion athletic hotspur fc afc police zoo airlines airways motors".split()
)


@dataclass(slots=True)
class Evidence:
    """What the mentions of each name say together: points for a person, prepositions of place, labels of the model."""

    points: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def relabel(tokens: Tokens, names: list[Name], gazetteer: Gazetteer) -> None:
    """Put the labels of names right, in place."""
    seen = Evidence()
    for name, following in zip(names, [*names[1:], None], strict=False):
        key = letters(tokens, name)
        seen.points[key] += person_points(tokens, name) + pronoun_points(tokens, name, following)
        seen.places[key] += name.first > 0 and tokens.lower[name.first - 1] in _PLACE_BEFORE
        seen.labels[key][name.label] += 1
    for name in names:
        demonym = name.label == "GPE" and tokens.tags[name.last] == "JJ"
        name.label = "NORP" if demonym else _label(tokens, name, seen, gazetteer)
    _follow_full_names(tokens, names)


def _label(tokens: Tokens, name: Name, seen: Evidence, gazetteer: Gazetteer) -> str:
    parts = name.words(tokens)
    if not parts:
        return name.label
    text, key = " ".join(parts), letters(tokens, name)
    points = seen.points[key]
    listed = gazetteer.label(text)
    if listed == "GPE" and points < SURE:
        return fitting_label(listed, name.label) if gazetteer.lists(text) else listed
    if listed in ("PERSON", "PRODUCT") or (listed == "ORG" and (points < SURE or text in known("bodies"))):
        return listed
    last = parts[-1].lower()
    if last in words("bodies") or last in _BODY_WORDS:
        return "ORG" if name.label in ("PERSON", "GPE") else name.label
    if points >= SURE or (len(parts) > 1 and points >= LIKELY and len(parts) <= 4):
        return "PERSON"
    if name.label == "PERSON" and len(parts) == 1 and points <= 0 and seen.places[key]:
        return "GPE"
    best, count = seen.labels[key].most_common(1)[0]
    return best if count > seen.labels[key][name.label] else name.label


def letters(tokens: Tokens, name: Name) -> str:
    """The words of a name as plain letters: what its spellings with and without hyphens and accents share."""
    return plain("".join(name.words(tokens)))


def person_points(tokens: Tokens, name: Name) -> int:
    """How much speaks for a person at one mention of a name."""
    parts = name.words(tokens)
    given = given_names("any")
    full = len(parts) > 1 and parts[0] in given
    if not parts or name.label in ("EVENT", "LAW") or (name.label == "NORP" and not full):
        return 0
    points = 3 if _INITIALS.fullmatch(" ".join(parts)) else 0
    before = tokens.lower[name.first - 1].rstrip(".") if name.first else ""
    after = tokens.words[name.last + 1 : name.last + 4]
    if name.title and name.title[-1] in PERSONAL_TITLES:
        points += 4
    elif name.title:
        points += 1
    if parts[0] in given and all(part[:1].isupper() or len(part) < 4 for part in parts):
        points += 2 if len(parts) > 1 else 1
    if len(after) > 1 and after[0] == "," and is_age(after[1]):
        points += 4
    if before in nouns("people") and tokens.deps[name.first - 1] in ("compound", "nmod", "amod", "appos"):
        points += 2
    if name.first > 1 and before in ("to", "with", "by") and tokens.lower[name.first - 2] in _MEETING:
        points += 2
    head = name.last
    if tokens.deps[head] == "appos" and tokens.lower[tokens.heads[head]] in nouns("people"):
        points += 3
    for child in tokens.children[head]:
        if child > head and tokens.deps[child] == "appos" and tokens.lower[child] in nouns("people"):
            points += 3
        elif (
            child > head
            and tokens.deps[child] == "relcl"
            and not _of_somebody(tokens, head)
            and any(tokens.lower[c] == "who" for c in tokens.children[child])
        ):
            points += 2
    if after[:2] == [",", "who"] and not _of_somebody(tokens, head):
        points += 2
    return points


def _of_somebody(tokens: Tokens, head: int) -> bool:
    """Whether a name only says where somebody works, so that “who” is that person: the founder of Voltline, who …"""
    above = tokens.heads[tokens.heads[head]]
    return tokens.deps[head] == "pobj" and tokens.lower[above] in nouns("people")


def pronoun_points(tokens: Tokens, name: Name, following: Name | None) -> int:
    """How much the pronouns after a single word that the model takes for a body or place speak for a person.

    The first pronoun before anybody else is named counts, and kin or aides that are somebody’s.
    """
    if name.label not in ("ORG", "GPE", "PRODUCT", "FAC", "WORK_OF_ART"):
        return 0
    if name.first != name.last:
        return _own_pronoun(tokens, name)
    after = name.last + 1
    if tokens.words[after : after + 1] in (["'s"], ["’s"]) and tokens.lower[after + 1 : after + 2]:
        return 3 if tokens.lower[after + 1] in _KIN else 0
    if tokens.deps[name.last] not in ("nsubj", "nsubjpass"):
        return 0
    end = min(len(tokens), after + _FOLLOWING, following.first if following else len(tokens))
    for token in range(after, end):
        word = tokens.lower[token]
        if word in _NOT_HUMAN or (word in nouns("people") and tokens.deps[token] != "attr"):
            return 0
        if word in _HUMAN and tokens.paragraph[token] == tokens.paragraph[name.last]:
            return 3 if tokens.deps[token] in ("nsubj", "nsubjpass", "poss") else 1
    return 0


def _own_pronoun(tokens: Tokens, name: Name) -> int:
    """What a pronoun speaks for a person of whom it is said that he says something of his own: X insisted his side …"""
    verb = tokens.heads[name.last]
    speaks = any(
        frame in ("clause", "quote") for cue in cue_verbs().get(tokens.lower[verb], ()) for frame in cue.frames
    )
    if tokens.deps[name.last] != "nsubj" or not speaks or verb != name.last + 1:
        return 0
    start = tokens.paragraphs[tokens.paragraph[name.first]][0]
    if any(tokens.entity[token] == "PERSON" for token in range(tokens.at(start), name.first)):
        return 0
    return LIKELY if tokens.lower[verb + 1 : verb + 2] in (["his"], ["her"]) else 0


def _follow_full_names(tokens: Tokens, names: list[Name]) -> None:
    """A surname or given name standing alone is a person's where somebody in the article bears it."""
    surnames, firsts = set(), set()
    for name in names:
        parts = name.words(tokens)
        if name.label == "PERSON" and len(parts) > 1:
            surnames.add(parts[-1])
            firsts.add(parts[0])
    sounds = {sound(surname) for surname in surnames} - {""}
    for name in names:
        parts = name.words(tokens)
        if len(parts) != 1 or name.label in ("PERSON", "NORP"):
            continue
        place = name.first > 0 and tokens.lower[name.first - 1] in _PLACE_BEFORE and parts[0] in known("places")
        listed = parts[0] in known("places") | known("bodies")
        if not place and (
            parts[0] in surnames or (not listed and sound(parts[0]) in sounds) or (parts[0] in firsts and not listed)
        ):
            name.label = "PERSON"
