"""The contract of the index: how things were, for ops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from quotewire.ports import HealthSample, Index
from tests.contracts.index_contract import IndexContract

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LAG = HealthSample(NOON, "stage", "enrich", 12)
FEED = HealthSample(
    NOON, "feed", "https://news.example.org/żółć?a=1", 3, "failing", "no answer within 60 seconds", "Example"
)


class HealthContract(IndexContract):
    """Samples of health."""

    def test_nothing_is_known_at_first(self, index: Index) -> None:
        assert list(index.health()) == []
        index.put_health([])
        assert list(index.health()) == []

    def test_samples_come_back_by_kind_and_name(self, index: Index) -> None:
        dead = HealthSample(NOON, "dead-letters", "all", 0)
        fresh = HealthSample(NOON, "feeds", "fresh", 20)
        index.put_health([LAG, FEED, fresh, dead])
        self.settle(index)
        assert list(index.health()) == [dead, FEED, fresh, LAG]

    def test_the_newest_counts(self, index: Index) -> None:
        later = NOON + timedelta(minutes=1, microseconds=5)
        newer = [HealthSample(later, "stage", "enrich", 0), HealthSample(later, "feed", FEED.name, 0, "fresh")]
        index.put_health([LAG, FEED])
        index.put_health(newer)
        self.settle(index)
        assert list(index.health()) == [newer[1], newer[0]]

    def test_the_same_again_changes_nothing(self, index: Index) -> None:
        for _ in range(2):
            index.put_health([LAG, FEED])
            self.settle(index)
            assert list(index.health()) == [FEED, LAG]
