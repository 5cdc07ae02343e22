"""The one loop that owns delivery: poll a batch, process it, commit its outputs and offsets together.

A stage brings only a `Processor`. What can go wrong is handled here and nowhere else:

- a record that can never be processed (rejected, malformed, or the cause of an unexpected error when processed alone)
  becomes a dead letter, published in the same commit; if that fails, nothing is committed;
- a server that is away is waited for, and the same records are processed again;
- partitions that another member holds by now are forgotten;
- a record whose processing killed the process five times, the last three times alone, becomes a dead letter too. What
  a processor loads before its first batch is not processing.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from quotewire.batch import Buried, Fate, Processor, Result, article_of, decoded, prepare, processed
from quotewire.crash_journal import CrashJournal, Place
from quotewire.observing import BatchReport, Unobserved, WorkerObserver
from quotewire.ports import (
    Clock,
    ConfigurationError,
    Message,
    Rebalanced,
    Rejected,
    Stream,
    StreamRecord,
    Subscription,
    Unavailable,
)
from schemas.codec import encode
from schemas.records import DeadLetter, TopicRecord
from schemas.topics import DEAD_LETTERS, TOPICS

__all__ = [
    "Backoff",
    "BatchReport",
    "Processor",
    "Result",
    "TooManyDeadLetters",
    "Unobserved",
    "Worker",
    "WorkerObserver",
]

_log = structlog.get_logger()

POLL_TIMEOUT = 0.5
"""Seconds that `run` waits for records before it looks whether to stop."""

DEATHS_BEFORE_ALONE = 2
"""After so many deaths with a record in hand, the records of its batch are processed one by one."""

DEATHS_BEFORE_BURIAL = 5
"""After so many deaths, the last three of them alone, a record is buried. Processes also die for reasons that are no
record's fault; that the same record is in hand, alone, three times running is not chance."""

_LONGEST_REASON = 2000


