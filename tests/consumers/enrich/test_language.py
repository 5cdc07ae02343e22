"""The language of a text, and what a feed's declaration is worth."""

from __future__ import annotations

import pytest

from consumers.enrich import language

ENGLISH = "The council said on Monday that it would rebuild the harbour wall before the winter storms return. " * 3
GERMAN = "Der Gemeinderat teilte am Montag mit, dass die Hafenmauer noch vor dem Winter erneuert werden soll. " * 3


@pytest.mark.parametrize(("text", "code"), [(ENGLISH, "en"), (GERMAN, "de")])
def test_a_text_tells_its_language_whatever_the_feed_declares(text: str, code: str) -> None:
    assert language.of_text(text, "pt-BR") == code


@pytest.mark.parametrize(
    ("declared", "code"), [("en-GB", "en"), ("de_AT", "de"), ("EN", "en"), (None, None), ("x", None), ("", None)]
)
def test_a_short_text_has_the_declared_language(declared: str | None, code: str | None) -> None:
    assert language.of_text("Kyiv: Zelensky, Umerov", declared) == code
