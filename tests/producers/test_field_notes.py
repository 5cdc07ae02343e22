"""What hurts real feed systems, one section for each line of the field notes that concerns polling."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from producers.fetch import Fetcher
from producers.opml import FeedSource
from producers.polls import PollLimits
from tests.producers.feeds import Item, item, rss
from tests.producers.polling import Desk
from tests.producers.site import Behaviour, Reply, Request, Site, redirect

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(site: Site, fetcher: Fetcher) -> Desk:
    return Desk(fetcher, [FeedSource(site.url())], limits=PollLimits(unconditional=4, retry_wait=0.01))


def feed(items: Sequence[Item] | range, **headers: str) -> Reply:
    document = rss(one if isinstance(one, Item) else item(one, link=None) for one in items)
    return Reply(document, headers=[(name.replace("_", "-"), value) for name, value in headers.items()])


async def polls(desk: Desk, count: int, *, after: timedelta = timedelta(days=1)) -> list[int]:
    """New articles of so many polls, one after the other."""
    return [(await desk.poll(after=after)).new for _ in range(count)]


# --- 1. lying validators --------------------------------------------------------------------------------------------


async def test_validators_that_are_true_save_the_body(site: Site, desk: Desk) -> None:
    def answer(request: Request) -> Reply:
        return Reply(status=304) if request.headers.get("if-none-match") == '"a"' else feed(range(3), ETag='"a"')

    site["/feed"] = answer
    assert await polls(desk, 4) == [3, 0, 0, 0]
    assert [("if-none-match" in request.headers) for request in site.requests] == [False, True, True, True]
    assert desk.record().state == "fresh"
    assert desk.record().entries == 3


async def test_a_server_that_says_unchanged_for_ever_is_asked_unconditionally_now_and_then(
    site: Site, desk: Desk
) -> None:
    grown = 3

    def answer(request: Request) -> Reply:
        conditional = "if-none-match" in request.headers or "if-modified-since" in request.headers
        return Reply(status=304) if conditional else feed(range(grown), ETag='"same"', Last_Modified="yesterday")

    site["/feed"] = answer
    assert await polls(desk, 1) == [3]
    grown = 5
    assert sum(await polls(desk, 5)) == 2
    # Caught once, its validators are not believed again: what comes next comes at once.
    grown = 6
    assert await polls(desk, 1) == [1]


async def test_the_same_body_is_not_read_again_whatever_its_validators(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed(range(3), ETag=f'"{number}"') for number in range(5)]
    await desk.poll()
    assert (await desk.poll(after=HOUR)).unchanged == 1
    assert site.requests[-1].headers["if-none-match"] == '"0"'


# --- 2. unstable ids ------------------------------------------------------------------------------------------------


async def test_fresh_tokens_and_rotated_guids_bring_nothing_twice(site: Site, desk: Desk) -> None:
    site["/feed"] = [
        feed([item(n, guid=f"{poll}-{n}", link=f"https://x.example/{n}/s?token=t{poll}{n}") for n in range(4 + poll)])
        for poll in range(5)
    ]
    assert await polls(desk, 5) == [4, 1, 1, 1, 1]


async def test_guids_that_are_not_unique_lose_nothing(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed([item(n, guid="1") for n in range(3)]), feed([item(n, guid="1") for n in range(5)])]
    assert await polls(desk, 3) == [3, 2, 0]


# --- 3. flip-flopping backends --------------------------------------------------------------------------------------


async def test_lists_of_alternating_length_bring_nothing_twice(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed(range(20)), feed(range(5)), feed(range(20)), feed(range(2)), feed(range(21))]
    assert await polls(desk, 5) == [20, 0, 0, 0, 1]


async def test_entries_are_remembered_for_weeks_and_then_forgotten(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed(range(5)), feed(range(4)), feed(range(5)), feed(range(4)), feed(range(5))]
    desk.limits = PollLimits(memory=timedelta(days=60))
    assert await polls(desk, 3, after=timedelta(days=25)) == [5, 0, 0]
    assert await polls(desk, 2, after=timedelta(days=61)) == [0, 1]


async def test_a_feed_that_never_changes_is_not_forgotten(site: Site, desk: Desk) -> None:
    site["/feed"] = feed(range(5))
    desk.limits = PollLimits(memory=timedelta(days=60), unconditional=4)
    assert await polls(desk, 40, after=timedelta(days=10)) == [5] + [0] * 39
    site["/feed"] = feed(range(6))
    assert await polls(desk, 1) == [1]


async def test_a_feed_that_makes_up_everything_fills_no_disk(site: Site, desk: Desk) -> None:
    numbers = iter(range(10**6))
    site["/feed"] = lambda _: feed([item(next(numbers), link=None) for _ in range(40)])
    desk.limits = PollLimits(memory_identities=100)
    assert await polls(desk, 8, after=HOUR) == [40] * 8
    assert desk.store.forget_beyond(0) <= 100


# --- 4. date watermarks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "date",
    ["Wed, 04 Mar 2026 05:06:07 GMT", "Wed, 04 Mar 2099 05:06:07 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "soon", None],
)
async def test_no_date_hides_an_item(site: Site, desk: Desk, date: str | None) -> None:
    site["/feed"] = [feed([item(n, link=None, date=date) for n in range(count)]) for count in (2, 4)]
    assert await polls(desk, 3) == [2, 2, 0]


# --- 5. 200 OK but not a feed ---------------------------------------------------------------------------------------


async def test_a_consent_wall_is_a_state_and_passes(site: Site, desk: Desk) -> None:
    wall = Reply(b"<!doctype html><title>Your privacy choices</title>", content_type="text/html")
    site["/feed"] = [feed(range(3)), wall, feed(range(4))]
    await desk.poll()
    await desk.poll()
    record = desk.record()
    assert (record.state, record.failures) == ("not a feed", 1)
    assert "Your privacy choices" in record.reason
    assert await polls(desk, 1) == [1]
    assert desk.record().state == "fresh"


async def test_zero_items_for_days_are_a_state_that_says_since_when(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed(range(3)), feed(range(0))]
    await desk.poll()
    day = f"{desk.clock.now():%Y-%m-%d}"
    for _ in range(6):
        await desk.poll(after=timedelta(days=1))
    assert (desk.record().state, desk.record().reason) == ("empty", f"empty for 6 days, since {day}")


@pytest.mark.parametrize("validators", [{}, {"ETag": '"a"'}], ids=["the same body", "304"])
async def test_a_feed_that_never_had_an_item_says_since_when_too(
    site: Site, desk: Desk, validators: dict[str, str]
) -> None:
    def answer(request: Request) -> Reply:
        return Reply(status=304) if "if-none-match" in request.headers else feed(range(0), **validators)

    site["/feed"] = [Reply(status=500), answer]
    await polls(desk, 2, after=timedelta(days=3))
    assert (desk.record().state, desk.record().reason) == ("empty", "no entries yet")
    day = f"{desk.clock.now():%Y-%m-%d}"
    await polls(desk, 6)
    assert desk.record().reason == f"no entries yet, empty for 6 days, since {day}"
    await polls(desk, 24)
    assert desk.record().reason == f"no entries yet, empty for 30 days, since {day}"


# --- 6. blocking ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 429])
async def test_blocking_is_a_state_and_retry_after_is_heeded_up_to_a_day(site: Site, desk: Desk, status: int) -> None:
    site["/feed"] = Reply(status=status, headers=[("Retry-After", str(88 * 3_600))])
    await desk.poll()
    record = desk.record()
    assert record.state == "blocked"
    assert record.next_poll is not None
    assert HOUR * 24 <= record.next_poll - desk.clock.now() <= HOUR * 27


# --- 7. hostile responses -------------------------------------------------------------------------------------------

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><rss version='2.0'><channel><item><title>&j;</title></item></channel></rss>"
)


@pytest.mark.parametrize(
    ("behaviour", "state", "words"),
    [
        (redirect("http://169.254.169.254/"), "failing", "link-local"),
        (redirect("/feed", 302), "failing", "circle"),
        (Reply(b"<rss>" + b" " * 300_000), "failing", "longer than"),
        (Reply(rss([]), headers=[(f"X-{n}", "x") for n in range(2_000)]), "failing", "HTTP"),
        (Reply(BOMB), "fresh", "not well-formed"),
        (Reply(b""), "not a feed", "empty answer"),
        (Reply(b"", status=204), "not a feed", "empty answer"),
        (Reply(status=410), "gone", "410"),
        (Reply(status=404), "failing", "404"),
        (Reply(status=503), "failing", "503"),
        (Reply(status=304), "failing", "304"),
        (Reply(rss([item(1)])[:-400]), "fresh", "not well-formed"),
        (Reply(rss([])[:100]), "failing", "not well-formed"),
    ],
)
async def test_each_ends_in_its_named_state(
    site: Site, desk: Desk, behaviour: Behaviour, state: str, words: str
) -> None:
    site["/feed"] = behaviour
    await desk.poll()
    assert (desk.record().state, words in desk.record().reason) == (state, True), desk.record()


async def test_an_answer_that_is_cut_off_gives_its_whole_entries_and_is_asked_for_again(site: Site, desk: Desk) -> None:
    whole = rss(item(number, link=None) for number in range(10))

    async def cut(request: Request, writer: asyncio.StreamWriter) -> None:
        head = f'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: {len(whole)}\r\n\r\n'
        writer.write(head.encode() + whole[: len(whole) // 2])

    site["/feed"] = [cut, Reply(whole, headers=[("ETag", '"a"')]), cut, cut]
    first = (await desk.poll()).new
    assert 3 <= first <= 4
    assert "cut off" in desk.record().reason
    assert first + (await desk.poll(after=HOUR * 9)).new == 10
    assert "if-none-match" not in site.requests[-1].headers
    assert {article.entry.guid for article in desk.take()} == {
        f"tag:ashmere.example,2026:report-{n}" for n in range(10)
    }


async def test_an_answer_that_is_always_cut_off_gives_all_that_can_be_read(site: Site, desk: Desk) -> None:
    whole = rss([item(1, link=None), item(2, link=None)])[: -len("</channel></rss>")]

    async def cut(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole) + 9}\r\n\r\n".encode() + whole)

    site["/feed"] = cut
    assert await polls(desk, 3) == [1, 1, 0]


# --- what the best do: 301 saved, 410 muted -------------------------------------------------------------------------


async def test_a_permanent_move_is_saved_said_and_undone_where_it_fails(site: Site, desk: Desk) -> None:
    site["/feed"] = redirect("/new")
    site["/new"] = feed(range(3))
    await desk.poll()
    assert (desk.record().state, desk.record().fetch_url) == ("moved", site.url("/new"))
    assert site.url("/new") in desk.record().reason
    await desk.poll()
    assert [request.path for request in site.requests] == ["/feed", "/new", "/new"]
    site["/new"] = Reply(status=404)
    site["/feed"] = feed(range(4))
    assert await polls(desk, 4) == [0, 0, 0, 1]
    assert (desk.record().state, desk.record().fetch_url) == ("fresh", None)


@pytest.mark.parametrize("unchanged", [Reply(status=304), feed(range(3), ETag='"a"')], ids=["304", "the same body"])
async def test_a_permanent_move_of_a_feed_that_has_not_changed_is_saved_at_once(
    site: Site, desk: Desk, unchanged: Reply
) -> None:
    site["/feed"] = [feed(range(3), ETag='"a"'), redirect("/new", 308)]
    site["/new"] = unchanged
    assert await polls(desk, 3) == [3, 0, 0]
    assert [request.path for request in site.requests] == ["/feed", "/feed", "/new", "/new"]
    assert (desk.record().state, desk.record().fetch_url) == ("moved", site.url("/new"))
    assert site.url("/new") in desk.record().reason
    # It moves back: that is seen as soon as its new address fails.
    site["/new"], site["/feed"] = Reply(status=404), unchanged
    await polls(desk, 4)
    assert (desk.record().state, desk.record().fetch_url) == ("fresh", None)
    assert [request.path for request in site.requests][-1] == "/feed"


async def test_a_permanent_move_to_what_is_no_feed_is_not_saved(site: Site, desk: Desk) -> None:
    site["/feed"] = redirect("/parked")
    site["/parked"] = Reply(b"<html><title>Buy this domain</title></html>", content_type="text/html")
    await desk.poll()
    assert (desk.record().state, desk.record().fetch_url) == ("not a feed", None)


async def test_a_temporary_move_is_not_saved(site: Site, desk: Desk) -> None:
    site["/feed"] = redirect("/today", 307)
    site["/today"] = feed(range(3))
    await desk.poll()
    assert (desk.record().state, desk.record().fetch_url) == ("fresh", None)
