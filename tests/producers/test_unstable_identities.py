"""Feeds that make guids and links up, share them or use them again (field notes, 2): nothing twice, no story lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from producers.candidates import candidates, identities
from producers.identity import MAX_EDITS, decide
from schemas.records import Entry
from tests.producers.feeds import LONG
from tests.producers.identity_reader import FEED, START, Reader, entry


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


@pytest.mark.parametrize("link", ["https://ashmere.example/", "https://ashmere.example/ticker", None])
def test_a_ticker_without_guids_whose_titles_come_again_loses_no_story(link: str | None) -> None:
    reader = Reader()
    items = [
        Entry(
            link=link,
            title="Breaking news" if number % 9 == 0 else f"Report {number}",
            summary=f"Part {number}. {LONG}",
            published=START + timedelta(minutes=20 * number),
        )
        for number in range(40)
    ]
    articles = set()
    for last in range(6, 41):
        for decision in reader.answer(items[last - 6 : last], later=timedelta(minutes=20)):
            assert decision.kind == "new"
            articles.add(decision.article)
    assert len(articles) == 40


@pytest.mark.parametrize("others", [0, 1, 5])
def test_an_entry_made_up_anew_with_the_time_of_the_request_is_one_article(others: int) -> None:
    reader = Reader()
    kinds = []
    for turn in range(288):
        box = entry(99, guid=f"box-{turn}", link=f"https://ashmere.example/box/{turn}", published=reader.now)
        stories = [
            entry(100 * turn + number, guid=f"{turn}-{number}", published=reader.now) for number in range(others)
        ]
        kinds += reader.kinds_after(timedelta(minutes=5), box, *stories)
    assert kinds == ["new"] * (1 + 288 * others)


def test_two_filings_of_one_day_in_the_same_words_are_two() -> None:
    reader = Reader()
    day = datetime(2026, 3, 4, tzinfo=UTC)
    steady = [entry(number, published=day) for number in range(5)]
    filings = [
        entry(number, title="Holding(s) in Company: Example plc", summary=LONG, published=day) for number in (50, 60)
    ]
    assert reader.kinds([*steady, filings[0]]) == ["new"] * 6
    assert reader.kinds_after(timedelta(hours=7), *steady, filings[1]) == ["new"]
    assert reader.answer([*steady, filings[1]]) == []


def test_obituaries_of_one_day_after_a_move_to_another_domain_are_two() -> None:
    reader = Reader()
    day = datetime(2026, 3, 4, tzinfo=UTC)
    old = [entry(number, published=day) for number in range(5)]
    john = entry(50, title="Obituaries", summary=f"John died. {LONG}", published=day)
    mary = entry(60, title="Obituaries", summary=f"Mary died. {LONG}", published=day)

    def moved(one: Entry) -> Entry:
        return one.model_copy(
            update={"guid": f"new-{one.guid}", "link": (one.link or "").replace("ashmere", "new-ashmere")}
        )

    assert len(reader.answer([*old, john])) == 6
    assert reader.answer([*map(moved, [*old, john])]) == []
    assert reader.kinds_after(timedelta(hours=8), *map(moved, [*old, mary])) == ["new"]


def test_a_story_that_moves_for_good_is_known_by_its_new_guid_and_link() -> None:
    reader = Reader()
    published = START + timedelta(minutes=3)
    steady = [entry(number) for number in range(5)]
    (*_, first) = reader.answer([*steady, entry(9, published=published)])
    moved = entry(9, guid="other", link="https://ashmere.example/9/new-slug", published=published)
    assert reader.answer([*steady, moved]) == []
    (edited,) = reader.answer([*steady, moved.model_copy(update={"title": "Another title", "summary": LONG})])
    assert (edited.kind, edited.article) == ("edited", first.article)


def test_entries_with_the_same_words_and_other_dates_are_not_written_again_and_again() -> None:
    entries = [Entry(title="Tides", summary=LONG, published=START + timedelta(days=day)) for day in range(2)]
    reader = Reader()
    assert len(reader.answer(entries)) == 2
    found = candidates(FEED, entries)
    assert decide(found, reader.store.seen(FEED, identities(found)), reader.now).remember == ()


@pytest.mark.parametrize("hour", [0, 5, 12])
def test_two_articles_of_a_day_without_a_time_are_two_wherever_that_day_begins(hour: int) -> None:
    reader = Reader()
    day = datetime(2026, 3, 4, hour, tzinfo=UTC)
    steady = [entry(number, published=day - timedelta(days=number)) for number in range(5)]
    filings = [
        entry(number, title="Holding(s) in Company: Example plc", summary=LONG, published=day) for number in (50, 60)
    ]
    assert reader.kinds([*steady, filings[0]]) == ["new"] * 6
    assert reader.kinds_after(timedelta(hours=7), *steady, filings[1]) == ["new"]


@pytest.mark.parametrize("dated", [True, False])
def test_a_column_whose_address_was_corrected_once_is_new_every_day_after_that(dated: bool) -> None:
    reader = Reader()
    day = datetime(2026, 3, 4, tzinfo=UTC)
    steady = [entry(number, guid=None, published=day if dated else None) for number in range(5)]

    def column(number: int, slug: str) -> list[Entry]:
        published = day + timedelta(days=number) if dated else None
        link = f"https://ashmere.example/crossword/{slug}"
        return [*steady, entry(9, guid=None, link=link, title="Crossword", summary=LONG, published=published)]

    assert reader.kinds(column(0, "0")) == ["new"] * 6
    assert reader.kinds_after(timedelta(hours=1), *column(0, "0-a")) == []
    for number in range(1, 8):
        assert reader.kinds_after(timedelta(days=1), *column(number, str(number))) == ["new"]


@pytest.mark.parametrize("others", [0, 5])
def test_a_box_without_a_title_that_is_made_up_anew_is_one_article_and_fills_no_memory(others: int) -> None:
    reader = Reader()
    steady = [entry(number) for number in range(others)]
    kinds = []
    for turn in range(288):
        box = entry(99, guid=f"box-{turn}", link=f"https://ashmere.example/box/{turn}", title="")
        kinds += reader.kinds_after(timedelta(minutes=5), *steady, box)
    assert kinds == ["new"] * (1 + others)
    assert reader.store.forget_seen_before(reader.now + timedelta(days=1)) < 20 + 4 * others
