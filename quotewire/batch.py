"""A batch of records to their fates: what each becomes, or why it is buried. No stream, no offsets, no waiting."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from quotewire.ports import ConfigurationError, Message, Rebalanced, Rejected, StreamRecord, Unavailable
from schemas.codec import Malformed, decode, encode
from schemas.records import Alert, TopicRecord
from schemas.topics import ALERTS, TOPICS, topic_of

_log = structlog.get_logger()

_MACHINE_IS_UNWELL = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
)
"""Errors of the operating system that no record is to blame for."""

Result = Sequence[TopicRecord] | Rejected
"""What became of one record: the records made of it (none is fine), or why it can never be processed."""


class Processor(Protocol):
    """What a stage does."""

    def prepare(self) -> None:
        """Load and recall what takes long, before the first batch is in hand: a death in here is no record's fault.

        Raises Unavailable where a server is away. Any other exception is a mistake, and no record's either.
        """
        ...

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Result]:
        """A result for each record, in order. Must be idempotent: the same records may come again.

        Raises Unavailable where a server is away. Any other exception is a mistake: the records are tried again one by
        one, and one that raises alone is buried.
        """
        ...


@dataclass(frozen=True, slots=True)
class Buried:
    """A record that goes to the dead letters, and why."""

    reason: str


Fate = Sequence[Message] | Buried
"""The messages that a record became, or why it is buried."""


def article_of(record: StreamRecord) -> str:
    """The id of the article that a record is about, for the log: its key, but an alert has an id of its own."""
    if record.topic == ALERTS.name:
        with contextlib.suppress(Malformed):
            alert = decode(ALERTS, record.value)
            if isinstance(alert, Alert):
                return alert.article
    return record.key


def decoded(record: StreamRecord, stage: str) -> TopicRecord | Buried:
    """The record that a stream record holds; Buried where it holds none."""
    try:
        return decode(TOPICS[record.topic], record.value)
    except Malformed as error:
        return Buried(str(error))
    except Exception as error:
        return _unexpected(record, stage, error)


def prepare(processor: Processor) -> None:
    """Have a processor prepared. Raises whatever that raises; Unavailable also where this machine is unwell."""
    try:
        processor.prepare()
    except OSError as error:
        if unwell := _unwell(error):
            raise unwell from error
        raise


def processed(
    records: Sequence[StreamRecord], values: Sequence[TopicRecord], processor: Processor, stage: str
) -> Sequence[Fate]:
    """The fate of each record, of which `values` are the decoded ones.

    Raises Unavailable, Rebalanced and ConfigurationError where the processor does; any other exception is the fate of
    the record that raises it when processed alone.
    """
    if not records:
        return []
    try:
        results = processor.process(values)
        if len(results) != len(values):
            raise ValueError(f"{len(results)} results for {len(values)} records")
        return [_fate(result) for result in results]
    except (Unavailable, Rebalanced, ConfigurationError):
        raise
    except Exception as error:
        if unwell := _unwell(error):
            raise unwell from error
        if len(records) == 1:
            return [Buried(str(error)) if isinstance(error, Rejected) else _unexpected(records[0], stage, error)]
        articles = [article_of(record) for record in records]
        _log.warning("trying one by one", stage=stage, articles=articles, reason=_name(error))
    return [processed([record], [value], processor, stage)[0] for record, value in zip(records, values, strict=True)]


def _unwell(error: Exception) -> Unavailable | None:
    if isinstance(error, OSError) and error.errno in _MACHINE_IS_UNWELL:
        return Unavailable(f"this machine: {error}")
    return None


def _fate(result: Result) -> Fate:
    if isinstance(result, Rejected):
        return Buried(str(result))
    messages = []
    for output in result:
        topic = topic_of(output)
        messages.append(Message(topic.name, topic.key(output), encode(output)))
    return messages


def _unexpected(record: StreamRecord, stage: str, error: Exception) -> Buried:
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    _log.error("unexpected error", stage=stage, article=article_of(record), **place, exc_info=error)
    return Buried(f"unexpected {_name(error)}")


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
