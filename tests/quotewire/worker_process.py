"""A worker in a process of its own, to be killed: `python -m tests.quotewire.worker_process DATABASE [options]`.

Reads raw articles from a SQLite stream and writes each back as an enriched one, slowly. An article titled “kill” kills
the process that touches it.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from quotewire.adapters.sqlite_stream import SqliteStream
from quotewire.worker import Backoff, Worker
from schemas.records import RawArticle
from schemas.topics import RAW
from tests.quotewire.worker_parts import FixedClock, Obedient


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--slowness", type=float, default=0.001)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--loading", type=float, default=0, help="seconds that it takes to be prepared")
    parser.add_argument("--nursery", action="store_true", help="fork a worker for each line of input, tell its id")
    chosen = parser.parse_args()
    if chosen.nursery and not start_children():
        return
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def work(batch: Sequence[RawArticle]) -> None:
        for article in batch:
            time.sleep(random.uniform(0, 2 * chosen.slowness))
            if article.entry.title == "kill":
                os.kill(os.getpid(), signal.SIGKILL)

    class Loading(Obedient):
        def prepare(self) -> None:
            print("loading", flush=True)
            time.sleep(chosen.loading)

    worker = Worker(
        stage="enrich",
        stream=SqliteStream(chosen.database),
        topics=[RAW.name],
        processor=Loading(work),
        clock=FixedClock(),
        batch=chosen.batch,
        journal=chosen.journal,
        backoff=Backoff(first=0.05, longest=0.2),
    )
    print("ready", flush=True)
    worker.run(stop)


def start_children() -> bool:
    """Start a child for each line of input; True in a child, False in the parent at the end of its input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.close(1)
            os.open(os.devnull, os.O_WRONLY)
            return True
        print(child, flush=True)
    return False


if __name__ == "__main__":
    main()
