"""A feed whose address is no more is found again through its site; a network that is down is nobody's fault."""

from __future__ import annotations

from datetime import timedelta

import pytest

from producers.fetch import Fetcher
from producers.opml import FeedSource
from producers.polls import PollLimits
from tests.producers.feeds import item, rss
from tests.producers.polling import Desk
from tests.producers.site import Reply, Site


@pytest.fixture
def desk(site: Site, fetcher: Fetcher) -> Desk:
    return Desk(fetcher, [FeedSource(site.url())], limits=PollLimits(retry_wait=0.01, fetch_pages=False))


def home(*links: tuple[str, str]) -> Reply:
    head = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{href}" title="{title}">' for href, title in links
    )
    return Reply(f"<html><head>{head}</head></html>".encode(), content_type="text/html")


def news(*numbers: int) -> Reply:
    return Reply(rss(item(number) for number in numbers))


@pytest.mark.parametrize("status", [404, 410])
async def test_a_feed_that_is_gone_is_found_through_its_site(site: Site, desk: Desk, status: int) -> None:
    site["/feed"] = [news(1, 2), Reply(status=status)]
    site["/"] = home(("/comments", "Comments"), ("/sport", "Sport"), ("/new", "News"))
    site["/sport"], site["/new"] = news(7, 8), news(2, 3)
    await desk.poll()
    again = await desk.poll()
    assert (again.new, desk.record().state, desk.record().fetch_url) == (1, "moved", site.url("/new"))
    assert site.url("/new") in desk.record().reason
    await desk.poll()
    assert len(site.asked("/feed")) == 2
    assert site.asked("/comments") == []


async def test_the_only_feed_of_the_site_is_taken_where_nothing_is_known(site: Site, desk: Desk) -> None:
    site["/"] = home(("/new", "News"))
    site["/new"] = news(1)
    assert (await desk.poll()).new == 1
    assert desk.record().state == "moved"


WORDPRESS = [("/wp-json/wp/v2/pages/2", "JSON"), ("/new", "News"), ("/wp-json/oembed", "")]
API = Reply(b'{"id": 2, "title": {"rendered": "Home"}}', content_type="application/json")


async def test_what_answers_and_is_no_feed_is_not_counted(site: Site, desk: Desk) -> None:
    site["/"] = home(*WORDPRESS)
    site["/wp-json/wp/v2/pages/2"], site["/wp-json/oembed"] = API, Reply(status=404)
    site["/new"] = news(1)
    assert (await desk.poll()).new == 1
    assert (desk.record().state, desk.record().fetch_url) == ("moved", site.url("/new"))


@pytest.mark.parametrize("other", [Reply(status=503), Reply(status=403), Reply(b""), Reply(rss([])), news(7)])
async def test_what_cannot_be_read_or_is_a_feed_too_may_be_the_one(site: Site, desk: Desk, other: Reply) -> None:
    site["/"] = home(*WORDPRESS)
    site["/wp-json/wp/v2/pages/2"], site["/wp-json/oembed"] = API, other
    site["/new"] = news(1)
    assert (await desk.poll()).new == 0
    assert desk.record().state == "failing"


async def test_beyond_a_few_none_is_the_only_one(site: Site, desk: Desk) -> None:
    site["/"] = home(("/new", "News"), *((f"/wp-json/{number}", "") for number in range(5)))
    for number in range(5):
        site[f"/wp-json/{number}"] = API
    site["/new"] = news(1)
    assert (await desk.poll()).new == 0


@pytest.mark.parametrize("named", ["/feed", "/feed/"])
async def test_a_page_that_still_names_the_lost_feed_names_no_other_for_it(site: Site, desk: Desk, named: str) -> None:
    site["/"] = home(("/new", "News"), (named, "Sport"))
    site["/new"] = news(1)
    assert (await desk.poll()).new == 0
    assert desk.record().state == "failing"


async def test_a_feed_whose_address_is_spelt_otherwise_by_now_is_found(site: Site, desk: Desk) -> None:
    site["/feed"] = news(1)
    await desk.poll()
    site["/feed"], site["/"] = Reply(status=404), home(("/feed/", "News"))
    site["/feed/"] = news(2, 1)
    assert (await desk.poll()).new == 1
    assert desk.record().fetch_url == site.url("/feed/")


async def test_none_is_guessed_at(site: Site, desk: Desk) -> None:
    site["/"] = home(("/a", "A"), ("/b", "B"), ("https://other.example/feed", "Other"))
    site["/a"], site["/b"] = news(1), news(2)
    await desk.poll()
    assert (desk.record().state, desk.record().reason) == ("failing", "HTTP 404 not found")


async def test_a_site_is_not_asked_at_every_poll(site: Site, desk: Desk) -> None:
    for _ in range(8):
        await desk.poll()
    assert len(site.asked("/")) == 2


async def test_feeds_are_not_punished_for_a_network_that_is_down(site: Site, desk: Desk) -> None:
    site["/feed"] = news(1)
    await desk.poll()
    site["/feed"] = Reply(status=500)
    desk.follow(*(f"http://nowhere-{number}.invalid/feed" for number in range(20)))
    desk.limits = PollLimits(retry_wait=0.01, at_once=1)
    desk.sources.reverse()
    await desk.poll()
    records = desk.store.feeds()
    spared = [record for record in records.values() if "network at this end" in record.reason]
    assert len(spared) >= 10
    for record in spared:
        assert (record.state, record.failures) == ("failing", 0)
        assert record.next_poll is not None
        assert record.next_poll - desk.clock.now() <= timedelta(minutes=5)
    assert records[site.url()].reason == "HTTP 500 server error"
    assert records[site.url()].failures == 1
