"""Cues: the words of a text that say somebody is speaking, with who that is."""

from __future__ import annotations

import re

from consumers.enrich.lexicon import cue_nouns, cue_verbs, nouns, words
from consumers.enrich.quotes.ascriptions import find_ascriptions
from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.grammar import (
    Phrase,
    is_nominal,
    is_passive,
    is_pronoun,
    is_verb,
    joined,
    noun_phrase,
    own_subject,
    subject,
)
from consumers.enrich.quotes.marks import EITHER, OPENING
from consumers.enrich.quotes.places import after_comma, neighbour, phrase_after
from consumers.enrich.quotes.relays import relay, relay_of
from consumers.enrich.tokens import Tokens

_SURE_FORMS = frozenset("said says told tells wrote writes asked asks added adds tweeted tweets".split())
"""Forms that report speech whatever the tagger takes them for."""
_DASH = re.compile(r"\s*(?:—|–|--?)\s?(?P<name>[A-Z][\w.’'-]+(?: (?:[A-Z][\w.’'-]*|de|van|von|al|bin)){0,5})")
_COLON = re.compile(
    r"\s*(?P<name>[A-Z][\w.’'-]*(?: (?:[A-Z][\w.’'()-]*|de|van|von|al|bin|la|the|of|for|and|&)){0,6})"
    r"(?: \([^():]{1,30}\))?(?P<colon>:) ?(?=\S)"
)
_SENTENCE_START = re.compile(r"(?:[.?!][”\"’']?|;)\s+")


def find_cues(tokens: Tokens, stretch_of: list[int]) -> list[Cue]:
    """All cues of a document in order. `stretch_of`: the stretch between marks that each token is in, or -1."""
    found: list[Cue] = []
    verbs, noun_groups = cue_verbs(), cue_nouns()
    for token, word in enumerate(tokens.lower):
        if word in verbs:
            cue = _verb(tokens, token, stretch_of)
            if cue is not None:
                found.append(cue)
                continue
        if word == "according" and token + 1 < len(tokens) and tokens.lower[token + 1] == "to":
            found.append(_according(tokens, token))
        elif word in noun_groups and tokens.tags[token].startswith("NN"):
            found.append(_noun(tokens, token, noun_groups[word], stretch_of))
    found += find_ascriptions(tokens)
    found += _colons(tokens)
    found += _dashes(tokens)
    return sorted(found, key=lambda cue: cue.first)


def _verb(tokens: Tokens, token: int, stretch_of: list[int]) -> Cue | None:
    tag = tokens.tags[token]
    if not tag.startswith("VB") and tokens.lower[token] not in _SURE_FORMS:
        return None
    if tag == "VBN" and tokens.deps[token] in ("amod", "compound"):
        return None
    if tokens.deps[token] in ("aux", "auxpass"):
        return None
    after = tokens.lower[token + 1 : token + 5]
    for word in cue_verbs()[tokens.lower[token]]:
        last = token
        if word.particle:
            if word.particle not in after or (
                after.index(word.particle) > 0 and word.particle in ("to", "of", "about")
            ):
                continue
            last = token + 1 + after.index(word.particle)
        cue = Cue("verb", word.lemma, word.frames, token, token, last, depth=len(tokens.ancestors(token)))
        _add_speaker(tokens, cue, stretch_of)
        return cue
    return None


def _add_speaker(tokens: Tokens, cue: Cue, stretch_of: list[int]) -> None:
    head, rule = _quoted(tokens, cue.token) or subject(tokens, cue.token)
    if head is not None and head < cue.token and "quote" in cue.frames and after_comma(tokens, cue.token):
        inverted = phrase_after(tokens, cue.token, stretch_of)
        if inverted is not None and not is_pronoun(tokens, head):
            head, rule = inverted, "neighbour"
    if head is not None and stretch_of[head] >= 0 and stretch_of[cue.token] != stretch_of[head]:
        head, rule = None, "subject"
    if head is not None and not any(character.isalnum() for character in tokens.words[head]):
        head, rule = None, "subject"
    if head is None and rule != "agent":
        head, rule = neighbour(tokens, cue.token, stretch_of), "neighbour"
    if head is None:
        return
    cue.speaker, cue.rule = noun_phrase(tokens, head), rule
    cue.others = tuple(noun_phrase(tokens, other) for other in joined(tokens, head))
    if rule == "relative-clause":
        antecedent = _antecedent(tokens, head)
        if is_nominal(tokens, antecedent) and not is_verb(tokens, antecedent):
            cue.speaker = Phrase(head, head, head, noun_phrase(tokens, antecedent))
    relay(tokens, cue)


def _quoted(tokens: Tokens, token: int) -> tuple[int, str] | None:
    """Who is quoted as saying something, and the rule that finds him."""
    verb = token - 2
    if verb < 0 or tokens.lower[verb : token + 1] not in (["quoted", "as", "saying"], ["cited", "as", "saying"]):
        return None
    head = own_subject(tokens, verb) if is_passive(tokens, verb) else None
    return (head, "subject") if head is not None else None


