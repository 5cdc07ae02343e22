"""WebSub: hubs are asked and verified, what they push is published once; where they fail, the feed is polled."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import aiohttp
import pytest

from producers import websub
from producers.addresses import AddressPolicy
from producers.answers import Fetched
from producers.callback import Callback
from producers.documents import ParsedFeed
from producers.fetch import Fetcher, FetchLimits
from producers.opml import FeedSource
from producers.polls import PollLimits
from producers.subscribing import Subscriber
from quotewire.adapters.memory_subscriptions import MemorySubscriptionStore
from quotewire.ports import Unavailable
from quotewire.subscription_port import Subscription
from tests.producers.feeds import item, rss
from tests.producers.hub import Hub, running
from tests.producers.polling import Desk, SetClock
from tests.producers.site import Reply, Site

HOUR = timedelta(hours=1)
LIMIT = 200_000
FEED = "https://a.example/feed"


# --- the rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "hubs", "topic"),
    [
        ("", ("https://hub.in.document/",), "https://self.in.document/"),
        ('<https://h.example/>; rel="hub"', ("https://h.example/",), "https://self.in.document/"),
        (
            '<https://h.example/a,b>;rel=hub , <//i.example/>; title="x, y"; rel="HUB nofollow", </topic>; rel=self',
            ("https://h.example/a,b", "https://i.example/"),
            "https://a.example/topic",
        ),
        ("<https://a.example/next>; rel=next", ("https://hub.in.document/",), "https://self.in.document/"),
        ("<ftp://h.example/>; rel=hub, <>; rel=hub", ("https://hub.in.document/",), "https://self.in.document/"),
        ("<" * 5_000, ("https://hub.in.document/",), "https://self.in.document/"),
    ],
)
def test_hubs_are_found_in_headers_else_in_the_document(link: str, hubs: tuple[str, ...], topic: str) -> None:
    answer = Fetched("https://a.example/feed", 200, {"link": link} if link else {})
    document = ParsedFeed(hubs=("https://hub.in.document/",), self_url="https://self.in.document/")
    assert websub.discovered(answer, document, FEED) == (hubs, topic)


def test_a_feed_that_says_no_address_of_its_own_is_known_by_the_one_that_is_listed() -> None:
    answer = Fetched("https://a.example/feed?session=17", 200)
    assert websub.discovered(answer, ParsedFeed(hubs=("https://h.example/",)), FEED)[1] == FEED
    assert websub.discovered(answer, ParsedFeed(), FEED)[0] == ()


def test_a_hub_in_a_header_that_names_no_topic_leaves_the_feed_its_own() -> None:
    answer = Fetched("https://a.example/feed?session=17", 200, {"link": '<https://h.example/>; rel="hub"'})
    assert websub.discovered(answer, ParsedFeed(), FEED) == (("https://h.example/",), FEED)
    document = ParsedFeed(self_url="https://self.in.document/")
    assert websub.discovered(answer, document, FEED)[1] == "https://self.in.document/"


def test_a_lease_of_a_second_does_not_say_how_often_a_hub_is_asked() -> None:
    now = SetClock().now()
    granted = websub.verified(Subscription(FEED, "https://h.example/", FEED, "token", "secret", next_step=now), 1, now)
    assert granted.lease_until == now + timedelta(seconds=1)
    assert granted.next_step == now + timedelta(minutes=5)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_every_method_of_signing_is_understood(stand: Stand, method: str) -> None:
    await stand.subscribe()
    assert await stand.hub.push(stand.topic, document(2), method=method) == 202
    assert len(stand.store.pushes(stand.topic, 9)) == 1


# --- the whole way ----------------------------------------------------------------------------------------------------


@dataclass
class Stand:
    """A publisher, its hub, a poller and what receives pushes."""

    site: Site
    hub: Hub
    desk: Desk
    store: MemorySubscriptionStore
    subscriber: Subscriber
    address: str
    outcomes: list[str]

    @property
    def topic(self) -> str:
        return self.site.url()

    def publish(self, *numbers: int, hub: str | None = None) -> None:
        """What stands in the feed from now on."""
        self.site["/feed"] = Reply(document(*numbers, hub=self.hub.url if hub is None else hub))

    async def attend(self) -> None:
        await self.subscriber.attend({self.topic}, lambda _: True)

    async def subscribe(self) -> None:
        """Poll for the first time, and ask the hub that the feed names."""
        self.publish(1)
        await self.desk.poll()
        await self.attend()
        await self.hub.until_subscribed(self.topic)
        self.desk.take()

    async def proved(self) -> None:
        """Subscribe, and take in a push."""
        await self.subscribe()
        self.publish(1, 2)
        assert await self.hub.push(self.topic, document(2)) == 202
        assert (await self.desk.poll(after=timedelta(seconds=2))).new == 1
        self.desk.take()

    @property
    def subscription(self) -> Subscription:
        [found] = self.store.subscriptions().values()
        return found

    @property
    def next_poll(self) -> timedelta:
        record = self.desk.record()
        assert record.next_poll is not None
        return record.next_poll - self.desk.clock.now()

    def titles(self) -> list[str]:
        return [article.entry.title.split()[1] for article in self.desk.take()]


def document(*numbers: int, hub: str = "") -> bytes:
    """A feed of such items; a hub names it as its own."""
    link = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{hub}"/>' if hub else ""
    return rss([item(number, link=None) for number in numbers], extra=link)


@pytest.fixture
async def stand(site: Site) -> AsyncIterator[Stand]:
    store, outcomes = MemorySubscriptionStore(), list[str]()
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with running() as hub, Fetcher(AddressPolicy.from_text(["127.0.0.1"]), FetchLimits()) as fetcher:
        desk = Desk(fetcher, [FeedSource(site.url())], limits=PollLimits(retry_wait=0.01))
        callback = Callback(store, desk.clock, limit=LIMIT, observe=outcomes.append)
        serving = asyncio.create_task(callback.serve("127.0.0.1", 0, stop, ready.set_result))
        address = f"http://127.0.0.1:{await ready}/websub"
        desk.subscriber = subscriber = Subscriber(store, fetcher, address, desk.clock, lambda: 0.5)
        yield Stand(site, hub, desk, store, subscriber, address, outcomes)
        stop.set()
        await serving


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
