"""What an article tells of the people in it: he or she, and by which roles they are known."""

from __future__ import annotations

from dataclasses import dataclass, field

from consumers.enrich.lexicon import nouns, words
from consumers.enrich.names.lexicon import given_names
from consumers.enrich.tokens import Tokens
from schemas.records import Entity


@dataclass(slots=True)
class Person:
    """What the article tells of a person: gender ("" if nothing), and the words of the roles it gives."""

    entity: Entity
    gender: str
    roles: set[str] = field(default_factory=set)


def read_person(tokens: Tokens, entity: Entity) -> Person:
    """What an article tells of a person."""
    person = Person(entity, "")
    parts = entity.name.split()
    if len(parts) > 1:
        person.gender = (
            "male" if parts[0] in given_names("male") else "female" if parts[0] in given_names("female") else ""
        )
    for mention in entity.mentions[:8]:
        first, last = tokens.at(mention.start), tokens.at(mention.end - 1)
        for token in range(max(0, first - 4), first):
            word = tokens.lower[token].rstrip(".")
            if tokens.paragraph[token] == tokens.paragraph[first] and (token >= first - 2 or word in words("titles")):
                if word in ("mr", "sir", "lord"):
                    person.gender = "male"
                elif word in ("mrs", "ms", "miss", "dame", "lady", "baroness"):
                    person.gender = "female"
        head = last
        _add_roles(tokens, person, head, first)
    if entity.role:
        person.roles |= {word.lower().strip(",.") for word in entity.role.split()}
    if not person.gender:
        person.gender = _gender_by_roles(person) or _gender_by_pronouns(tokens, entity)
    return person


def _gender_by_pronouns(tokens: Tokens, entity: Entity) -> str:
    """The gender of the pronouns that follow the name before anybody else is named."""
    votes = {"male": 0, "female": 0}
    for mention in entity.mentions[:6]:
        token = tokens.at(mention.end)
        paragraph = tokens.paragraph[min(token, len(tokens) - 1)]
        for later in range(token, min(token + 30, len(tokens))):
            if tokens.paragraph[later] > paragraph + 1 or (tokens.entity[later] == "PERSON"):
                break
            if tokens.lower[later] in ("he", "his", "him"):
                votes["male"] += 1
                break
            if tokens.lower[later] in ("she", "her"):
                votes["female"] += 1
                break
    if votes["male"] == votes["female"]:
        return ""
    return "male" if votes["male"] > votes["female"] else "female"


def _add_roles(tokens: Tokens, person: Person, head: int, first: int) -> None:
    """The nouns that stand with a name: before it, after a comma, after “is”."""
    near = [c for c in tokens.children[head] if tokens.deps[c] in ("appos", "compound", "nmod", "amod")]
    if tokens.deps[head] == "appos":
        near.append(tokens.heads[head])
    if tokens.deps[head] == "nsubj":
        near += [c for c in tokens.children[tokens.heads[head]] if tokens.deps[c] == "attr"]
    for token in near:
        if not first <= token <= head and tokens.tags[token].startswith("NN"):
            person.roles.add(tokens.lower[token])
            person.roles |= {tokens.lower[c] for c in tokens.children[token] if tokens.deps[c] == "compound"}
            person.roles |= {tokens.lower[c] for c in tokens.children[token] if tokens.deps[c] == "conj"}


def _gender_by_roles(person: Person) -> str:
    male, female = person.roles & words("male"), person.roles & words("female")
    return "male" if male and not female else "female" if female and not male else ""


def is_calling(noun: str) -> bool:
    """Whether a noun that is in no list looks like what somebody is or does: nephrologist, docker, politician."""
    things = nouns("bodies") | nouns("documents") | nouns("outlets") | nouns("inscriptions") | nouns("works")
    return (
        len(noun) > 5 and noun.endswith(("ist", "ian", "eer", "ier", "er", "or", "man", "woman")) and noun not in things
    )
