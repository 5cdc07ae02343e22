"""The couriers of all sinks, each in a thread of its own: one that is away or slow holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from consumers.notify.courier import Courier
from quotewire.alert_ports import Delivery, Notifier, Outbox, Sink
from quotewire.ports import Clock, ConfigurationError, Unavailable

REMEMBERED = timedelta(days=60)
"""How long what was delivered is remembered: longer than an alert is news, so that nothing is told again."""

_TICK = 0.5
_FORGET_EVERY = timedelta(hours=6)
_log = structlog.get_logger()


class Deliveries:
    """Delivers what is in the outbox until told to stop; then each courier makes a last round.

    sinks: the sinks as they are now; asked all the time. notifier: makes what tells a sink. Of several processes on one
    outbox one is at work, the others stand by.
    """

    def __init__(
        self,
        sinks: Callable[[], Sequence[Sink]],
        outbox: Outbox,
        notifier: Callable[[Sink], Notifier],
        clock: Clock,
        observe: Callable[[Delivery], None] = lambda _: None,
    ) -> None:
        self._sinks = sinks
        self._outbox = outbox
        self._notifier = notifier
        self._clock = clock
        self._observe = observe

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set; a sink that is away, and an outbox that is, are waited for."""
        while not stop.is_set():
            with self._outbox.alone() as is_alone:
                if is_alone:
                    self._deliver(stop)
            stop.wait(_TICK)

    def _deliver(self, stop: threading.Event) -> None:
        threads: dict[str, tuple[Sink, threading.Event, threading.Thread]] = {}
        forget_at = self._clock.now()
        while not stop.is_set():
            wanted = {sink.name: sink for sink in self._sinks()}
            for name, (sink, ended, thread) in list(threads.items()):
                # A sink that is changed gets a courier anew, once the one before has ended.
                if wanted.get(name) != sink:
                    ended.set()
                if not thread.is_alive():
                    del threads[name]
            for name, sink in wanted.items():
                if name not in threads:
                    ended = threading.Event()
                    thread = threading.Thread(target=self._serve, args=(sink, ended), name=f"sink {name}", daemon=True)
                    thread.start()
                    threads[name] = (sink, ended, thread)
            if self._clock.now() >= forget_at:
                forget_at = self._clock.now() + _FORGET_EVERY
                self._forget()
            stop.wait(_TICK)
        for _, ended, _ in threads.values():
            ended.set()
        for _, _, thread in threads.values():
            thread.join()

    def _forget(self) -> None:
        try:
            self._outbox.forget(self._clock.now() - REMEMBERED)
        except Unavailable as error:
            _log.warning("outbox away", reason=str(error))

    def _serve(self, sink: Sink, ended: threading.Event) -> None:
        courier: Courier | None = None
        last, said = False, ""
        while True:
            try:
                if courier is None:
                    courier = Courier(self._outbox, self._notifier(sink), self._clock, self._observe)
                courier.step(sink)
                said = ""
            except (Unavailable, ConfigurationError) as error:
                if str(error) != said:
                    said = str(error)
                    what = "outbox away" if isinstance(error, Unavailable) else "sink cannot be told"
                    _log.warning(what, sink=sink.name, reason=said)
            except Exception:
                _log.exception("courier failed", sink=sink.name)
                ended.wait(5)
            if last:
                return
            last = ended.wait(_TICK)
