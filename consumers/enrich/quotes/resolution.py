"""Whom a speaker's mention means: the entity behind a surname, a pronoun, a role."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from consumers.enrich.lexicon import nouns, words
from consumers.enrich.names.lexicon import known
from consumers.enrich.names.mentions import AFTER_NAMES
from consumers.enrich.quotes.grammar import Phrase, is_pronoun
from consumers.enrich.quotes.people import Person, is_calling, read_person
from consumers.enrich.tokens import Tokens
from schemas.records import Entity, Speaker

_KINDS = {"PERSON": "person", "GPE": "place", "LOC": "place", "NORP": "organization"}
_UNNAMED = frozenset(
    "source official insider spokesman spokeswoman spokesperson aide diplomat adviser advisor analyst expert critic"
    " lawyer attorney friend colleague neighbour neighbor relative witness resident supporter opponent voter employee"
    " staffer person people man woman officer lawmaker strategist operative reader caller viewer judge jury".split()
)
"""Roles that do not mean somebody named before unless the article gives him just that role."""
_ASKED = frozenset("asked pressed questioned challenged cross-examined examined quizzed".split())
_OTHER_ROLE = 1.2
"""How much less likely somebody is meant by a role who is known by other ones."""
_FAMILY = frozenset("father mother dad mum mom grandfather grandmother wife husband son daughter".split())


@dataclass(slots=True)
class Resolver:
    """Resolves the speakers of one article, in the order of the text: whoever spoke last is remembered."""

    tokens: Tokens
    entities: Sequence[Entity]
    people: dict[str, Person] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    _mentions: list[tuple[int, int, Entity]] = field(default_factory=list)
    _last: list[tuple[int, str]] = field(default_factory=list)
    """Where who spoke, by the id of the entity; "" for one person without a name."""
    _unnamed: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Gather what the article tells of each person."""
        for entity in self.entities:
            self._mentions += [(mention.start, mention.end, entity) for mention in entity.mentions]
            if entity.label == "PERSON":
                self.people[entity.id] = read_person(self.tokens, entity)
        self._mentions.sort(key=lambda item: item[:2])
        self._starts = [start for start, _, _ in self._mentions]

    def speaker(self, phrase: Phrase, position: int, rules: list[str], *, remember: bool = True) -> Speaker:
        """The record of a speaker. `position`: where the quote starts; the name of the rule used is added to `rules`.

        `remember`: whether he now is who spoke last; whom a speaker quotes is not.
        """
        tokens = self.tokens
        start, end = phrase.start(tokens), phrase.end(tokens)
        text = tokens.text[start:end]
        whom = phrase.antecedent or phrase
        if "turn" in rules:
            return self._turn(phrase, text)
        entity, rule = self._entity(whom, min(start, position) if start > position else start)
        if rule:
            rules.append(rule)
        if entity is None:
            kind = "person" if tokens.lower[whom.head] in ("he", "she", "i") else "unnamed"
            name = tokens.text[whom.start(tokens) : whom.end(tokens)]
            if remember and tokens.tags[whom.head] == "NN" and tokens.lower[whom.head] in nouns("people") | _UNNAMED:
                self._last.append((start, ""))
                self._unnamed[start] = tokens.lower[whom.head]
            return Speaker(start=start, end=end, text=text, name=name, kind=kind)
        if remember:
            self._last.append((start, entity.id))
        return Speaker(
            start=start,
            end=end,
            text=text,
            name=entity.name,
            entity=entity.id,
            kind=_KINDS.get(entity.label, "organization"),
        )

    def outlet(self, phrase: Phrase, position: int) -> str:
        """The name of the outlet that a phrase means: itself, or the one that “the network” stands for."""
        tokens = self.tokens
        named = self._named(phrase)
        if named is not None:
            return named.name
        if tokens.lower[phrase.head] in words("outlets"):
            before = [entity for _, entity in self._recent(position) if entity.label == "ORG"]
            after = [entity for start, _, entity in self._mentions if start > position and entity.label == "ORG"]
            known_outlets = [entity for entity in before + after if entity.name in known("outlets")]
            if known_outlets or before or after:
                return (known_outlets or before or after)[0].name
        return tokens.text[phrase.start(tokens) : phrase.end(tokens)]

    # --- mentions ---------------------------------------------------------------------------------------------------

    def _entity(self, phrase: Phrase, position: int) -> tuple[Entity | None, str]:
        tokens = self.tokens
        head = phrase.head
        word = tokens.lower[head]
        if word in ("he", "she", "him", "her", "his"):
            return self._by_pronoun(word, position), "pronoun"
        if word in ("it", "its"):
            return self._by_it(position), "pronoun"
        if is_pronoun(tokens, head) or word in words("possessives") or word in words("indefinite"):
            return None, ""
        named = self._named(phrase)
        if named is not None and not (named.label == "NORP" and tokens.lower[phrase.first] == "the"):
            return named, "name"
        if tokens.tags[head] in ("NN", "NNP", "JJ") or word in nouns("people"):
            return self._by_role(phrase, position)
        return None, ""

    def _named(self, phrase: Phrase) -> Entity | None:
        """The entity whose name is the phrase's head, or stands beside it: the minister, Anna Roth."""
        tokens = self.tokens
        head = phrase.head
        while head > phrase.first and tokens.words[head] in AFTER_NAMES:
            head -= 1
        head_start, head_end = tokens.starts[head], tokens.ends[head]
        start, end = phrase.start(tokens), phrase.end(tokens)
        found: Entity | None = None
        for mention_start, mention_end, entity in self._overlapping(start, end):
            if mention_start < head_end and mention_end > head_start:
                return entity
            if (
                entity.label == "PERSON"
                and mention_end >= end - 1
                and mention_start > head_end
                and not self._after_preposition(phrase, mention_start)
            ):
                found = entity
        if found is None and tokens.tags[phrase.head] in ("NN", "NNS"):
            for child in tokens.children[phrase.head]:
                if tokens.deps[child] == "appos" and tokens.tags[child].startswith("NNP"):
                    for _a, _b, entity in self._overlapping(tokens.starts[tokens.left[child]], tokens.ends[child]):
                        if entity.label == "PERSON":
                            found = entity
        return found or self._named_beside(phrase)

    def _named_beside(self, phrase: Phrase) -> Entity | None:
        """The person whose name follows a role between commas or before a colon, whatever the parser made of it."""
        tokens = self.tokens
        name = phrase.last + 2
        if tokens.tags[phrase.head] != "NN" or name >= len(tokens) or tokens.words[name - 1] != ",":
            return None
        for start, end, entity in self._overlapping(tokens.starts[name], tokens.ends[name]):
            after = tokens.at(end)
            if start != tokens.starts[name] or entity.label != "PERSON" or after >= len(tokens):
                continue
            if tokens.words[after] == ":" or (
                tokens.words[after] == "," and tokens.lower[after + 1 : after + 2] != ["and"]
            ):
                return entity
        return None

    def _after_preposition(self, phrase: Phrase, start: int) -> bool:
        token = self.tokens.at(start)
        return (
            any(self.tokens.tags[t] == "IN" for t in range(phrase.head + 1, token))
            and "," not in self.tokens.words[phrase.head + 1 : token]
        )

    def _overlapping(self, start: int, end: int) -> list[tuple[int, int, Entity]]:
        number = max(0, bisect_left(self._starts, start) - 2)
        found = []
        while number < len(self._mentions) and self._mentions[number][0] < end:
            if self._mentions[number][1] > start:
                found.append(self._mentions[number])
            number += 1
        return found

    # --- turns of an interview ---------------------------------------------------------------------------------

    def _turn(self, phrase: Phrase, text: str) -> Speaker:
        """The speaker of a turn: the name on its label, whoever has those initials, or who asks (Q) and answers (A)."""
        start, end = phrase.start(self.tokens), phrase.end(self.tokens)
        entity = self._named(phrase)
        label = text.strip(" .:").replace(".", "")
        if entity is None or entity.label != "PERSON":
            entity = self._by_initials(label) or self._asker_or_answerer(label, start)
        if entity is None:
            return Speaker(start=start, end=end, text=text, name=text, kind="unnamed")
        return Speaker(start=start, end=end, text=text, name=entity.name, entity=entity.id, kind="person")

    def _by_initials(self, label: str) -> Entity | None:
        for person in self.people.values():
            if label.lower() in (part.lower() for part in person.entity.name.split()):
                return person.entity
        if not 2 <= len(label) <= 4 or not label.isupper():
            return None
        for person in self.people.values():
            parts = person.entity.name.replace("-", " ").split()
            if label in ("".join(part[0] for part in parts), parts[0][0] + parts[-1][0]):
                return person.entity
        return None

    def _asker_or_answerer(self, label: str, position: int) -> Entity | None:
        """The answers are those of whom the text is about, the questions those of the other person it introduces."""
        counted = sorted(self.people.values(), key=lambda person: -len(person.entity.mentions))
        introduced = [p.entity for p in counted if p.entity.mentions[0].start < position and " " in p.entity.name]
        if label == "A":
            return introduced[0] if introduced else None
        questions = label == "Q" or (label.isupper() and len(label) <= 4) or label.title() in known("outlets")
        return introduced[1] if questions and len(introduced) > 1 else None

    # --- who is meant -----------------------------------------------------------------------------------------------

    def _recent(self, position: int) -> list[tuple[float, Entity]]:
        """Entities mentioned before a position with how present they are: near, subject, who spoke last."""
        tokens = self.tokens
        here = tokens.paragraph[min(tokens.at(position), len(tokens) - 1)]
        scores: dict[str, float] = {}
        found: dict[str, Entity] = {}
        number = bisect_left(self._starts, position)
        for rank, (_, end, entity) in enumerate(reversed(self._mentions[max(0, number - 60) : number])):
            token = tokens.at(end - 1)
            while tokens.words[token + 1 : token + 2] and tokens.words[token + 1] in AFTER_NAMES:
                token += 1
            distance = here - tokens.paragraph[token]
            score = 4.0 - 1.2 * min(distance, 3) - 0.05 * rank
            head = tokens.deps[token]
            if head == "appos":
                head = tokens.deps[tokens.heads[token]]
            if head in ("nsubj", "nsubjpass") or self._is_hidden_subject(token):
                score += 1.5
            elif head in ("poss", "compound"):
                score -= 1.0
            elif head == "pobj":
                score -= 0.4
            if score > scores.get(entity.id, -9.0):
                scores[entity.id] = score
            found[entity.id] = entity
        if self._last:
            start, last = next((item for item in reversed(self._last[-20:]) if item[0] < position), (position, ""))
            if start < position and last in scores:
                distance = here - tokens.paragraph[tokens.at(start)]
                scores[last] = max(scores[last], 5.4 - 1.1 * min(distance, 4))
        return sorted(((score, found[key]) for key, score in scores.items()), key=lambda item: -item[0])

    def _is_hidden_subject(self, token: int) -> bool:
        """Whether a name is the subject although the parser hangs it on the words of place that open the sentence:
        Down the corridor the coach, Donal Creagh, was asked …
        """
        tokens = self.tokens
        role = tokens.heads[token]
        if tokens.deps[token] != "appos" or tokens.deps[role] != "pobj" or tokens.lower[role] not in nouns("people"):
            return False
        after = token + 1 + (tokens.words[token + 1 : token + 2] == [","])
        opens = tokens.left[tokens.heads[role]] == tokens.sentence[token]
        return opens and after < len(tokens) and tokens.tags[after] in ("VBD", "VBZ", "MD")

    def _by_pronoun(self, word: str, position: int) -> Entity | None:
        """The most present person of that gender; one whose gender is not known must be more present than that."""
        wanted = "male" if word in ("he", "him", "his") else "female"
        if self._is_unnamed(wanted, position):
            return None
        best: tuple[float, Entity] | None = None
        asker = self._asker(position)
        for score, entity in self._recent(position):
            person = self.people.get(entity.id)
            if person is None or person.gender not in ("", wanted) or entity.id == asker:
                continue
            score += 1.5 if person.gender else 0.0
            if not person.gender and " " not in entity.name and len(entity.mentions) == 1:
                score -= 2.0
            if best is None or score > best[0]:
                best = (score, entity)
        return best[1] if best else self._named_later(wanted, position)

    def _is_unnamed(self, wanted: str, position: int) -> bool:
        """Whether a pronoun goes on with a person without a name who spoke last in its paragraph: a man in a hat."""
        tokens = self.tokens
        start, last = next((item for item in reversed(self._last[-20:]) if item[0] < position), (position, "-"))
        if last or tokens.paragraph[tokens.at(start)] != tokens.paragraph[min(tokens.at(position), len(tokens) - 1)]:
            return False
        if self._unnamed[start] in words("female" if wanted == "male" else "male"):
            return False
        between = self._mentions[bisect_left(self._starts, start) : bisect_left(self._starts, position)]
        return not any(entity.label == "PERSON" for _, _, entity in between)

    def _spoke_here(self, position: int) -> set[str]:
        """The ids of those who have spoken before a position in its paragraph."""
        tokens = self.tokens
        here = tokens.paragraph[min(tokens.at(position), len(tokens) - 1)]
        recent = [(start, last) for start, last in self._last[-20:] if start < position]
        return {last for start, last in recent if tokens.paragraph[tokens.at(start)] == here}

    def _asker(self, position: int) -> str:
        """The id of whoever asks in the sentence before a position: Asked by Keane how she felt, she …"""
        tokens = self.tokens
        here = min(tokens.at(position), len(tokens) - 1)
        number = bisect_left(self._starts, tokens.starts[tokens.sentence[here]])
        while number < len(self._mentions) and self._mentions[number][0] < position:
            start, _, entity = self._mentions[number]
            token = tokens.at(start)
            before = tokens.lower[max(tokens.sentence[here], token - 4) : token]
            if "by" in before and any(word in _ASKED for word in tokens.lower[tokens.sentence[here] : token]):
                return entity.id
            number += 1
        return ""

    def _named_later(self, wanted: str, position: int) -> Entity | None:
        """The first person of that gender whom the text names only after the pronoun, in this paragraph or the next."""
        tokens = self.tokens
        here = tokens.paragraph[min(tokens.at(position), len(tokens) - 1)]
        for number in range(bisect_left(self._starts, position), len(self._mentions)):
            start, _, entity = self._mentions[number]
            if tokens.paragraph[tokens.at(start)] > here + 1:
                return None
            person = self.people.get(entity.id)
            if person is not None and person.gender in ("", wanted) and entity.mentions[0].start == start:
                return entity
        return None

    def _by_it(self, position: int) -> Entity | None:
        for score, entity in self._recent(position):
            if entity.label in ("ORG", "GPE") and score > 3.0:
                return entity
        return None

    def _by_role(self, phrase: Phrase, position: int) -> tuple[Entity | None, str]:
        tokens = self.tokens
        head = tokens.lower[phrase.head]
        first = tokens.lower[phrase.first]
        before = list(range(phrase.first, phrase.head))
        definite = first in ("the", "this", "that") or first in words("possessives")
        plural = tokens.tags[phrase.head] in ("NNS", "NNPS") or head.removesuffix("s") in nouns("people") - {head}
        if plural or not (definite or tokens.words[phrase.head][0].isupper()):
            return None, ""
        if head in nouns("bodies") and head not in nouns("people"):
            return self._body(head, position), "role-of-body"
        recent = self._recent(position)
        if any(tokens.lower[t] == "of" for t in range(phrase.head, phrase.last + 1)) and head not in _FAMILY:
            return None, ""
        gender = "male" if head in words("male") else "female" if head in words("female") else ""
        matching = [
            entity
            for _, entity in recent
            if entity.id in self.people
            and head in self.people[entity.id].roles
            and self.people[entity.id].gender in ("", gender or self.people[entity.id].gender)
        ]
        modifiers = {tokens.lower[t] for t in before if tokens.tags[t].startswith(("NN", "JJ"))}
        for entity in matching:
            if modifiers & self.people[entity.id].roles:
                return entity, "role"
        if matching and first not in words("possessives"):
            return matching[0], "role"
        placed = any(tokens.tags[t].startswith("NNP") or tokens.entity[t] for t in before)
        if (head in _UNNAMED and not (placed and head in ("man", "woman"))) or first in words("possessives"):
            return None, ""
        if any(tokens.tags[t] == "POS" and tokens.words[t - 1] in known("outlets") for t in before):
            return None, ""  # the Guardian’s reviewer
        definite_people = first == "the" and tokens.entity[phrase.head] == "NORP"
        aged = definite_people or head == "old" or "year" in tokens.text[phrase.start(tokens) : phrase.end(tokens)]
        if head not in nouns("people") and not aged and not (first == "the" and is_calling(head)):
            return None, ""
        best: tuple[float, Entity] | None = None
        for score, entity in recent:
            person = self.people.get(entity.id)
            if person is None or score <= 1.5 or (gender and person.gender not in ("", gender)):
                continue
            if person.roles & nouns("people"):
                score -= _OTHER_ROLE
            if best is None or score > best[0]:
                best = (score, entity)
        bare = phrase.head == phrase.last == phrase.first + 1
        if best is None or (bare and best[1].id in self._spoke_here(position)):
            return None, ""
        return best[1], "role-of-recent"

    def _body(self, head: str, position: int) -> Entity | None:
        """The body that “the council” means: the last one mentioned whose name ends so, else the last one that fits."""
        recent = [entity for _, entity in self._recent(position) if entity.label in ("ORG", "FAC")]
        for entity in recent:
            if entity.name.lower().split()[-1].strip(".") == head or f" {head} " in f" {entity.name.lower()} ":
                return entity
        if head in words("mentioned_bodies"):
            return recent[0] if recent else None
        return None
