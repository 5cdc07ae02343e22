"""Pages that could not be had at first come later, and with them a new revision of their article; bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from producers.awaiting import AwaitLimits
from producers.fetch import Fetcher
from producers.opml import FeedSource
from producers.polls import PollLimits
from quotewire.adapters.sqlite_feed_store import SqliteFeedStore
from quotewire.ports import FeedUpdate, FoundArticle
from schemas.records import RawArticle
from tests.producers.feeds import LONG, item, rss
from tests.producers.polling import Desk, numbers
from tests.producers.site import Reply, Request, Site

HTML = b"<html><body><p>The council met.</p></body></html>"
PAGE = Reply(HTML, content_type="text/html")
BUSY = Reply(status=503)


@pytest.fixture
def desk(site: Site, fetcher: Fetcher, tmp_path: Path) -> Desk:
    return Desk(fetcher, [FeedSource(site.url())], SqliteFeedStore(tmp_path / "feeds.db"))


def feed_of(site: Site, count: int = 1, *, text: str = "Short.") -> Reply:
    return Reply(rss(item(number, link=site.url(f"/story/{number}"), description=text) for number in range(count)))


async def polled(desk: Desk, *, hours: float = 6) -> Sequence[RawArticle]:
    await desk.poll(after=timedelta(hours=hours))
    return desk.take()


async def test_a_page_that_comes_later_is_a_new_revision_of_its_article(site: Site, desk: Desk) -> None:
    site["/feed"] = feed_of(site)
    site["/story/0"] = [BUSY, PAGE]
    (first,) = await polled(desk)
    assert (first.page, first.page_problem) == (None, "HTTP 503 unavailable")
    summary = await desk.poll(after=timedelta(hours=6))
    (second,) = desk.take()
    assert second.page is not None
    assert second.page.raw_body() == HTML
    assert second.page_problem is None
    assert second.revision == int(desk.clock.now().timestamp() * 1000) > first.revision
    kept = {"id", "url", "feed", "entry", "fetched"}
    assert second.model_dump(include=kept) == first.model_dump(include=kept)
    assert (summary.unchanged, summary.pages, summary.new, summary.edited) == (1, 1, 0, 0)
    # The audit holds the index against what the poller remembers.
    assert list(desk.store.found()) == [FoundArticle(site.url(), first.id, second.revision)]
    assert await polled(desk) == []
    assert (desk.record().next_page, desk.store.awaited(site.url())) == (None, [])
    assert len(site.asked("/story/0")) == 2


async def test_it_is_not_asked_for_at_every_poll(site: Site, desk: Desk) -> None:
    site["/feed"] = feed_of(site)
    site["/story/0"] = Reply(status=429, headers=[("Retry-After", "36000")])
    await polled(desk)
    await polled(desk)
    assert len(site.asked("/story/0")) == 1
    site["/story/0"] = PAGE
    (article,) = await polled(desk)
    assert article.page is not None


async def test_a_site_that_throttles_gives_all_its_pages_in_the_end(site: Site, desk: Desk) -> None:
    left = 0

    def story(_: Request) -> Reply:
        nonlocal left
        left -= 1
        return PAGE if left >= 0 else Reply(status=429, headers=[("Retry-After", "1200")])

    site["/feed"] = feed_of(site, 200)
    for number in range(200):
        site[f"/story/{number}"] = story
    first = await polled(desk)
    assert len(first) == 200
    assert left >= -2
    had = [article.id for article in first if article.page]
    while len(had) < 200:
        left = 30
        came = await polled(desk, hours=1)
        assert len(came) >= 28 or len(had) + len(came) == 200
        had += [article.id for article in came]
    assert len(set(had)) == 200
    assert desk.store.awaited(site.url()) == []


@pytest.mark.parametrize(
    "reply",
    [Reply(status=status) for status in (401, 404, 410)]
    + [
        Reply(b"%PDF", content_type="application/pdf"),
        Reply(b"<title>Are you a robot?</title>", content_type="text/html"),
    ],
)
async def test_what_will_never_come_is_asked_for_once(site: Site, desk: Desk, reply: Reply) -> None:
    site["/feed"] = feed_of(site)
    site["/story/0"] = reply
    await polled(desk)
    assert await polled(desk) == []
    assert len(site.asked("/story/0")) == 1


async def test_what_robots_txt_forbids_is_not_awaited_and_what_it_hides_for_now_is(site: Site, desk: Desk) -> None:
    site["/feed"] = feed_of(site)
    site["/story/0"] = PAGE
    site["/robots.txt"] = [Reply(status=500), Reply(b"User-agent: *\nDisallow: /", content_type="text/plain")]
    await polled(desk)
    assert len(desk.store.awaited(site.url())) == 1
    assert await polled(desk) == []
    assert desk.store.awaited(site.url()) == []
    assert site.asked("/story/0") == []


async def test_a_page_that_never_comes_is_given_up(site: Site, desk: Desk) -> None:
    site["/feed"] = feed_of(site)
    site["/story/0"] = BUSY
    desk.limits = replace(desk.limits, awaiting=AwaitLimits(tries=4))
    for _ in range(9):
        await polled(desk)
    assert len(site.asked("/story/0")) == 4
    assert (desk.record().next_page, desk.store.awaited(site.url())) == (None, [])


async def test_a_page_is_not_awaited_for_weeks(site: Site, desk: Desk) -> None:
    site["/feed"] = feed_of(site)
    site["/story/0"] = Reply(status=429, headers=[("Retry-After", "86400")])
    for _ in range(9):
        await polled(desk, hours=25)
    assert len(site.asked("/story/0")) <= 4
    assert desk.store.awaited(site.url()) == []


async def test_no_entry_of_great_length_is_kept_for_its_page(site: Site, desk: Desk) -> None:
    site["/feed"] = Reply(
        rss(
            [
                item(number, link=site.url(f"/story/{number}"), description="word " * count + "…")
                for number, count in ((1, 500), (2, 5_000))
            ]
        )
    )
    site["/story/1"] = site["/story/2"] = BUSY
    await polled(desk)
    assert [page.article.entry.title for page in desk.store.awaited(site.url())] == ["Report 1 from the harbour"]


async def test_an_edit_brings_its_own_page_and_nothing_is_awaited_then(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed_of(site), feed_of(site, text="Shorter.")]
    site["/story/0"] = [BUSY, PAGE]
    await polled(desk)
    (edited,) = await polled(desk)
    assert edited.page is not None
    assert desk.store.awaited(site.url()) == []
    assert await polled(desk) == []


async def test_an_edit_that_tells_the_whole_story_needs_no_page_any_more(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed_of(site), feed_of(site, text=LONG * 10)]
    site["/story/0"] = BUSY
    await polled(desk)
    (edited,) = await polled(desk)
    assert (edited.page, edited.page_problem) == (None, None)
    assert desk.store.awaited(site.url()) == []


async def test_an_edit_after_a_late_page_is_newer_than_it(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed_of(site), feed_of(site), feed_of(site, text="Shorter.")]
    site["/story/0"] = [BUSY, PAGE]
    revisions = [article.revision for _ in range(3) for article in await polled(desk)]
    assert len(revisions) == 3
    assert revisions == sorted(set(revisions))


async def test_a_feed_that_fails_has_its_pages_left_alone(site: Site, desk: Desk) -> None:
    site["/feed"] = [feed_of(site), BUSY, feed_of(site)]
    site["/story/0"] = [BUSY, PAGE]
    await polled(desk)
    assert await polled(desk) == []
    assert len(site.asked("/story/0")) == 1
    assert len(await polled(desk)) == 1


async def test_no_page_is_asked_for_again_where_none_are_wanted_any_more(site: Site, desk: Desk) -> None:
    site["/feed"] = feed_of(site)
    site["/story/0"] = [BUSY, PAGE]
    await polled(desk)
    desk.limits = replace(desk.limits, fetch_pages=False)
    assert await polled(desk) == []


class _Kill(BaseException):
    """Nothing in the program catches it."""


@pytest.mark.parametrize("step", range(10))
async def test_a_kill_at_any_step_loses_no_page(site: Site, fetcher: Fetcher, tmp_path: Path, step: int) -> None:
    steps = iter(range(1_000))

    def counted() -> None:
        if next(steps) == step:
            raise _Kill

    class Store(SqliteFeedStore):
        def save_all(self, updates: Sequence[FeedUpdate]) -> None:
            counted()
            super().save_all(updates)
            counted()

    desk = Desk(fetcher, [FeedSource(site.url())], Store(tmp_path / "feeds.db"))
    published: list[RawArticle] = []

    def publish(articles: Sequence[RawArticle]) -> None:
        counted()
        published.extend(articles)
        counted()

    desk.publish = publish
    site["/feed"] = feed_of(site, 2)
    site["/story/0"], site["/story/1"] = [BUSY, PAGE], PAGE
    killed = 0
    for _ in range(4):
        try:
            await desk.poll(after=timedelta(hours=6))
        except _Kill:
            killed += 1
    assert killed == 1
    newest = {article.id: article for article in sorted(published, key=lambda article: article.revision)}
    assert len(newest) == 2
    assert all(article.page for article in newest.values())
    assert desk.store.awaited(site.url()) == []
    assert {found.article: found.revision for found in desk.store.found()} == {
        article.id: article.revision for article in newest.values()
    }


async def test_many_pages_are_bounded_and_those_beyond_come_later(site: Site, desk: Desk) -> None:
    desk.limits = PollLimits(pages_at_poll=3, publish_at_once=2)
    site["/story"] = Reply(HTML, content_type="text/html")
    site["/feed"] = Reply(rss(item(number, link=site.url(f"/story?id={number}")) for number in range(7)))
    summary = await desk.poll()
    articles = desk.take()
    assert numbers(articles) == [str(number) for number in range(7)]
    assert (summary.pages, summary.page_problems) == (3, 4)
    assert all("more than 3" in (article.page_problem or "") for article in articles[3:])
    for expected in (["3", "4", "5"], ["6"], []):
        await desk.poll(after=timedelta(hours=6))
        late = desk.take()
        assert numbers(late) == expected
        assert all(article.page for article in late)
    assert sum(request.path.startswith("/story") for request in site.requests) == 7


async def test_no_page_is_named_as_missing_where_the_feed_gives_the_whole_text(site: Site, desk: Desk) -> None:
    desk.limits = PollLimits(pages_at_poll=1)
    site["/feed"] = Reply(rss(item(number, link=site.url("/story"), description=LONG * 5) for number in range(3)))
    assert (await desk.poll()).page_problems == 0
    assert site.asked("/story") == []
