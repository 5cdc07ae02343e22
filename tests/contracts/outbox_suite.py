"""What every outbox does, whatever it keeps its notices in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quotewire.alert_ports import Delivery, Notice, Outbox
from schemas.records import Alert, Mention

NOW = datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


def make_alert(number: int | str, **fields: object) -> Alert:
    text = "Ada Lindqvist sailed."
    given = {
        "id": f"alert-{number}",
        "name": "Ada Lindqvist",
        "story": "s",
        "raised": NOW,
        "updated": NOW,
        "article": "a",
        "title": f"Ferry {number} sails",
        "outlet": "The Vessby Courier",
        "mention": Mention(start=0, end=13, text=text[:13]),
        "sentence": Mention(start=0, end=len(text), text=text),
        "rule": "entity by name",
        "confidence": 0.9,
    }
    return Alert.model_validate(given | fields)


def notice(number: int | str, sink: str = "desk", seconds: float = 0) -> Notice:
    return Notice(sink, make_alert(number), NOW + timedelta(seconds=seconds))


class OutboxSuite:
    @pytest.fixture
    def outbox(self) -> Outbox:
        raise NotImplementedError

    def test_a_sink_is_known_since_it_was_first_asked_for(self, outbox: Outbox) -> None:
        assert outbox.know([], NOW) == {}
        assert outbox.know(["desk"], NOW) == {"desk": NOW}
        later = NOW + timedelta(hours=1)
        assert outbox.know(["desk", "night"], later) == {"desk": NOW, "night": later}
        assert outbox.know(["night"], NOW + timedelta(hours=2)) == {"night": later}

    def test_a_notice_waits_once_for_each_alert_and_sink(self, outbox: Outbox) -> None:
        first, second = notice(1), notice(2, seconds=1)
        assert outbox.add([second, first, first, notice(1, "night")]) == 3
        assert outbox.add([notice(1, seconds=9), replace(second, alert=make_alert(2, revision=4))]) == 0
        assert list(outbox.waiting("desk")) == [first, second]
        assert list(outbox.waiting("night")) == [notice(1, "night")]
        assert list(outbox.waiting("nobody")) == []
        assert outbox.counts() == {"desk": {"waiting": 2}, "night": {"waiting": 1}}

    def test_the_first_that_wait_can_be_asked_for_alone(self, outbox: Outbox) -> None:
        assert outbox.waiting_since("desk") is None
        late, early, middle = (notice(seconds, seconds=seconds) for seconds in (9, 1, 5))
        outbox.add([late, early, middle, notice(0, "night")])
        assert outbox.waiting_since("desk") == early.created
        assert list(outbox.waiting("desk", 2)) == [early, middle]
        assert list(outbox.waiting("desk", 9)) == [early, middle, late]

    def test_what_is_planned_waits_no_more_and_is_open(self, outbox: Outbox) -> None:
        one, two, three = (notice(number, seconds=number) for number in (1, 2, 3))
        outbox.add([one, two, three])
        both = Delivery("desk", (one, three), NOW, "digest")
        outbox.plan([both])
        assert list(outbox.waiting("desk")) == [two]
        assert outbox.waiting_since("desk") == two.created
        assert list(outbox.open("desk")) == [both]
        assert list(outbox.open("night")) == []
        assert outbox.add([one]) == 0
        assert outbox.counts() == {"desk": {"waiting": 3}}
        outbox.plan([])

    def test_open_deliveries_come_with_those_never_tried_first_then_those_tried_longest_ago(
        self, outbox: Outbox
    ) -> None:
        deliveries = [Delivery("desk", (notice(number),), NOW + timedelta(seconds=number)) for number in range(4)]
        outbox.add([delivery.notices[0] for delivery in deliveries])
        outbox.plan(deliveries)
        tried = [
            replace(deliveries[0], tries=1, tried=NOW + timedelta(minutes=2), reason="away"),
            replace(deliveries[2], tries=3, tried=NOW + timedelta(minutes=1), reason="away"),
        ]
        for delivery in tried:
            outbox.note(delivery)
        assert list(outbox.open("desk")) == [deliveries[1], deliveries[3], tried[1], tried[0]]

    def test_what_is_delivered_or_given_up_is_not_open_and_never_added_again(self, outbox: Outbox) -> None:
        delivered, failed = (Delivery("desk", (notice(number),), NOW) for number in (1, 2))
        outbox.add([notice(1), notice(2)])
        outbox.plan([delivered, failed])
        outbox.note(replace(delivered, state="delivered", tries=1, tried=NOW + timedelta(seconds=5)))
        given_up = replace(failed, state="failed", tries=9, tried=NOW + timedelta(days=1), reason="answered 500")
        outbox.note(given_up)
        assert list(outbox.open("desk")) == []
        assert list(outbox.failed()) == [given_up]
        assert list(outbox.told("desk", NOW)) == [NOW + timedelta(seconds=5)]
        assert list(outbox.told("desk", NOW + timedelta(seconds=6))) == []
        assert outbox.counts() == {"desk": {"delivered": 1, "failed": 1}}
        assert outbox.add([notice(1), notice(2)]) == 0

    def test_what_was_given_up_can_be_opened_again(self, outbox: Outbox) -> None:
        delivery = Delivery("desk", (notice(1),), NOW)
        outbox.add([notice(1)])
        outbox.plan([delivery])
        outbox.note(replace(delivery, state="failed", tries=9, tried=NOW, reason="away"))
        again = replace(delivery, planned=NOW + timedelta(days=2), tries=9, reason="away")
        outbox.note(again)
        assert list(outbox.open("desk")) == [again]
        assert list(outbox.failed()) == []

    def test_only_what_is_done_with_is_forgotten(self, outbox: Outbox) -> None:
        old, new, still = (Delivery("desk", (notice(number),), NOW) for number in (1, 2, 3))
        outbox.add([notice(number) for number in (1, 2, 3, 4)])
        outbox.plan([old, new, still])
        outbox.note(replace(old, state="delivered", tries=1, tried=NOW))
        outbox.note(replace(new, state="failed", tries=1, tried=NOW + timedelta(days=2)))
        assert outbox.forget(NOW + timedelta(days=1)) == 1
        assert outbox.forget(NOW + timedelta(days=1)) == 0
        assert outbox.counts() == {"desk": {"failed": 1, "waiting": 2}}
        assert list(outbox.open("desk")) == [still]

    def test_one_at_a_time_delivers(self, outbox: Outbox) -> None:
        with outbox.alone() as first:
            with outbox.alone() as second:
                assert (first, second) == (True, False)
            with outbox.alone() as third:
                assert not third
        with outbox.alone() as after:
            assert after
