"""What the alerts stage remembers, read from the topics that it writes: it survives any restart, in no other store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from quotewire.ports import Clock, Stream, StreamRecord
from schemas.codec import Malformed, decode
from schemas.records import Alert, Forgotten, StoryMember, TopicRecord
from schemas.topics import ALERTS, FORGOTTEN, STORIES, Topic

if TYPE_CHECKING:
    from consumers.alerts.state import AlertState

_log = structlog.get_logger()

REMEMBERED = (STORIES, ALERTS)
"""What the memory is made of. Stories first: an alert is only kept whole while its story is known."""


class Gaps:
    """What is not remembered of the topics any more, because a replay was to alert again. Raises Unavailable."""

    def __init__(self, stream: Stream) -> None:
        self._stretches: dict[tuple[str, int], list[range]] = {}
        for record in stream.read(FORGOTTEN.name):
            forgotten = _decoded(FORGOTTEN, record)
            for each in forgotten.stretches if isinstance(forgotten, Forgotten) else ():
                self._stretches.setdefault((each.topic, each.partition), []).append(range(each.start, each.end))

    def __contains__(self, record: StreamRecord) -> bool:
        """Whether a record is one of those."""
        stretches = self._stretches.get((record.topic, record.partition), ())
        return any(record.offset in stretch for stretch in stretches)


class AlertMemory:
    """The state of the alerts stage after all that is committed.

    Asked before each batch, it reads what came since the last time. The stage commits what it writes together with its
    offsets, and whoever takes over its partition does so after that commit; so what is on the topics is all that was
    made of the records before the batch.
    """

    def __init__(self, stream: Stream, clock: Clock) -> None:
        # What tells stories takes a second to import; who only asks what is forgotten does without.
        from consumers.alerts.state import AlertState

        self._stream = stream
        self._clock = clock
        self._state = AlertState()
        self._next: dict[str, dict[int, int]] = {}
        self._gaps: Gaps | None = None

    def recall(self) -> AlertState:
        """The state, brought up to date. Raises Unavailable."""
        if self._gaps is None:
            # The newest alert of each id is kept for ever, and is read for as long as it can matter.
            now = self._clock.now()
            self._next = {
                topic.name: dict(self._stream.offsets_at(topic.name, now - topic.retention)) for topic in REMEMBERED
            }
            # Last: where Kafka is away meanwhile, all of it is asked for again.
            self._gaps = Gaps(self._stream)
        for topic in REMEMBERED:
            positions = self._next[topic.name]
            ends = self._stream.ends(topic.name)
            for record in self._stream.read(topic.name, positions, ends):
                if record not in self._gaps:
                    self._learn(topic, record)
                positions[record.partition] = record.offset + 1
            # Behind the last record stands the end of its transaction, which need not be read again each time.
            positions.update(ends)
        self._state.forget_old()
        return self._state

    def _learn(self, topic: Topic, record: StreamRecord) -> None:
        learned = _decoded(topic, record)
        if isinstance(learned, StoryMember | Alert):
            self._state.learn(learned)


def _decoded(topic: Topic, record: StreamRecord) -> TopicRecord | None:
    try:
        return decode(topic, record.value)
    except Malformed as error:
        # Only we write here; a record that we cannot read any more stands in nobody else's way.
        _log.error("not remembered", article=record.key, topic=topic.name, offset=record.offset, reason=str(error))
        return None
