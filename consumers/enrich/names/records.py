"""Clusters to records: the entities of an article as they travel."""

from __future__ import annotations

from consumers.enrich.lexicon import nouns, words
from consumers.enrich.names.clusters import Cluster
from consumers.enrich.names.mentions import LABELS, Name
from consumers.enrich.names.nicknames import without_nickname
from consumers.enrich.tokens import Tokens
from schemas.records import Entity, Mention

_ADDRESS = frozenset("sir dame lord lady dr prof rev fr hon king queen prince princess".split())


def make_entities(tokens: Tokens, clusters: list[Cluster]) -> tuple[Entity, ...]:
    """The records of clusters, numbered in their order."""
    return tuple(_entity(tokens, found, number) for number, found in enumerate(clusters, 1))


def _entity(tokens: Tokens, found: Cluster, number: int) -> Entity:
    mentions = []
    for name in found.names:
        start, end = tokens.starts[name.first], tokens.ends[name.last]
        mentions.append(Mention(start=start, end=end, text=tokens.text[start:end]))
    longest = max(found.names, key=lambda name: (len(name.words(tokens)), -name.first))
    fullest = without_nickname(tokens.text[tokens.starts[longest.first] : tokens.ends[longest.last]])
    label = found.label if found.label in LABELS else "OTHER"
    role = _best_role(tokens, found) if label == "PERSON" else None
    return Entity(id=f"e{number}", name=" ".join(fullest.split()), label=label, mentions=tuple(mentions), role=role)


def _best_role(tokens: Tokens, found: Cluster) -> str | None:
    """The first role that says what a person does, else the first form of address: Sir, Dr."""
    roles = [role for name in found.names if (role := _role(tokens, name))]
    return next((role for role in roles if role.lower().rstrip(".") not in _ADDRESS), roles[0] if roles else None)


def _role(tokens: Tokens, name: Name) -> str | None:
    """What the article says a person is, before the name (Foreign Minister Anna Roth) or after it (Roth, the
    minister).
    """
    head = name.last
    first = head
    for child in tokens.children[head]:
        if child < name.first and tokens.deps[child] in ("compound", "amod", "nmod", "poss"):
            first = min(first, tokens.left[child])
    if first < name.first:
        last = name.first - 1
        while first <= last and tokens.lower[first] in (
            "the",
            "a",
            "an",
            "mr",
            "mrs",
            "ms",
            "mr.",
            "mrs.",
            "ms.",
            "“",
            '"',
            ",",
        ):
            first += 1
        role = tokens.text[tokens.starts[first] : tokens.ends[last]] if first <= last else ""
        if (
            role
            and "\n" not in role
            and any(tokens.lower[t] in nouns("people") | words("titles") for t in range(first, last + 1))
        ):
            return role
    comma = name.last + 1
    if comma < len(tokens) and tokens.words[comma] == ",":
        for child in tokens.children[head]:
            if child > comma and tokens.deps[child] == "appos" and tokens.lower[child] in nouns("people"):
                first, last = tokens.left[child], child
                for part in tokens.children[child]:
                    if part > child and tokens.deps[part] == "prep":
                        last = max(last, tokens.right[part])
                last = _before_relative_clause(tokens, child, last)
                role = tokens.text[tokens.starts[first] : tokens.ends[last]]
                if "\n" not in role and len(role) < 120:
                    return role
    return None


def _before_relative_clause(tokens: Tokens, first: int, last: int) -> int:
    """The last token of a role without what is told of somebody in it: a chemist at Leeds, who was not involved."""
    for token in range(first + 1, last):
        if tokens.words[token] == "," and tokens.lower[token + 1] in words("relative_pronouns") | {"whose", "where"}:
            return token - 1
    return last
