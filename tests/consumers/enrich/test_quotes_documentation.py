"""The examples of docs/quotes.md and docs/names.md run as they stand, and every rule is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consumers.enrich import nlp

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


def test_rules_are_explained() -> None:
    text = (
        "“It is over,” Anna Roth said. “It is.” She denied that it was safe.\n\n“We are done.”\n\n"
        "The bridge, Peter Dunn told CNN, was closed. It is old, according to Roth. Dunn called it “a disgrace”."
    )
    [found] = nlp.annotate(nlp.load(), [nlp.Text("a", text)])
    explained = set(re.findall(r"`([a-z-]+)`", DOCUMENT))

    assert {rule for quote in found.quotes for rule in quote.rules} <= explained
