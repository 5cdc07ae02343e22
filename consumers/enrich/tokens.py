"""A parsed spaCy Doc as plain lists: what the rules read, many times faster than going through Token objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from spacy.attrs import DEP, ENT_IOB, ENT_TYPE, HEAD, IDX, ORTH, SENT_START, TAG
from spacy.tokens import Doc

_KEPT = "quotewire_tokens"
_LINES = re.compile(r"[^\r\n\u2028\u2029]+")


@dataclass(slots=True)
class Tokens:
    """The tokens of one document; every list has one item a token, and offsets count code points.

    `left` and `right` are the first and last token of the subtree below a token. `paragraph` numbers the lines of the
    text that hold anything; the line breaks themselves belong to the paragraph before them.
    """

    text: str
    words: list[str]
    lower: list[str]
    tags: list[str]
    deps: list[str]
    heads: list[int]
    starts: list[int]
    ends: list[int]
    sentence: list[int]
    entity: list[str]
    entity_begins: list[bool]
    paragraphs: list[tuple[int, int]]
    paragraph: list[int]
    children: list[list[int]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.words)

    def at(self, offset: int) -> int:
        """The first token that ends after an offset of the text; the number of tokens where there is none."""
        low, high = 0, len(self.ends)
        while low < high:
            middle = (low + high) // 2
            if self.ends[middle] <= offset:
                low = middle + 1
            else:
                high = middle
        return low

    def is_space(self, token: int) -> bool:
        """Whether the token is white space."""
        return self.tags[token] == "_SP" or not self.words[token].strip()

    def ancestors(self, token: int) -> list[int]:
        """The tokens above a token, nearest first."""
        found = []
        while self.heads[token] != token:
            token = self.heads[token]
            found.append(token)
        return found


def read_tokens(doc: Doc) -> Tokens:
    """The tokens of a parsed and tagged document; those kept with it by `keep_tokens`, where there are any."""
    kept = doc.user_data.get(_KEPT)
    return kept if isinstance(kept, Tokens) else _read(doc)


@contextmanager
def keep_tokens(doc: Doc) -> Iterator[None]:
    """Read the tokens once for all components that run within, and forget them after: they are no part of the Doc."""
    doc.user_data[_KEPT] = _read(doc)
    try:
        yield
    finally:
        del doc.user_data[_KEPT]


def _read(doc: Doc) -> Tokens:
    text = doc.text
    strings = doc.vocab.strings
    names: dict[int, str] = {0: ""}

    def column(attribute: int) -> list[str]:
        keys = doc.to_array(attribute).tolist()
        for key in set(keys).difference(names):
            names[key] = strings[key]
        return [names[key] for key in keys]

    words = column(ORTH)
    starts = doc.to_array(IDX).tolist()
    sentence: list[int] = []
    start = 0
    for number, begins in enumerate(doc.to_array(SENT_START).tolist()):
        if begins == 1:
            start = number
        sentence.append(start)
    lower_of = {word: word.lower().replace("’", "'") for word in set(words)}
    tokens = Tokens(
        text=text,
        words=words,
        lower=[lower_of[word] for word in words],
        tags=column(TAG),
        deps=column(DEP),
        heads=(np.arange(len(doc)) + doc.to_array(HEAD).astype("int64")).tolist(),
        starts=starts,
        ends=[start + len(word) for start, word in zip(starts, words, strict=True)],
        sentence=sentence,
        entity=column(ENT_TYPE),
        entity_begins=(doc.to_array(ENT_IOB) == 3).tolist(),
        paragraphs=[match.span() for match in _LINES.finditer(text) if match.group().strip()],
        paragraph=[],
    )
    _add_tree(tokens)
    _add_paragraphs(tokens)
    return tokens


def _add_tree(tokens: Tokens) -> None:
    count = len(tokens)
    none: list[int] = []
    children = [none] * count
    left, right = list(range(count)), list(range(count))
    heads = tokens.heads
    for token, head in enumerate(heads):
        if head != token:
            if children[head] is none:
                children[head] = [token]
            else:
                children[head].append(token)
        while head != token:
            grown = False
            if left[token] < left[head]:
                left[head], grown = left[token], True
            if right[token] > right[head]:
                right[head], grown = right[token], True
            if not grown:
                break
            token, head = head, heads[head]
    tokens.children, tokens.left, tokens.right = children, left, right


def _add_paragraphs(tokens: Tokens) -> None:
    number = 0
    paragraphs = tokens.paragraphs
    for start in tokens.starts:
        while number + 1 < len(paragraphs) and start >= paragraphs[number + 1][0]:
            number += 1
        tokens.paragraph.append(number)
