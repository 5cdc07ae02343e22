"""The parts of a pipeline on the real servers, each a process of its own that a test kills, stops and starts.

Each is the program's own part with the program's own wiring, but for two things: the clients of Kafka and whoever waits
for a server are impatient, so that a test need not wait as long as an operator would, and there is no language model,
whose loading would be most of what a killed process does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from producers import deliver
from quotewire import worker
from quotewire.adapters.kafka_stream import KafkaStream
from quotewire.ports import ConfigurationError, Stream
from quotewire.running import run_part
from quotewire.server_options import kafka_options
from quotewire.settings import load
from quotewire.stop_signals import heed_stop_signals
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring
from schemas.records import Entity, Mention, Quote, Span, Speaker
from tests.real_stack.copying import IMPATIENT
from tests.real_stack.forks import Fork, Forks

if TYPE_CHECKING:
    from consumers.enrich.nlp import Annotation, Text
    from consumers.enrich.stage import Annotator

LONGEST_BATCH = 8.0
SLOW, DEADLY = "a slow article", "a deadly article"
"""Words of a text that takes longer than a batch may, once; and of one that kills the process."""
SHORTENED = "a shortened article"
"""Words of a text that has one quote only."""
SLOWED = "slowed"
"""A file in the data folder that says that a slow article was slow."""


class PlainAnnotator:
    """Finds an entity and two quotes in every text, and does with it what its words say."""

    model = "none"

    def __init__(self, folder: Path) -> None:
        self._slowed = folder / SLOWED

    def annotate(self, texts: Sequence[Text]) -> Sequence[Annotation]:
        for text in texts:
            if DEADLY in text.text:
                os.kill(os.getpid(), signal.SIGKILL)
            if SLOW in text.text and not self._slowed.exists():
                self._slowed.touch()
                time.sleep(LONGEST_BATCH + 3)
        return [_annotation(text) for text in texts]


def _annotation(text: Text) -> Annotation:
    from consumers.enrich.nlp import Annotation

    name, middle = text.text.split()[0], max(1, len(text.text) // 2)
    start = text.text.index(name)
    who = Mention(start=start, end=start + len(name), text=name)
    speaker = Speaker(**dict(who), name=name, entity="e1", kind="person")
    halves = [Span(start=0, end=middle), Span(start=min(middle, len(text.text) - 1), end=len(text.text))]
    quotes = [
        Quote(
            id=f"q{number}",
            kind="direct",
            spans=(half,),
            text=text.text[half.start : half.end],
            speaker=speaker,
            confidence=1,
        )
        for number, half in enumerate(halves[: 1 if SHORTENED in text.text else 2], 1)
    ]
    return Annotation(text.id, (Entity(id="e1", name=name, label="PERSON", mentions=(who,)),), tuple(quotes))


class ImpatientWiring(Wiring):
    """The program's wiring, but for what is said above."""

    @cached_property
    def _bare_stream(self) -> tuple[Stream, str]:
        options = replace(kafka_options(self.settings), **IMPATIENT, longest_batch=LONGEST_BATCH)
        stream = KafkaStream(self.settings.stream_address, options)
        self._closing.callback(stream.close)
        return stream, "kafka"

    @cached_property
    def annotator(self) -> Annotator:
        """No language model."""
        return PlainAnnotator(self.settings.data)


class Parts:
    """Processes by name; one that has died is started again with the next `tend`."""

    def __init__(self, forks: Forks, environment: Mapping[str, str], log: Path) -> None:
        self._forks = forks
        self._environment = dict(environment)
        self._log = log
        self.processes: dict[str, Fork] = {}

    def start(self, name: str, **settings: str) -> Fork:
        """Start a part: `enrich`, or `enrich-2` for a second one of it; with other settings than the others have."""
        part, environment = name.partition("-")[0], self._environment | settings
        started = self._forks.start("tests.real_stack.parts", part, environment=environment, log=self._log)
        self.processes[name] = started
        return started

    def stop(self, name: str) -> None:
        """Let a part finish what it has in hand and end."""
        self.processes.pop(name).stop()

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()

    def tend(self) -> None:
        """Start those again that have died."""
        for name, process in list(self.processes.items()):
            if not process.running:
                self.start(name)

    def close(self) -> None:
        """End all of them."""
        for name in list(self.processes):
            self.kill(name)


def main(part: str) -> None:
    """Run a part until SIGTERM."""
    stop = threading.Event()
    heed_stop_signals(stop, again=lambda: os._exit(1))
    worker.Backoff = partial(worker.Backoff, longest=2.0)  # type: ignore[misc, assignment]
    deliver._LONGEST_WAIT = 2.0
    settings = load()
    configure_logging("info", "json", stage=part)
    try:
        with ImpatientWiring(settings) as wiring:
            run_part(part, wiring, stop)
    except ConfigurationError as error:
        sys.exit(f"quotewire: {part}: {error}")
