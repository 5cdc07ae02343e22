"""One cluster for all the names of a person, body or place.

Evidence is gathered from the whole article first: full names of people, surnames, bodies and places. Then every name
goes to the cluster it fits; a surname that several people bear goes to the one whose title or given name fits, else to
the one mentioned last, and to who is introduced as somebody's wife or son only where nobody else bears it. A name that
fits nobody as it is spelt goes to whom it fits in another spelling.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from consumers.enrich.lexicon import words
from consumers.enrich.names.abbreviations import find_abbreviations
from consumers.enrich.names.evidence import relabel
from consumers.enrich.names.gazetteer import Gazetteer
from consumers.enrich.names.lexicon import given_names, known
from consumers.enrich.names.mentions import Name, generation, is_introduced_as_kin
from consumers.enrich.names.spelling import PARTICLES, body_key, plain, same_given_name, same_word, sound, surnames
from consumers.enrich.tokens import Tokens

_BEGINNING = 3
"""Letters that a given name and its short form begin with alike: see `_short`."""
_SMALL = frozenset(["of", "the", "and", "for", "in", "on", "&", "at", "to"])


@dataclass(slots=True)
class Cluster:
    """The names of one person, body or place.

    `full`: the words of the fullest name. `gender`: male, female or "" where the article does not tell. `suffix`: jr or
    sr. `key` and `letters`: the words and the letters by which spellings are compared. `surnames`: see spelling.py.
    `is_kin`: introduced as a relative of somebody: his wife, Anna Reed.
    """

    label: str
    names: list[Name] = field(default_factory=list)
    full: tuple[str, ...] = ()
    gender: str = ""
    acronym: str = ""
    key: tuple[str, ...] = ()
    letters: str = ""
    suffix: str = ""
    surnames: tuple[str, ...] = ()
    is_kin: bool = False

    def last_before(self, token: int) -> int:
        """The first token of its last name before a token; -1 where it has none there."""
        return max((name.first for name in self.names if name.first < token), default=-1)


class _Index:
    """Clusters by the forms of their names, so that a name is compared with those alone that it may fit."""

    def __init__(self) -> None:
        self._clusters: list[Cluster] = []
        self._places: defaultdict[Hashable, list[int]] = defaultdict(list)

    def add(self, found: Cluster, forms: Iterable[Hashable]) -> None:
        """Add a cluster under its forms."""
        for form in set(forms):
            self._places[form].append(len(self._clusters))
        self._clusters.append(found)

    def under(self, forms: Iterable[Hashable]) -> list[Cluster]:
        """The clusters that have one of these forms, in the order in which they were added."""
        places = {place for form in forms for place in self._places.get(form, ())}
        return [self._clusters[place] for place in sorted(places)]


def cluster(tokens: Tokens, names: list[Name], gazetteer: Gazetteer) -> list[Cluster]:
    """The clusters, in the order of their first names."""
    relabel(tokens, names, gazetteer)
    abbreviations = find_abbreviations(tokens, names)
    people = _people(tokens, [name for name in names if name.label == "PERSON"], gazetteer)
    initials = _Index()
    for person in people:
        if len(person.full) > 2:
            initials.add(person, ["".join(part[0] for part in person.full).lower()])
    others = [name for name in names if name.label != "PERSON" and not _take_initials(tokens, initials, name)]
    clusters = people + _things(tokens, others, gazetteer, abbreviations)
    _add_bare(tokens, clusters, names, gazetteer)
    for found in clusters:
        found.names.sort(key=lambda name: name.first)
    return sorted(clusters, key=lambda found: found.names[0].first)


def _people(tokens: Tokens, people: list[Name], gazetteer: Gazetteer) -> list[Cluster]:
    clusters: list[Cluster] = []
    index = _Index()
    for name in sorted(people, key=lambda n: (-min(len(n.words(tokens)), 3), n.first)):
        parts = name.words(tokens)
        if not parts:
            continue
        key = gazetteer.first_form(plain("".join(parts)))
        suffix = generation(tokens, name)
        open_to = [c for c in index.under(_forms_of(parts, key)) if not (suffix and c.suffix and suffix != c.suffix)]
        fitting = (
            [c for c in open_to if c.key == (key,) or _same_person(c, parts, name)]
            or [c for c in open_to if _same_person(c, parts, name, variants=True)]
            or [c for c in open_to if name.title and len(parts) == 1 and _family_name_first(c, parts[0])]
        )
        if fitting:
            found = _meant(fitting, name.first)
        else:
            found = Cluster("PERSON", full=parts, key=(key,), surnames=surnames(parts))
            clusters.append(found)
            index.add(found, _forms_of_person(found))
        found.names.append(name)
        found.gender = found.gender or _gender(parts, name)
        found.suffix = found.suffix or suffix
        found.is_kin = found.is_kin or (len(parts) > 1 and is_introduced_as_kin(tokens, name))
    return clusters


def _meant(fitting: list[Cluster], token: int) -> Cluster:
    """Whom a name at a token means of those whom it fits: who was mentioned last before it, kin after the others."""
    return max(fitting, key=lambda found: ((last := found.last_before(token)) >= 0, not found.is_kin, last))


def _forms_of_person(found: Cluster) -> Iterator[Hashable]:
    """All by which a name that fits a person may be looked up."""
    full = found.full
    yield from found.key
    yield from found.surnames
    for word in (*found.surnames, full[0], "".join(full[-2:]), "".join(part[0] for part in full)):
        yield plain(word)
    yield from (("sound", sound(surname)) for surname in found.surnames)
    yield "beginning", full[0].lower()[:_BEGINNING]


def _forms_of(parts: tuple[str, ...], key: str) -> Iterator[Hashable]:
    """What a name of somebody is looked up by: every person whom it may fit has one of these forms."""
    yield key
    yield plain("".join(parts))
    for surname in surnames(parts):
        yield plain(surname)
        if heard := sound(surname):
            yield "sound", heard
    if len(parts) == 1:
        if heard := sound(parts[0]):
            yield "sound", heard
        yield "beginning", parts[0].lower()[:_BEGINNING]


def _same_person(found: Cluster, parts: tuple[str, ...], name: Name, *, variants: bool = False) -> bool:
    """Whether a name is one of a person; `variants`: as it may be spelt in another newsroom."""
    full = found.full
    if parts == full:
        return True
    gender = _title_gender(name)
    if gender and found.gender and gender != found.gender:
        return False
    same = same_word if variants else _spelt_alike
    if len(parts) == 1:
        return _part_of(parts[0], name, found, same)
    if parts[0].lower() in PARTICLES:
        return plain("".join(parts)) in found.surnames
    if len(full) == 1 or not any(same(a, b) for a in surnames(parts) for b in found.surnames):
        return False
    return (
        _spelt_alike(parts[0], full[0])
        or parts[0].rstrip(".") == full[0][0]
        or full[0].rstrip(".") == parts[0][0]
        or _short(parts[0], full[0])
        or (variants and same_given_name(parts[0], full[0]))
    )


def _part_of(word: str, name: Name, found: Cluster, same: Callable[[str, str], bool]) -> bool:
    """Whether a single word is a person’s surname, or a given name or nickname of his."""
    full = found.full
    if any(same(word, surname) for surname in found.surnames) or _nickname(word, full):
        return True
    if name.title and name.title[-1] not in ("sir", "dame", "lady", "sister", "brother", "father"):
        return False
    return _spelt_alike(word, full[0]) or (
        len(full) > 1 and len(word) > 3 and word in given_names("any") and _short(word, full[0])
    )


def _spelt_alike(a: str, b: str) -> bool:
    return a == b or plain(a) == plain(b)


def _nickname(word: str, full: tuple[str, ...]) -> bool:
    """Whether a word is a name joined of the last two, or the initials of all: Vasquez-Hill, JFK."""
    return len(full) > 2 and (word == "".join(full[-2:]) or _are_initials(word, full))


def _are_initials(word: str, full: tuple[str, ...]) -> bool:
    return word.isupper() and 3 <= len(word) <= 4 and word.lower() == "".join(part[0] for part in full).lower()


def _take_initials(tokens: Tokens, people: _Index, name: Name) -> bool:
    """Give the initials of a person, which the model takes for a body, to that person: RFK. Whether they were.

    `people`: by their initials in small letters.
    """
    parts = name.words(tokens)
    if len(parts) != 1 or name.label != "ORG" or parts[0] in known("bodies"):
        return False
    whose = [found for found in people.under([parts[0].lower()]) if _are_initials(parts[0], found.full)]
    if len(whose) == 1:
        name.label = "PERSON"
        whose[0].names.append(name)
    return len(whose) == 1


def _family_name_first(found: Cluster, word: str) -> bool:
    """Whether a word after a title is the first of a full name and no usual given name: President Xi, Mr Kim."""
    usual = given_names("any")  # Kim is one as well: there a third word tells
    return len(found.full) > (2 if word in usual else 1) and _spelt_alike(word, found.full[0])


def _short(a: str, b: str) -> bool:
    """Whether one given name is short for the other: Steve and Stephen, Rob and Robert."""
    a, b = sorted((a.lower(), b.lower()), key=len)
    return len(a) >= _BEGINNING and (b.startswith(a) or (b.startswith(a[:_BEGINNING]) and a[-1] in "yei"))


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


def _things(tokens: Tokens, names: list[Name], gazetteer: Gazetteer, abbreviations: dict[str, str]) -> list[Cluster]:
    clusters: list[Cluster] = []
    index = _Index()
    for name in sorted(names, key=lambda n: (-len(n.words(tokens)), n.first)):
        parts = name.words(tokens)
        if not parts:
            continue
        key = body_key(parts)
        letters = plain("".join(parts))
        whole = gazetteer.first_form(abbreviations.get(parts[0], letters) if len(parts) == 1 else letters)
        forms = [whole, key, ("acronym", parts[0].replace(".", "").upper())]
        fitting = (c for c in index.under(forms) if c.letters == whole or _same_thing(c, key, parts, name))
        found = next(fitting, None)
        if found is None:
            found = Cluster(name.label, full=parts, key=key, letters=whole)
            initials = "".join(part[0] for part in parts if part.lower() not in _SMALL and part[0].isupper())
            found.acronym = initials if len(initials) >= 2 else ""
            clusters.append(found)
            beginnings = (key[:end] for end in range(1, len(key) + 1))
            index.add(found, [whole, *beginnings, ("acronym", found.acronym)])
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
        and (parts[0][:2].isupper() or (len(found.acronym) >= 4 and parts[0][0].isupper()))
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


def _add_bare(tokens: Tokens, clusters: list[Cluster], names: list[Name], gazetteer: Gazetteer) -> None:
    """Names that the recogniser passed over although they are a name elsewhere in the article, in this spelling or
    another.
    """
    taken = {
        token
        for name in names
        for token in range(name.title_first if name.title_first >= 0 else name.first, name.last + 1)
    }
    owners = _Owners(tokens, clusters, gazetteer)
    for token, word in enumerate(tokens.words):
        if token in taken or not word[:1].isupper():
            continue
        whole = owners.longer.get(word)
        if whole is not None:
            last = token + len(whole.full) - 1
            if tuple(tokens.words[token : last + 1]) == whole.full and not taken & set(range(token, last + 1)):
                whole.names.append(Name(token, last, whole.label))
                taken.update(range(token, last + 1))
                continue
        single = owners.of(word, tokens.tags[token], token) if len(word) > 2 else None
        if single is not None and not _in_other_name(tokens, token, single, taken):
            single.names.append(Name(token, token, single.label))
            taken.add(token)


def _in_other_name(tokens: Tokens, token: int, owner: Cluster, taken: set[int]) -> bool:
    """Whether a word belongs to a longer name that was not recognised, or to a line of capitals."""
    head = tokens.heads[token]
    if tokens.deps[token] == "compound" and tokens.tags[head] == "NNP" and head not in taken:
        return True
    neighbours = tokens.words[max(0, token - 1) : token] + tokens.words[token + 1 : token + 2]
    capitals = tokens.words[token].isupper() and any(n.isupper() and len(n) > 2 for n in neighbours)
    return capitals and owner.label == "PERSON"


class _Owners:
    """Whose name a single word is. `longer`: by the first of its words."""

    def __init__(self, tokens: Tokens, clusters: list[Cluster], gazetteer: Gazetteer) -> None:
        self.longer: dict[str, Cluster] = {}
        self._by_word: defaultdict[str, list[Cluster]] = defaultdict(list)
        self._by_sound: defaultdict[str, list[Cluster]] = defaultdict(list)
        self._places: defaultdict[str, list[Cluster]] = defaultdict(list)
        self._gazetteer = gazetteer
        for found in clusters:
            if found.label == "PERSON" and len(found.full) > 1:
                self._by_word[found.full[-1]].append(found)
                self._by_sound[sound(found.full[-1])].append(found)
                if found.full[0] not in words("titles"):
                    self._by_word[found.full[0]].append(found)
            if len(found.full) == 1 and found.label in ("PERSON", "ORG", "GPE"):
                self._by_word[found.full[0]].append(found)
            if found.label == "ORG" and len(found.full) > 1:
                for short in {parts for name in found.names if len(parts := name.words(tokens)) == 1}:
                    self._by_word[short[0]].append(found)
            if found.label == "GPE":
                self._places[found.letters].append(found)
            if len(found.full) > 1:
                self.longer[found.full[0]] = found

    def of(self, word: str, tag: str, token: int) -> Cluster | None:
        """The owner of a capitalised word with that tag at a token; None where things of several kinds bear it."""
        if word in self._by_word:
            return _owner(self._by_word[word], token) if tag.startswith("NNP") else None
        if word in known("places"):
            return _owner(self._places[self._gazetteer.first_form(plain(word))], token)
        if len(word) > 4 and tag.startswith("NN") and word not in given_names("any"):
            return _owner(self._by_sound[sound(word)], token)
        return None


def _owner(owners: list[Cluster], token: int) -> Cluster | None:
    alike = owners and all(found.label == owners[0].label == "PERSON" for found in owners)
    return _meant(owners, token) if alike or len(owners) == 1 else None
