"""What kind of thing a name stands for, by evidence within the article and by the lists of known names.

The small models take unusual surnames for bodies and places, and foreign cities for people. What an article says
around a
name tells better: titles, ages, roles and relative clauses with “who” make it a person, prepositions of place a
place. All
mentions of a name are taken together.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from consumers.enrich.names.lexicon import given_names, known
from consumers.enrich.names.mentions import Name, is_age
from consumers.enrich.quotes.lexicon import nouns, words
from consumers.enrich.tokens import Tokens

SURE = 3
"""Points from which a name is a person's whatever the model says."""
LIKELY = 2
"""Points from which a name of two words or more is a person's."""
_PERSONAL = frozenset("mr mrs ms miss dr prof professor sir dame sgt det insp dc pc ds".split())
_MEETING = frozenset("spoke speaks speaking talked talks talking interviewed married".split())
_PLACE_BEFORE = frozenset("in at near from outside across around to".split())
_BODY_WORDS = frozenset(
    "inc inc. ltd ltd. plc corp corp. llc group holdings partners university college council party".split()
)


def relabel(tokens: Tokens, names: list[Name]) -> None:
    """Put the labels of names right, in place."""
    points: Counter[str] = Counter()
    places: Counter[str] = Counter()
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for name in names:
        text = " ".join(name.words(tokens))
        points[text] += person_points(tokens, name)
        places[text] += name.first > 0 and tokens.lower[name.first - 1] in _PLACE_BEFORE
        labels[text][name.label] += 1
    for name in names:
        name.label = _label(" ".join(name.words(tokens)), name, points, places, labels)
    _follow_full_names(tokens, names)


def _label(text: str, name: Name, points: Counter[str], places: Counter[str], labels: dict[str, Counter[str]]) -> str:
    parts = text.split()
    if not parts:
        return name.label
    if text in known("places") and points[text] < SURE:
        return "GPE"
    if text in known("bodies"):
        return "ORG"
    last = parts[-1].lower()
    if last in words("bodies") or last in _BODY_WORDS:
        return "ORG" if name.label in ("PERSON", "GPE") else name.label
    if points[text] >= SURE or (len(parts) > 1 and points[text] >= LIKELY and len(parts) <= 4):
        return "PERSON"
    if name.label == "PERSON" and len(parts) == 1 and points[text] <= 0 and places[text]:
        return "GPE"
    best, count = labels[text].most_common(1)[0]
    return best if count > labels[text][name.label] else name.label


def person_points(tokens: Tokens, name: Name) -> int:
    """How much speaks for a person at one mention of a name."""
    parts = name.words(tokens)
    if not parts or name.label in ("NORP", "EVENT", "LAW"):
        return 0
    points = 0
    given = given_names("male") | given_names("female")
    before = tokens.lower[name.first - 1].rstrip(".") if name.first else ""
    after = tokens.words[name.last + 1 : name.last + 4]
    if name.title and name.title[-1] in _PERSONAL:
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
            and any(tokens.lower[c] == "who" for c in tokens.children[child])
        ):
            points += 2
    if after[:2] == [",", "who"]:
        points += 2
    return points


def _follow_full_names(tokens: Tokens, names: list[Name]) -> None:
    """A surname or given name standing alone is a person's where somebody in the article bears it."""
    surnames, firsts = set(), set()
    for name in names:
        parts = name.words(tokens)
        if name.label == "PERSON" and len(parts) > 1:
            surnames.add(parts[-1])
            firsts.add(parts[0])
    for name in names:
        parts = name.words(tokens)
        if len(parts) != 1 or name.label in ("PERSON", "NORP"):
            continue
        place = name.first > 0 and tokens.lower[name.first - 1] in _PLACE_BEFORE and parts[0] in known("places")
        if not place and (
            parts[0] in surnames or (parts[0] in firsts and parts[0] not in known("places") | known("bodies"))
        ):
            name.label = "PERSON"
