"""The inbox: alerts by what was made of them. One that nobody has marked is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast, get_args

from quotewire.alert_ports import Inbox, Mark, MarkedState
from quotewire.ports import Fragment, Index
from quotewire.web.chart import Chart, chart
from quotewire.web.parameters import BadParameter, link
from quotewire.web.sources import Sources
from schemas.records import Alert

Status = Literal["new", "seen", "dismissed", "false", "all"]
STATUSES: tuple[Status, ...] = ("new", "seen", "dismissed", "false", "all")

LOOKED_AT = 2_000
"""The newest alerts among which new ones are looked for."""
CHARTED = 500
"""The newest alerts of a name whose articles its chart counts."""
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """An alert of the inbox, its sentence with the mention marked, and how it was marked."""

    alert: Alert
    sentence: tuple[Fragment, ...]
    state: str
    marked: datetime | None


def status_of(text: str) -> Status:
    """The status that an address names; new where it names none. Raises BadParameter."""
    if text and text not in STATUSES:
        raise BadParameter(f"“{text}” is no status: choose {', '.join(STATUSES)}.")
    return next((status for status in STATUSES if status == text), "new")


def entries(index: Index, inbox: Inbox, status: Status, name: str, offset: int, limit: int) -> list[Entry]:
    """Alerts of a status, and of a tracked name where one is given; marked ones by when. Raises Unavailable."""
    if status in get_args(MarkedState):
        marks = inbox.marked(cast(MarkedState, status), name=name or None, offset=offset, limit=limit)
        found = ((index.alert(mark.alert), mark) for mark in marks)
        return [_entry(alert, mark) for alert, mark in found if alert is not None]
    if status == "all":
        alerts = index.alerts(name=name or None, offset=offset, limit=limit)
        marks_of = inbox.marks([alert.id for alert in alerts])
        return [_entry(alert, marks_of.get(alert.id)) for alert in alerts]
    new: list[Entry] = []
    for alert in _new(index, inbox, name):
        new.append(_entry(alert, None))
        if len(new) >= offset + limit:
            break
    return new[offset:]


def _new(index: Index, inbox: Inbox, name: str) -> Iterator[Alert]:
    for start in range(0, LOOKED_AT, _AT_ONCE):
        alerts = index.alerts(name=name or None, offset=start, limit=_AT_ONCE)
        marks = inbox.marks([alert.id for alert in alerts])
        yield from (alert for alert in alerts if alert.id not in marks)
        if len(alerts) < _AT_ONCE:
            return


def entry(sources: Sources, alert: Alert) -> Entry:
    """One alert with its mark. Raises Unavailable."""
    return _entry(alert, sources.inbox.marks([alert.id]).get(alert.id))


def _entry(alert: Alert, mark: Mark | None) -> Entry:
    return Entry(alert, sentence(alert), mark.state if mark else "new", mark.marked if mark else None)


def counts(sources: Sources) -> dict[str, int]:
    """How many alerts there are of each status. Raises Unavailable."""
    marked = sources.inbox.counts()
    everything = sources.index.counts()["alerts"]
    return {"all": everything, "new": max(0, everything - sum(marked.values())), **marked}


def mark(sources: Sources, alert: Alert, state: str) -> None:
    """Mark an alert, or make it new again; one marked false keeps what is like it quiet until that is taken back.

    Raises BadParameter, Unavailable and ConfigurationError.
    """
    if state not in ("new", *get_args(MarkedState)):
        raise BadParameter(f"“{state}” is no state: choose new, {', '.join(get_args(MarkedState))}.")
    known = sources.inbox.marks([alert.id]).get(alert.id)
    # The matcher's mark first: a failure in between leaves the alert where it was, to be marked again.
    if state == "false":
        sources.desk.mark_false(alert.id)
    elif known is not None and known.state == "false":
        sources.desk.unmark_false(alert.id)
    if state == "new":
        sources.inbox.unmark([alert.id])
    else:
        sources.inbox.mark([Mark(alert.id, alert.name, cast(MarkedState, state), sources.now())])


def sentence(alert: Alert) -> tuple[Fragment, ...]:
    """The sentence of an alert with the mention marked, where it lies within."""
    words = alert.sentence.text
    start, end = alert.mention.start - alert.sentence.start, alert.mention.end - alert.sentence.start
    if not 0 <= start < end <= len(words) or words[start:end] != alert.mention.text:
        return (Fragment(words),)
    parts = [Fragment(words[:start]), Fragment(words[start:end], marked=True), Fragment(words[end:])]
    return tuple(part for part in parts if part.text)


def mentions_chart(alerts: Sequence[Alert]) -> Chart | None:
    """How many articles mentioned the tracked name, by day."""
    return chart(day for alert in alerts for day in _days(alert))


def _days(alert: Alert) -> Iterator[date]:
    for article in alert.articles:
        if not article.corrected:
            yield (article.published or article.fetched or article.added).date()
    if not alert.articles:
        yield (alert.published or alert.raised).date()


def outlets(alert: Alert) -> list[tuple[str, int]]:
    """The outlets of a story with how many of its articles each has, the most first."""
    return Counter(article.outlet or "no outlet" for article in alert.articles).most_common()


def address(status: Status, name: str, page: int = 1) -> str:
    """Where the inbox shows that."""
    return link("/alerts", status=status if status != "new" else None, name=name, page=page if page > 1 else None)
