"""An index of news sitemaps, followed to the newest of them, bounded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from producers.fetch import Fetcher
from producers.opml import FeedSource
from producers.parse import parse
from tests.producers.polling import Desk
from tests.producers.site import Reply, Site

NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
URL = "https://ashmere.example/sitemap.xml"


def index(*parts: tuple[str, str]) -> Reply:
    listed = "".join(
        f"<sitemap><loc>{address}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>"
        for address, date in parts
    )
    body = f'<?xml version="1.0"?><sitemapindex xmlns="{SITEMAPS}">{listed}</sitemapindex>'
    return Reply(body.encode(), content_type="application/xml", headers=[("ETag", '"1"')])


def sitemap(site: Site, *stories: int, news: bool = True) -> Reply:
    about = "<n:news><n:publication_date>2026-03-04</n:publication_date><n:title>Report {0}</n:title></n:news>"
    pages = "".join(
        f"<url><loc>{site.url(f'/story/{number}')}</loc>{about.format(number) if news else ''}</url>"
        for number in stories
    )
    body = f'<?xml version="1.0"?><urlset xmlns="{SITEMAPS}" xmlns:n="{NEWS}">{pages}</urlset>'
    return Reply(body.encode(), content_type="application/xml")


@pytest.fixture
def desk(site: Site, fetcher: Fetcher) -> Desk:
    return Desk(fetcher, [FeedSource(site.url("/sitemap.xml"))])


async def titles(desk: Desk) -> list[str]:
    await desk.poll(after=timedelta(hours=6))
    return [article.entry.title for article in desk.take()]


def test_the_newest_are_taken_those_named_after_news_first() -> None:
    parts = [(f"https://ashmere.example/{year}.xml", f"{year}-03-04") for year in range(2015, 2026)]
    parts += [("/undated.xml", ""), ("/news-old.xml", "2010-01-01"), ("/news.xml", "2026-03-04T05:06:07Z")]
    feed = parse(index(*parts).body, url=URL)
    assert feed.parts == tuple(f"https://ashmere.example/{name}.xml" for name in ("news", "news-old", "2025", "2024"))


async def test_an_index_is_read_with_what_it_names(site: Site, desk: Desk) -> None:
    site["/sitemap.xml"] = index((site.url("/news-1.xml"), "2026-03-03"), (site.url("/news-2.xml"), "2026-03-04"))
    site["/news-1.xml"] = sitemap(site, 1)
    site["/news-2.xml"] = [sitemap(site, 3, 2, 1), sitemap(site, 4, 3, 2, 1)]
    assert await titles(desk) == ["Report 3", "Report 2", "Report 1"]
    # The index is the same, and what it leads to is not.
    assert await titles(desk) == ["Report 4"]
    assert (desk.record().state, desk.record().entries) == ("fresh", 4)
    assert "if-none-match" not in site.asked("/sitemap.xml")[-1].headers


async def test_only_a_few_and_none_of_others_are_asked(site: Site, desk: Desk) -> None:
    listed = [(site.url(f"/part-{number}.xml"), f"2026-03-{number:02}") for number in range(1, 20)]
    site["/sitemap.xml"] = index(*listed, ("http://127.0.0.9/news.xml", "2026-03-30"))
    for number in range(1, 20):
        site[f"/part-{number}.xml"] = sitemap(site, number)
    assert await titles(desk) == ["Report 19", "Report 18", "Report 17"]


async def test_an_index_in_an_index_is_not_followed(site: Site, desk: Desk) -> None:
    site["/sitemap.xml"] = index((site.url("/sitemap.xml"), ""), (site.url("/news.xml"), ""))
    site["/news.xml"] = sitemap(site, 1)
    assert await titles(desk) == ["Report 1"]
    assert len(site.asked("/sitemap.xml")) == 2


@pytest.mark.parametrize(
    ("reply", "state", "words"),
    [
        (Reply(status=503), "failing", "HTTP 503"),
        (Reply(status=404), "not a feed", "hold no news"),
        (Reply(b"<html><title>Hello</title>", content_type="text/html"), "not a feed", "hold no news"),
    ],
)
async def test_what_is_wrong_with_the_sitemaps_is_said(
    site: Site, desk: Desk, reply: Reply, state: str, words: str
) -> None:
    site["/sitemap.xml"] = index((site.url("/news.xml"), ""))
    site["/news.xml"] = reply
    assert await titles(desk) == []
    assert desk.record().state == state
    assert words in desk.record().reason


async def test_sitemaps_without_news_are_no_feed(site: Site, desk: Desk) -> None:
    site["/sitemap.xml"] = index((site.url("/pages.xml"), ""))
    site["/pages.xml"] = sitemap(site, 1, news=False)
    assert await titles(desk) == []
    assert desk.record().state == "not a feed"


async def test_one_sitemap_that_fails_costs_no_other(site: Site, desk: Desk) -> None:
    site["/sitemap.xml"] = index((site.url("/news-1.xml"), ""), (site.url("/news-2.xml"), ""))
    site["/news-2.xml"] = sitemap(site, 1)
    assert await titles(desk) == ["Report 1"]
    assert "1 of 2 sitemaps could not be read: HTTP 404" in desk.record().reason
