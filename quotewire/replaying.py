"""Replay: a stage's group is set back, so that the stage processes again what it has processed before.

Nothing downstream is there twice for it: the index replaces by id, and of one revision keeps the newest enrichment; the
alerts stage passes over what it has looked through. Where alerts are wanted again it must be made to forget that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from quotewire.alert_memory import REMEMBERED
from quotewire.ports import Message, PartitionPosition, Stream, Unavailable
from quotewire.stages import Stage
from schemas.codec import encode
from schemas.records import Forgotten, Stretch
from schemas.topics import FORGOTTEN, Topic

_AGO = re.compile(r"(\d+)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_OFFSETS = re.compile(r"(?:\d+:\d+)(?:,\d+:\d+)*")


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: at a moment, at one offset in every partition, or at an offset in some; one of the three."""

    time: datetime | None = None
    offset: int | None = None
    offsets: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str, now: datetime) -> Start:
        """What `--from` says; raises ValueError where it says nothing.

        `beginning`; `90m`, `2h`, `3d` ago; a date or time of ISO 8601, local where it has no zone; an offset; or
        PARTITION:OFFSET, several with a comma between.
        """
        text = text.strip()
        if text == "beginning":
            return cls(offset=0)
        if text.isdigit() and len(text) != len("20260322"):
            return cls(offset=int(text))
        if (ago := _AGO.fullmatch(text)) is not None:
            return cls(time=now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
        if _OFFSETS.fullmatch(text):
            pairs = (pair.split(":") for pair in text.split(","))
            return cls(offsets={int(partition): int(offset) for partition, offset in pairs})
        return cls(time=datetime.fromisoformat(text).astimezone())


def set_back(stream: Stream, stage: Stage, start: Start, *, dry_run: bool = False) -> dict[str, int]:
    """Set a stage's group back, never ahead; how many records it will process again, by topic.

    Raises Unavailable where the stage runs, KeyError for a partition that there is not.
    """
    again = {}
    for topic in stage.topics:
        positions = {at.partition: at for at in stream.positions(topic.name, stage.name)}
        offsets = _offsets(stream, topic, positions, start)
        again[topic.name] = sum(max(0, positions[each].committed - offset) for each, offset in offsets.items())
        if not dry_run:
            _move(stream, topic, stage.name, offsets)
    return again


def forget_alerts(stream: Stream, alerts: Stage, start: Start, now: datetime) -> None:
    """Let the alerts stage forget what it has looked through and raised since then, so that it raises it again.

    Raises Unavailable where that stage runs; ValueError where the start is no moment.
    """
    moment = start.time
    if moment is None and start.offset != 0:
        raise ValueError("alerts can be raised again from a time on, not from an offset")
    for topic in alerts.topics:  # refused while it runs, for it would not notice
        stands = {at.partition: at.committed for at in stream.positions(topic.name, alerts.name)}
        _move(stream, topic, alerts.name, stands)
    stretches = []
    for topic in REMEMBERED:
        since = stream.offsets_at(topic.name, moment) if moment else {}
        stretches += [
            Stretch(topic=topic.name, partition=partition, start=since.get(partition, 0), end=end)
            for partition, end in stream.ends(topic.name).items()
        ]
    forgotten = Forgotten(id=now.isoformat(), asked=now, stretches=tuple(stretches))
    stream.publish([Message(FORGOTTEN.name, FORGOTTEN.key(forgotten), encode(forgotten))])


def _offsets(
    stream: Stream, topic: Topic, positions: Mapping[int, PartitionPosition], start: Start
) -> Mapping[int, int]:
    """Where the group is to stand; where it stands already before that, it stays."""
    if start.time is not None:
        wanted: Mapping[int, int] = stream.offsets_at(topic.name, start.time)
    elif start.offset is not None:
        wanted = dict.fromkeys(positions, start.offset)
    else:
        wanted = start.offsets
    for partition in wanted:
        if partition not in positions:
            raise KeyError(f"topic {topic.name} has partitions 0 to {max(positions)}, no {partition}")
    return {
        each: min(max(offset, positions[each].beginning), positions[each].committed) for each, offset in wanted.items()
    }


def _move(stream: Stream, topic: Topic, group: str, offsets: Mapping[int, int]) -> None:
    try:
        stream.move(topic.name, group, offsets)
    except Unavailable as error:
        raise Unavailable(
            f"{error}; stop every `quotewire run` that has the stage {group}, replay, and start it again"
        ) from error
