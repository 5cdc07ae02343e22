"""What a worker tells of its work, for metrics."""

from __future__ import annotations

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


class Unobserved:
    """An observer that does nothing."""

    def committed(self, report: BatchReport) -> None:
        """Do nothing."""

    def buried(self, letter: DeadLetter) -> None:
        """Do nothing."""

    def waiting(self, stage: str, reason: str, seconds: float) -> None:
        """Do nothing."""
