"""What is new, what was edited, what is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.identity import MAX_EDITS, Decision, candidates, decide, identities
from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.ports import FeedRecord
from schemas.records import Entry
from tests.producers.feeds import LONG

FEED = "https://ashmere.example/feed.xml"
START = datetime(2026, 3, 4, 5, tzinfo=UTC)


class Reader:
    """Feeds answers to the decider as the poller does, with a real store between them."""

    def __init__(self, feed: str = FEED) -> None:
        self.feed = feed
        self.store = MemoryFeedStore()
        self.now = START

    def answer(self, entries: Sequence[Entry], *, later: timedelta = timedelta(minutes=10)) -> list[Decision]:
        self.now += later
        found = candidates(self.feed, entries)
        decisions = decide(found, self.store.seen(self.feed, identities(found)), self.now)
        self.store.save(FeedRecord(self.feed), decisions.remember)
        return list(decisions.publish)

    def kinds(self, entries: Sequence[Entry]) -> list[str]:
        return [decision.kind for decision in self.answer(entries)]

    def kinds_after(self, later: timedelta, *entries: Entry) -> list[str]:
        return [decision.kind for decision in self.answer(entries, later=later)]


def entry(number: int = 1, **fields: object) -> Entry:
    values: dict[str, object] = {
        "guid": f"tag:ashmere.example,2026:{number}",
        "link": f"https://ashmere.example/{number}/story",
        "title": f"Story {number} of the harbour",
        "summary": f"Part {number}. {LONG}",
    } | fields
    return Entry.model_validate(values)


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


# --- unstable identities (field notes, 2) ---------------------------------------------------------------------------


def test_links_with_a_fresh_token_for_each_request_are_not_new() -> None:
    reader = Reader()
    for request in range(5):
        entries = [
            entry(number, guid=None, link=f"https://ashmere.example/{number}/story?tk=a{request}b{number}")
            for number in range(6)
        ]
        assert len(reader.answer(entries)) == (6 if request == 0 else 0)


def test_rotated_guids_are_not_new_and_a_new_item_among_them_is() -> None:
    reader = Reader()
    for request in range(5):
        entries = [entry(number, guid=f"uuid-{request}-{number}", link=None) for number in range(6 + request)]
        assert len(reader.answer(entries)) == (6 if request == 0 else 1)


def test_a_made_up_guid_does_not_fill_the_memory() -> None:
    reader = Reader()
    for request in range(50):
        reader.answer([entry(number, guid=f"uuid-{request}-{number}", link=None) for number in range(4)])
    keys = {f"g:{request}" for request in range(50)}
    assert reader.store.seen(FEED, keys) == {}
    assert reader.store.forget_seen_before(reader.now + timedelta(days=1)) < 20


def test_entries_without_guid_that_share_a_link_are_followed_by_their_titles() -> None:
    reader = Reader()
    for turn in range(30):
        entries = [
            entry(number, guid=None, link="https://ashmere.example/live", summary=f"Updated 12:{turn:02}. {LONG}")
            for number in range(5)
        ]
        kind = "new" if turn == 0 else "edited"
        assert reader.kinds(entries) == [kind] * (5 if turn <= MAX_EDITS else 0)


@pytest.mark.parametrize("published", [START, None])
def test_an_edit_under_a_guid_and_link_made_up_anew_is_an_edit(published: datetime | None) -> None:
    reader = Reader()
    articles = set()
    for turn in range(8):
        entries = [
            entry(
                number,
                guid=f"{turn}-{number}",
                link=f"https://ashmere.example/{number}/story/{turn}",
                summary=f"{turn // 2 if number == 0 else ''} {LONG}",
                published=published,
            )
            for number in range(5)
        ]
        published_now = reader.answer(entries)
        expected = ["new"] * 5 if turn == 0 else ["edited"] * (turn % 2 == 0)
        assert [decision.kind for decision in published_now] == expected
        articles |= {decision.article for decision in published_now}
    assert len(articles) == 5


@pytest.mark.parametrize("published", [START, None])
@pytest.mark.parametrize("stable", [9, 1])
def test_one_entry_that_is_made_up_anew_among_others_is_not_new(published: datetime | None, stable: int) -> None:
    reader = Reader()
    for turn in range(200):
        advert = entry(99, guid=f"ad-{turn}", link=f"https://ashmere.example/ad/{turn}", published=published)
        others = [entry(number) for number in range(stable)]
        assert reader.kinds([*others, advert]) == (["new"] * (stable + 1) if turn == 0 else [])


@pytest.mark.parametrize("dated", [True, False])
def test_a_column_with_the_same_words_every_day_is_new_every_day(dated: bool) -> None:
    reader = Reader()
    for day in range(20):
        crossword = entry(
            day,
            title="Today’s crossword is here",
            summary=LONG,
            published=START + timedelta(days=day) if dated else None,
        )
        assert reader.kinds_after(timedelta(days=1), crossword) == ["new"]
        assert reader.answer([crossword]) == []


def test_a_title_used_again_the_next_day_without_guid_and_address_is_another_article() -> None:
    reader = Reader()
    for day in range(5):
        briefing = Entry(title="Morning briefing", summary=f"Day {day}. {LONG}", published=START + timedelta(days=day))
        assert reader.kinds_after(timedelta(days=1), briefing) == ["new"]
        assert reader.kinds([briefing.model_copy(update={"summary": f"Day {day}, later. {LONG}"})]) == ["edited"]


def test_a_guid_that_all_entries_share_identifies_none() -> None:
    reader = Reader()
    entries = [entry(number, guid="https://ashmere.example/") for number in range(5)]
    assert len(reader.answer(entries)) == 5
    assert reader.kinds([entry(9, guid="https://ashmere.example/"), *entries]) == ["new"]


def test_a_link_that_all_entries_share_identifies_none() -> None:
    reader = Reader()
    entries = [entry(number, link="https://ashmere.example/live") for number in range(5)]
    published = reader.answer(entries)
    assert len({decision.article for decision in published}) == 5
    assert reader.kinds([entry(9, link="https://ashmere.example/live"), *entries]) == ["new"]


def test_a_guid_used_again_for_another_story_is_another_article() -> None:
    reader = Reader()
    (first,) = reader.answer([entry(1, guid="1", published=START)])
    (second,) = reader.answer([entry(2, guid="1", published=START + timedelta(hours=1))])
    assert (second.kind, second.article != first.article) == ("new", True)


def test_an_address_used_again_every_day_loses_no_story() -> None:
    reader = Reader()
    articles = set()
    for day in range(40):
        bulletin = entry(day, link="https://ashmere.example/briefing/today", published=START + timedelta(days=day))
        (published,) = reader.answer([bulletin], later=timedelta(days=1))
        assert published.kind == "new"
        articles.add(published.article)
        assert reader.answer([bulletin]) == []
        # Its own edits are revisions of it.
        (edited,) = reader.answer([bulletin.model_copy(update={"title": f"Story {day}, corrected"})])
        assert (edited.kind, edited.article) == ("edited", published.article)
    assert len(articles) == 40


def test_a_page_that_goes_on_under_guids_made_up_anew_stays_one_article() -> None:
    reader = Reader()
    articles = set()
    for turn in range(20):
        live = entry(turn, link="https://ashmere.example/live/flood", published=START + timedelta(hours=turn))
        articles |= {decision.article for decision in reader.answer([live], later=timedelta(hours=1))}
    assert len(articles) == 1
    reader = Reader()
    for turn in range(5):
        entries = [
            entry(number, guid=f"{turn}-{number}", summary=f"{turn if number == 0 else ''} {LONG}", published=moment)
            for number in range(4)
            for moment in [START + timedelta(days=turn)]
        ]
        kinds = reader.kinds(entries)
        assert kinds == ["new"] * 4 if turn == 0 else ["edited"]
        reader.now += timedelta(days=1)


def test_a_text_that_changes_too_often_is_followed_once_a_day_to_its_end() -> None:
    reader = Reader()
    reader.answer([entry(1)])
    for number in range(60):
        reader.answer([entry(1, summary=f"{number} readers. {LONG}")])
    last = entry(1, summary=f"60 readers. {LONG}")
    assert reader.answer([last]) == []
    assert reader.kinds_after(timedelta(days=1), last) == ["edited"]
    assert reader.kinds_after(timedelta(days=2), last) == []


def test_a_story_that_gets_another_address_and_title_stays_one_article() -> None:
    reader = Reader()
    (first,) = reader.answer([entry(1, published=START)])
    (second,) = reader.answer([entry(1, published=START, link="https://ashmere.example/1/new-slug", title="New title")])
    assert (second.kind, second.article) == ("edited", first.article)
    # The new address is known by now, even alone.
    assert reader.answer([entry(1, guid=None, link="https://ashmere.example/1/new-slug", title="New title")]) == []


def test_the_same_short_text_every_day_is_new_every_day() -> None:
    reader = Reader()
    for day in range(5):
        briefing = entry(day, title="Morning briefing", summary="")
        assert reader.kinds([briefing]) == ["new"]


def test_entries_without_guid_and_link_are_told_apart_by_their_text() -> None:
    reader = Reader()
    entries = [Entry(title=f"Tide {number}", published=START) for number in range(4)]
    assert len(reader.answer(entries)) == 4
    assert reader.answer(entries[::-1]) == []
    assert reader.kinds([Entry(title="Tide 9", published=START), *entries]) == ["new"]


def test_one_entry_twice_in_an_answer_is_one() -> None:
    assert len(Reader().answer([entry(1), entry(1), entry(1, image="https://ashmere.example/a.jpg")])) == 1


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
