"""What is new, what was edited, what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.candidates import candidates
from producers.identity import MAX_EDITS, decide
from schemas.records import Entry
from tests.producers.feeds import LONG
from tests.producers.identity_reader import FEED, START, Reader, entry


def test_an_answer_is_new_once() -> None:
    reader = Reader()
    entries = [entry(number) for number in range(5)]
    published = reader.answer(entries)
    assert [decision.candidate.entry for decision in published] == entries
    assert {decision.kind for decision in published} == {"new"}
    assert len({decision.article for decision in published}) == 5
    assert all(len(decision.article) == 32 for decision in published)
    assert {decision.revision for decision in published} == {int(reader.now.timestamp() * 1000)}
    assert reader.answer(entries) == []


def test_an_edit_is_a_later_revision_of_the_same_article() -> None:
    reader = Reader()
    (first,) = reader.answer([entry(1)])
    (second,) = reader.answer([entry(1, summary="Corrected. " + LONG)])
    assert (second.kind, second.article) == ("edited", first.article)
    assert second.revision > first.revision
    assert reader.answer([entry(1, summary="Corrected. " + LONG)]) == []


def test_a_revision_grows_even_where_the_clock_goes_back() -> None:
    reader = Reader()
    (first,) = reader.answer([entry(1)])
    (second,) = reader.answer([entry(1, title="Another title")], later=-timedelta(days=2))
    assert second.revision == first.revision + 1


def test_markup_alone_is_no_edit() -> None:
    reader = Reader()
    reader.answer([entry(1, content="<p>One</p> <img src='a.jpg?token=1'>two")])
    assert reader.answer([entry(1, content="<p class='x'>One</p>\n<img src='a.jpg?token=2'>two")]) == []


def test_an_edit_storm_ends() -> None:
    reader = Reader()
    reader.answer([entry(1)])
    kinds = [kind for number in range(60) for kind in reader.kinds([entry(1, summary=f"{number} readers. {LONG}")])]
    assert kinds == ["edited"] * MAX_EDITS
    assert reader.kinds([entry(1), entry(2)]) == ["new"]


# --- flip-flop (3), dates (4) ---------------------------------------------------------------------------------------


def test_lists_of_alternating_length_bring_nothing_twice() -> None:
    reader = Reader()
    long = [entry(number) for number in range(30)]
    assert len(reader.answer(long)) == 30
    for turn in range(40):
        assert reader.answer(long[:3] if turn % 2 else long, later=timedelta(days=1)) == []


@pytest.mark.parametrize(
    "dates",
    [
        [START] * 6,
        [START + timedelta(days=4_000)] * 6,
        [datetime(1970, 1, 1, tzinfo=UTC)] * 6,
        [None] * 6,
        [START - timedelta(days=number) for number in range(6)],
    ],
)
def test_no_date_makes_an_entry_old_or_new(dates: list[datetime | None]) -> None:
    reader = Reader()
    entries = [entry(number, published=date) for number, date in enumerate(dates)]
    assert len(reader.answer(entries[:3])) == 3
    assert len(reader.answer(entries)) == 3
    assert reader.answer(entries) == []


def test_a_date_of_update_is_an_edit_but_not_where_every_entry_gets_one_with_each_answer() -> None:
    reader = Reader()
    reader.answer([entry(number, updated=START) for number in range(6)])
    touched = [entry(number, updated=START + timedelta(hours=number == 2)) for number in range(6)]
    assert reader.kinds(touched) == ["edited"]
    for turn in range(2, 5):
        assert reader.answer([entry(number, updated=START + timedelta(hours=turn)) for number in range(6)]) == []


# --- one article in several feeds -----------------------------------------------------------------------------------


def test_an_article_is_the_same_in_every_feed_that_carries_it() -> None:
    (first,) = Reader().answer([entry(1, link="https://ashmere.example/1/story?utm_source=main")])
    (second,) = Reader("https://ashmere.example/politics.xml").answer(
        [entry(1, guid="other", title="Shorter title", link="http://www.ashmere.example/1/story/")]
    )
    assert first.article == second.article


def test_entries_without_an_address_are_their_feeds_own() -> None:
    (first,) = Reader().answer([entry(1, link=None)])
    (second,) = Reader("https://harrow.example/feed").answer([entry(1, link=None)])
    assert first.article != second.article


# --- memory ---------------------------------------------------------------------------------------------------------


def test_what_stays_in_the_feed_is_not_forgotten() -> None:
    reader = Reader()
    reader.answer([entry(1), entry(2)])
    for day in range(120):
        reader.answer([entry(1)] + ([entry(2)] if day < 20 else []), later=timedelta(days=1))
        reader.store.forget_seen_before(reader.now - timedelta(days=60))
    assert reader.kinds([entry(1), entry(2)]) == ["new"]


def test_an_unchanged_answer_writes_nothing_for_a_day() -> None:
    found = candidates(FEED, [entry(1), entry(2)])
    first = decide(found, {}, START)
    seen = {one.identity: one for one in first.remember}
    assert decide(found, seen, START + timedelta(hours=23)).remember == ()
    assert decide(found, seen, START + timedelta(hours=25)).remember != ()


# --- any feed -------------------------------------------------------------------------------------------------------

_short = st.sampled_from(["", "a", "b", "https://x.example/1", "https://x.example/2?utm_source=a", LONG])
_entries = st.lists(
    st.builds(
        Entry,
        guid=st.none() | _short.filter(bool),
        link=st.none() | st.sampled_from([f"https://x.example/{n}" for n in range(4)] + ["https://x.example/"]),
        title=_short,
        summary=_short,
        published=st.none() | st.just(START),
    ),
    max_size=8,
)


@given(_entries)
def test_the_same_answer_again_brings_nothing(entries: list[Entry]) -> None:
    reader = Reader()
    reader.answer(entries)
    assert reader.answer(entries) == []
    assert reader.answer(entries[::-1]) == []


@given(_entries)
def test_no_entry_is_lost_and_no_article_given_twice_at_once(entries: list[Entry]) -> None:
    published = Reader().answer(entries)
    assert len({decision.article for decision in published}) == len(published)
    told = {(decision.candidate.entry.title, decision.candidate.entry.summary) for decision in published}
    assert told == {(one.title, one.summary) for one in entries}


@given(answers=st.lists(_entries, min_size=1, max_size=4))
def test_revisions_of_an_article_only_grow(answers: list[list[Entry]]) -> None:
    reader = Reader()
    newest: dict[str, int] = {}
    for answer in answers:
        for decision in reader.answer(answer):
            assert decision.revision > newest.get(decision.article, 0)
            newest[decision.article] = decision.revision


@given(answers=st.lists(_entries, min_size=2, max_size=4))
def test_every_text_of_every_answer_is_some_article(answers: list[list[Entry]]) -> None:
    """What an answer shows of an entry was published, now or before, unless edits are not followed any more."""
    reader = Reader()
    told: set[tuple[str, str]] = set()
    for answer in answers:
        published = reader.answer(answer)
        assert len({decision.article for decision in published}) == len(published)
        told |= {(decision.candidate.entry.title, decision.candidate.entry.summary) for decision in published}
        assert told >= {(one.title, one.summary) for one in answer}
