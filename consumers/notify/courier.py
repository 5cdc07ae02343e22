"""The courier of one sink: from the outbox to the sink, again and again until it has been taken or a day is over."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from consumers.notify.planning import MOST_PLANNED, is_due, messages_left, plan
from consumers.notify.times import is_quiet
from quotewire.alert_ports import Delivery, Notifier, Outbox, Sink
from quotewire.ports import Clock, ConfigurationError, Rejected, Unavailable

TRIED_FOR = timedelta(days=1)
"""How long a delivery is tried, from when it was planned."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds between two tries of a sink that is away: doubled at each, a random half to all of it, up to the longest."""

_MOST_OPEN = 2
"""Deliveries that are begun with a sink that is away. One alone may be refused for what it says; when the second one is
not taken either, it is the sink, and what comes waits to be told together."""

_log = structlog.get_logger()


class Courier:
    """Tells one sink; used by one thread. `observe` is told of each delivery as it is after a try."""

    def __init__(
        self,
        outbox: Outbox,
        notifier: Notifier,
        clock: Clock,
        observe: Callable[[Delivery], None] = lambda _: None,
    ) -> None:
        self._outbox = outbox
        self._notifier = notifier
        self._clock = clock
        self._observe = observe
        self._failures = 0
        self._not_before: datetime | None = None

    def step(self, sink: Sink) -> None:
        """Tell the sink what is due. Raises Unavailable where the outbox is away."""
        now = self._clock.now()
        if is_quiet(sink, now) or (self._not_before is not None and now < self._not_before):
            return
        left = self._left(sink, now)
        if left == 0:
            return
        opened = self._outbox.open(sink.name)
        if not self._failures or len(opened) < _MOST_OPEN:
            planned = self._planned(sink, now, left, len(opened))
            self._outbox.plan(planned)
            opened = [*planned, *opened]
        for delivery in opened:
            if left == 0:
                return
            after = self._try(delivery)
            if self._failures:
                return
            if left is not None and after.state == "delivered":
                left -= 1

    def _left(self, sink: Sink, now: datetime) -> int | None:
        if sink.rate is None:
            return None
        return messages_left(sink, self._outbox.told(sink.name, now - sink.rate.span), now)

    def _planned(self, sink: Sink, now: datetime, left: int | None, opened: int) -> Sequence[Delivery]:
        """What is due beside the deliveries that are open, each of which will need one of the messages left.

        While the sink is away they do not count: one that is refused for what it says keeps nothing else back.
        """
        if left is not None and not self._failures:
            left = max(0, left - opened)
        oldest = self._outbox.waiting_since(sink.name)
        if left == 0 or oldest is None or not is_due(sink, oldest, now):
            return ()
        return plan(sink, self._outbox.waiting(sink.name, MOST_PLANNED), now, left=left, away=self._failures > 0)

    def _try(self, delivery: Delivery) -> Delivery:
        """Try a delivery, note how that went, and give it as it is then."""
        away = False
        try:
            self._notifier.tell(delivery)
        except Rejected as refusal:
            after = replace(delivery, state="failed", reason=str(refusal))
        except (Unavailable, ConfigurationError) as refusal:
            away = True
            over = self._clock.now() >= delivery.planned + TRIED_FOR
            after = replace(delivery, state="failed" if over else "open", reason=str(refusal))
        else:
            after = replace(delivery, state="delivered", reason="")
        after = replace(after, tries=delivery.tries + 1, tried=self._clock.now())
        self._back_off(away)
        # A kill before this repeats the delivery, under the same key.
        self._outbox.note(after)
        self._observe(after)
        self._tell(after)
        return after

    def _back_off(self, away: bool) -> None:
        self._failures = self._failures + 1 if away else 0
        self._not_before = None
        if away:
            seconds = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 30))
            self._not_before = self._clock.now() + timedelta(seconds=seconds * random.uniform(0.5, 1))  # noqa: S311

    def _tell(self, delivery: Delivery) -> None:
        log = _log.bind(sink=delivery.sink, delivery=delivery.key, alerts=len(delivery.notices))
        if delivery.state == "delivered":
            log.info("delivered", tries=delivery.tries)
        elif delivery.state == "failed":
            log.error("not delivered", reason=delivery.reason, tries=delivery.tries)
        elif self._failures == 1:
            log.warning("sink away", reason=delivery.reason)
