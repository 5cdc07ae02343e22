"""The pages of alerts: the inbox, one alert with its story, and how fast they came."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from quotewire import latency
from quotewire.web import inbox
from quotewire.web.atom import atom
from quotewire.web.pagers import Pager
from quotewire.web.parameters import PER_PAGE, AskedPage, link
from quotewire.web.rendering import page
from quotewire.web.sources import FromSources, Sources
from quotewire.web.writing import FormToken, PostedForm, first
from schemas.records import Alert

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

LATENCY_DAYS = 7
MOST_LINKED = 30
"""Tracked names that the inbox links; of a longer list those with an alert on the page, then the first. The others are
found by a search.
"""
IN_FEED = 100
"""Alerts in the Atom feed."""

Name = Annotated[str, Query(description="A tracked name.")]
AskedStatus = Annotated[str, Query(alias="status", description="new, seen, dismissed, false or all.")]


@router.get("/alerts")
def alerts(
    sources: FromSources, number: AskedPage, token: FormToken, name: Name = "", asked: AskedStatus = ""
) -> HTMLResponse:
    """The inbox: alerts of a status, the newest first."""
    status = inbox.status_of(asked)
    # One more than is shown tells whether there is a next page.
    found = inbox.entries(sources.index, sources.inbox, status, name, (number - 1) * PER_PAGE, PER_PAGE + 1)
    counts = inbox.counts(sources)
    names = sources.desk.names()
    if len(names) > MOST_LINKED:
        alerted = {name, *(entry.alert.name for entry in found)}
        names = sorted(names, key=lambda tracked: tracked.name not in alerted)
    charted = list(sources.index.alerts(name=name, limit=inbox.CHARTED)) if name else []
    return page(
        "alerts.html",
        here="alerts",
        name=name,
        chosen=status,
        statuses=[(each, inbox.address(each, name), counts.get(each, 0)) for each in inbox.STATUSES],
        counted=not name,
        entries=found[:PER_PAGE],
        tracked=len(names),
        linked=[(tracked.name, inbox.address(status, tracked.name)) for tracked in names[:MOST_LINKED]],
        all_names=inbox.address(status, ""),
        chart=inbox.mentions_chart(charted),
        charted=len(charted),
        token=token,
        back=inbox.address(status, name, number),
        feed=link("/alerts.atom", name=name),
        pager=Pager(
            number=number,
            pages=None,
            previous=inbox.address(status, name, number - 1) if number > 1 else None,
            following=inbox.address(status, name, number + 1) if len(found) > PER_PAGE else None,
        ),
    )


@router.get("/alerts.atom")
def alerts_feed(request: Request, sources: FromSources, name: Name = "", asked: AskedStatus = "all") -> Response:
    """The newest alerts as an Atom feed."""
    found = inbox.entries(sources.index, sources.inbox, inbox.status_of(asked), name, 0, IN_FEED)
    document = atom([entry.alert for entry in found], str(request.base_url), str(request.url), name, sources.now())
    return Response(document, media_type="application/atom+xml")


@router.get("/alerts/latency")
def alerts_latency(sources: FromSources) -> HTMLResponse:
    """How long alerts took."""
    since = sources.now() - timedelta(days=LATENCY_DAYS)
    found = latency.latency(latency.alerts_since(sources.index, since))
    return page("latency.html", here="alerts", latency=found, days=LATENCY_DAYS, most=latency.MOST_ALERTS)


@router.get("/alerts/{alert_id}")
def alert(sources: FromSources, token: FormToken, alert_id: str) -> HTMLResponse:
    """One alert: its sentence, why it matched, its quotes, the story's outlets and time line."""
    found = find(sources, alert_id)
    same_name = list(sources.index.alerts(name=found.name, limit=inbox.CHARTED))
    return page(
        "alert.html",
        here="alerts",
        entry=inbox.entry(sources, found),
        outlets=inbox.outlets(found),
        timeline=sorted(found.articles, key=lambda article: article.published or article.fetched or article.added),
        titles={article.id: article.title for article in found.articles},
        chart=inbox.mentions_chart(same_name),
        charted=len(same_name),
        took=latency.latency([found]),
        token=token,
        back=f"/alerts/{alert_id}",
    )


@router.post("/alerts/{alert_id}")
def mark_alert(request: Request, sources: FromSources, fields: PostedForm, alert_id: str) -> Response:
    """Mark an alert, then back to where the form was."""
    state = first(fields, "state")
    inbox.mark(sources, find(sources, alert_id), state)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"id": alert_id, "state": state, "counts": inbox.counts(sources)})
    back = first(fields, "back")
    inside = back.startswith("/alerts") and "\\" not in back
    return RedirectResponse(back if inside else "/alerts", status_code=303)


def find(sources: Sources, alert_id: str) -> Alert:
    """The alert of that id. Raises HTTPException where there is none."""
    found = sources.index.alert(alert_id)
    if found is None:
        raise HTTPException(404, f"There is no alert “{alert_id}”.")
    return found
