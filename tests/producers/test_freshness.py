"""Cache-Control and Expires: for how long an answer says that it is fresh, and what the poller makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from producers.answers import freshness
from producers.fetch import Fetcher
from producers.opml import FeedSource
from tests.producers.feeds import item, rss
from tests.producers.fetching import fetched
from tests.producers.polling import Desk
from tests.producers.site import Reply, Site

NOW = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
DATE = "Wed, 04 Mar 2026 12:00:00 GMT"
IN_20_MINUTES = "Wed, 04 Mar 2026 12:20:00 GMT"

SAID: list[tuple[list[tuple[str, str]], float | None]] = [
    ([], None),
    ([("Cache-Control", "max-age=1800")], 1_800),
    ([("Cache-Control", 'public,MAX-AGE="1800",must-revalidate')], 1_800),
    ([("Cache-Control", "max-age=0")], 0),
    ([("Cache-Control", "max-age=-1")], None),
    ([("Cache-Control", "max-age=soon")], None),
    ([("Cache-Control", "max-age=999999999999999")], 999_999_999),
    ([("Cache-Control", "no-cache, max-age=1800")], None),
    ([("Cache-Control", "no-store"), ("Expires", IN_20_MINUTES), ("Date", DATE)], None),
    # What caches between us and the server may do is nothing to us.
    ([("Cache-Control", "s-maxage=86400, max-age=600")], 600),
    ([("Cache-Control", "s-maxage=86400")], None),
    # Two lines are one list.
    ([("Cache-Control", "public"), ("Cache-Control", "max-age=1800")], 1_800),
    ([("Cache-Control", "max-age=1800"), ("Cache-Control", "no-cache")], None),
    ([("Cache-Control", "max-age=600"), ("Cache-Control", "max-age=1800")], 600),
    ([("Expires", IN_20_MINUTES), ("Date", DATE)], 1_200),
    ([("Expires", IN_20_MINUTES)], 1_200),
    ([("Cache-Control", "max-age=60"), ("Expires", IN_20_MINUTES), ("Date", DATE)], 60),
    ([("Cache-Control", "public"), ("Expires", IN_20_MINUTES), ("Date", DATE)], 1_200),
    # A server whose clock is three years behind, one whose clock is a day ahead.
    ([("Expires", "Sat, 04 Mar 2023 12:20:00 GMT"), ("Date", "Sat, 04 Mar 2023 12:00:00 GMT")], 1_200),
    ([("Expires", "Thu, 05 Mar 2026 12:20:00 GMT"), ("Date", "Thu, 05 Mar 2026 12:00:00 GMT")], 1_200),
    ([("Expires", "0")], None),
    ([("Expires", "-1"), ("Date", DATE)], None),
    ([("Expires", "never"), ("Date", DATE)], None),
    ([("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"), ("Date", DATE)], 0),
    ([("Expires", DATE), ("Date", IN_20_MINUTES)], 0),
]


@pytest.mark.parametrize("status", [200, 304])
@pytest.mark.parametrize(("headers", "seconds"), SAID)
async def test_an_answer_says_for_how_long_it_is_fresh(
    site: Site, fetcher: Fetcher, headers: list[tuple[str, str]], seconds: float | None, status: int
) -> None:
    site["/feed"] = Reply(b"" if status == 304 else rss([]), status=status, headers=headers)
    answer = await fetched(fetcher, site.url(), etag='"a"')
    assert answer.status == status
    assert freshness(answer.headers, NOW) == seconds


async def test_the_next_poll_is_put_off_for_as_long_as_the_answer_is_fresh_and_half_an_hour_at_most(
    site: Site, fetcher: Fetcher
) -> None:
    desk = Desk(fetcher, [FeedSource(site.url())])

    async def waited(*said: str, status: int = 200) -> timedelta:
        """How long the feed is left alone after an answer; without a hint it would be for 15 minutes or little more."""
        headers = [("ETag", '"a"'), *(("Cache-Control", one) for one in said)]
        site["/feed"] = Reply(rss([item(1, link=None)]), status=status, headers=headers)
        assert (await desk.poll()).failed == 0
        next_poll = desk.record().next_poll
        assert next_poll is not None
        return next_poll - desk.clock.now()

    assert await waited() == timedelta(minutes=15)
    assert await waited("public", "max-age=1320") == timedelta(minutes=22)
    assert await waited("max-age=1500", status=304) == timedelta(minutes=25)
    assert await waited("max-age=31536000", status=304) == timedelta(minutes=30)
    assert await waited("no-cache", "max-age=31536000", status=304) < timedelta(minutes=30)
