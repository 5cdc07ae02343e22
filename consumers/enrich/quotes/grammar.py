"""Reading the dependency parse: subjects, phrases and clauses, as token numbers."""

from __future__ import annotations

from dataclasses import dataclass

from consumers.enrich.lexicon import words
from consumers.enrich.tokens import Tokens

_HEADS = frozenset(["old", "one", "others", "another", "some", "many", "several", "both"])
"""Words other than nouns and pronouns that can head a phrase before or after a verb of speech."""
_QUOTE_MARKS = frozenset('“”"„«»‹›‘') | {"''", "``"}
_DASHES = frozenset(["—", "–", "--", "-", ";", ":"])
_PHRASE_PARTS = frozenset(
    ["prep", "amod", "nummod", "compound", "poss", "case", "nmod", "det", "quantmod", "advmod", "flat"]
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase: tokens first to last, and its head."""

    first: int
    last: int
    head: int
    antecedent: Phrase | None = None
    """Whom a relative pronoun stands for."""

    def start(self, tokens: Tokens) -> int:
        """Where it starts in the text."""
        return tokens.starts[self.first]

    def end(self, tokens: Tokens) -> int:
        """Where it ends in the text."""
        return tokens.ends[self.last]


def is_verb(tokens: Tokens, token: int) -> bool:
    """Whether a token is tagged as a verb."""
    return tokens.tags[token].startswith(("VB", "MD"))


def is_nominal(tokens: Tokens, token: int) -> bool:
    """Whether a token can head a noun phrase."""
    return tokens.tags[token].startswith(("NN", "PRP", "CD", "DT", "WP")) or tokens.tags[token] in ("JJS", "JJ", "JJR")


def noun_phrase(tokens: Tokens, head: int) -> Phrase:
    """The phrase of a noun without what follows a comma, relative clauses and other speakers joined by “and”.

    A role that stands before a comma and a name (the minister, Anna Roth, said) is kept together with the name.
    """
    paragraph = tokens.paragraph[head]
    first = head
    for child in sorted((c for c in tokens.children[head] if c < head), reverse=True):
        ends = tokens.words[child] in _QUOTE_MARKS or tokens.deps[child] in ("cc", "preconj", "punct", "conj")
        ends = ends or tokens.tags[child] == "WP$"
        if ends and tokens.words[child] not in ("-", "–", "/", "."):
            break
        first = min(first, tokens.left[child])
    for token in range(head - 1, first - 1, -1):
        outside = tokens.is_space(token) or tokens.paragraph[token] != paragraph
        if outside or tokens.words[token] in _QUOTE_MARKS or tokens.words[token] in (":", ";", "—"):
            first = token + 1
            break
    last = head
    for child in (c for c in tokens.children[head] if c > head):
        dep = tokens.deps[child]
        if dep == "acl" and tokens.tags[child] == "VBN" and child == last + 1:
            last = max(last, min(tokens.right[child], child + 8))
        elif dep == "appos" and tokens.tags[head] in ("NN", "NNS") and tokens.tags[child].startswith("NNP"):
            last = _without_tail(tokens, child)
        elif dep in _PHRASE_PARTS and tokens.words[last] != ",":
            last = max(last, tokens.right[child])
        else:
            break
    for token in range(head + 1, last + 1):
        if tokens.words[token] in _QUOTE_MARKS or tokens.is_space(token) or tokens.words[token] in _DASHES - {"-"}:
            last = token - 1
            break
        if tokens.words[token] == "," and tokens.deps[token] == "punct" and tokens.tags[head].startswith("NNP"):
            last = token - 1
            break
    if tokens.lower[last] in ("'s", "'") and last > head:
        last -= 1
    if tokens.words[last] == "," and last > head:
        last -= 1
    return Phrase(first, last, head)


def _without_tail(tokens: Tokens, head: int) -> int:
    """The last token of a name without what hangs on it."""
    last = head
    for child in (c for c in tokens.children[head] if c > head):
        if tokens.deps[child] not in ("compound", "flat", "nmod"):
            break
        last = tokens.right[child]
    return last


def plain_phrase(tokens: Tokens, first: int, last: int) -> Phrase | None:
    """A range of tokens as a noun phrase, where it reads like one: no verb in it, and a noun or pronoun as its head.

    For what stands between words in marks and their cue, where the parser is often at a loss.
    """
    while (
        first <= last
        and tokens.tags[last] in ("RB", "MD", "VBD", "VBZ", "VBP")
        and tokens.deps[last] in ("aux", "advmod")
    ):
        last -= 1
    while first <= last and tokens.words[last] == ",":
        last -= 1
    if first > last or last - first > 12:
        return None
    head = None
    for token in range(first, last + 1):
        tag = tokens.tags[token]
        if tag.startswith(("VB", "MD", "WP", "WDT")) and tokens.lower[token] not in ("former", "acting"):
            return None
        if tokens.words[token] in (",", "(", "—", "–") or tag in ("IN", "TO"):
            if head is not None:
                break
            return None
        if (tag.startswith(("NN", "PRP")) and tag != "PRP$") or tokens.lower[token] in _HEADS:
            head = token
    if head is None:
        return None
    end = head if head + 1 <= last and tokens.words[head + 1] in (",", "(", "—", "–") else last
    return Phrase(first, end, head)


def joined(tokens: Tokens, head: int) -> list[int]:
    """The heads of the noun phrases joined to one by “and” or “or”."""
    found = []
    for child in tokens.children[head]:
        if tokens.deps[child] == "conj" and child > head and is_nominal(tokens, child):
            found += [child, *joined(tokens, child)]
    return found


def is_passive(tokens: Tokens, verb: int) -> bool:
    """Whether a verb is in the passive: was told, being asked."""
    return any(tokens.deps[c] in ("auxpass", "nsubjpass") for c in tokens.children[verb])


def _is_participle(tokens: Tokens, verb: int) -> bool:
    """Whether a verb is a passive participle without an auxiliary: Asked where she lived, …"""
    if tokens.tags[verb] != "VBN" or tokens.deps[verb] not in ("advcl", "acl", "ROOT", "dep"):
        return False
    return not any(tokens.deps[c] in ("aux", "nsubj") for c in tokens.children[verb])


def agent(tokens: Tokens, verb: int) -> int | None:
    """Who does it, of a passive verb: the noun after “by”."""
    for child in tokens.children[verb]:
        if tokens.deps[child] == "agent" or (tokens.deps[child] == "prep" and tokens.lower[child] == "by"):
            for noun in tokens.children[child]:
                if tokens.deps[noun] == "pobj":
                    return noun
    return None


def own_subject(tokens: Tokens, verb: int) -> int | None:
    """The subject that stands with a verb itself."""
    for child in tokens.children[verb]:
        if tokens.deps[child] in ("nsubj", "nsubjpass") and (is_nominal(tokens, child) or tokens.entity[child]):
            return child
    return None


def subject(tokens: Tokens, verb: int) -> tuple[int | None, str]:
    """Who does what a verb says, and the name of the rule that found it.

    A passive verb's doer is its agent. A verb without a subject of its own takes that of the verb it is joined to or
    depends on; in a relative clause the noun it belongs to; a participle after a noun takes the noun.
    """
    steps = 0
    current = verb
    rule = "subject"
    while steps < 6:
        steps += 1
        passive = is_passive(tokens, current) or _is_participle(tokens, current)
        if passive and current == verb:
            return agent(tokens, current), "agent"
        found = own_subject(tokens, current)
        if found is not None:
            if tokens.tags[found] in ("WP", "WDT") or tokens.lower[found] in ("who", "which"):
                if tokens.deps[current] == "relcl" or tokens.heads[current] != current:
                    antecedent = tokens.heads[current]
                    if is_nominal(tokens, antecedent) and not is_verb(tokens, antecedent):
                        return found, "relative-clause"
                return found, "relative-clause"
            return found, rule
        dep, head = tokens.deps[current], tokens.heads[current]
        if head == current:
            return None, ""
        if dep in ("acl", "relcl") and not is_verb(tokens, head):
            if current == verb and tokens.tags[verb] == "VBN":
                return agent(tokens, verb), "agent"
            return head, "participle"
        if dep == "appos" or (not is_verb(tokens, head) and dep not in ("pcomp", "prep")):
            if dep in ("conj", "advcl", "xcomp", "ccomp") or tokens.deps[head] in ("pcomp", "prep", "conj"):
                current = head
                continue
            return None, ""
        rule = {"conj": "joined-verb", "advcl": "participle", "pcomp": "participle"}.get(dep, "controlled-verb")
        current = head
    return None, ""


def clip(tokens: Tokens, first: int, last: int, paragraph: int) -> tuple[int, int] | None:
    """A range of tokens without what lies outside a paragraph and without white space and punctuation at its ends."""
    while first <= last and (tokens.paragraph[first] != paragraph or not is_word(tokens, first)):
        first += 1
    while last >= first and (tokens.paragraph[last] != paragraph or not is_word(tokens, last)):
        last -= 1
    return (first, last) if first <= last else None


def is_word(tokens: Tokens, token: int) -> bool:
    """Whether a token is more than punctuation: a word, a number, a sign of money or per cent."""
    return any(character.isalnum() for character in tokens.words[token]) or tokens.words[token] in "$£€%"


def is_pronoun(tokens: Tokens, token: int) -> bool:
    """Whether a token is a pronoun that stands for a person, group or thing."""
    word = tokens.lower[token]
    return word in words("person_pronouns") or word in words("group_pronouns") or word in words("thing_pronouns")
