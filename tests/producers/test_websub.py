"""WebSub: hubs are asked and verified, and what they push is published once."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta

import aiohttp
import pytest

from tests.producers.feeds import item, rss
from tests.producers.websub_stand import LIMIT, Stand, document

HOUR = timedelta(hours=1)


async def test_a_hub_is_found_asked_and_verified(stand: Stand) -> None:
    await stand.subscribe()
    [form] = stand.hub.requests
    assert (form["hub.mode"], form["hub.topic"]) == ("subscribe", stand.topic)
    assert form["hub.callback"].startswith(f"{stand.address}/")
    assert 32 <= len(form["hub.secret"]) < 200
    assert stand.subscription.lease_until
    assert stand.subscription.lease_until == stand.desk.clock.now() + timedelta(days=10)


async def test_what_is_pushed_is_published_once_and_the_feed_is_polled_rarely(stand: Stand) -> None:
    await stand.subscribe()
    assert stand.next_poll < HOUR
    stand.publish(1, 2, 3)
    assert await stand.hub.push(stand.topic, document(3, 2)) == 202
    asked = len(stand.site.requests)
    summary = await stand.desk.poll(after=timedelta(seconds=2))
    assert (summary.polled, summary.new) == (1, 2)
    assert len(stand.site.requests) == asked
    assert stand.titles() == ["3", "2"]
    # The same again, pushed or polled, is nothing new; and one that proved itself is relied on.
    await stand.hub.push(stand.topic, document(3, 2))
    await stand.desk.poll(after=HOUR)
    assert stand.titles() == []
    assert timedelta(hours=5) < stand.next_poll < timedelta(hours=7)
    assert stand.subscription.pushes == 2


async def test_an_edit_that_is_pushed_is_a_new_revision(stand: Stand) -> None:
    await stand.proved()
    await stand.hub.push(stand.topic, rss([item(2, link=None, title="Report 2 with another title")]))
    assert (await stand.desk.poll(after=HOUR / 60)).edited == 1
    assert [article.entry.title for article in stand.desk.take()] == ["Report 2 with another title"]


async def test_a_push_without_a_right_signature_is_heard_dropped_and_counted(stand: Stand) -> None:
    await stand.subscribe()
    told = [
        await stand.hub.push(stand.topic, document(2), secret="a guess"),
        await stand.hub.push(stand.topic, document(2), signed=b"something else"),
        await stand.hub.push(stand.topic, document(2), method="md5"),
        await stand.hub.push(stand.topic, document(2), headers={"X-Hub-Signature": ""}),
        await stand.hub.push(
            stand.topic, document(2), headers={"X-Hub-Signature": "sha256=é".encode().decode("latin-1")}
        ),
    ]
    assert told == [202] * 5
    assert list(stand.store.pushed_feeds()) == []
    assert stand.subscription.refused == 5
    assert stand.outcomes == ["bad signature"] * 5


async def test_a_denied_feed_is_polled_as_any_other(stand: Stand) -> None:
    stand.hub.denies = "not for you\n"
    stand.publish(1)
    await stand.desk.poll()
    await stand.attend()
    async with asyncio.timeout(5):
        while stand.subscription.state != "denied":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert stand.subscription.reason == "not for you"
    await stand.desk.poll(after=HOUR)
    assert stand.next_poll < HOUR
    # It may think better of it.
    stand.hub.denies = ""
    stand.desk.clock.move(days=2)
    await stand.attend()
    await stand.hub.until_subscribed(stand.topic)
    assert stand.subscription.lease_until


async def test_a_denial_takes_back_what_was_granted(stand: Stand) -> None:
    await stand.proved()
    stand.hub.denies = "moved on"
    await stand.hub.verify(stand.hub.requests[0])
    await stand.desk.poll(after=HOUR)
    assert stand.next_poll < HOUR


async def test_a_subscription_is_renewed_before_its_lease_ends(stand: Stand) -> None:
    stand.hub.lease = 86_400
    await stand.proved()
    stand.desk.clock.move(hours=17)
    await stand.attend()
    assert len(stand.hub.requests) == 1
    stand.desk.clock.move(hours=2)
    await stand.attend()
    assert len(stand.hub.requests) == 2
    assert stand.hub.requests[0] == stand.hub.requests[1]
    async with asyncio.timeout(5):
        while stand.subscription.lease_until != stand.desk.clock.now() + timedelta(days=1):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert stand.subscription.proved


async def test_a_lease_that_ends_brings_normal_polling_back_in_time(stand: Stand) -> None:
    stand.hub.lease = 10_000
    await stand.proved()
    await stand.desk.poll(after=HOUR)
    # Not six hours, for by then nothing is pushed any more.
    assert stand.next_poll < timedelta(seconds=10_000) - HOUR
    stand.hub.answer = 500
    await stand.desk.poll(after=timedelta(seconds=10_000))
    await stand.attend()
    assert stand.next_poll < HOUR
    assert "HTTP 500" in stand.subscription.reason


async def test_a_poll_that_finds_what_no_push_brought_brings_normal_polling_back(stand: Stand) -> None:
    await stand.proved()
    stand.publish(1, 2, 3)
    await stand.desk.poll(after=HOUR)
    assert stand.titles() == ["3"]
    assert stand.next_poll < HOUR
    # The next push shows that it works.
    await stand.hub.push(stand.topic, document(4))
    await stand.desk.poll(after=HOUR)
    assert stand.next_poll > timedelta(hours=5)


async def test_a_hub_that_verifies_and_never_pushes_costs_no_story_its_time(stand: Stand) -> None:
    await stand.subscribe()
    for number in range(3):
        stand.publish(1, number + 2)
        await stand.desk.poll(after=HOUR)
        assert stand.next_poll < HOUR
    assert stand.titles() == ["2", "3", "4"]


@pytest.mark.parametrize("body", [b"", b"<html>hello</html>", rss([]), b"\x1f\x8b\x00broken"])
async def test_a_push_that_cannot_be_read_has_the_feed_asked(stand: Stand, body: bytes) -> None:
    await stand.subscribe()
    stand.publish(1, 2)
    assert await stand.hub.push(stand.topic, body) == 202
    await stand.desk.poll(after=timedelta(seconds=2))
    assert stand.titles() == ["2"]
    assert list(stand.store.pushed_feeds()) == []
    assert not stand.subscription.proved


async def test_a_compressed_push_is_read_and_a_bomb_is_not(stand: Stand) -> None:
    await stand.subscribe()
    packed = {"Content-Encoding": "gzip"}
    assert await stand.hub.push(stand.topic, gzip.compress(document(2)), headers=packed) == 202
    assert await stand.hub.push(stand.topic, gzip.compress(b"<rss>" + b" " * 9_000_000), headers=packed) == 413
    assert await stand.hub.push(stand.topic, b"x" * (LIMIT + 1)) == 413
    await stand.desk.poll(after=timedelta(seconds=2))
    assert stand.titles() == ["2"]
    assert stand.outcomes == ["kept", "too long", "too long"]


async def test_a_feed_that_is_under_attack_keeps_a_bounded_number(stand: Stand) -> None:
    await stand.subscribe()
    told = [await stand.hub.push(stand.topic, document(number)) for number in range(60)]
    assert told == [202] * 50 + [503] * 10
    while list(stand.store.pushed_feeds()):
        await stand.desk.poll(after=timedelta(seconds=2))
    assert len(stand.desk.take()) == 49  # one of them was known


async def test_whoever_is_no_hub_of_ours_learns_nothing(stand: Stand) -> None:
    await stand.subscribe()
    form = stand.hub.subscribed[stand.topic]
    good = {"hub.mode": "subscribe", "hub.topic": stand.topic, "hub.challenge": "<b>x</b>", "hub.lease_seconds": "9"}
    async with aiohttp.ClientSession() as session:

        async def status(method: str, url: str, **options: object) -> int:
            async with session.request(method, url, **options) as answer:  # type: ignore[arg-type]
                return answer.status

        here, elsewhere = form["hub.callback"], f"{stand.address}/guess"
        assert await status("POST", elsewhere, data=b"x") == 410
        assert await status("POST", stand.address.removesuffix("/websub") + "/", data=b"x") == 410
        assert await status("GET", elsewhere, params=good) == 404
        assert await status("GET", here) == 404
        assert await status("GET", here, params=good | {"hub.topic": "https://other.example/"}) == 404
        assert await status("GET", here, params=good | {"hub.mode": "unsubscribe"}) == 404
        assert await status("GET", here, params={name: good[name] for name in good if name != "hub.challenge"}) == 404
        assert await status("DELETE", here) == 405
        async with session.get(here, params=good | {"hub.lease_seconds": "many"}) as answer:
            assert (answer.status, await answer.text()) == (200, good["hub.challenge"])
            # What somebody sent is no page of ours.
            assert answer.content_type == "text/plain"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert stand.outcomes == ["unknown", "unknown"]


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_every_method_of_signing_is_understood(stand: Stand, method: str) -> None:
    await stand.subscribe()
    assert await stand.hub.push(stand.topic, document(2), method=method) == 202
    assert len(stand.store.pushes(stand.topic, 9)) == 1
