"""Walls before article pages, from the poller to the metrics and the record."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import CollectorRegistry

from producers.fetch import Fetcher
from producers.opml import FeedSource
from producers.poll import Poller, PollSummary
from producers.walls import Wall
from quotewire.metrics import PipelineMetrics
from tests.producers.feeds import item, rss
from tests.producers.polling import Desk, ThreadParser
from tests.producers.site import Reply, Site
from tests.producers.test_pages import CONSENT, HTML, PAYWALLED

REFUSED = Reply(status=403)


def html(body: bytes) -> Reply:
    return Reply(body, content_type="text/html")


async def test_walls_are_counted_by_kind_and_a_paywalled_page_is_no_missing_one(site: Site, fetcher: Fetcher) -> None:
    desk = Desk(fetcher, [FeedSource(site.url())])
    registry = CollectorRegistry()
    metrics = PipelineMetrics(registry, desk.clock)
    poller = Poller(
        sources=lambda: desk.sources,
        store=desk.store,
        publish=desk.published.extend,
        fetcher=fetcher,
        parser=ThreadParser(),
        clock=desk.clock,
        limits=desk.limits,
        observe=metrics.polled,
    )

    async def poll() -> PollSummary:
        desk.clock.moment += timedelta(hours=6)
        return await poller.poll_due()

    def walls(name: Wall) -> float | None:
        return registry.get_sample_value("quotewire_page_walls_total", {"wall": name})

    def pages(outcome: str) -> float | None:
        return registry.get_sample_value("quotewire_page_fetches_total", {"outcome": outcome})

    assert (walls("robot check"), walls("log-in page")) == (0, 0)
    site["/feed"] = Reply(rss(item(number, link=site.url(f"/story/{number}")) for number in range(5)))
    site["/story/0"] = html(HTML)
    site["/story/1"], site["/story/2"] = html(PAYWALLED), html(CONSENT)
    site["/story/3"], site["/story/4"] = [REFUSED, html(PAYWALLED)], [REFUSED, html(CONSENT)]
    summary = await poll()
    assert (summary.pages, summary.page_problems) == (2, 3)
    assert (walls("consent wall"), walls("paywall")) == (1, 1)
    assert (pages("fetched"), pages("late"), pages("failed")) == (2, 0, 3)
    told = [(article.page is not None, article.page_problem) for article in desk.take()]
    assert told == [
        (True, None),
        (True, "the article is behind a paywall: the page may hold its beginning only"),
        (False, "a consent wall stands before the page"),
        (False, "HTTP 403 forbidden"),
        (False, "HTTP 403 forbidden"),
    ]
    await poll()
    assert (walls("consent wall"), walls("paywall")) == (2, 2)
    assert (pages("fetched"), pages("late"), pages("failed")) == (2, 1, 4)
