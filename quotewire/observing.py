"""What a worker tells of its work, for metrics; what a supervisor tells of its parts, for health checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.records import DeadLetter


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A committed batch. `seconds`: from the poll's answer to the end of the commit; `oldest`: when its oldest record
    was published.
    """

    stage: str
    records: int
    outputs: int
    dead_letters: int
    seconds: float
    oldest: datetime


class WorkerObserver(Protocol):
    """Told what happens, for metrics."""

    def committed(self, report: BatchReport) -> None:
        """A batch was processed and committed."""
        ...

    def buried(self, letter: DeadLetter) -> None:
        """A record was buried; called after the commit."""
        ...

    def waiting(self, stage: str, reason: str, seconds: float) -> None:
        """A server is away; the same records are tried again after this time."""
        ...

    def working(self, stage: str) -> None:
        """The servers answer: told at the first poll that succeeds, and again at the first one after waiting."""
        ...


class Unobserved:
    """An observer that does nothing."""

    def committed(self, report: BatchReport) -> None:
        """Do nothing."""

    def buried(self, letter: DeadLetter) -> None:
        """Do nothing."""

    def waiting(self, stage: str, reason: str, seconds: float) -> None:
        """Do nothing."""

    def working(self, stage: str) -> None:
        """Do nothing."""


class Observers:
    """Several observers as one."""

    def __init__(self, observers: Sequence[WorkerObserver]) -> None:
        self._observers = observers

    def committed(self, report: BatchReport) -> None:
        """Tell each of them."""
        for observer in self._observers:
            observer.committed(report)

    def buried(self, letter: DeadLetter) -> None:
        """Tell each of them."""
        for observer in self._observers:
            observer.buried(letter)

    def waiting(self, stage: str, reason: str, seconds: float) -> None:
        """Tell each of them."""
        for observer in self._observers:
            observer.waiting(stage, reason, seconds)

    def working(self, stage: str) -> None:
        """Tell each of them."""
        for observer in self._observers:
            observer.working(stage)


@dataclass(frozen=True, slots=True)
class PartState:
    """A supervised part: its name, unlike any other's (`enrich`, `enrich-2`); whether it runs; how often it was started
    again; whether it dies again and again; and what it said last: empty where it is ready, else what it waits for, None
    for nothing.
    """

    name: str
    up: bool
    restarts: int
    crash_looping: bool
    said: str | None
