"""Remembers, across deaths, which records a worker had in hand when its process died.

Some records kill whoever touches them: a text that makes a parser crash or eat all memory. No `except` catches that,
and the next process gets the same records. Before a batch is processed its places are written to a file that is locked
as long as the process lives; whoever of the same stage comes by and finds such a file without a living owner counts
one death for each of its records. Files are not flushed to the disk: they have to outlive a process, not the machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from quotewire.life_lock import LifeLock, is_alive

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""


class CrashJournal:
    """The journal of one worker of a stage. `folder` is shared by all workers of all stages.

    Every method raises OSError where the folder cannot be read or written.
    """

    def __init__(self, folder: Path, stage: str) -> None:
        self.folder = folder
        self._name = re.sub(r"\W", "_", stage)
        self._lock: LifeLock | None = None

    def deaths(self, places: Sequence[Place]) -> dict[Place, int]:
        """How many processes died with each of these records in hand; records without a death are left out."""
        self._count_the_dead()
        counted = self._read_counts()
        return {place: counted[place] for place in places if place in counted}

    def begin(self, places: Sequence[Place]) -> None:
        """Remember that these records are in hand from now on."""
        if self._lock is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._alone():
                self._lock = LifeLock(self.folder / f"{self._name}.{uuid.uuid4().hex}.worker")
        self._write(self._lock.descriptor, json.dumps(places).encode())

    def drop(self) -> None:
        """Remember that nothing is in hand any more."""
        if self._lock is not None:
            self._write(self._lock.descriptor, b"")

    def forget(self, places: Sequence[Place]) -> None:
        """Forget the deaths of these records: they are done with."""
        if self._counts_file.exists():
            with self._alone():
                counted = self._read_counts()
                if not counted.keys().isdisjoint(places):
                    for place in places:
                        counted.pop(place, None)
                    self._write_counts(counted)

    def close(self) -> None:
        """Leave no file behind for the others to look at."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def _counts_file(self) -> Path:
        return self.folder / f"{self._name}.deaths"

    def _count_the_dead(self) -> None:
        # Most often there are only living ones, and then nobody has to wait for anybody.
        if not any(self._dead_files()):
            return
        with self._alone():
            counted = self._read_counts()
            for file in self._dead_files():
                places = _read_places(file)
                # First gone, then counted: killed in between, a death is forgotten rather than counted twice.
                file.unlink(missing_ok=True)
                counted.update(places)
                self._write_counts(counted)

    def _dead_files(self) -> Iterator[Path]:
        for file in self.folder.glob(f"{self._name}.*.worker"):
            if (self._lock is None or file != self._lock.path) and not is_alive(file):
                yield file

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.folder / f"{self._name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read_counts(self) -> Counter[Place]:
        try:
            entries = json.loads(self._counts_file.read_bytes())
        except (FileNotFoundError, ValueError):
            return Counter()
        return Counter({(topic, partition, offset): count for topic, partition, offset, count in entries})

    def _write_counts(self, counted: Counter[Place]) -> None:
        if not counted:
            self._counts_file.unlink(missing_ok=True)
            return
        temporary = self._counts_file.with_suffix(".deaths-new")
        temporary.write_text(json.dumps([[*place, count] for place, count in counted.items()]))
        temporary.replace(self._counts_file)

    @staticmethod
    def _write(descriptor: int, content: bytes) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)


def _read_places(file: Path) -> list[Place]:
    try:
        return [(topic, partition, offset) for topic, partition, offset in json.loads(file.read_bytes() or b"[]")]
    except (FileNotFoundError, ValueError):
        # Killed within the write, so before anything was processed.
        return []
