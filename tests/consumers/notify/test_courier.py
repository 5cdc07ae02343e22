"""Telling one sink: once where it takes it, again and again where it does not, and listed after a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import chain

import orjson
import pytest

from consumers.notify.courier import TRIED_FOR, Courier
from consumers.notify.stage import BEFORE_KNOWN, OLDEST_NEWS, Notifying
from quotewire.adapters.memory_outbox import MemoryOutbox
from quotewire.adapters.webhook_notifier import WebhookNotifier
from quotewire.alert_ports import Delivery, Notice, RateLimit, Schedule, Sink
from schemas.records import Alert
from tests.consumers.notify.receiver import Receiver
from tests.contracts.outbox_suite import NOW, make_alert


class HandClock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def go_on(self, **span: float) -> None:
        self.time += timedelta(**span)


class Desk:
    """A stage, an outbox and the couriers of its sinks, over a receiver that is really asked."""

    def __init__(self, receiver: Receiver) -> None:
        self.clock = HandClock()
        self.outbox = MemoryOutbox()
        self.receiver = receiver
        self.observed: list[Delivery] = []
        self.sinks = [self.sink("desk")]
        self.stage = Notifying(lambda: self.sinks, self.outbox, self.clock)
        self._couriers: dict[str, Courier] = {}

    def sink(self, name: str, **fields: object) -> Sink:
        given = {"name": name, "webhook": self.receiver.address, "secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"}
        return Sink(**given | fields)  # type: ignore[arg-type]

    def alert(self, *numbers: int | str, **fields: object) -> None:
        given = {"raised": self.clock.now()}
        batch: list[Alert] = [make_alert(number, **given | fields) for number in numbers]
        assert self.stage.process(batch) == [[] for _ in batch]

    def step(self) -> None:
        for sink in self.sinks:
            courier = self._couriers.get(sink.name)
            if courier is None:
                notifier = WebhookNotifier(sink, self.clock)
                courier = Courier(self.outbox, notifier, self.clock, self.observed.append)
                self._couriers[sink.name] = courier
            courier.step(sink)

    def restart(self) -> None:
        self._couriers.clear()

    def told(self, sink: str = "desk") -> list[list[str]]:
        messages = [orjson.loads(received.body) for received in self.receiver.received]
        return [[one["alert"]["id"] for one in m["alerts"]] for m in messages if m["sink"] == sink]

    def keys(self) -> list[str]:
        return [received.headers["webhook-id"] for received in self.receiver.received]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Receiver() as receiver:
        yield Desk(receiver)


# --- once


def test_an_alert_is_told_once(desk: Desk) -> None:
    desk.alert(1)
    desk.step()
    desk.step()
    assert desk.told() == [["alert-1"]]
    assert [(delivery.state, delivery.tries) for delivery in desk.observed] == [("delivered", 1)]


def test_neither_growth_nor_a_replay_is_told(desk: Desk) -> None:
    desk.alert(1)
    desk.step()
    desk.alert(1, revision=2, raised=NOW)
    desk.alert(1, raised=NOW)
    desk.restart()
    desk.clock.go_on(days=20)
    desk.alert(1, raised=NOW)
    desk.step()
    assert desk.told() == [["alert-1"]]


def test_where_the_first_revision_was_not_read_the_next_is_the_news(desk: Desk) -> None:
    # A compacted topic keeps only the newest revision of an alert.
    desk.alert(1, revision=3)
    desk.step()
    assert desk.told() == [["alert-1"]]


def test_a_sink_is_told_once_an_alert_meets_what_it_asks_for(desk: Desk) -> None:
    desk.sinks = [desk.sink("desk", conditions=("quoted",))]
    desk.alert(1)
    desk.step()
    assert desk.told() == []
    desk.alert(1, revision=2, conditions=("mentioned", "quoted"))
    desk.alert(1, revision=3, conditions=("mentioned", "quoted"))
    desk.step()
    assert desk.told() == [["alert-1"]]


def test_a_new_sink_is_not_told_of_what_was_news_before(desk: Desk) -> None:
    desk.alert("old", raised=NOW - BEFORE_KNOWN - timedelta(seconds=1))
    desk.alert("just before", raised=NOW - BEFORE_KNOWN + timedelta(seconds=1))
    desk.clock.go_on(days=90)
    desk.alert("too old to be news", raised=NOW)
    desk.alert("not quite", raised=desk.clock.now() - OLDEST_NEWS)
    desk.step()
    assert sorted(desk.told()) == [["alert-just before"], ["alert-not quite"]]


# --- a sink that is away


def test_a_sink_that_is_away_is_tried_until_it_is_back_and_then_told_all(desk: Desk) -> None:
    desk.receiver.stop()
    desk.alert(1)
    desk.step()
    desk.alert(2, 3)
    for _ in range(20):
        desk.clock.go_on(minutes=5)
        desk.step()
    desk.alert(4, 5, 6)
    assert desk.told() == []
    assert 18 <= len(desk.observed) <= 42
    desk.receiver.start()
    for _ in range(3):
        desk.clock.go_on(minutes=5)
        desk.step()
    told = desk.told()
    # What came while it was away comes together, after what it was away for.
    assert told[:2] == [["alert-2", "alert-3"], ["alert-1"]]
    assert sorted(chain.from_iterable(told)) == [f"alert-{number}" for number in range(1, 7)]
    assert desk.outbox.counts() == {"desk": {"delivered": 6}}


def test_it_is_not_tried_all_the_time(desk: Desk) -> None:
    desk.receiver.status = 503
    desk.alert(1)
    for _ in range(600):
        desk.step()
        desk.clock.go_on(seconds=1)
    assert 8 <= desk.receiver.refused <= 14


def test_after_a_day_it_is_given_up_and_listed_with_the_reason(desk: Desk) -> None:
    desk.receiver.status = 500
    desk.alert(1)
    end = NOW + TRIED_FOR + timedelta(minutes=10)
    while desk.clock.now() < end:
        desk.step()
        desk.clock.go_on(minutes=5)
    (failed,) = desk.outbox.failed()
    assert (failed.state, failed.reason) == ("failed", "answered 500")
    assert failed.tries > 200
    assert desk.observed[-1] == failed
    tried = desk.receiver.refused
    desk.clock.go_on(hours=1)
    desk.step()
    assert desk.receiver.refused == tried


def test_a_repeat_has_the_same_key_and_the_same_body(desk: Desk) -> None:
    desk.alert(1)
    desk.receiver.status = 200
    desk.step()
    (planned,) = desk.observed
    # As after a kill between the receiver's answer and the note of it.
    WebhookNotifier(desk.sinks[0], desk.clock).tell(planned)
    first, second = desk.receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == planned.key
    assert first.body == second.body


def test_what_a_sink_will_never_take_is_given_up_at_once_and_the_next_is_told(desk: Desk) -> None:
    desk.receiver.status = 422
    desk.alert(1)
    desk.step()
    desk.receiver.status = 200
    desk.alert(2)
    desk.step()
    assert [delivery.reason for delivery in desk.outbox.failed()] == ["answered 422"]
    assert desk.told() == [["alert-2"]]


def test_one_that_is_refused_again_and_again_does_not_keep_others_back(desk: Desk) -> None:
    desk.receiver.status = 500
    desk.alert("poison")
    desk.step()
    desk.receiver.status = 200
    desk.alert(2)
    desk.clock.go_on(minutes=5)
    desk.step()
    assert desk.told()[0] == ["alert-2"]


def test_a_redirect_is_not_followed(desk: Desk) -> None:
    desk.receiver.status = 302
    desk.alert(1)
    desk.step()
    assert [delivery.reason for delivery in desk.observed] == ["answered 302"]
    assert desk.receiver.received == []


# --- held back


def test_a_digest_comes_at_its_time_after_a_restart_too(desk: Desk) -> None:
    desk.sinks = [desk.sink("desk", schedule=Schedule("day", time(8)))]
    desk.alert(1, 2)
    desk.step()
    desk.restart()
    desk.clock.go_on(hours=1)
    desk.alert(3)
    desk.step()
    assert sorted(desk.told()[0]) == ["alert-1", "alert-2", "alert-3"]
    assert [orjson.loads(received.body)["type"] for received in desk.receiver.received] == ["digest"]


def test_each_sink_has_its_own_hours_and_limits(desk: Desk) -> None:
    desk.sinks = [
        desk.sink("desk"),
        desk.sink("asleep", quiet=(time(6), time(9))),
        desk.sink("patient", rate=RateLimit(2, timedelta(hours=1))),
    ]
    desk.alert(1, 2, 3, 4)
    desk.step()
    assert len(desk.told("desk")) == 4
    assert desk.told("asleep") == []
    assert [len(message) for message in desk.told("patient")] == [1, 3]
    desk.alert(5)
    desk.step()
    assert len(desk.told("patient")) == 2
    desk.clock.go_on(hours=2)
    desk.step()
    assert [len(message) for message in desk.told("asleep")] == [5]
    assert desk.told("patient")[-1] == ["alert-5"]


def test_quiet_hours_hold_for_tries_again_too(desk: Desk) -> None:
    desk.sinks = [desk.sink("desk", quiet=(time(8), time(9)))]
    desk.receiver.status = 500
    desk.alert(1)
    desk.step()
    desk.receiver.status = 200
    desk.clock.go_on(hours=1)
    desk.step()
    assert desk.told() == []
    desk.clock.go_on(hours=1)
    desk.step()
    assert desk.told() == [["alert-1"]]


def test_a_limit_holds_for_what_a_sink_missed_while_it_was_away(desk: Desk) -> None:
    desk.sinks = [desk.sink("desk", rate=RateLimit(1, timedelta(hours=1)))]
    desk.receiver.status = 503
    desk.alert(1)
    desk.step()
    desk.clock.go_on(seconds=10)
    desk.alert(2)
    desk.step()
    assert len(desk.outbox.open("desk")) == 2
    desk.receiver.status = 200
    desk.clock.go_on(minutes=10)
    for _ in range(5):
        desk.clock.go_on(minutes=1)
        desk.step()
    assert len(desk.told()) == 1
    desk.alert(3)
    desk.clock.go_on(hours=1)
    desk.step()
    assert len(desk.told()) == 2
    desk.clock.go_on(hours=1)
    desk.step()
    assert sorted(chain.from_iterable(desk.told())) == ["alert-1", "alert-2", "alert-3"]


def test_a_limit_holds_for_what_is_sent_again_by_hand(desk: Desk) -> None:
    desk.sinks = [desk.sink("desk", rate=RateLimit(2, timedelta(hours=1)))]
    desk.receiver.status = 422
    desk.alert(1, 2)
    desk.step()
    desk.alert(3, 4)
    desk.step()
    assert len(desk.outbox.failed()) == 4
    for delivery in desk.outbox.failed():
        desk.outbox.note(replace(delivery, state="open", planned=desk.clock.now()))
    desk.receiver.status = 200
    for told in (2, 4):
        for _ in range(3):
            desk.step()
        assert len(desk.told()) == told
        desk.clock.go_on(hours=1, seconds=1)


def test_a_burst_stays_within_the_limit_whatever_its_size(desk: Desk) -> None:
    desk.sinks = [desk.sink("desk", rate=RateLimit(1, timedelta(hours=1)))]
    desk.alert(*range(450))
    for hour in range(1, 4):
        for _ in range(3):
            desk.step()
        assert len(desk.told()) == hour
        desk.clock.go_on(hours=1, seconds=1)
    assert [len(message) for message in desk.told()] == [200, 200, 50]


class Counting(MemoryOutbox):
    """An outbox that counts how often its alerts are read."""

    reads = 0

    def waiting(self, sink: str, limit: int | None = None) -> Sequence[Notice]:
        self.reads += 1
        return super().waiting(sink, limit)

    def open(self, sink: str) -> Sequence[Delivery]:
        found = super().open(sink)
        self.reads += bool(found)
        return found


@pytest.mark.parametrize(
    "held",
    [{"schedule": Schedule("day", time(8))}, {"rate": RateLimit(1, timedelta(hours=1))}, {"quiet": (time(6), time(9))}],
)
def test_what_is_held_back_is_not_read_until_it_is_due(desk: Desk, held: dict[str, object]) -> None:
    desk.outbox = outbox = Counting()
    desk.sinks = [desk.sink("desk", **held)]
    desk.stage = Notifying(lambda: desk.sinks, outbox, desk.clock)
    desk.alert(1)
    desk.step()
    desk.alert(*range(2, 50))
    outbox.reads = 0
    for _ in range(20):
        desk.clock.go_on(seconds=0.5)
        desk.step()
    assert outbox.reads == 0
    desk.clock.go_on(hours=3)
    desk.step()
    assert outbox.reads == 1
    assert len(set(chain.from_iterable(desk.told()))) == 49


def test_a_sink_that_cannot_be_used_is_tried_for_a_day_and_listed(desk: Desk) -> None:
    desk.sinks = [desk.sink("desk", secret="whsec_not base64!")]
    desk.alert(1)
    desk.step()
    (delivery,) = desk.observed
    assert (delivery.state, delivery.tries) == ("open", 1)
    assert "base64" in delivery.reason
    desk.clock.go_on(days=1, minutes=1)
    desk.step()
    assert [delivery.state for delivery in desk.outbox.failed()] == ["failed"]