class TooManyDeadLetters(Exception):
    """So many records in a row were refused that the fault must be ours; the message names the last reason."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait for a server: doubling from `first` to `longest` seconds, each time a random half to all of it
    (“equal jitter”: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    first: float = 0.25
    longest: float = 30.0

    def seconds(self, failures: int) -> float:
        """How long to wait after so many failures in a row (1 or more)."""
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1)  # noqa: S311


class Worker:
    """One member of a stage's consumer group; used by one thread.

    `group` is the stage's name where not given; `batch` the most records taken at a time; `journal` a folder in which
    to remember what is in hand, for records that kill the process (without it they are tried for ever). Raises
    ConfigurationError for a topic that there is not.
    """

    def __init__(
        self,
        *,
        stage: str,
        stream: Stream,
        topics: Sequence[str],
        processor: Processor,
        clock: Clock,
        group: str | None = None,
        batch: int = 32,
        observer: WorkerObserver | None = None,
        backoff: Backoff | None = None,
        max_consecutive_dead_letters: int = 100,
        journal: Path | None = None,
    ) -> None:
        for topic in topics:
            if topic not in TOPICS:
                raise ConfigurationError(f"stage {stage} reads topic {topic!r}, but there are only {', '.join(TOPICS)}")
        self._stage = stage
        self._stream = stream
        self._topics = tuple(topics)
        self._processor = processor
        self._clock = clock
        self._group = group or stage
        self._batch = batch
        self._observer = observer or Unobserved()
        self._backoff = backoff or Backoff()
        self._max_consecutive = max_consecutive_dead_letters
        self._journal = CrashJournal(journal, stage) if journal is not None else None
        self._subscription: Subscription | None = None
        self._prepared = False
        self._one_by_one = 0
        self._refused: dict[Place, str] = {}
        self._too_large_to_bury: set[Place] = set()
        self._dead_in_a_row = 0
        self._in_hand: Sequence[StreamRecord] = ()

    # --- the loop ---------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event | Callable[[], bool]) -> None:
        """Process batch after batch until `stop`; the batch in hand is finished and committed, then the group left.

        Servers that are away are waited for. Raises TooManyDeadLetters and ConfigurationError, and whatever the stream
        raises by mistake; then nothing of the batch in hand is committed.
        """
        is_stopped = stop.is_set if isinstance(stop, threading.Event) else stop
        failures, away_since, working = 0, 0.0, False
        try:
            while not is_stopped():
                try:
                    self.step(POLL_TIMEOUT)
                except Unavailable as error:
                    failures, working = failures + 1, False
                    seconds = self._backoff.seconds(failures)
                    if failures == 1:
                        away_since = time.monotonic()
                        articles = [article_of(record) for record in self._in_hand]
                        _log.warning("waiting", stage=self._stage, reason=str(error), articles=articles)
                    self._observer.waiting(self._stage, str(error), seconds)
                    _sleep(seconds, is_stopped)
                else:
                    if failures:
                        waited = round(time.monotonic() - away_since, 1)
                        _log.info("going on", stage=self._stage, seconds_away=waited, failures=failures)
                    failures = 0
                    if not working:
                        self._observer.working(self._stage)
                        working = True
        finally:
            self.close()

    def step(self, timeout: float) -> int:
        """Poll, process and commit one batch, waiting up to `timeout` seconds for it; how many records were polled.

        0 where nothing came in time or the partitions passed to another member. Raises Unavailable, and then the same
        records come again with the next step; otherwise as `run`.
        """
        if self._subscription is None:
            self._subscription = self._stream.subscribe(self._topics, self._group)
        subscription = self._subscription
        self._in_hand = ()
        try:
            records = subscription.poll(1 if self._one_by_one else self._batch, timeout)
            if len(records) > 1 and any(deaths >= DEATHS_BEFORE_ALONE for deaths in self._deaths(records).values()):
                articles = [article_of(record) for record in records]
                _log.warning("one by one from here: a record may be deadly", stage=self._stage, articles=articles)
                records = self._again_one_by_one(subscription, records, timeout)
            self._in_hand = records
            if records:
                self._prepare()
                self._handle(subscription, records)
        except Rebalanced as error:
            _log.info("partitions passed on", stage=self._stage, reason=str(error))
            self._forget(subscription)
            return 0
        except Unavailable:
            self._forget(subscription)
            raise
        return len(records)

    def close(self) -> None:
        """Leave the group without committing. Never raises; a second call does nothing."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
        if self._journal is not None:
            self._journal.close()

    def _forget(self, subscription: Subscription) -> None:
        subscription.rewind()
        if self._journal is not None:
            with contextlib.suppress(OSError):
                self._journal.drop()

    def _again_one_by_one(
        self, subscription: Subscription, records: Sequence[StreamRecord], timeout: float
    ) -> Sequence[StreamRecord]:
        self._one_by_one = len(records)
        subscription.rewind()
        return subscription.poll(1, timeout)

    def _prepare(self) -> None:
        # Not before it is in the group: an operator changes what there is to recall only while nobody is.
        if not self._prepared:
            prepare(self._processor)
            self._prepared = True

    # --- one batch --------------------------------------------------------------------------------------------------

    def _handle(self, subscription: Subscription, records: Sequence[StreamRecord]) -> None:
        started = time.monotonic()
        fates = self._fates(records)
        dead_in_a_row = self._count_dead(fates)
        letters = [
            self._letter(record, fate.reason)
            for record, fate in zip(records, fates, strict=True)
            if isinstance(fate, Buried)
        ]
        outputs = [message for fate in fates if not isinstance(fate, Buried) for message in fate]
        burials = [Message(DEAD_LETTERS.name, letter.id, encode(letter)) for letter in letters]
        try:
            subscription.commit([*outputs, *burials])
        except Rejected as error:
            # Nothing was committed. Alone, a record that makes too large an output shows itself, and is refused.
            subscription.rewind()
            if len(records) > 1:
                self._one_by_one = len(records)
            else:
                self._refuse(records[0], str(error))
            return
        self._dead_in_a_row = dead_in_a_row
        self._one_by_one = max(0, self._one_by_one - 1)
        self._settle(records)
        self._tell(records, len(outputs), letters, time.monotonic() - started)

    def _fates(self, records: Sequence[StreamRecord]) -> Sequence[Fate]:
        deaths = self._deaths(records)
        values = [self._value(record, deaths.get(_place(record), 0)) for record in records]
        live = [(record, value) for record, value in zip(records, values, strict=True) if not isinstance(value, Buried)]
        in_hand = [record for record, _ in live]
        with self._journalling(in_hand):
            fates = iter(processed(in_hand, [value for _, value in live], self._processor, self._stage))
        return [value if isinstance(value, Buried) else next(fates) for value in values]

    def _value(self, record: StreamRecord, deaths: int) -> TopicRecord | Buried:
        if (reason := self._refused.get(_place(record))) is not None:
            return Buried(reason)
        if deaths >= DEATHS_BEFORE_BURIAL:
            return Buried(f"the process died {deaths} times while processing it")
        return decoded(record, self._stage)

    # --- dead letters -----------------------------------------------------------------------------------------------

    def _count_dead(self, fates: Sequence[Fate]) -> int:
        dead = self._dead_in_a_row
        for fate in fates:
            dead = dead + 1 if isinstance(fate, Buried) else 0
            if isinstance(fate, Buried) and dead > self._max_consecutive:
                raise TooManyDeadLetters(
                    f"stage {self._stage} refused {dead} records in a row, so the fault is not theirs; the last reason:"
                    f" {fate.reason}. Mend that, start again, and replay the dead letters."
                )
        return dead

    def _letter(self, record: StreamRecord, reason: str) -> DeadLetter:
        value = record.value
        if _place(record) in self._too_large_to_bury:
            reason += f" (its {len(value):,} bytes are too large for a dead letter and left out)"
            value = b""
        return DeadLetter(
            id=self._letter_id(record),
            stage=self._stage,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=b64encode(value),
            reason=_printable(reason),
            buried=self._clock.now(),
        )

    def _letter_id(self, record: StreamRecord) -> str:
        return f"{self._stage}:{record.topic}:{record.partition}:{record.offset}"

    def _refuse(self, record: StreamRecord, reason: str) -> None:
        if _place(record) in self._refused:
            self._too_large_to_bury.add(_place(record))
        else:
            self._refused[_place(record)] = reason

    def _tell(
        self, records: Sequence[StreamRecord], outputs: int, letters: Sequence[DeadLetter], seconds: float
    ) -> None:
        buried = {letter.id: letter for letter in letters}
        for record in records:
            place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            article = article_of(record)
            if (letter := buried.get(self._letter_id(record))) is not None:
                _log.warning("dead letter", stage=self._stage, article=article, id=letter.id, reason=letter.reason)
                self._observer.buried(letter)
            else:
                _log.debug("processed", stage=self._stage, article=article, **place)
        oldest = min(record.time for record in records)
        self._observer.committed(BatchReport(self._stage, len(records), outputs, len(letters), seconds, oldest))

    # --- the journal ------------------------------------------------------------------------------------------------

    def _deaths(self, records: Sequence[StreamRecord]) -> dict[Place, int]:
        if self._journal is None or not records:
            return {}
        with _journal_errors(self._journal):
            return self._journal.deaths([_place(record) for record in records])

    @contextlib.contextmanager
    def _journalling(self, records: Sequence[StreamRecord]) -> Iterator[None]:
        if self._journal is not None and records:
            with _journal_errors(self._journal):
                self._journal.begin([_place(record) for record in records])
        yield
        if self._journal is not None:
            # Before the commit: a death in there is no record's fault.
            with _journal_errors(self._journal):
                self._journal.drop()

    def _settle(self, records: Sequence[StreamRecord]) -> None:
        for record in records:
            self._refused.pop(_place(record), None)
            self._too_large_to_bury.discard(_place(record))
        if self._journal is not None:
            # The commit stands, whatever becomes of this: deaths that stay counted do no harm to other records.
            with contextlib.suppress(OSError):
                self._journal.forget([_place(record) for record in records])


def _place(record: StreamRecord) -> Place:
    return record.topic, record.partition, record.offset


def _printable(reason: str) -> str:
    """A reason that can be encoded whatever an exception put into it, and that is no longer than needed."""
    return reason.encode("utf-8", "replace").decode()[:_LONGEST_REASON]


@contextlib.contextmanager
def _journal_errors(journal: CrashJournal) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"the crash journal in {journal.folder}: {error.strerror}: check the disk") from error


def _sleep(seconds: float, is_stopped: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not is_stopped() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))
