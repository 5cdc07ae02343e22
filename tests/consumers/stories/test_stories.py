"""Copies, retellings and updates are one story; near neighbours are not; memory is bounded and order decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.stories.embedding import WordLlamaEmbedder
from consumers.stories.fingerprint import fingerprints
from consumers.stories.likeness import Features, same_story
from consumers.stories.names import days, numbers, words_of_names
from consumers.stories.window import Stories
from schemas.records import Fingerprint, StoryMember

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EMBEDDER = WordLlamaEmbedder()
BODY = (
    "A fire destroyed the paper mill in Ostby on Sunday night. Forty firemen fought the flames until dawn.\n\n"
    "Nobody was hurt, said the fire chief, Orla Finch. The mill has 120 workers."
)
FIRE = ("Fire guts paper mill in Ostby", BODY)


def printed(article: tuple[str, str]) -> Fingerprint:
    return fingerprints([article], EMBEDDER)[0]


def told(articles: Sequence[tuple[tuple[str, str], float]], stories: Stories | None = None) -> list[str]:
    """The story of each article, given with how many hours after noon it came."""
    stories = Stories() if stories is None else stories
    found = []
    for number, (article, hours) in enumerate(articles):
        moment, fingerprint = NOON + timedelta(hours=hours), printed(article)
        story = stories.place(f"a{number}", fingerprint, moment)
        stories.add(StoryMember(id=f"a{number}", story=story, dated=moment, joined=moment, fingerprint=fingerprint))
        stories.forget()
        found.append(story)
    return found


@pytest.mark.parametrize(
    "other",
    [
        FIRE,
        (FIRE[0], BODY.split("\n\n")[0]),
        ("Ostby’s mill burns down", BODY),
        ("OSTBY MILL DESTROYED", BODY + "\n\nThe police are looking at the boiler."),
        (
            "Blaze in Ostby",
            "The paper mill at Ostby has burned down, fire chief Orla Finch says. 120 workers lose their jobs.",
        ),
    ],
    ids=["verbatim", "cut", "another headline", "longer", "retold"],
)
def test_a_copy_is_of_the_same_story(other: tuple[str, str]) -> None:
    one, two = told([(FIRE, 0), (other, 3)])
    assert one == two


@pytest.mark.parametrize(
    ("other", "hours"),
    [
        ((FIRE[0].replace("Ostby", "Hallund"), BODY.replace("Ostby", "Hallund").replace("Orla Finch", "Per Dahl")), 1),
        (
            ("Owners to rebuild mill", "The owners of the mill in Ostby want to build it anew at the harbour by 2028."),
            60,
        ),
        (("Ostby win again", "Ostby beat Marbeck 3-0 on Sunday with two goals by Emil Saar and went top."), 2),
        (FIRE, 24 * 6),
    ],
    ids=["another town", "what followed", "the same town", "much later"],
)
def test_a_near_neighbour_is_another_story(other: tuple[str, str], hours: float) -> None:
    one, two = told([(FIRE, 0), (other, hours)])
    assert one != two


def test_what_is_numbered_differently_is_not_the_same() -> None:
    def report(number: int) -> tuple[str, str]:
        return (
            f"Report {number} on the harbour",
            f"The commission’s report number {number} on the harbour is out. It is long.",
        )

    assert len(set(told([(report(5), 0), (report(6), 1), (report(5), 2)]))) == 2


def test_what_was_added_last_can_be_taken_back() -> None:
    stories = Stories()
    [story] = told([(FIRE, 0)], stories)
    assert story in stories
    stories.undo(1)
    assert len(stories) == 0
    assert story not in stories
    assert stories.place("b", printed(FIRE), NOON) != story


def test_memory_is_bounded_by_days_and_by_number() -> None:
    fire = printed(FIRE)
    stories = Stories(most=50)
    for hour in range(24 * 10):
        moment = NOON + timedelta(hours=hour)
        stories.add(StoryMember(id=str(hour), story=str(hour), dated=moment, joined=moment, fingerprint=fire))
        stories.forget()
        assert len(stories) <= 56
    assert "0" not in stories
    assert str(24 * 10 - 1) in stories


def test_a_date_in_the_far_future_drives_nobody_out() -> None:
    one, _, three = told([(FIRE, 0), (("Time capsule", "A capsule for 2099 was buried in Marbeck."), 0), (FIRE, 1)])
    stories, far = Stories(), NOON.replace(year=2099)
    first = StoryMember(id="1", story="s", dated=NOON, joined=NOON, fingerprint=printed(FIRE))
    stories.add(first)
    stories.add(first.model_copy(update={"id": "2", "story": "t", "dated": far}))
    stories.forget()
    assert "s" in stories
    assert one == three


def test_names_are_what_the_text_bears_out() -> None:
    names = words_of_names(
        "FIRE IN OSTBY", "Hundreds fled. In Ostby the fire chief, Orla Finch, said that Kiev’s men came."
    )
    assert names == ["ostby", "orla", "finch", "kiev"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("At least 12 people died", ["12 dead"]),
        ("twelve killed in Leeds", ["12 dead"]),
        ("A blast killed six workers; 40 houses burned", ["6 dead", "40 houses"]),
        ("The toll of Monday’s attack rises to nine", ["9 toll"]),
        ("An earthquake of magnitude 6.1 hits Chile", ["6.1 magnitude"]),
        ("a 6.1-magnitude quake", ["6.1 magnitude"]),
        ("Shares fell 3% on Monday", ["3 %"]),
        ("report number 5 and report 6", ["number#5", "report#6"]),
        ("It cost $4.5 million.", ["4.5 million"]),
        ("a rise of 8 per cent", ["8 %"]),
        ("No figures", []),
    ],
)
def test_numbers_say_what_they_count(text: str, expected: list[str]) -> None:
    assert numbers(text) == expected


@settings(max_examples=40)
@given(st.text(max_size=120), st.text(max_size=300))
def test_any_text_has_a_fingerprint_and_is_like_itself(title: str, body: str) -> None:
    fingerprint = printed((title, body))
    assert fingerprint == printed((title, body))
    assert len(fingerprint.minhash) == 64 * 4
    assert np.frombuffer(fingerprint.vector, dtype=np.int8).shape == (256,)


DRONES = "Russian drones hit Kyiv overnight, killing two people, Mayor Vitali Klitschko said."


@pytest.mark.parametrize(
    ("one", "other", "hours"),
    [
        (
            ("Quake shakes Chile", "An earthquake of magnitude 6.1 struck near Valparaiso in Chile on Monday."),
            ("Quake shakes Chile", "An earthquake of magnitude 6.6 struck near Antofagasta in Chile on Wednesday."),
            48,
        ),
        (("Drones hit Kyiv", DRONES), ("Drones hit Kyiv", DRONES.replace("two", "four")), 24),
        (("Drones hit Kyiv", DRONES), ("Drones hit Kharkiv", DRONES.replace("Kyiv", "Kharkiv")), 1),
        (
            ("Baker jailed", "A court in Leeds jailed Tom Baker for three years on Monday for theft."),
            ("Tom Baker’s mother dies", "Ann Baker, the mother of Tom Baker, died in Leeds on Monday at 91."),
            2,
        ),
        (
            ("Shares in Apple fall", "Apple fell 2% in New York on Monday after a bank cut its target."),
            ("Shares in Apple fall", "Apple fell 4% in New York on Wednesday after it lost a case."),
            47,
        ),
        (
            ("习近平抵达巴黎", "中国国家主席习近平周一抵达巴黎，将会见法国总统。"),
            ("习近平抵达河内", "中国国家主席习近平周四抵达河内，与越南领导人讨论铁路建设。"),
            72,
        ),
    ],
    ids=["magnitude and day", "toll", "place", "the same names", "per cent and day", "Chinese"],
)
def test_what_contradicts_tells_neighbours_with_the_same_names_apart(
    one: tuple[str, str], other: tuple[str, str], hours: float
) -> None:
    first, second = told([(one, 0), (other, hours)])
    assert first != second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            ("Gunman kills three at market in Lyon", "A gunman killed three people at a market in Lyon on Friday."),
            (
                "Three dead in Lyon market shooting",
                "Three people were shot dead at a market in Lyon, France, on Friday.",
            ),
        ),
        (("Drones hit Kyiv", DRONES), ("Toll in Kyiv rises to four", f"{DRONES} The toll rose to four by noon.")),
        (
            ("习近平抵达巴黎", "中国国家主席习近平周一抵达巴黎，将会见法国总统。"),
            ("习近平开始访问法国", "习近平周一抵达巴黎，开始对法国进行国事访问。"),
        ),
    ],
    ids=["retold", "a toll that rises", "Chinese"],
)
def test_a_plain_retelling_is_of_the_same_story(one: tuple[str, str], other: tuple[str, str]) -> None:
    first, second = told([(one, 0), (other, 3)])
    assert first == second


def test_days_of_the_week_are_read_in_three_languages() -> None:
    assert days("On Monday, not on Sundays; this Saturday") == {0, 5}
    assert days("周三，星期日") == {2, 6}
    assert days("火曜日") == {1}


def test_a_retelling_is_compared_with_what_the_storys_articles_have_together() -> None:
    def features(*names: str, word: int) -> Features:
        event = np.zeros(8, dtype=np.int8)
        event[:2] = 100, word
        return Features(40, frozenset(names), frozenset(names), frozenset(), frozenset(), False, event)

    mine = features("orla", "finch", "ostby", "hallund", word=60)
    one, two = features("orla", "finch", word=0), features("ostby", "hallund", "marbeck", word=0)

    def likely(other: Features) -> float:
        return same_story(mine, other, cosine=0.6, resemblance=0.0, hours=1)

    assert likely(Features.together([one, two])) > max(likely(one), likely(two))
