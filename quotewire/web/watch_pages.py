"""The pages of the watchlist: who is on it, and entries tried before they are switched on."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from quotewire.ports import ConfigurationError, TrackedName
from quotewire.watchlist import CONDITIONS, TYPES
from quotewire.web import inbox
from quotewire.web.pagers import Pager
from quotewire.web.parameters import LAST_PAGE, AskedPage, BadParameter, link
from quotewire.web.rendering import page
from quotewire.web.sources import FromSources, Sources
from quotewire.web.writing import Fields, FormToken, PostedForm, first

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

NAMES_PER_PAGE = 50
"""Tracked names on one page; a longer list has a search."""
SHOWN = 50
"""Alerts of a trial that are shown."""
_LISTS = ("aliases", "near", "not_near", "together_with", "outlets", "languages", "tags")


@router.get("/watchlist")
def watchlist(
    sources: FromSources,
    number: AskedPage,
    token: FormToken,
    q: Annotated[str, Query(description="What stands in the name or an alias.")] = "",
    done: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Who is tracked: all, or those whose name or an alias has some words in it."""
    tracked, q = sources.desk.names(), q.strip()
    found = [each for each in tracked if _has(each, q.casefold())] if q else tracked
    start, pages = (number - 1) * NAMES_PER_PAGE, max(1, -(-len(found) // NAMES_PER_PAGE))
    return page(
        "watchlist.html",
        here="watchlist",
        names=found[start : start + NAMES_PER_PAGE],
        found=len(found),
        tracked=len(tracked),
        searched=bool(q) or len(tracked) > NAMES_PER_PAGE,
        q=q,
        token=token,
        done=done[:200],
        pager=Pager(
            number=number,
            pages=pages,
            previous=link("/watchlist", q=q, page=number - 1) if number > 1 else None,
            following=link("/watchlist", q=q, page=number + 1) if number < min(pages, LAST_PAGE) else None,
        ),
    )


def _has(tracked: TrackedName, words: str) -> bool:
    return any(words in known.casefold() for known in (tracked.name, *tracked.aliases))


@router.get("/watchlist/edit")
def edit(sources: FromSources, token: FormToken, name: Annotated[str, Query()] = "") -> HTMLResponse:
    """The form for a new entry, or for the one of that name."""
    tracked = sources.desk.name(name) if name else TrackedName("")
    return _form(token, tracked, was=name)


@router.post("/watchlist/try")
def attempt(sources: FromSources, token: FormToken, fields: PostedForm) -> HTMLResponse:
    """What an entry would have raised, before it is saved."""
    was = first(fields, "was")
    try:
        tracked = _checked(sources, fields, was)
    except ConfigurationError as error:
        return _form(token, _as_typed(fields), was=was, problem=str(error))
    trial = sources.desk.dry_run(tracked)
    shown = [(alert, inbox.sentence(alert)) for alert in trial.alerts[:SHOWN]]
    return _form(token, tracked, was=was, trial=trial, shown=shown, chart=inbox.mentions_chart(trial.alerts))


@router.post("/watchlist")
def save(sources: FromSources, token: FormToken, fields: PostedForm) -> Response:
    """Switch an entry on as it was tried."""
    was = first(fields, "was")
    try:
        tracked = _checked(sources, fields, was)
        sources.desk.save(tracked, instead_of=was)
    except ConfigurationError as error:
        return _form(token, _as_typed(fields), was=was, problem=str(error))
    said = f"{tracked.name} is paused" if tracked.paused else f"Tracking {tracked.name}"
    # Of a long list the page that is shown is the one that has the name.
    q = tracked.name if len(sources.desk.names()) > NAMES_PER_PAGE else ""
    return RedirectResponse(link("/watchlist", q=q, done=said), status_code=303)


@router.post("/watchlist/remove")
def remove(sources: FromSources, fields: PostedForm) -> Response:
    """Take an entry off the list."""
    name = first(fields, "name")
    try:
        sources.desk.remove(name)
    except ConfigurationError as error:
        raise BadParameter(f"{error}.") from error
    return RedirectResponse(link("/watchlist", done=f"No longer tracking {name}"), status_code=303)


def _form(token: str, tracked: TrackedName, *, was: str, problem: str = "", **tried: Any) -> HTMLResponse:
    given = {"trial": None, "shown": [], "chart": None} | tried
    return page(
        "watch.html",
        status=422 if problem else 200,
        here="watchlist",
        token=token,
        entry=tracked,
        was=was,
        problem=problem,
        types=TYPES,
        conditions=CONDITIONS,
        **given,
    )


def _checked(sources: Sources, fields: Fields, was: str) -> TrackedName:
    """The entry of a form. Raises ConfigurationError where it is none, or another has its name."""
    entry: dict[str, object] = {"name": first(fields, "name"), **{name: _words(fields, name) for name in _LISTS}}
    entry["conditions"] = [condition for condition in fields.get("conditions", []) if condition]
    entry |= {name: first(fields, name) for name in ("type", "wikidata") if first(fields, name)}
    entry["paused"] = first(fields, "paused") == "yes"
    tracked = sources.desk.entry(entry)
    if tracked.name != was and any(other.name == tracked.name for other in sources.desk.names()):
        raise ConfigurationError(f"{tracked.name} is on the list already")
    return tracked


def _words(fields: Fields, name: str) -> list[str]:
    """One a line or between commas."""
    return [word for line in first(fields, name).splitlines() for part in line.split(",") if (word := part.strip())]


def _as_typed(fields: Fields) -> TrackedName:
    """What was typed, right or wrong, so that nobody types it again."""
    lists: dict[str, Any] = {name: tuple(_words(fields, name)) for name in _LISTS}
    conditions: Any = tuple(fields.get("conditions", ()))
    return TrackedName(
        name=first(fields, "name"),
        type=first(fields, "type") or None,
        conditions=conditions,
        wikidata=first(fields, "wikidata") or None,
        paused=first(fields, "paused") == "yes",
        **lists,
    )
