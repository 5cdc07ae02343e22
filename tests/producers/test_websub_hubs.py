"""WebSub where hubs fail, or are none that may be asked: the feed is polled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from producers.opml import FeedSource
from quotewire.ports import Unavailable
from tests.producers.feeds import item, rss
from tests.producers.site import Reply
from tests.producers.websub_stand import Stand, document


async def test_a_hub_in_a_private_network_is_not_asked(stand: Stand) -> None:
    for address in ("http://10.0.0.8/hub", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/"):
        stand.publish(1, hub=address)
        await stand.desk.poll()
        await stand.attend()
        assert "is not a public address" in stand.subscription.reason
        assert stand.subscription.state == "asked"


async def test_a_redirect_of_a_hub_into_a_private_network_is_not_followed(stand: Stand) -> None:
    stand.site["/hub"] = Reply(status=307, headers=[("Location", "http://10.0.0.8/hub")])
    stand.publish(1, hub=stand.site.url("/hub"))
    await stand.desk.poll()
    await stand.attend()
    assert "is not a public address" in stand.subscription.reason
    stand.site["/hub"] = Reply(status=302, headers=[("Location", stand.hub.url)])
    stand.desk.clock.move(days=1)
    await stand.attend()
    assert stand.hub.requests == []


async def test_a_hub_that_fails_is_asked_ever_more_rarely_and_then_another(stand: Stand) -> None:
    stand.site["/hub"] = Reply(status=503, headers=[("Retry-After", "7200")])
    both = "".join(
        f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="hub" href="{hub}"/>'
        for hub in (stand.site.url("/hub"), stand.hub.url)
    )
    stand.site["/feed"] = Reply(rss([item(1, link=None)], extra=both))
    await stand.desk.poll()
    waits = []
    for _ in range(3):
        await stand.attend()
        waits.append(stand.subscription.next_step - stand.desk.clock.now())
        stand.desk.clock.moment = stand.subscription.next_step
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=7_200)
    assert len(stand.site.asked("/hub")) == 3
    stand.desk.limits = replace(stand.desk.limits, unconditional=1)
    await stand.desk.poll()
    await stand.attend()
    await stand.hub.until_subscribed(stand.topic)


async def test_a_hub_that_does_not_verify_is_asked_again(stand: Stand) -> None:
    stand.hub.verifies = False
    stand.publish(1)
    await stand.desk.poll()
    for _ in range(3):
        await stand.attend()
        await stand.attend()
        stand.desk.clock.move(days=1)
    assert len(stand.hub.requests) == 3
    assert stand.subscription.state == "asked"


async def test_another_hub_or_topic_gets_an_address_and_a_key_of_its_own(stand: Stand) -> None:
    await stand.subscribe()
    before = stand.subscription
    stand.publish(1, 2, hub=f"{stand.hub.url}?other")
    await stand.desk.poll()
    after = stand.subscription
    assert before.token != after.token
    assert before.secret != after.secret
    assert await stand.hub.push(stand.topic, document(9)) == 410
    # And one that names no hub any more has none.
    stand.publish(1, 2, 3, hub="")
    await stand.desk.poll()
    assert stand.store.subscriptions() == {}


async def test_a_feed_with_a_password_is_told_to_nobody(stand: Stand) -> None:
    stand.publish(1)
    stand.desk.sources = [FeedSource(stand.topic.replace("//", "//reader:hunter2@"))]
    await stand.desk.poll()
    assert stand.desk.record().entries == 1
    assert stand.store.subscriptions() == {}


async def test_a_feed_that_is_not_listed_any_more_is_forgotten_with_its_pushes(stand: Stand) -> None:
    await stand.subscribe()
    await stand.hub.push(stand.topic, document(2))
    stand.desk.sources = [FeedSource(stand.site.url("/other"))]
    await stand.desk.poll()
    assert stand.store.subscriptions() == {}
    assert list(stand.store.pushed_feeds()) == []
    assert await stand.hub.push(stand.topic, document(2)) == 410


async def test_a_store_that_is_away_has_the_hub_come_again(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    await stand.subscribe()

    def away(*_: object, **__: object) -> bool:
        raise Unavailable("locked")

    monkeypatch.setattr(stand.store, "receive", away)
    assert await stand.hub.push(stand.topic, document(2)) == 503
    monkeypatch.undo()
    assert await stand.hub.push(stand.topic, document(2)) == 202
    assert stand.outcomes == ["not now", "kept"]


async def test_a_running_poller_asks_renews_and_takes_in_by_itself(stand: Stand) -> None:
    stand.publish(1)
    stop = asyncio.Event()
    polling = asyncio.create_task(stand.desk.poller().run(stop))

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    try:
        await stand.hub.until_subscribed(stand.topic)
        await stand.hub.push(stand.topic, document(2))
        await until(lambda: len(stand.desk.published) == 2)
        stand.desk.clock.move(days=8)
        await stand.hub.until_subscribed(stand.topic, times=2)
    finally:
        stop.set()
        await polling
    assert stand.titles() == ["1", "2"]
