"""The JSON twin of the inbox and the watchlist, with what changes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel

from quotewire import latency
from quotewire.desk import Trial
from quotewire.ports import ConfigurationError, TrackedName
from quotewire.web import inbox
from quotewire.web.alert_pages import LATENCY_DAYS, AskedStatus, Name, find
from quotewire.web.parameters import PER_PAGE, AskedPage
from quotewire.web.sources import FromSources, Sources
from quotewire.web.writing import PostedJson, same_origin
from schemas.records import Alert

router = APIRouter(prefix="/api")


class InboxEntry(BaseModel):
    """An alert and how it was marked."""

    alert: Alert
    state: str
    marked: datetime | None


@router.get("/alerts")
def alerts(sources: FromSources, page: AskedPage, name: Name = "", asked: AskedStatus = "all") -> list[Alert]:
    """Alerts of a status, newest first."""
    offset, status = (page - 1) * PER_PAGE, inbox.status_of(asked)
    return [entry.alert for entry in inbox.entries(sources.index, sources.inbox, status, name, offset, PER_PAGE)]


@router.get("/alerts/{alert_id}")
def alert(sources: FromSources, alert_id: str) -> InboxEntry:
    """An alert and how it was marked."""
    entry = inbox.entry(sources, find(sources, alert_id))
    return InboxEntry(alert=entry.alert, state=entry.state, marked=entry.marked)


@router.put("/alerts/{alert_id}/state")
def mark(sources: FromSources, alert_id: str, document: PostedJson) -> InboxEntry:
    """Mark an alert: {"state": "seen"}, or dismissed, false, new."""
    found = find(sources, alert_id)
    inbox.mark(sources, found, str(document.get("state", "")))
    return alert(sources, alert_id)


@router.get("/latency")
def alert_latency(
    sources: FromSources,
    days: Annotated[int, Query(ge=1, le=365, description="How many, back.")] = LATENCY_DAYS,
) -> latency.Latency:
    """How long alerts took, in seconds."""
    return latency.latency(latency.alerts_since(sources.index, sources.now() - timedelta(days=days)))


@router.get("/watchlist")
def watchlist(sources: FromSources) -> list[TrackedName]:
    """Who is tracked."""
    return list(sources.desk.names())


@router.post("/watchlist", status_code=201)
def add(sources: FromSources, document: PostedJson) -> TrackedName:
    """Track a name: an entry as the watchlist file has it."""
    tracked = _entry(sources, document)
    _try(lambda: sources.desk.save(tracked), 409)
    return tracked


@router.post("/watchlist/trial")
def trial(sources: FromSources, document: PostedJson) -> Trial:
    """What an entry would have raised over the past 30 days; nothing is saved."""
    return sources.desk.dry_run(_entry(sources, document))


@router.put("/watchlist/{name:path}")
def change(sources: FromSources, name: str, document: PostedJson) -> TrackedName:
    """Put an entry in place of the one of that name."""
    tracked = _entry(sources, {"name": name, **document})
    _try(lambda: sources.desk.name(name), 404)
    _try(lambda: sources.desk.save(tracked, instead_of=name), 409)
    return tracked


@router.delete("/watchlist/{name:path}", status_code=204, dependencies=[Depends(same_origin)])
def remove(sources: FromSources, name: str) -> None:
    """Track a name no longer."""
    _try(lambda: sources.desk.remove(name), 404)


def _entry(sources: Sources, document: dict[str, Any]) -> TrackedName:
    found: list[TrackedName] = []
    _try(lambda: found.append(sources.desk.entry(document)), 422)
    return found[0]


def _try(action: Any, status: int) -> None:
    try:
        action()
    except ConfigurationError as error:
        raise HTTPException(status, f"{error}.") from error
