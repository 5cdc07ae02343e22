"""What Kibana shows of Quotewire; `python -m deploy.kibana.generate` writes it to quotewire.ndjson beside this file.

Fields are those of quotewire/adapters/elasticsearch_layout/; a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from deploy.kibana.building import (
    Chart,
    SavedObject,
    count,
    dashboard,
    data_view,
    distinct,
    greatest,
    newest,
    over_time,
    percentile,
    search,
    top,
)

FILE = Path(__file__).with_name("quotewire.ndjson")

_LINK = {"url": {"id": "url", "params": {"type": "a", "openLinkInCurrentTab": False}}}
ARTICLES, QUOTES, ALERTS, HEALTH = (f"quotewire-{kind}" for kind in ("articles", "quotes", "alerts", "health"))


_NEED_A_LOOK = "kind: feed and not state: (fresh or quiet or new)"
"""Feeds that are not as they should be; docs/feeds.md says what the states mean."""


def _data_views() -> list[SavedObject]:
    return [
        data_view(ARTICLES, "Quotewire: articles", "quotewire-articles", "dated", _LINK),
        data_view(QUOTES, "Quotewire: quotes", "quotewire-quotes", "dated", _LINK),
        data_view(ALERTS, "Quotewire: alerts", "quotewire-alerts", "raised", _LINK),
        data_view(HEALTH, "Quotewire: health", "quotewire-health", "time"),
    ]


def _for_analysts() -> list[SavedObject]:
    articles = search(
        "quotewire-search-articles",
        "Articles, newest first",
        "Every article with who and what is named in it.",
        ARTICLES,
        ["title", "outlet", "people", "organizations", "places", "quotes", "url"],
        "dated",
    )
    quotes = search(
        "quotewire-search-quotes",
        "Quotes, newest first",
        "Who said what, where, and how sure that is.",
        QUOTES,
        ["speaker", "text", "cue", "outlet", "title", "confidence", "url"],
        "dated",
    )
    unknown = search(
        "quotewire-search-unnamed",
        "Quotes without a named speaker",
        "What was said by somebody whom the article does not name.",
        QUOTES,
        ["text", "cue", "outlet", "title", "url"],
        "dated",
        "not speaker: *",
    )
    number = Chart("quotewire-articles-number", "Articles", ARTICLES).metric(count("Articles"))
    said = Chart("quotewire-quotes-number", "Quotes", QUOTES).metric(count("Quotes"))
    speakers = Chart("quotewire-speakers-number", "Speakers", QUOTES).metric(distinct("speaker", "Speakers"))
    outlets = Chart("quotewire-outlets-number", "Outlets", ARTICLES).metric(distinct("outlet", "Outlets"))
    flow = Chart("quotewire-articles-over-time", "Articles over time, by outlet", ARTICLES).bars(
        over_time("dated"), count("Articles"), split=top("outlet", "Outlet", 10)
    )
    named = [
        Chart(f"quotewire-top-{field}", title, ARTICLES).bars(top(field, title, 15), count("Articles"))
        for field, title in (("people", "People"), ("organizations", "Organisations"), ("places", "Places"))
    ]
    most_quoted = Chart("quotewire-most-quoted", "Who is quoted how often", QUOTES, "speaker: *").table(
        [top("speaker", "Speaker", 50)], count("Quotes"), distinct("article", "Articles"), distinct("outlet", "Outlets")
    )
    quoted_over_time = Chart("quotewire-quoted-over-time", "The most quoted over time", QUOTES, "speaker: *").lines(
        over_time("dated"), count("Quotes"), split=top("speaker", "Speaker", 8)
    )
    by_outlet = Chart("quotewire-by-outlet", "By outlet", QUOTES).table(
        [top("outlet", "Outlet", 50)],
        count("Quotes"),
        distinct("article", "Articles with quotes"),
        distinct("speaker", "Speakers"),
        percentile("confidence", 50, "Median confidence"),
    )
    board = dashboard(
        "quotewire-analysts",
        "Quotewire: who said what",
        "Articles over time, who and what is in the news, who is quoted how often and by whom.",
        "now-7d",
        (6, [number, said, speakers, outlets]),
        (14, [flow]),
        (16, named),
        (16, [most_quoted, quoted_over_time]),
        (14, [by_outlet]),
        (20, [quotes]),
        (20, [articles]),
    )
    shown = [number, said, speakers, outlets, flow, *named, most_quoted, quoted_over_time, by_outlet]
    return [articles, quotes, unknown, *shown, board]


def _for_name_trackers() -> list[SavedObject]:
    alerts = search(
        "quotewire-search-alerts",
        "Alerts, newest first",
        "Each story that names a tracked name, with the sentence that names it first.",
        ALERTS,
        ["name", "mention", "sentence", "outlets", "article_count", "title", "url"],
        "raised",
    )
    number = Chart("quotewire-alerts-number", "Alerts", ALERTS).metric(count("Alerts"))
    names = Chart("quotewire-names-number", "Names mentioned", ALERTS).metric(distinct("name", "Names"))
    flow = Chart("quotewire-alerts-over-time", "Alerts over time, by name", ALERTS).bars(
        over_time("raised"), count("Alerts"), split=top("name", "Name", 10)
    )
    by_name = Chart("quotewire-alerts-by-name", "By name", ALERTS).table(
        [top("name", "Name", 100)], count("Alerts"), distinct("outlet", "Outlets")
    )
    by_outlet = Chart("quotewire-alerts-by-outlet", "By outlet", ALERTS).bars(
        top("outlet", "Outlet", 20), count("Alerts")
    )
    board = dashboard(
        "quotewire-alerts",
        "Quotewire: alerts",
        "Which tracked names were mentioned, when and where.",
        "now-7d",
        (6, [number, names]),
        (14, [flow]),
        (16, [by_name, by_outlet]),
        (20, [alerts]),
    )
    return [alerts, number, names, flow, by_name, by_outlet, board]


def _for_ops() -> list[SavedObject]:
    failing = search(
        "quotewire-search-feeds",
        "Feeds that need a look",
        "Each feed that is neither fresh, quiet nor new, with the reason.",
        HEALTH,
        ["state", "name", "title", "value", "reason"],
        "time",
        _NEED_A_LOOK,
    )
    slow = search(
        "quotewire-search-slow",
        "Articles that came late",
        "Articles that could be searched only more than an hour after they were published.",
        ARTICLES,
        ["latency", "title", "feed", "published", "fetched", "indexed"],
        "dated",
        "latency > 3600",
    )
    recent = "latency <= 86400"
    feeds = Chart("quotewire-feeds-failing", "Feeds that need a look", HEALTH, _NEED_A_LOOK).metric(count("Feeds"))
    lag = Chart("quotewire-lag-now", "Records to do", HEALTH, "kind: stage").table(
        [top("name", "Stage", 20)], newest("value", "time", "Records")
    )
    dead = Chart("quotewire-dead-letters-now", "Dead letters", HEALTH, 'kind: "dead-letters"').metric(
        newest("value", "time", "Dead letters")
    )
    late = Chart("quotewire-latency-now", "From publication to searchable", ARTICLES, recent).metric(
        percentile("latency", 50, "Median seconds")
    )
    lag_over_time = Chart("quotewire-lag-over-time", "Lag by stage", HEALTH, "kind: stage").lines(
        over_time("time"), greatest("value", "Records"), split=top("name", "Stage", 20)
    )
    dead_over_time = Chart("quotewire-dead-letters-over-time", "Dead letters", HEALTH, 'kind: "dead-letters"').lines(
        over_time("time"), greatest("value", "Dead letters")
    )
    states = Chart("quotewire-feed-states-over-time", "Feeds by state", HEALTH, "kind: feeds").bars(
        over_time("time"), newest("value", "time", "Feeds"), split=top("name", "State", 20)
    )
    latency = Chart(
        "quotewire-latency-over-time",
        "From publication to searchable, in seconds",
        ARTICLES,
        recent,
    ).lines(
        over_time("indexed"),
        percentile("latency", 50, "p50"),
        percentile("latency", 95, "p95"),
        percentile("latency", 99, "p99"),
    )
    volume = Chart("quotewire-indexed-over-time", "Articles made searchable", ARTICLES).bars(
        over_time("indexed"), count("Articles")
    )
    board = dashboard(
        "quotewire-ops",
        "Quotewire: operations",
        "Feeds that fail, lag, dead letters, and how long it takes from publication until an article can be searched.",
        "now-24h",
        (6, [feeds, lag, dead, late]),
        (14, [lag_over_time, dead_over_time]),
        (14, [latency, volume]),
        (14, [states]),
        (18, [failing]),
    )
    shown = [feeds, lag, dead, late, lag_over_time, dead_over_time, states, latency, volume]
    return [failing, slow, *shown, board]


def objects() -> list[SavedObject]:
    """Every saved object, data views first."""
    return [*_data_views(), *_for_analysts(), *_for_name_trackers(), *_for_ops()]


def lines() -> Iterator[str]:
    """Each object as a line of JSON."""
    for each in objects():
        yield json.dumps(each, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text("".join(lines()), encoding="utf-8")
