"""What every feed store does, whatever it keeps its memory in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotewire.ports import AwaitedPage, FeedRecord, FeedStore, FeedUpdate, FoundArticle, SeenEntry
from schemas.records import Entry, FeedReference, RawArticle

NOW = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
FEED = "https://ashmere.example/feed.xml"
OTHER = "https://harrow.example/atom"

_text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
_times = st.datetimes(datetime(1970, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_records = st.builds(
    FeedRecord,
    url=_text,
    title=_text,
    state=_text,
    reason=_text,
    fetch_url=st.none() | _text,
    etag=st.none() | _text,
    last_modified=st.none() | _text,
    body_hash=st.none() | _text,
    entries=st.integers(0, 10**6),
    polls=st.integers(0, 10**9),
    failures=st.integers(0, 10**6),
    interval=st.floats(0, 1e9),
    last_poll=st.none() | _times,
    last_good=st.none() | _times,
    last_new=st.none() | _times,
    next_poll=st.none() | _times,
    site=st.none() | _text,
    hints=_text,
    week_start=st.none() | _times,
    week_new=st.integers(0, 10**6),
    week_before=st.none() | st.integers(0, 10**6),
    habit=st.floats(0, 1e9),
    weeks=st.integers(0, 10**4),
    longest_pause=st.floats(0, 1e9),
    anomaly=_text,
    next_page=st.none() | _times,
)
_seen = st.builds(
    SeenEntry,
    identity=_text,
    article=_text,
    content_hash=_text,
    revision=st.integers(0, 2**53),
    edits=st.integers(0, 10**6),
    last_seen=_times,
)
_properties = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def seen_entry(identity: str, *, last_seen: datetime = NOW, **fields: object) -> SeenEntry:
    entry = SeenEntry(identity, f"article-{identity}", "hash", 1_000, 0, last_seen)
    return replace(entry, **fields)  # type: ignore[arg-type]


def awaited_page(article: str, *, hours: float = 0, next_try: datetime = NOW, tries: int = 1) -> AwaitedPage:
    raw = RawArticle(
        id=article,
        revision=1_000,
        url=f"https://ashmere.example/{article}",
        feed=FeedReference(url=FEED, title="The Ashmere Courier", tags=("local",)),
        entry=Entry(title="Flood wall – vote", link=f"https://ashmere.example/{article}", published=NOW),
        page_problem="HTTP 429 too many requests",
        fetched=NOW,
    )
    return AwaitedPage(raw, ("u:1", "g:2"), NOW - timedelta(hours=hours), next_try, tries)


class FeedStoreSuite:
    """Inherit it with a fixture `store` that gives an empty store."""

    def test_an_empty_store_remembers_nothing(self, store: FeedStore) -> None:
        assert store.feeds() == {}
        assert store.seen(FEED, ["a"]) == {}
        assert store.forget_seen_before(NOW) == 0

    @_properties
    @given(record=_records, seen=st.lists(_seen, unique_by=lambda entry: entry.identity, max_size=8))
    def test_what_is_saved_comes_back_as_it_was(
        self, store: FeedStore, record: FeedRecord, seen: list[SeenEntry]
    ) -> None:
        store.forget(record.url)
        store.save(record, seen)
        assert store.feeds()[record.url] == record
        wanted = {entry.identity for entry in seen}
        assert store.seen(record.url, wanted) == {entry.identity: entry for entry in seen}

    def test_a_feed_is_remembered_as_it_was_saved_last(self, store: FeedStore) -> None:
        store.save(FeedRecord(FEED, state="new"), [])
        store.save(FeedRecord(FEED, state="fresh", etag='"2"', next_poll=NOW), [])
        assert store.feeds() == {FEED: FeedRecord(FEED, state="fresh", etag='"2"', next_poll=NOW)}

    def test_a_save_leaves_entries_that_it_does_not_name(self, store: FeedStore) -> None:
        store.save(FeedRecord(FEED), [seen_entry("a"), seen_entry("b")])
        store.save(FeedRecord(FEED), [seen_entry("b", edits=3), seen_entry("c")])
        known = store.seen(FEED, ["a", "b", "c"])
        assert {identity: entry.edits for identity, entry in known.items()} == {"a": 0, "b": 3, "c": 0}

    def test_several_feeds_are_saved_at_once(self, store: FeedStore) -> None:
        store.save_all([FeedUpdate(FeedRecord(FEED), [seen_entry("a")]), FeedUpdate(FeedRecord(OTHER))])
        store.save_all(
            [FeedUpdate(FeedRecord(FEED, polls=1), [seen_entry("b")]), FeedUpdate(FeedRecord(FEED, polls=2))]
        )
        store.save_all([])
        assert store.feeds() == {FEED: FeedRecord(FEED, polls=2), OTHER: FeedRecord(OTHER)}
        assert set(store.seen(FEED, ["a", "b"])) == {"a", "b"}

    def test_only_what_is_asked_for_is_answered(self, store: FeedStore) -> None:
        store.save(FeedRecord(FEED), [seen_entry("a"), seen_entry("b")])
        assert set(store.seen(FEED, {"b", "never"})) == {"b"}
        assert store.seen(FEED, []) == {}

    def test_every_article_is_told_once_for_each_feed_that_had_it(self, store: FeedStore) -> None:
        assert list(store.found()) == []
        # One entry is remembered by its guid, its address and its text.
        same = [seen_entry(identity, article="one", revision=number) for number, identity in enumerate("gut", start=5)]
        store.save(FeedRecord(FEED), [*same, seen_entry("x", article="two", revision=1)])
        store.save(FeedRecord(OTHER), [seen_entry("y", article="one", revision=3)])
        assert sorted(store.found(), key=lambda each: (each.feed, each.article)) == [
            FoundArticle(FEED, "one", 7),
            FoundArticle(FEED, "two", 1),
            FoundArticle(OTHER, "one", 3),
        ]

    def test_identities_belong_to_their_feed(self, store: FeedStore) -> None:
        store.save(FeedRecord(FEED), [seen_entry("a", article="here")])
        store.save(FeedRecord(OTHER), [seen_entry("a", article="there")])
        assert store.seen(FEED, ["a"])["a"].article == "here"
        assert store.seen(OTHER, ["a"])["a"].article == "there"

    def test_thousands_of_entries_are_looked_up_at_once(self, store: FeedStore) -> None:
        entries = [seen_entry(f"entry {number}") for number in range(3_000)]
        store.save(FeedRecord(FEED), entries)
        assert len(store.seen(FEED, [entry.identity for entry in entries])) == 3_000

    def test_a_forgotten_feed_takes_its_entries_with_it_and_no_others(self, store: FeedStore) -> None:
        for feed in (FEED, OTHER):
            store.save(FeedRecord(feed), [seen_entry("a")])
        store.forget(FEED)
        store.forget("https://never.example/")
        assert set(store.feeds()) == {OTHER}
        assert store.seen(FEED, ["a"]) == {}
        assert set(store.seen(OTHER, ["a"])) == {"a"}
        store.save(FeedRecord(FEED), [])
        assert store.seen(FEED, ["a"]) == {}

    def test_old_entries_are_forgotten_and_their_feeds_are_not(self, store: FeedStore) -> None:
        old = NOW - timedelta(days=60, microseconds=1)
        edge = NOW - timedelta(days=60)
        store.save(FeedRecord(FEED), [seen_entry("old", last_seen=old), seen_entry("edge", last_seen=edge)])
        store.save(FeedRecord(OTHER), [seen_entry("old", last_seen=old)])
        assert store.forget_seen_before(edge) == 2
        assert set(store.seen(FEED, ["old", "edge"])) == {"edge"}
        assert set(store.feeds()) == {FEED, OTHER}
        assert store.forget_seen_before(edge) == 0

    def test_an_entry_seen_again_is_kept(self, store: FeedStore) -> None:
        store.save(FeedRecord(FEED), [seen_entry("a", last_seen=NOW - timedelta(days=90))])
        store.save(FeedRecord(FEED), [seen_entry("a", last_seen=NOW)])
        assert store.forget_seen_before(NOW - timedelta(days=60)) == 0
        assert set(store.seen(FEED, ["a"])) == {"a"}

    def test_of_a_feed_with_too_much_the_oldest_is_forgotten(self, store: FeedStore) -> None:
        for feed, count in ((FEED, 30), (OTHER, 10)):
            entries = [seen_entry(f"{n}", last_seen=NOW - timedelta(hours=n)) for n in range(count)]
            store.save(FeedRecord(feed), entries)
        assert store.forget_beyond(10) == 20
        assert set(store.seen(FEED, [f"{n}" for n in range(30)])) == {f"{n}" for n in range(10)}
        assert len(store.seen(OTHER, [f"{n}" for n in range(30)])) == 10
        assert store.forget_beyond(10) == 0

    def test_awaited_pages_come_back_as_they_were_the_next_to_be_tried_first(self, store: FeedStore) -> None:
        assert store.awaited(FEED) == []
        pages = [awaited_page("late", next_try=NOW + timedelta(hours=1)), awaited_page("soon", hours=3, tries=4)]
        store.save_all([FeedUpdate(FeedRecord(FEED), awaited=pages)])
        assert store.awaited(FEED) == pages[::-1]
        assert store.awaited(OTHER) == []

    def test_of_pages_to_be_tried_at_the_same_time_the_first_saved_is_the_first(self, store: FeedStore) -> None:
        def ids() -> list[str]:
            return [page.article.id for page in store.awaited(FEED)]

        store.save_all([FeedUpdate(FeedRecord(FEED), awaited=[awaited_page(article) for article in "cab"])])
        assert ids() == ["c", "a", "b"]
        store.save_all([FeedUpdate(FeedRecord(FEED), awaited=[awaited_page("c"), awaited_page("d")], settled=["a"])])
        assert ids() == ["b", "c", "d"]

    def test_an_awaited_page_is_replaced_or_settled_and_others_stay(self, store: FeedStore) -> None:
        store.save_all([FeedUpdate(FeedRecord(FEED), awaited=[awaited_page(article) for article in "abc"])])
        store.save_all([FeedUpdate(FeedRecord(OTHER), awaited=[awaited_page("c")])])
        again = awaited_page("b", next_try=NOW + timedelta(hours=1), tries=2)
        store.save_all([FeedUpdate(FeedRecord(FEED), awaited=[again], settled=["c", "never"])])
        store.save(FeedRecord(FEED), [])
        assert store.awaited(FEED) == [awaited_page("a"), again]
        assert store.awaited(OTHER) == [awaited_page("c")]

    def test_pages_are_not_awaited_for_ever_nor_too_many(self, store: FeedStore) -> None:
        for feed, count in ((FEED, 8), (OTHER, 3)):
            pages = [awaited_page(f"{hours}", hours=hours) for hours in range(count)]
            store.save_all([FeedUpdate(FeedRecord(feed), awaited=pages)])

        def kept(feed: str) -> set[str]:
            return {page.article.id for page in store.awaited(feed)}

        assert store.forget_awaited(NOW - timedelta(hours=5), of_a_feed=9, in_all=99) == 2
        assert kept(FEED) == set("012345")
        assert store.forget_awaited(NOW - timedelta(hours=9), of_a_feed=4, in_all=99) == 2
        assert (kept(FEED), kept(OTHER)) == (set("0123"), set("012"))
        assert store.forget_awaited(NOW - timedelta(hours=9), of_a_feed=4, in_all=4) == 3
        assert (kept(FEED), kept(OTHER)) == (set("01"), set("01"))
        assert store.forget_awaited(NOW - timedelta(hours=9), of_a_feed=4, in_all=4) == 0

    def test_a_forgotten_feed_takes_its_awaited_pages_and_its_claim_with_it(self, store: FeedStore) -> None:
        for feed in (FEED, OTHER):
            store.save_all([FeedUpdate(FeedRecord(feed), awaited=[awaited_page("a")])])
        store.claim([FEED, OTHER], "one", lambda _: True)
        store.forget(FEED)
        assert store.awaited(FEED) == []
        assert len(store.awaited(OTHER)) == 1
        assert store.claim([FEED, OTHER], "two", lambda _: True) == {FEED: None}

    def test_a_claimed_feed_is_nobody_elses_until_it_is_released(self, store: FeedStore) -> None:
        store.save(FeedRecord(FEED, polls=3), [])
        assert store.claim([FEED, OTHER], "one", lambda _: True) == {FEED: FeedRecord(FEED, polls=3), OTHER: None}
        assert store.claim([FEED, OTHER], "two", lambda _: True) == {}
        assert set(store.claim([FEED], "one", lambda _: True)) == {FEED}
        # A poll saves a feed for each push that it takes in, and goes on.
        store.save(FeedRecord(FEED, polls=4), [])
        assert store.claim([FEED], "two", lambda _: True) == {}
        store.release([FEED, OTHER], "two")
        assert store.claim([FEED, OTHER], "two", lambda _: True) == {}
        store.release([FEED, OTHER], "one")
        assert store.claim([FEED, OTHER], "two", lambda _: True) == {FEED: FeedRecord(FEED, polls=4), OTHER: None}

    def test_any_number_of_feeds_may_be_claimed_saved_and_released_at_once(self, store: FeedStore) -> None:
        feeds = [f"https://news{number}.example/rss" for number in range(1_234)]
        records = {feed: FeedRecord(feed, title=f"News {number}", polls=1) for number, feed in enumerate(feeds)}
        store.claim(feeds[::100], "two", lambda _: True)
        assert set(store.claim(feeds, "one", lambda _: True)) == set(feeds) - set(feeds[::100])
        seen = {feed: [SeenEntry(f"u:{feed}", "story", "h", 0, 0, NOW)] for feed in feeds[::7]}
        store.save_all([FeedUpdate(record, seen.get(feed, ())) for feed, record in records.items()])
        assert store.feeds() == records
        assert {feed for feed in feeds if store.seen(feed, [f"u:{feed}"])} == set(seen)
        store.release(feeds, "one")
        assert store.claim(feeds, "three", lambda _: True) == {
            feed: record for feed, record in records.items() if feed not in feeds[::100]
        }

    def test_of_two_updates_of_a_feed_in_one_step_the_last_stands(self, store: FeedStore) -> None:
        first, last = FeedRecord(FEED, polls=1), FeedRecord(FEED, polls=2)
        store.save_all(
            [
                FeedUpdate(first, [SeenEntry("a", "story", "h", 0, 0, NOW)]),
                FeedUpdate(FeedRecord(OTHER)),
                FeedUpdate(last, [SeenEntry("b", "story", "h", 0, 0, NOW)]),
            ]
        )
        assert store.feeds() == {FEED: last, OTHER: FeedRecord(OTHER)}
        assert set(store.seen(FEED, ["a", "b"])) == {"a", "b"}

    def test_the_claim_of_a_dead_poller_is_no_claim(self, store: FeedStore) -> None:
        store.claim([FEED, OTHER], "dead", lambda _: True)
        store.claim([OTHER], "other", lambda name: name != "dead")
        assert set(store.claim([FEED, OTHER], "one", lambda name: name != "dead")) == {FEED}

    def test_closing_twice_does_nothing(self, store: FeedStore) -> None:
        store.close()
        store.close()
