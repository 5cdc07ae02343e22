"""Signals that come at any moment, also while an event is set or waited for, are all heard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import os, sys, threading
from quotewire.stop_signals import heed_stop_signals

heard, ended = threading.Event(), threading.Event()

heed_stop_signals(heard, again=heard.clear)
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
print("ready", flush=True)
while not ended.is_set():
    heard.wait(0.0001)
    heard.set()
    heard.clear()
print("ended", flush=True)
"""


def test_thousands_of_signals_leave_no_program_standing_still() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            # At every moment of what the program does: those that come while one waits are one to the system.
            until = time.monotonic() + 3
            while time.monotonic() < until:
                os.kill(process.pid, signal.SIGTERM)
                os.kill(process.pid, signal.SIGINT)
            output, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert output == "ended\n"


ONE_STOP = """
import sys, threading
from quotewire.stop_signals import heed_stop_signals

stop, again = threading.Event(), threading.Event()
heed_stop_signals(stop, again=again.set, same_within=1.5)
print("ready", flush=True)
if len(sys.argv) > 1:
    stop.set()
stop.wait()
print("stopping", again.wait(1), flush=True)
print("ended", again.wait(20), flush=True)
"""


@pytest.mark.parametrize("stopping", [[], ["its input has ended"]])
def test_the_same_stop_told_twice_is_one_and_a_later_one_another(stopping: list[str]) -> None:
    with subprocess.Popen([sys.executable, "-c", ONE_STOP, *stopping], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                os.kill(process.pid, number)
                time.sleep(0.05)
            assert process.stdout.readline() == "stopping False\n"
            time.sleep(1)
            os.kill(process.pid, signal.SIGTERM)
            assert process.stdout.readline() == "ended True\n"
        finally:
            process.kill()
