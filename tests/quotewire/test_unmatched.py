"""Words of a tracked name that are no mention of it are found by themselves, each with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from consumers.alerts.matcher import Matcher
from quotewire import unmatched
from quotewire.ports import TrackedName
from quotewire.unmatched import NamesInText, Unmatched
from schemas.records import EnrichedArticle, Entity, EntityLabel, Mention


def article(text: str, *entities: tuple[str, EntityLabel]) -> EnrichedArticle:
    found = [
        Entity(
            id=f"e{number}",
            name=name,
            label=label,
            mentions=(Mention(start=text.index(name), end=text.index(name) + len(name), text=name),),
        )
        for number, (name, label) in enumerate(entities)
    ]
    return EnrichedArticle(id="a", title="On the harbour", outlet="Courier", text=text, entities=tuple(found))


def found(tracked: TrackedName, text: str, *entities: tuple[str, EntityLabel]) -> Sequence[Unmatched]:
    given = article(text, *entities)
    matched = {match.tracked.name for match in Matcher([tracked]).matches(given)}
    return list(NamesInText([tracked]).unmatched(given, matched))


def test_a_mention_is_not_listed() -> None:
    assert found(TrackedName("Ada Lindqvist"), "The mayor met Ada Lindqvist on the pier.") == []


@pytest.mark.parametrize(
    ("tracked", "text", "entities", "reason", "detail"),
    [
        (
            TrackedName("Ada Lindqvist", near=("ferry",)),
            "The mayor met Ada Lindqvist on the pier.",
            (("Ada Lindqvist", "PERSON"),),
            unmatched.ASKS_MORE,
            "near",
        ),
        (
            TrackedName("Ada Lindqvist", conditions=("quoted",), languages=("sv",)),
            "The mayor met Ada Lindqvist on the pier.",
            (("Ada Lindqvist", "PERSON"),),
            unmatched.ASKS_MORE,
            "",
        ),
        (
            TrackedName("Jordan", type="place"),
            "The crowd cheered Michael Jordan as he left the hall.",
            (("Michael Jordan", "PERSON"),),
            unmatched.OTHER_NAME,
            "Michael Jordan",
        ),
        (
            TrackedName("Ada Lindqvist"),
            "The pier is to be mended in May.\n\nRead more: Ada Lindqvist opens school",
            (),
            unmatched.BOILERPLATE,
            "",
        ),
    ],
)
def test_what_is_no_mention_is_listed_with_the_reason(
    tracked: TrackedName, text: str, entities: tuple[tuple[str, EntityLabel], ...], reason: str, detail: str
) -> None:
    [one] = found(tracked, text, *entities)
    assert (one.name, one.article, one.reason, one.detail) == (tracked.name, "a", reason, detail)
    assert tracked.name in one.sentence


def test_the_words_are_found_whatever_the_matcher_finds() -> None:
    names = [
        TrackedName("Zoë Møller-Brandt"),
        TrackedName("习近平"),
        TrackedName("Кия"),
        TrackedName("Harbour", ("HBR",)),
    ]
    text = "ZOE MØLLER BRANDT’s boat. 据报道习近平抵达。 В Кия. HBR said, hbr did; the harbour is shut."
    listed = [one.name for one in NamesInText(names).unmatched(article(text), set())]
    assert listed == ["Zoë Møller-Brandt", "习近平", "Кия", "Harbour"]
    assert list(NamesInText(names).unmatched(article(text), {name.name for name in names})) == []


@pytest.mark.parametrize("text", ["They told us so.", "It may rain.", "The Austinians won.", "Brandts Haus", ""])
def test_other_words_are_no_names(text: str) -> None:
    names = [TrackedName("US"), TrackedName("May"), TrackedName("Austin"), TrackedName("Brandt")]
    assert list(NamesInText(names).unmatched(article(text), set())) == []


def test_paused_entries_are_left_out() -> None:
    assert list(NamesInText([TrackedName("Ada", paused=True)]).unmatched(article("Ada sailed."), set())) == []
