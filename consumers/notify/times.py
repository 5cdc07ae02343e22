"""When a sink may be told, by the clock of its time zone. Pure: moments in, moments out, all aware."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from quotewire.alert_ports import Sink

_DAY = timedelta(days=1)


def is_quiet(sink: Sink, moment: datetime) -> bool:
    """Whether a moment lies in the sink's quiet hours; the end is outside."""
    if sink.quiet is None:
        return False
    start, end = sink.quiet
    clock = moment.astimezone(sink.time_zone).time()
    return start <= clock < end if start <= end else clock >= start or clock < end


def next_digest(sink: Sink, moment: datetime) -> datetime:
    """The first moment after another one at which the sink is told what has gathered; at once: that very moment."""
    schedule, local = sink.schedule, moment.astimezone(sink.time_zone)
    if schedule.every == "at once":
        return moment
    if schedule.every == "hour":
        # Counted in UTC: an hour of the wall's clock may come twice, or not at all.
        minutes = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return moment.astimezone(UTC) - minutes + timedelta(hours=1)
    day = local.date()
    while True:
        due = datetime.combine(day, schedule.at, sink.time_zone).astimezone(UTC)
        if due > moment and (schedule.every == "day" or day.weekday() == schedule.weekday):
            return due
        day += _DAY
