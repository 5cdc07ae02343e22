"""One cluster for all the names of a person, body or place.

Evidence is gathered from the whole article first: full names of people, surnames, bodies and places. Then every
name goes
to the cluster it fits; a surname that several people bear goes to the one whose title or given name fits, else to
the one
mentioned last.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from consumers.enrich.names.evidence import relabel
from consumers.enrich.names.lexicon import given_names
from consumers.enrich.names.mentions import Name
from consumers.enrich.quotes.lexicon import words
from consumers.enrich.tokens import Tokens

_SMALL = frozenset(["of", "the", "and", "for", "in", "on", "&", "at", "to"])


@dataclass(slots=True)
class Cluster:
    """The names of one person, body or place. `gender`: male, female or "" where the article does not tell."""

    label: str
    names: list[Name] = field(default_factory=list)
    full: tuple[str, ...] = ()
    gender: str = ""
    acronym: str = ""
    key: tuple[str, ...] = ()


def cluster(tokens: Tokens, names: list[Name]) -> list[Cluster]:
    """The clusters, in the order of their first names."""
    relabel(tokens, names)
    clusters: list[Cluster] = []
    people = [name for name in names if name.label == "PERSON"]
    others = [name for name in names if name.label != "PERSON"]
    clusters += _people(tokens, people)
    clusters += _things(tokens, others)
    _add_bare(tokens, clusters, names)
    for found in clusters:
        found.names.sort(key=lambda name: name.first)
    return sorted(clusters, key=lambda found: found.names[0].first)


def _people(tokens: Tokens, people: list[Name]) -> list[Cluster]:
    clusters: list[Cluster] = []
    for name in sorted(people, key=lambda n: (-min(len(n.words(tokens)), 3), n.first)):
        parts = name.words(tokens)
        if not parts:
            continue
        fitting = [c for c in clusters if _same_person(c, parts, name)]
        if len(fitting) > 1:
            before = [c for c in fitting if any(n.first < name.first for n in c.names)]
            fitting = sorted(
                before or fitting, key=lambda c: -max((n.first for n in c.names if n.first < name.first), default=-1)
            )
        if fitting:
            found = fitting[0]
        else:
            found = Cluster("PERSON", full=parts)
            clusters.append(found)
        found.names.append(name)
        found.gender = found.gender or _gender(parts, name)
    return clusters


def _same_person(found: Cluster, parts: tuple[str, ...], name: Name) -> bool:
    full = found.full
    if parts == full:
        return True
    gender = _title_gender(name)
    if gender and found.gender and gender != found.gender:
        return False
    if len(parts) == 1:
        by_first = not name.title or name.title[-1] in ("sir", "dame", "lady", "sister", "brother", "father")
        return (
            parts[0] == full[-1]
            or (parts[0] == full[0] and by_first)
            or _nickname(parts[0], full)
            or (
                len(full) > 1
                and by_first
                and len(parts[0]) > 3
                and parts[0] in given_names("male") | given_names("female")
                and _short(parts[0], full[0])
            )
        )
    if parts[-1] == full[-1] and len(full) > 1:
        return (
            parts[0] == full[0]
            or parts[0].rstrip(".") == full[0][0]
            or full[0].rstrip(".") == parts[0][0]
            or _short(parts[0], full[0])
        )
    return False


def _nickname(word: str, full: tuple[str, ...]) -> bool:
    """Whether a word is a name joined of the last two: Vasquez-Hill, Al Khalifa."""
    return len(full) > 2 and word == "".join(full[-2:])


def _short(a: str, b: str) -> bool:
    """Whether one given name is short for the other: Steve and Stephen, Rob and Robert."""
    a, b = sorted((a.lower(), b.lower()), key=len)
    return len(a) >= 3 and (b.startswith(a) or (b.startswith(a[:3]) and a[-1] in "yei"))


def _title_gender(name: Name) -> str:
    for title in name.title:
        if title in ("mr", "sir", "lord", "king", "prince", "baron"):
            return "male"
        if title in ("mrs", "ms", "miss", "dame", "lady", "queen", "princess", "baroness"):
            return "female"
    return ""


def _gender(parts: tuple[str, ...], name: Name) -> str:
    gender = _title_gender(name)
    if gender or len(parts) < 2:
        return gender
    if parts[0] in given_names("male"):
        return "male"
    return "female" if parts[0] in given_names("female") else ""


def _things(tokens: Tokens, names: list[Name]) -> list[Cluster]:
    clusters: list[Cluster] = []
    for name in sorted(names, key=lambda n: (-len(n.words(tokens)), n.first)):
        parts = name.words(tokens)
        if not parts:
            continue
        key = tuple(part.lower().replace(".", "") for part in parts)
        found = next((c for c in clusters if _same_thing(c, key, parts, name)), None)
        if found is None:
            found = Cluster(name.label, full=parts, key=key)
            initials = "".join(part[0] for part in parts if part.lower() not in _SMALL and part[0].isupper())
            found.acronym = initials if len(initials) >= 2 else ""
            clusters.append(found)
        found.names.append(name)
    for found in clusters:
        found.label = Counter(name.label for name in found.names).most_common(1)[0][0]
    return clusters


def _same_thing(found: Cluster, key: tuple[str, ...], parts: tuple[str, ...], name: Name) -> bool:
    full = found.key
    if key == full:
        return True
    if name.label not in ("ORG", "GPE", "FAC") or found.label not in ("ORG", "FAC"):
        return False
    if (
        len(key) == 1
        and found.acronym
        and parts[0].replace(".", "").upper() == found.acronym
        and len(found.acronym) >= 2
        and parts[0][:2].isupper()
    ):
        return True
    if name.label != "ORG":
        return False
    return (
        len(key) < len(full)
        and full[: len(key)] == key
        and len(key[0]) > 3
        and key[0]
        not in (
            "european",
            "british",
            "american",
            "national",
            "united",
            "supreme",
            "central",
            "state",
            "house",
            "north",
            "south",
        )
    )


def _add_bare(tokens: Tokens, clusters: list[Cluster], names: list[Name]) -> None:
    """Names that the recogniser passed over although the same words are a name elsewhere in the article."""
    taken = {
        token
        for name in names
        for token in range(name.title_first if name.title_first >= 0 else name.first, name.last + 1)
    }
    owner: dict[str, Cluster | None] = {}
    longer: dict[str, Cluster] = {}
    for found in clusters:
        keys = {found.full[-1]} if found.label == "PERSON" and len(found.full) > 1 else set()
        if found.label == "PERSON" and len(found.full) > 1 and found.full[0] not in words("titles"):
            keys.add(found.full[0])
        if len(found.full) == 1 and found.label in ("PERSON", "ORG", "GPE"):
            keys.add(found.full[0])
        for key in keys:
            owner[key] = None if key in owner and owner[key] is not found else found
        if len(found.full) > 1:
            longer[found.full[0]] = found
    for token, word in enumerate(tokens.words):
        if token in taken or not word[:1].isupper():
            continue
        whole = longer.get(word)
        if whole is not None:
            last = token + len(whole.full) - 1
            if tuple(tokens.words[token : last + 1]) == whole.full and not taken & set(range(token, last + 1)):
                whole.names.append(Name(token, last, whole.label))
                taken.update(range(token, last + 1))
                continue
        single = owner.get(word)
        if single is not None and len(word) > 2 and tokens.tags[token].startswith("NNP"):
            neighbours = tokens.words[max(0, token - 1) : token] + tokens.words[token + 1 : token + 2]
            if (
                tokens.deps[token] == "compound"
                and tokens.tags[tokens.heads[token]] == "NNP"
                and tokens.heads[token] not in taken
            ):
                continue
            if word.isupper() and any(n.isupper() and len(n) > 2 for n in neighbours) and single.label == "PERSON":
                continue
            single.names.append(Name(token, token, single.label))
            taken.add(token)
