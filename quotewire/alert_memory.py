"""What the alerts stage remembers, read from the topics that it writes: it survives any restart, in no other store."""

from __future__ import annotations

import structlog

from consumers.alerts.state import AlertState
from quotewire.ports import Stream, StreamRecord
from schemas.codec import Malformed, decode
from schemas.records import Alert, StoryMember
from schemas.topics import ALERTS, STORIES, Topic

_log = structlog.get_logger()


class AlertMemory:
    """The state of the alerts stage after all that is committed.

    Asked before each batch, it reads what came since the last time. The stage commits what it writes together with its
    offsets, and whoever takes over its partition does so after that commit; so what is on the topics is all that was
    made of the records before the batch.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._state = AlertState()
        self._next: dict[str, dict[int, int]] = {STORIES.name: {}, ALERTS.name: {}}

    def recall(self) -> AlertState:
        """The state, brought up to date. Raises Unavailable."""
        # Stories first: an alert is only kept whole while its story is known.
        for topic in (STORIES, ALERTS):
            positions = self._next[topic.name]
            for record in self._stream.read(topic.name, positions):
                self._learn(topic, record)
                positions[record.partition] = record.offset + 1
        self._state.forget_old()
        return self._state

    def _learn(self, topic: Topic, record: StreamRecord) -> None:
        try:
            learned = decode(topic, record.value)
        except Malformed as error:
            # Only this stage writes here; a record that it cannot read any more stands in nobody else's way.
            _log.error("not remembered", topic=topic.name, offset=record.offset, reason=str(error))
            return
        assert isinstance(learned, StoryMember | Alert)
        self._state.learn(learned)
