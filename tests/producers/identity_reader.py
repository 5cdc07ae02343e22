"""A reader of answers for tests of identities, and the entries that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from producers.candidates import candidates, identities
from producers.identity import Decision, decide
from quotewire.adapters.memory_feed_store import MemoryFeedStore
from quotewire.ports import FeedRecord
from schemas.records import Entry
from tests.producers.feeds import LONG

FEED = "https://ashmere.example/feed.xml"
START = datetime(2026, 3, 4, 5, tzinfo=UTC)


class Reader:
    """Feeds answers to the decider as the poller does, with a real store between them."""

    def __init__(self, feed: str = FEED) -> None:
        self.feed = feed
        self.store = MemoryFeedStore()
        self.now = START

    def answer(self, entries: Sequence[Entry], *, later: timedelta = timedelta(minutes=10)) -> list[Decision]:
        self.now += later
        found = candidates(self.feed, entries)
        decisions = decide(found, self.store.seen(self.feed, identities(found)), self.now)
        self.store.save(FeedRecord(self.feed), decisions.remember)
        return list(decisions.publish)

    def kinds(self, entries: Sequence[Entry]) -> list[str]:
        return [decision.kind for decision in self.answer(entries)]

    def kinds_after(self, later: timedelta, *entries: Entry) -> list[str]:
        return [decision.kind for decision in self.answer(entries, later=later)]


def entry(number: int = 1, **fields: object) -> Entry:
    values: dict[str, object] = {
        "guid": f"tag:ashmere.example,2026:{number}",
        "link": f"https://ashmere.example/{number}/story",
        "title": f"Story {number} of the harbour",
        "summary": f"Part {number}. {LONG}",
    } | fields
    return Entry.model_validate(values)
