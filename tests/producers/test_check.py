"""One look at one feed."""

from __future__ import annotations

from producers.check import FeedReport, check
from producers.discover import FeedLink
from producers.fetch import Fetcher
from tests.producers.feeds import item, rss
from tests.producers.polling import ThreadParser
from tests.producers.site import Reply, Site, redirect


async def of(url: str, fetcher: Fetcher) -> FeedReport:
    return await check(url, fetcher=fetcher, parser=ThreadParser())


async def test_a_good_feed_is_reported_whole(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = redirect("/new")
    site["/new"] = Reply(rss([item(1), item(2)], extra="<ttl>60</ttl>"), headers=[("ETag", '"a"')])
    report = await of(site.url(), fetcher)
    assert (report.ok, report.problem, report.entries, report.format) == (True, None, 2, "rss20")
    assert (report.url, report.final_url, report.permanent_url) == (site.url(), site.url("/new"), site.url("/new"))
    assert (report.title, report.newest[0]) == ("The Ashmere Courier", "Report 1 from the harbour")
    assert report.hints is not None
    assert report.hints.ttl == 3_600
    assert report.has_validators


async def test_what_is_wrong_is_said(site: Site, fetcher: Fetcher) -> None:
    site["/page"] = Reply(b"<html><title>Hello</title>", content_type="text/html")
    site["/empty"] = Reply(rss([]))
    for url, words in (
        ("feed.xml", "http://"),
        (site.url("/none"), "404"),
        (site.url("/page"), "HTML page “Hello”"),
        (site.url("/empty"), "without entries"),
        ("http://reader:hunter2@10.0.0.1/", "private"),
    ):
        report = await of(url, fetcher)
        assert not report.ok
        assert words in (report.problem or "")
        assert "hunter2" not in repr(report)


async def test_a_page_names_its_feeds(site: Site, fetcher: Fetcher) -> None:
    site["/"] = Reply(b"<link rel=alternate type=application/atom+xml href=/atom title=All>", content_type="text/html")
    report = await of(site.url("/"), fetcher)
    assert not report.ok
    assert report.feeds_of_page == (FeedLink(site.url("/atom"), "All"),)