def _antecedent(tokens: Tokens, relative: int) -> int:
    """The head of whom a relative pronoun stands for.

    The parser hangs “who” on the noun right before it: in Keane, the founder of Voltline, who said … that is Voltline.
    """
    found = tokens.heads[tokens.heads[relative]]
    if tokens.lower[relative] == "who" and tokens.entity[found] and tokens.entity[found] != "PERSON":
        above = tokens.heads[tokens.heads[found]]
        if tokens.deps[found] == "pobj" and tokens.lower[above] in nouns("people"):
            found = above
    if tokens.deps[found] == "appos" and tokens.entity[tokens.heads[found]] == "PERSON":
        found = tokens.heads[found]
    return found


def _according(tokens: Tokens, token: int) -> Cue:
    cue = Cue("according", "according to", frozenset(["clause", "quote"]), token, token, token + 1)
    for child in tokens.children[token + 1] or tokens.children[token]:
        if tokens.deps[child] == "pobj" or (is_nominal(tokens, child) and child > token + 1):
            cue.speaker, cue.rule = noun_phrase(tokens, child), "according-to"
            cue.others = tuple(noun_phrase(tokens, other) for other in joined(tokens, child))
            relay_of(tokens, cue)
            break
    return cue


def _noun(tokens: Tokens, token: int, group: str, stretch_of: list[int]) -> Cue:
    cue = Cue("noun", tokens.lower[token], frozenset([group]), token, token, token, depth=len(tokens.ancestors(token)))
    head = None
    for child in tokens.children[token]:
        if tokens.deps[child] == "poss":
            head, cue.rule = child, "possessor"
        elif tokens.deps[child] == "prep" and tokens.lower[child] in ("by", "from", "of") and head is None:
            nouns = [n for n in tokens.children[child] if tokens.deps[n] == "pobj"]
            if nouns and (tokens.lower[child] != "of" or tokens.entity[nouns[0]] in ("PERSON", "ORG")):
                head, cue.rule = nouns[0], "author"
    if head is None:
        verb = tokens.heads[token]
        while not is_verb(tokens, verb) and tokens.heads[verb] != verb:
            verb = tokens.heads[verb]
        if is_verb(tokens, verb):
            head, rule = subject(tokens, verb)
            cue.rule = "subject-of-clause" if rule else ""
            if head == token or (head is not None and stretch_of[head] >= 0 and stretch_of[token] < 0):
                head = None
    if head is not None:
        cue.speaker = noun_phrase(tokens, head)
        if tokens.lower[head] in words("possessives"):
            cue.speaker = Phrase(head, head, head)
    return cue


def _colons(tokens: Tokens) -> list[Cue]:
    """A name and a colon at the start of a paragraph, or of a sentence within it whose words stand in marks.

    Smith: We shall see. Others see it differently. Anna Roth (Greens): “No.”
    """
    found = []
    for number, (start, end) in enumerate(tokens.paragraphs):
        later = [match.end() for match in _SENTENCE_START.finditer(tokens.text, start, end)]
        for place in [start, *later]:
            match = _COLON.match(tokens.text, place, end)
            if match is None or len(match["name"].split()) > 6 or is_note(match["name"]):
                continue
            first, last = tokens.at(match.start("name")), tokens.at(match.end("name") - 1)
            colon = tokens.at(match.start("colon"))
            if not first <= last < colon < len(tokens) or tokens.words[colon] not in (":", "):"):
                continue
            if tokens.paragraph[colon] != number or not (place == start or _names_speaker(tokens, match)):
                continue
            cue = Cue("colon", ":", frozenset(["clause", "quote"]), colon, colon, colon, rule="name-and-colon")
            cue.speaker = Phrase(first, last, last)
            found.append(cue)
    return found


def _names_speaker(tokens: Tokens, match: re.Match[str]) -> bool:
    """Whether the words before a colon hold the name of a person or body, and a quote mark follows it."""
    first, last = tokens.at(match.start("name")), tokens.at(match.end("name") - 1)
    named = any(tokens.entity[token] in ("PERSON", "ORG") for token in range(first, last + 1))
    return named and tokens.text[match.end()] in OPENING + EITHER


def _dashes(tokens: Tokens) -> list[Cue]:
    """A name after a dash at the start of a paragraph, under the words of that person: — Maria Keane, Leeds."""
    found = []
    for number, (start, end) in enumerate(tokens.paragraphs):
        match = _DASH.match(tokens.text, start, end)
        if match is None or end - start > 120:
            continue
        first, last = tokens.at(match.start("name")), tokens.at(match.end("name") - 1)
        if 0 < first <= last and tokens.paragraph[first] == number:
            dash = first - 1
            cue = Cue("dash", "—", frozenset(["quote"]), dash, dash, dash, rule="name-after-dash")
            cue.speaker = Phrase(first, last, last)
            found.append(cue)
    return found


def is_note(name: str) -> bool:
    """Whether the words before a colon are the newspaper's own: Update, Correction, Read more."""
    return name.lower().split()[0].strip(".") in words("notes")
