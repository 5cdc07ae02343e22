"""Mentions of names: what the entity recogniser found, put right by the words around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from consumers.enrich.lexicon import cue_verbs, nouns, words
from consumers.enrich.names.lexicon import given_names, known
from consumers.enrich.names.nicknames import names_around, without_nickname
from consumers.enrich.tokens import Tokens

LABELS = frozenset(["PERSON", "ORG", "GPE", "LOC", "NORP", "FAC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW"])
_CREDIT = re.compile(
    r"©[^\n]*|\(?(?:Photo(?:graph)?|Picture|Image|Video|Credit)s?(?: credit)?(?: by|:)[^\n]*|^By [A-Z][^\n.]{3,80}$",
    re.MULTILINE,
)
_AGENCY = re.compile(r"\b(?:Getty Images|Shutterstock|AP Photo|Alamy)\b")
_EDGE = frozenset("“”\"‘’'«»()[]{},.;:-–—*•|/…") | {"''", "``", "'s", "’s", "the", "The", "a", "A", "an", "@", "#"}
_NO_NAMES = frozenset("mum dad mom daddy mummy grandma grandad granny nan bills shoppers hedge det insp".split())
AFTER_NAMES = frozenset("KC QC LJ MP MPs MSP MEP TD OBE MBE CBE Jr Jr. Sr Sr. PhD MD Esq".split())
"""What follows a name without being part of it."""
PERSONAL_TITLES = frozenset(
    "mr mrs ms miss dr prof professor sir dame sen rep sgt det insp supt cllr rev dc ds pc".split()
)
"""Titles that only people have."""
KIN = frozenset("wife husband son daughter mother father brother sister widow widower".split())
"""What somebody is to another of his family."""
_JOINING = frozenset("de da di del della der den van von la le al bin ibn el y dos st st.".split())


@dataclass(slots=True)
class Name:
    """A name in the text: tokens first to last without titles; `title` are the words before it that are one."""

    first: int
    last: int
    label: str
    title: tuple[str, ...] = ()
    title_first: int = -1
    _words: tuple[int, int, tuple[str, ...]] | None = None

    def words(self, tokens: Tokens) -> tuple[str, ...]:
        """The words of the name as white space parts them (Harcourt-Lyle is one), without a nickname within it."""
        if self._words is None or self._words[:2] != (self.first, self.last):
            self._words = (self.first, self.last, self._read(tokens))
        return self._words[2]

    def _read(self, tokens: Tokens) -> tuple[str, ...]:
        text = without_nickname(tokens.text[tokens.starts[self.first] : tokens.ends[self.last]])
        return tuple(word.strip(',;:()"“”') for word in text.split() if any(c.isalnum() for c in word))


def find_mentions(tokens: Tokens) -> list[Name]:
    """The names in a text, in order and without overlap; those in picture credits and bylines are left out."""
    credit_lines = _credits(tokens.text)
    found: list[Name] = []
    for first, last, label in _entities(tokens):
        name = _trimmed(tokens, first, last, label)
        if name is None or any(a <= tokens.starts[name.first] < b for a, b in credit_lines):
            continue
        take_title(tokens, name)
        if not _part_of_role(tokens, name) and tokens.lower[name.first] not in _NO_NAMES:
            found += _split(tokens, name)
    found += _missed(tokens, found, credit_lines)
    found = _joined(tokens, found)
    found += _unseen(tokens, found, credit_lines)
    return sorted(found, key=lambda name: name.first)


def generation(tokens: Tokens, name: Name) -> str:
    """What follows a name and tells father from son: “jr”, “sr” or ""."""
    following = [word for word in tokens.lower[name.last + 1 : name.last + 3] if word != ","][:1]
    word = following[0].rstrip(".") if following else ""
    return {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr"}.get(word, "")


def _joined(tokens: Tokens, found: list[Name]) -> list[Name]:
    """The names with those made one that a nickname parts: Dwayne “The Rock” Mason."""
    whole = [Name(first, last, "PERSON") for first, last in names_around(tokens)]
    taken = {token for name in whole for token in range(name.first, name.last + 1)}
    return [name for name in found if not taken & {name.first, name.last}] + whole


def is_introduced_as_kin(tokens: Tokens, name: Name) -> bool:
    """Whether a name follows what it is to somebody: his wife, Anna Reed; Reed’s sister Anna Reed."""
    noun = name.first - 1 - (tokens.words[name.first - 1] == ",")
    if noun < 1 or tokens.lower[noun] not in KIN:
        return False
    return any(tokens.tags[token] in ("PRP$", "POS") for token in range(max(0, noun - 3), noun))


def _credits(text: str) -> list[tuple[int, int]]:
    """Where picture credits and bylines stand: nobody in them is in the news."""
    found = [match.span() for match in _CREDIT.finditer(text)]
    for match in _AGENCY.finditer(text):
        start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - 60)
        end = text.find("\n", match.end())
        found.append((start, end if 0 <= end < match.end() + 40 else match.end() + 40))
    return found


def _entities(tokens: Tokens) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for token, label in enumerate(tokens.entity):
        if label not in LABELS:
            continue
        if found and found[-1][1] == token - 1 and found[-1][2] == label and not tokens.entity_begins[token]:
            found[-1] = (found[-1][0], token, label)
        else:
            found.append((token, token, label))
    return found


def _trimmed(tokens: Tokens, first: int, last: int, label: str) -> Name | None:
    """A name without the marks, articles and possessives at its ends, cut at a line break; None where nothing is
    left.
    """
    for token in range(first, last + 1):
        if tokens.is_space(token) and "\n" in tokens.words[token]:
            last = token - 1
            break
    while first <= last and (tokens.words[first] in _EDGE or tokens.is_space(first)):
        first += 1
    while last >= first and (tokens.words[last] in _EDGE or tokens.is_space(last)):
        last -= 1
    if first > last or not any(c.isalpha() for c in tokens.words[first]):
        return None
    if not any(tokens.words[t][0].isupper() for t in range(first, last + 1)):
        return None
    if label == "PERSON":
        for token in range(first + 1, last + 1):
            if tokens.words[token] in ("'s", "’s", ",", "“", "”", '"', "‘") or tokens.tags[token].startswith("VB"):
                last = token - 1
                break
    while last > first and (tokens.words[last] in AFTER_NAMES or tokens.tags[last] == "PRP"):
        last -= 1
    if first == last and tokens.words[first] in given_names("any"):
        while (
            last + 1 < len(tokens) and last - first < 3 and not tokens.entity[last + 1] and _continues(tokens, last + 1)
        ):
            last += 1
    return Name(first, last, label)


def _part_of_role(tokens: Tokens, name: Name) -> bool:
    """Whether a body's name is only part of somebody's title: Secretary of Defense, Defense Minister."""
    if name.label == "PERSON" or name.first != name.last:
        return False
    titles = words("titles")
    after = tokens.lower[name.last + 1] if name.last + 1 < len(tokens) else ""
    before = tokens.lower[name.first - 2] if name.first >= 2 and tokens.lower[name.first - 1] == "of" else ""
    next_words = tokens.words[name.last + 1 : name.last + 2]
    if (
        name.label == "ORG"
        and after in ("minister", "secretary", "ministry", "department")
        and next_words[0][0].isupper()
    ):
        return True
    return name.label == "ORG" and before in titles and bool(next_words) and next_words[0][:1].isupper()


def _split(tokens: Tokens, name: Name) -> list[Name]:
    """Two names where a well-known body stands before the name of a part of it (White House National Security Council),
    or where an abbreviation follows in brackets (Office of Communications (Ofcom).
    """
    brackets = [token for token in range(name.first + 1, name.last) if tokens.words[token] == "("]
    if brackets:
        return [Name(name.first, brackets[0] - 1, name.label), Name(brackets[0] + 1, name.last, name.label)]
    owned = _owned_person(tokens, name)
    if owned is not None:
        return [Name(name.first, owned - 2, "ORG"), Name(owned, name.last, "PERSON")]
    if name.label == "ORG" and name.last - name.first >= 3:
        parts = tokens.words[name.first : name.last + 1]
        for length in (2, 3):
            if (
                " ".join(parts[:length]) in known("bodies")
                and len(parts) - length >= 2
                and all(p[0].isupper() for p in parts)
            ):
                return [Name(name.first, name.first + length - 1, "ORG"), Name(name.first + length, name.last, "ORG")]
    return [name]


def _owned_person(tokens: Tokens, name: Name) -> int | None:
    """The first token of a person's name that a body's stands before, taken for one: Labour’s Maya Holt."""
    for token in range(name.first + 1, name.last - 1):
        if tokens.words[token] in ("'s", "’s"):
            given = tokens.words[token + 1] in given_names("any")
            capitals = all(tokens.words[part][:1].isupper() for part in range(token + 1, name.last + 1))
            return token + 1 if capitals and (given or _stands_as_person(tokens, name.last)) else None
    return None


def take_title(tokens: Tokens, name: Name) -> None:
    """Move titles from the name's start into `title`, and take in those that stand before it."""
    titles = words("titles")
    first = name.first
    if name.label in ("PERSON", "ORG"):
        after = _after_office(tokens, first, name.last)
        if after > first and (name.label == "PERSON" or tokens.words[after] in given_names("any")):
            first = name.first = after
            name.label = "PERSON"
    if name.label in ("PERSON", "ORG", "GPE", "FAC", "WORK_OF_ART", "PRODUCT"):
        moved = first
        while moved < name.last and (
            tokens.lower[moved].rstrip(".") in titles or tokens.lower[moved] in nouns("people")
        ):
            moved += 1
        if moved > first and (name.label == "PERSON" or tokens.lower[first].rstrip(".") in PERSONAL_TITLES):
            name.first = moved
            name.label = "PERSON"
    before = name.first - 1
    while before >= 0 and tokens.lower[before].rstrip(".") in titles and tokens.words[before][0].isupper():
        before -= 1
    if before + 1 < name.first:
        name.title_first = before + 1
        name.title = tuple(tokens.lower[t].rstrip(".") for t in range(before + 1, name.first))
        if name.title[-1] in PERSONAL_TITLES:
            name.label = "PERSON"


def _after_office(tokens: Tokens, first: int, last: int) -> int:
    """Where a person's name begins after what an office is for: Secretary of Defense Lloyd Austin."""
    if first < 2 or tokens.lower[first - 1] != "of" or tokens.lower[first - 2] not in words("titles"):
        return first
    given = [token for token in range(first + 1, last) if tokens.words[token] in given_names("any")]
    return given[0] if given else first + (last - first >= 2)


def _missed(tokens: Tokens, found: list[Name], credit_lines: list[tuple[int, int]]) -> list[Name]:
    """Names the recogniser missed: a known given name and a capitalised word, or words after Mr, Mrs and the like."""
    taken = {token for name in found for token in range(name.first, name.last + 1)}
    given = given_names("any")
    missed: list[Name] = []
    token = 0
    while token < len(tokens):
        start = token
        token += 1
        word = tokens.words[start]
        if start in taken or not word[:1].isupper():
            continue
        titled = start > 0 and tokens.lower[start - 1].rstrip(".") in PERSONAL_TITLES
        before = tokens.lower[start - 1] if start else ""
        kin = before in KIN and tokens.tags[start] == "NNP" and word not in known("places")
        kin = kin or (before in nouns("people") and word in given and token not in taken)
        if not titled and not kin and word not in given and not (word in known("bodies") and word.isupper()):
            continue
        last = start
        while last + 1 < len(tokens) and last + 1 not in taken and _continues(tokens, last + 1):
            last += 1
        while last > start and tokens.lower[last] in _JOINING:
            last -= 1
        alone = titled or kin or (word in known("bodies") and word.isupper())
        if (last == start and not alone) or last - start > 4:
            continue
        if any(a <= tokens.starts[start] < b for a, b in credit_lines) or not tokens.tags[start].startswith(
            ("NN", "JJ")
        ):
            continue
        name = Name(start, last, "PERSON" if titled or kin or word in given else "ORG")
        take_title(tokens, name)
        missed.append(name)
        token = last + 1
    return missed


def _unseen(tokens: Tokens, found: list[Name], credit_lines: list[tuple[int, int]]) -> list[Name]:
    """Full names that the recogniser passed over or saw only the end of, told by who they stand beside.

    Two to four capitalised words are a person's name where they say something, have an age or a role after a comma, or
    end in a word that is a person's name elsewhere.
    """
    bare = {tokens.words[n.last] for n in found if n.label == "PERSON"}
    taken = {t: n for n in found for t in range(n.first, n.last + 1)}
    unseen: list[Name] = []
    token = 0
    while token < len(tokens):
        first = token
        token += 1
        if first in taken or not _begins(tokens, first):
            continue
        last = first
        while (
            last + 1 < len(tokens) and last - first < 6 and (_continues(tokens, last + 1) or _hyphen(tokens, last + 1))
        ):
            last += 1
        token = last + 1
        for part in range(last - 1, first - 1, -1):
            if tokens.lower[part].rstrip(".") in words("titles") or tokens.lower[part] in nouns("people"):
                first = part + 1
                break
        first = _after_office(tokens, first, last)
        known_end = taken.get(last)
        if known_end is not None and known_end.first <= first:
            continue
        if last == first or any(t in taken and taken[t] is not known_end for t in range(first, last + 1)):
            continue
        if tokens.lower[last] in _JOINING or any(a <= tokens.starts[first] < b for a, b in credit_lines):
            continue
        if known_end is not None and (known_end.label not in ("PERSON", "ORG", "GPE") or known_end.last != last):
            continue
        if not _stands_as_person(tokens, last) and tokens.words[last] not in bare:
            continue
        if known_end is not None:
            known_end.first, known_end.label, known_end.title = first, "PERSON", ()
        else:
            unseen.append(Name(first, last, "PERSON"))
    return unseen


def _begins(tokens: Tokens, token: int) -> bool:
    word = tokens.words[token]
    plain = tokens.lower[token].rstrip(".") not in words("titles") and tokens.lower[token] not in nouns("people")
    return len(word) > 1 and word[:1].isupper() and word[1:].islower() and tokens.tags[token] == "NNP" and plain


def _hyphen(tokens: Tokens, token: int) -> bool:
    return tokens.words[token] == "-" and token + 1 < len(tokens) and tokens.words[token + 1][:1].isupper()


def is_age(word: str) -> bool:
    """Whether a word is a number that can be somebody's age."""
    return word.isdecimal() and len(word) < 4 and 3 <= int(word) <= 112


def _stands_as_person(tokens: Tokens, head: int) -> bool:
    """Whether a name's last word is the subject of a verb of speech, or has an age or a role after a comma."""
    after = tokens.words[head + 1 : head + 3]
    if (
        after[:1] == [","]
        and len(after) > 1
        and after[1].isdecimal()
        and len(after[1]) < 4
        and 3 <= int(after[1]) <= 112
    ):
        return True
    if any(
        tokens.deps[c] == "appos" and c > head and tokens.lower[c] in nouns("people") for c in tokens.children[head]
    ):
        return True
    frames = {frame for cue in cue_verbs().get(tokens.lower[tokens.heads[head]], ()) for frame in cue.frames}
    return tokens.deps[head] == "nsubj" and "quote" in frames and tokens.lower[head] not in nouns("bodies")


def _continues(tokens: Tokens, token: int) -> bool:
    word = tokens.words[token]
    if tokens.lower[token] in _JOINING:
        return (
            token + 1 < len(tokens)
            and tokens.words[token + 1][:1].isupper()
            and tokens.tags[token + 1].startswith("NNP")
        )
    return word[:1].isupper() and tokens.tags[token].startswith("NNP") and word[-1:].isalpha()
