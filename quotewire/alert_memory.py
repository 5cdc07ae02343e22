"""What the alerts stage remembers, read from the topics that it writes: it survives any restart, in no other store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from quotewire.ports import MARK, Clock, Stream, StreamRecord
from schemas.codec import Malformed, decode
from schemas.records import Alert, StoryMember
from schemas.topics import ALERTS, STORIES, Topic

if TYPE_CHECKING:
    from consumers.alerts.state import AlertState

_log = structlog.get_logger()

REMEMBERED = (STORIES, ALERTS)
"""What the memory is made of. Stories first: an alert is only kept whole while its story is known."""

FORGOTTEN_FROM, FORGOTTEN_TO = f"{MARK}alerts-forgotten-from", f"{MARK}alerts-forgotten-to"
"""What stands between the positions of these groups is not remembered: a replay that is to alert again sets them."""


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
        self._forgotten: dict[str, dict[int, range]] | None = None

    def recall(self) -> AlertState:
        """The state, brought up to date. Raises Unavailable."""
        if self._forgotten is None:
            # The newest alert of each id is kept for ever, and is read for as long as it can matter.
            now = self._clock.now()
            self._next = {
                topic.name: dict(self._stream.offsets_at(topic.name, now - topic.retention)) for topic in REMEMBERED
            }
            # Last: where Kafka is away meanwhile, all of it is asked for again.
            self._forgotten = {topic.name: forgotten(self._stream, topic) for topic in REMEMBERED}
        for topic in REMEMBERED:
            positions, gone = self._next[topic.name], self._forgotten[topic.name]
            ends = self._stream.ends(topic.name)
            for record in self._stream.read(topic.name, positions, ends):
                if record.offset not in gone.get(record.partition, ()):
                    self._learn(topic, record)
                positions[record.partition] = record.offset + 1
            # Behind the last record stands the end of its transaction, which need not be read again each time.
            positions.update(ends)
        self._state.forget_old()
        return self._state

    def _learn(self, topic: Topic, record: StreamRecord) -> None:
        try:
            learned = decode(topic, record.value)
        except Malformed as error:
            # Only this stage writes here; a record that it cannot read any more stands in nobody else's way.
            _log.error("not remembered", article=record.key, topic=topic.name, offset=record.offset, reason=str(error))
            return
        assert isinstance(learned, StoryMember | Alert)
        self._state.learn(learned)


def forgotten(stream: Stream, topic: Topic) -> dict[int, range]:
    """The offsets of each partition that are not remembered any more. Raises Unavailable."""
    ends = {at.partition: at.committed for at in stream.positions(topic.name, FORGOTTEN_TO)}
    starts = stream.positions(topic.name, FORGOTTEN_FROM)
    return {at.partition: range(at.committed, ends[at.partition]) for at in starts}
