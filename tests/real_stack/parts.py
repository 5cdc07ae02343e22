"""The parts of a pipeline on the real servers, each a process of its own that a test kills, stops and starts.

`python -m tests.real_stack.parts PART` runs one, by the settings of its environment. It is the program's own part with
the program's own wiring, but for two things: the clients of Kafka are impatient, so that a test need not wait as long
as an operator would, and there is no language model, whose loading would be most of what a killed process does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from quotewire.adapters.kafka_connection import KafkaOptions
from quotewire.running import run_part
from quotewire.settings import load
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring
from tests.real_stack.copying import OPTIONS

if TYPE_CHECKING:
    from consumers.enrich.nlp import Annotation, Text
    from consumers.enrich.stage import Annotator

ROOT = Path(__file__).parents[2]
LONGEST_BATCH = 8.0
SLOW, DEADLY = "a slow article", "a deadly article"
"""Words of a text that takes longer than a batch may, once; and of one that kills the process."""
SLOWED = "slowed"
"""A file in the data folder that says that a slow article was slow."""


class PlainAnnotator:
    """Finds nothing, but does with a text what its words say."""

    model = "none"

    def __init__(self, folder: Path) -> None:
        self._slowed = folder / SLOWED

    def annotate(self, texts: Sequence[Text]) -> Sequence[Annotation]:
        from consumers.enrich.nlp import Annotation

        for text in texts:
            if DEADLY in text.text:
                os.kill(os.getpid(), signal.SIGKILL)
            if SLOW in text.text and not self._slowed.exists():
                self._slowed.touch()
                time.sleep(LONGEST_BATCH + 3)
        return [Annotation(text.id) for text in texts]


class ImpatientWiring(Wiring):
    """The program's wiring, but for what is said above."""

    def _kafka_options(self) -> KafkaOptions:
        return replace(OPTIONS, longest_batch=LONGEST_BATCH)

    @cached_property
    def annotator(self) -> Annotator:
        """No language model."""
        return PlainAnnotator(self.settings.data)


class Parts:
    """Processes by name; one that has died is started again with the next `tend`."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment = dict(environment)
        self._log = log
        self._kinds: dict[str, str] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start a part: `enrich`, or `enrich-2` for a second one of it."""
        with self._log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.real_stack.parts", name.partition("-")[0]],
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self, name: str) -> None:
        """Let a part finish what it has in hand and end."""
        process = self.processes.pop(name)
        process.terminate()
        process.wait(60)

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait()

    def tend(self) -> None:
        """Start those again that have died."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(name)

    def close(self) -> None:
        """End all of them."""
        for name in list(self.processes):
            self.kill(name)


def main(part: str) -> None:
    """Run a part until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = load()
    configure_logging("info", "json", stage=part)
    with ImpatientWiring(settings) as wiring:
        run_part(part, wiring, stop)


if __name__ == "__main__":
    main(sys.argv[1])
