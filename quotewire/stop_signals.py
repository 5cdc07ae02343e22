"""What signals ask for is done on a thread of its own.

A handler runs in the midst of whatever the main thread does. Were it to set an event there, and the main thread about
to wait for that event or in an earlier handler that sets it, it would wait for a lock that its own thread holds, for
ever.
"""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable


def act_on_stop_signals(act: Callable[[], None]) -> None:
    """Have `act` called for each SIGTERM and SIGINT from now on, in their order, one at a time.

    To be called by the main thread. Signals that come before the first is taken up may be one to the system.
    """
    # Of the standard library's queues the one whose `put` may interrupt another (docs.python.org: SimpleQueue.put).
    arrived = queue.SimpleQueue[int]()

    def work() -> None:
        while True:
            arrived.get()
            act()

    threading.Thread(target=work, name="stop signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda came, _: arrived.put(came))
