"""The poller: every due feed once, published before it is remembered, and none in another's way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from producers.addresses import AddressPolicy
from producers.fetch import Fetcher, FetchLimits
from producers.opml import FeedSource
from producers.pages import PageLimits
from producers.parse_process import ParserPool
from producers.poll import Poller
from producers.polls import FeedPoll, PollLimits
from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.adapters.sqlite_feed_store import SqliteFeedStore
from quotewire.ports import ConfigurationError, FeedRecord, FeedUpdate, Rejected, SeenEntry, Unavailable
from schemas.records import RawArticle
from tests.producers.feeds import LONG, item, rss
from tests.producers.polling import Desk, numbers
from tests.producers.site import Reply, Request, Site

HTML = b"<html><body><p>The council met.</p></body></html>"


@pytest.fixture
def desk(site: Site, fetcher: Fetcher) -> Desk:
    return Desk(fetcher, [FeedSource(site.url(), "Listed name", ("local", "sea"))])


async def test_an_article_carries_what_feed_and_page_said(site: Site, desk: Desk) -> None:
    site["/feed"] = Reply(rss([item(1, link=site.url("/story?utm_source=feed"))]))
    site["/story"] = Reply(HTML, content_type="text/html")
    summary = await desk.poll()
    (article,) = desk.take()
    assert article.url == site.url("/story")
    assert (article.feed.url, article.feed.title, article.feed.tags) == (
        site.url(),
        "The Ashmere Courier",
        ("local", "sea"),
    )
    assert article.entry.guid == "tag:ashmere.example,2026:report-1"
    assert article.page is not None
    assert article.page.raw_body() == HTML
    assert article.fetched == desk.clock.now()
    assert article.revision == int(desk.clock.now().timestamp() * 1000)
    assert (summary.polled, summary.new, summary.pages, summary.failed) == (1, 1, 1, 0)
    assert summary.states == {"fresh": 1}


async def test_a_second_poll_adds_nothing(site: Site, desk: Desk) -> None:
    site["/feed"] = Reply(rss(item(number, link=None) for number in range(5)))
    assert (await desk.poll()).new == 5
    assert (await desk.poller().poll_due()).polled == 0
    again = await desk.poll(after=timedelta(hours=6))
    assert (again.polled, again.new, again.edited, again.unchanged) == (1, 0, 0, 1)
    assert len(desk.take()) == 5


@pytest.mark.parametrize("days", [1, 20])
async def test_what_is_wrong_with_a_feed_is_said_while_it_stays_the_same(site: Site, desk: Desk, days: int) -> None:
    broken = Reply(rss([item(1)]).replace(b"</channel>", b""), headers=[("ETag", '"1"')])
    site["/feed"] = broken
    await desk.poll()
    reason = desk.record().reason
    assert "not well-formed" in reason
    for reply in (Reply(status=304), broken):
        site["/feed"] = reply
        assert (await desk.poll(after=timedelta(days=days))).unchanged == 1
        assert desk.record().reason.endswith(reason)


async def test_an_edited_item_is_a_new_revision_with_its_page(site: Site, desk: Desk) -> None:
    site["/story"] = Reply(HTML, content_type="text/html")
    site["/feed"] = [
        Reply(rss([item(1, link=site.url("/story"), title=title)])) for title in ("First word", "Second word")
    ]
    await desk.poll()
    assert (await desk.poll()).edited == 1
    first, second = desk.take()
    assert first.id == second.id
    assert first.revision < second.revision
    assert len(site.asked("/story")) == 2


async def test_a_feed_that_fails_disturbs_nothing_and_says_why(site: Site, desk: Desk) -> None:
    site["/feed"] = Reply(rss([item(1, link=None)]))
    site["/page"] = Reply(b"<html><title>Sign in</title>", content_type="text/html")
    site["/broken"] = Reply(status=500)
    desk.follow(site.url("/page"), site.url("/broken"), "http://10.0.0.1/feed", "http://nowhere.invalid/", "nonsense")
    summary = await desk.poll()
    assert (summary.polled, summary.new, summary.failed) == (6, 1, 5)
    assert all(record.reason for record in desk.store.feeds().values() if record.failures)
    assert desk.record(site.url("/page")).state == "not a feed"
    assert "Sign in" in desk.record(site.url("/page")).reason
    assert "HTTP 500" in desk.record(site.url("/broken")).reason
    assert "private" in desk.record("http://10.0.0.1/feed").reason


async def test_a_fault_of_ours_in_one_feed_disturbs_no_other(site: Site, desk: Desk) -> None:
    class Breaking(MemoryFeedStore):
        broken = False

        def seen(self, feed: str, identities: Collection[str]) -> Mapping[str, SeenEntry]:
            if self.broken and feed.endswith("/feed"):
                raise ZeroDivisionError
            return super().seen(feed, identities)

    replies = [Reply(rss(item(number, link=None) for number in range(count))) for count in (1, 2)]
    site["/feed"], site["/other"] = list(replies), list(replies)
    desk.store = store = Breaking()
    desk.follow(site.url("/other"))
    await desk.poll()
    store.broken = True
    desk.clock.move(days=1)
    summary = await desk.poller().poll_due()
    assert (summary.new, summary.failed) == (1, 1)
    assert "a fault of this program: ZeroDivisionError" in desk.record(site.url()).reason


async def test_an_item_is_published_before_it_is_remembered(site: Site, desk: Desk) -> None:
    steps: list[str] = []

    class Recording(MemoryFeedStore):
        def save_all(self, updates: Sequence[FeedUpdate]) -> None:
            steps.append(f"save {len(updates[0].seen) > 0}")
            super().save_all(updates)

    desk.store = Recording()
    desk.publish = lambda articles: steps.append(f"publish {len(articles)}")
    site["/feed"] = Reply(rss(item(number, link=None) for number in range(3)))
    await desk.poll()
    assert steps == ["publish 3", "save True"]


async def test_a_kill_between_the_two_publishes_again_under_the_same_ids(site: Site, desk: Desk) -> None:
    class Kill(BaseException):
        """Nothing in the program catches it."""

    class Killed(MemoryFeedStore):
        dead = True

        def save_all(self, updates: Sequence[FeedUpdate]) -> None:
            if self.dead:
                raise Kill
            super().save_all(updates)

    desk.store = store = Killed()
    site["/feed"] = Reply(rss(item(number, link=None) for number in range(3)))
    with pytest.raises(Kill):
        await desk.poll()
    first = desk.take()
    store.dead = False
    await desk.poll()
    assert [article.id for article in desk.take()] == [article.id for article in first]


async def test_an_unavailable_stream_is_waited_out(site: Site, desk: Desk) -> None:
    calls = 0

    def publish(articles: Sequence[RawArticle]) -> None:
        nonlocal calls
        calls += 1
        if calls < 4:
            raise Unavailable("the disk is full")
        desk.published.extend(articles)

    desk.publish = publish
    site["/feed"] = Reply(rss(item(number, link=None) for number in range(3)))
    await desk.poll()
    assert numbers(desk.take()) == ["0", "1", "2"]
    assert calls == 4


async def test_an_unavailable_store_is_waited_out(site: Site, desk: Desk) -> None:
    class Busy(MemoryFeedStore):
        calls = 0

        def save_all(self, updates: Sequence[FeedUpdate]) -> None:
            self.calls += 1
            if self.calls < 3:
                raise Unavailable("locked")
            super().save_all(updates)

    desk.store = Busy()
    site["/feed"] = Reply(rss([item(1, link=None)]))
    await desk.poll()
    assert len(desk.take()) == 1
    assert desk.record().state == "fresh"


async def test_a_store_that_cannot_forget_or_be_read_for_now_stops_nothing(site: Site, desk: Desk) -> None:
    class Away(MemoryFeedStore):
        away = 2

        def feeds(self) -> Mapping[str, FeedRecord]:
            self.away -= 1
            if self.away >= 0:
                raise Unavailable("locked")
            return super().feeds()

        def forget_seen_before(self, moment: datetime) -> int:
            raise Unavailable("locked")

    desk.store = Away()
    site["/feed"] = Reply(rss([item(1, link=None)]))
    with pytest.raises(Unavailable):
        await desk.poll()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def publish(articles: Sequence[RawArticle]) -> None:
        desk.published.extend(articles)
        loop.call_soon_threadsafe(stop.set)

    desk.publish = publish
    await asyncio.wait_for(desk.poller().run(stop), 10)
    assert numbers(desk.take()) == ["1"]
    assert (await desk.poll()).polled == 1


async def test_an_article_that_the_stream_rejects_costs_no_other(site: Site, desk: Desk) -> None:
    def publish(articles: Sequence[RawArticle]) -> None:
        if any(article.page or "2" in article.entry.title for article in articles):
            raise Rejected("too large")
        desk.published.extend(articles)

    desk.publish = publish
    site["/story"] = Reply(HTML, content_type="text/html")
    site["/feed"] = Reply(rss([item(1, link=site.url("/story")), item(2, link=None), item(3, link=None)]))
    await desk.poll()
    published = desk.take()
    assert numbers(published) == ["1", "3"]
    assert "too large" in (published[0].page_problem or "")
    assert desk.record().reason == "1 articles are too large for the stream"
    await desk.poll()
    assert desk.take() == []


async def test_an_article_whose_text_is_too_large_is_published_by_its_title(site: Site, desk: Desk) -> None:
    def publish(articles: Sequence[RawArticle]) -> None:
        if any(article.entry.summary or article.entry.content for article in articles):
            raise Rejected("too large")
        desk.published.extend(articles)

    desk.publish = publish
    site["/feed"] = Reply(rss([item(1, link=None)]))
    await desk.poll()
    (published,) = desk.take()
    assert published.entry.title
    assert published.page_problem == "too large for the stream together with its text"
    assert desk.record().reason == ""


async def test_a_mistake_of_the_user_stops_the_poller(site: Site, desk: Desk) -> None:
    def publish(articles: Sequence[RawArticle]) -> None:
        raise ConfigurationError("the file was removed")

    desk.publish = publish
    site["/feed"] = Reply(rss([item(1, link=None)]))
    with pytest.raises(ConfigurationError):
        await desk.poll()
    with pytest.raises(ConfigurationError):
        await asyncio.wait_for(desk.poller().run(asyncio.Event()), 5)


async def test_credentials_are_used_and_stand_nowhere(
    site: Site, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    site["/feed"] = [Reply(rss([item(1, link=None)])), Reply(status=403)]
    desk.sources = [FeedSource(f"http://reader:hunter2@127.0.0.1:{site.port}/feed")]
    for _ in range(2):
        await desk.poll()
    assert "authorization" in site.requests[0].headers
    assert desk.record(site.url()).state == "blocked"
    told = repr(desk.store.feeds()) + repr(desk.take()) + "".join(capsys.readouterr())
    assert "hunter2" not in told


async def test_a_list_that_changes_is_followed(site: Site, desk: Desk) -> None:
    site["/feed"] = site["/other"] = Reply(rss([item(1, link=None)]))
    poller = desk.poller()
    assert (await poller.poll_due()).polled == 1
    desk.sources = [FeedSource(site.url("/other")), FeedSource(site.url("/other"))]
    assert (await poller.poll_due()).polled == 1
    assert len(site.asked("/other")) == 1


async def test_feeds_are_polled_at_once_but_few_of_one_owner(site: Site, desk: Desk) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(Reply(rss([item(1, link=None)])).render())

    desk.sources = []
    for number in range(12):
        site[f"/{number}"] = slow
        desk.follow(site.url(f"/{number}"))
    desk.limits = PollLimits(at_once=10, at_once_of_owner=3)
    async with Fetcher(AddressPolicy.from_text(["127.0.0.1"]), FetchLimits(per_owner=50)) as fetcher:
        desk.fetcher = fetcher
        summary = await desk.poll()
    assert summary.polled == 12
    assert site.most_at_once == 3


async def test_run_polls_until_it_is_told_to_stop(site: Site, desk: Desk) -> None:
    site["/feed"] = [Reply(rss([item(1, link=None)])), Reply(rss([item(2, link=None), item(1, link=None)]))]
    polls: asyncio.Queue[FeedPoll] = asyncio.Queue()
    stop = asyncio.Event()
    poller = Poller(
        sources=lambda: desk.sources,
        store=desk.store,
        publish=desk.published.extend,
        fetcher=desk.fetcher,
        parser=ParserPool(),
        clock=desk.clock,
        limits=desk.limits,
        observe=polls.put_nowait,
    )
    running = asyncio.create_task(poller.run(stop))
    for _ in range(2):
        poll = await asyncio.wait_for(polls.get(), 20)
        assert poll.new == 1
        desk.clock.move(days=1)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert numbers(desk.take()) == ["1", "2"]


async def test_stopping_lets_polls_finish_and_ends_those_that_do_not(site: Site, desk: Desk) -> None:
    asked = asyncio.Semaphore(0)

    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        asked.release()
        await asyncio.sleep(0.3)
        writer.write(Reply(rss([item(1, link=None)])).render())

    async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
        asked.release()
        await asyncio.sleep(60)

    site["/feed"] = slow
    site["/endless"] = endless
    desk.follow(site.url("/endless"))
    desk.limits = PollLimits(drain_time=0.6)
    stop = asyncio.Event()
    async with Fetcher(AddressPolicy.from_text(["127.0.0.1"])) as fetcher:
        desk.fetcher = fetcher
        running = asyncio.create_task(desk.poller().run(stop))
        for _ in range(2):
            await asyncio.wait_for(asked.acquire(), 5)
        stop.set()
        started = time.monotonic()
        await asyncio.wait_for(running, 5)
    assert time.monotonic() - started < 2
    assert numbers(desk.take()) == ["1"]
    assert set(desk.store.feeds()) == {site.url()}


async def test_a_feed_is_remembered_across_a_restart(site: Site, desk: Desk, tmp_path: Path) -> None:
    site["/feed"] = Reply(rss([item(1, link=None)]), headers=[("ETag", '"one"')])
    desk.store = SqliteFeedStore(tmp_path / "feeds.db")
    await desk.poll()
    desk.store.close()
    desk.store = SqliteFeedStore(tmp_path / "feeds.db")
    assert (await desk.poller().poll_due()).polled == 0
    await desk.poll(after=timedelta(hours=8))
    assert site.requests[-1].headers["if-none-match"] == '"one"'
    desk.store.close()
    assert len(desk.take()) == 1


async def test_full_text_in_the_feed_needs_no_page(site: Site, desk: Desk) -> None:
    desk.limits = replace(desk.limits, pages=PageLimits(full_text=20))
    site["/feed"] = Reply(rss([item(1, link=site.url("/story"), description=LONG)]))
    await desk.poll()
    (article,) = desk.take()
    assert (article.page, article.page_problem) == (None, None)
    assert [request.path for request in site.requests] == ["/feed"]
