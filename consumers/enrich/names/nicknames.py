"""Nicknames within a name: Dwayne “The Rock” Mason, Anna (Annie) Roth."""

from __future__ import annotations

import re

from consumers.enrich.names.lexicon import given_names
from consumers.enrich.tokens import Tokens

_NICKNAME = re.compile(r" [“\"‘'(][A-Z][^\n”\"’')]{1,24}[”\"’')] ")


def without_nickname(text: str) -> str:
    """A name without the nickname within it."""
    return _NICKNAME.sub(" ", text)


def names_around(tokens: Tokens) -> list[tuple[int, int]]:
    """The first and last token of each name that a nickname parts: a usual given name, the nickname, a surname."""
    found = []
    for nickname in _NICKNAME.finditer(tokens.text):
        if nickname.start() == 0 or nickname.end() == len(tokens.text):
            continue
        given, surname = tokens.at(nickname.start() - 1), tokens.at(nickname.end())
        whole = tokens.ends[given] == nickname.start() and tokens.starts[surname] == nickname.end()
        if whole and tokens.words[given] in given_names("any") and tokens.tags[surname] == "NNP":
            found.append((given, surname))
    return found
