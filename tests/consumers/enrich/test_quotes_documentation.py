"""The examples of docs/quotes.md and docs/names.md run as they stand, and every rule is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.corpus import read_corpus
from consumers.enrich import nlp
from consumers.enrich.quotes.rules import RULES

CORPUS = Path(__file__).parents[3] / "corpus" / "tuning"
DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = (DOCS / "quotes.md").read_text(encoding="utf-8")
EXAMPLES = [
    example
    for name in ("quotes.md", "names.md")
    for example in re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: str) -> None:
    exec(example, {})


def test_the_list_of_rules_is_complete() -> None:
    """The corpus makes nearly every rule fire: what is recorded is in the list, and the list is in the document."""
    articles = list(read_corpus(CORPUS))
    found = nlp.annotate(nlp.load(), [nlp.Text(article.name, article.text) for article in articles])
    recorded = {
        rule
        for annotation in found
        for quote in annotation.quotes
        for one in (quote, *quote.nested)
        for rule in one.rules
    }
    table = DOCUMENT[DOCUMENT.index("| rule |") : DOCUMENT.index("## Confidence")]

    assert recorded <= RULES.keys()
    assert set(re.findall(r"`([a-z-]+)`", table)) == RULES.keys()
    assert len(recorded) > len(RULES) * 0.8
