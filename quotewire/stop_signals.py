"""What signals ask for is done on a thread of its own.

A handler runs in the midst of whatever the main thread does. Were it to set an event there, and the main thread about
to wait for that event or in an earlier handler that sets it, it would wait for a lock that its own thread holds, for
ever.
"""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable


def heed_stop_signals(stop: threading.Event, again: Callable[[], None], *, same_within: float = 0.0) -> None:
    """Have `stop` set at a SIGTERM or SIGINT from now on, and `again` called at each where it is set already.

    same_within: seconds after the first signal in which `again` is not called, whatever set `stop`: where a service
    manager signals all processes, a part hears of the same stop from its supervisor too. To be called by the main
    thread. Signals that come before the first is taken up may be one to the system.
    """
    # Of the standard library's queues the one whose `put` may interrupt another (docs.python.org: SimpleQueue.put).
    arrived = queue.SimpleQueue[int]()

    def work() -> None:
        first: float | None = None
        while True:
            arrived.get()
            now = time.monotonic()
            if not stop.is_set():
                stop.set()
            elif now - (first or now) >= same_within:
                again()
            first = first or now

    threading.Thread(target=work, name="stop signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda came, _: arrived.put(came))
