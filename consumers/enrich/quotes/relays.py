"""Chains of speakers: who relays what somebody else has said.

CNN reported, citing two officials: the officials speak, CNN relays. She told the BBC: she speaks, the BBC relays.
"""

from __future__ import annotations

from consumers.enrich.lexicon import words
from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.grammar import Phrase, joined, noun_phrase
from consumers.enrich.tokens import Tokens

_REPORTING = frozenset(["report", "say", "write", "reveal", "add", "note", "claim", "state"])
CITING = frozenset(["citing", "quoting"])
_HEARD_BY = frozenset(["tell", "inform", "assure", "speak", "talk"])


def relay(tokens: Tokens, cue: Cue) -> None:
    """Find the outlet that relays what a cue reports, and put the one who really speaks in its place, where there
    is one.
    """
    if cue.lemma == "quote" and _quoted_as(tokens, cue):
        return
    if cue.lemma in _REPORTING and _citing(tokens, cue):
        return
    cue.via = _hearer(tokens, cue) or _interview(tokens, cue)


def relay_of(tokens: Tokens, cue: Cue) -> None:
    """According to the paper, which cited an aide: the aide speaks, the paper relays."""
    for verb in tokens.children[cue.speaker.head] if cue.speaker is not None else ():
        if tokens.deps[verb] != "relcl" or tokens.lower[verb] not in ("cited", "cites", "quoted", "quotes"):
            continue
        for child in tokens.children[verb]:
            if tokens.deps[child] == "dobj":
                cue.via, cue.speaker, cue.rule = cue.speaker, noun_phrase(tokens, child), "cited-source"
                return


def _citing(tokens: Tokens, cue: Cue) -> bool:
    """CNN reported, citing an official: the object of “citing” speaks."""
    sentence = tokens.sentence[cue.token]
    for token in range(sentence, min(cue.last + 40, len(tokens))):
        if tokens.sentence[token] != sentence:
            break
        if tokens.lower[token] not in CITING or tokens.paragraph[token] != tokens.paragraph[cue.token]:
            continue
        for child in tokens.children[token]:
            if tokens.deps[child] == "dobj" and cue.speaker is not None:
                cue.via, cue.speaker = cue.speaker, noun_phrase(tokens, child)
                cue.others = tuple(noun_phrase(tokens, other) for other in joined(tokens, child))
                cue.rule = "cited-source"
                return True
    return False


def _quoted_as(tokens: Tokens, cue: Cue) -> bool:
    """The paper quoted an aide as saying: the aide speaks."""
    for child in tokens.children[cue.token]:
        if tokens.deps[child] in ("dobj", "nsubjpass") and "as" in tokens.lower[cue.token : cue.token + 12]:
            if tokens.deps[child] == "dobj":
                cue.via = cue.speaker
            cue.speaker, cue.rule, cue.others = noun_phrase(tokens, child), "quoted-source", ()
            cue.frames = cue.frames | {"quote", "clause"}
            return True
    return False


def _hearer(tokens: Tokens, cue: Cue) -> Phrase | None:
    """The outlet that was told: an organisation, or “the network”."""
    if cue.lemma not in _HEARD_BY:
        return None
    for child in tokens.children[cue.token]:
        if child > cue.token and tokens.deps[child] in ("dobj", "dative", "nsubj") and _is_outlet(tokens, child):
            return noun_phrase(tokens, child)
    after = cue.last + 1
    if after < len(tokens) and tokens.entity[after] == "ORG" and cue.lemma == "tell":
        last = after
        while last + 1 < len(tokens) and tokens.entity[last + 1] == "ORG" and not tokens.entity_begins[last + 1]:
            last += 1
        return Phrase(after, last, last)
    return None


def _interview(tokens: Tokens, cue: Cue) -> Phrase | None:
    """The outlet of “said in an interview with the paper”, within the cue's sentence."""
    sentence = tokens.sentence[cue.token]
    for token in range(sentence, min(cue.token + 16, len(tokens))):
        if tokens.sentence[token] != sentence:
            break
        if (
            tokens.lower[token] == "interview"
            and token + 2 < len(tokens)
            and tokens.lower[token + 1] in ("with", "on", "to")
        ):
            for child in tokens.children[token + 1]:
                if tokens.deps[child] == "pobj" and _is_outlet(tokens, child):
                    return noun_phrase(tokens, child)
    return None


def _is_outlet(tokens: Tokens, head: int) -> bool:
    return tokens.entity[head] == "ORG" or tokens.lower[head] in words("outlets")
