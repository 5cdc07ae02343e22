"""What every store of subscriptions does, whatever it keeps its memory in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotewire.subscription_port import Push, Subscription, SubscriptionStore

NOW = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
FEED = "https://ashmere.example/feed.xml"
OTHER = "https://harrow.example/atom"

_text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
_times = st.datetimes(datetime(1970, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_subscriptions = st.builds(
    Subscription,
    feed=_text,
    hub=_text,
    topic=_text,
    token=_text,
    secret=_text,
    next_step=_times,
    state=st.sampled_from(["asked", "active", "denied"]),
    reason=_text,
    lease_until=st.none() | _times,
    proved=st.booleans(),
    failures=st.integers(0, 10**6),
    pushes=st.integers(0, 10**9),
    refused=st.integers(0, 10**9),
)
_properties = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def subscription(feed: str = FEED, **fields: object) -> Subscription:
    made = Subscription(feed, "https://hub.example/", feed, f"token of {feed}", "secret", NOW)
    return replace(made, **fields)  # type: ignore[arg-type]


def push(body: bytes = b"<rss/>", feed: str = FEED) -> Push:
    return Push(feed, body, "application/rss+xml", NOW)


def put(store: SubscriptionStore, made: Subscription) -> None:
    store.change(made.feed, lambda _: made)


class SubscriptionSuite:
    """Inherit it with a fixture `store` that gives an empty store."""

    def test_an_empty_store_remembers_nothing(self, store: SubscriptionStore) -> None:
        assert store.subscriptions() == {}
        assert store.subscription(FEED) is None
        assert store.by_token("t") is None
        assert list(store.due(NOW, 9)) == []
        assert list(store.pushed_feeds()) == []
        assert list(store.pushes(FEED, 9)) == []

    @_properties
    @given(made=_subscriptions)
    def test_what_is_put_comes_back_as_it_was(self, store: SubscriptionStore, made: Subscription) -> None:
        put(store, made)
        assert store.subscription(made.feed) == made
        assert store.by_token(made.token) == made
        assert store.subscriptions() == {made.feed: made}
        store.forget(made.feed)
        assert store.subscriptions() == {}

    def test_a_change_sees_what_is_there_and_may_take_it_away(self, store: SubscriptionStore) -> None:
        assert store.change(FEED, lambda one: one) is None
        put(store, subscription())
        changed = store.change(FEED, lambda one: replace(one, pushes=one.pushes + 1) if one else None)
        assert changed == subscription(pushes=1)
        assert store.change(FEED, lambda _: None) is None
        assert store.by_token(subscription().token) is None

    def test_an_old_token_opens_nothing(self, store: SubscriptionStore) -> None:
        put(store, subscription(token="old"))
        put(store, subscription(token="new"))
        assert store.by_token("old") is None
        assert store.by_token("new") == subscription(token="new")

    def test_what_is_due_comes_longest_overdue_first_and_bounded(self, store: SubscriptionStore) -> None:
        for number in range(5):
            put(store, subscription(f"https://{number}.example/", next_step=NOW - timedelta(hours=number)))
        put(store, subscription(OTHER, next_step=NOW + timedelta(microseconds=1)))
        assert [one.feed for one in store.due(NOW, 3)] == [f"https://{number}.example/" for number in (4, 3, 2)]
        assert len(store.due(NOW, 99)) == 5

    def test_pushes_wait_in_order_until_they_are_dropped(self, store: SubscriptionStore) -> None:
        bodies = [b"one", b"", b"\x00\xff" * 1_000]
        assert all(store.receive(push(body), most=9) for body in bodies)
        store.receive(push(b"other", OTHER), most=9)
        assert set(store.pushed_feeds()) == {FEED, OTHER}
        waiting = store.pushes(FEED, 9)
        assert [one.body for one in waiting] == bodies
        assert [replace(one, number=0) for one in waiting] == [push(body) for body in bodies]
        assert [one.body for one in store.pushes(FEED, 2)] == bodies[:2]
        store.receive(push(b"late"), most=9)
        store.drop(waiting)
        store.drop(waiting)
        assert [one.body for one in store.pushes(FEED, 9)] == [b"late"]

    def test_a_feed_has_no_more_pushes_than_it_may(self, store: SubscriptionStore) -> None:
        assert [store.receive(push(), most=2) for _ in range(3)] == [True, True, False]
        assert store.receive(push(feed=OTHER), most=2)
        assert len(store.pushes(FEED, 9)) == 2

    def test_a_forgotten_feed_takes_its_pushes_with_it_and_no_others(self, store: SubscriptionStore) -> None:
        for feed in (FEED, OTHER):
            put(store, subscription(feed))
            store.receive(push(feed=feed), most=9)
        store.forget(FEED)
        store.forget("https://never.example/")
        assert set(store.subscriptions()) == {OTHER}
        assert set(store.pushed_feeds()) == {OTHER}

    def test_nothing_tells_token_or_secret_by_accident(self) -> None:
        told = repr(subscription(token="t0ken", secret="hunter2"))
        assert "t0ken" not in told
        assert "hunter2" not in told

    def test_closing_twice_does_nothing(self, store: SubscriptionStore) -> None:
        store.close()
        store.close()
