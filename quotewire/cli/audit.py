"""`quotewire audit`: is anything missing, is anything there twice?"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from quotewire.audit import audit as account
from quotewire.audit_parts import Audit, State
from quotewire.cli.output import FAILED, out, print_json
from quotewire.settings import load
from quotewire.wiring import Wiring

_ABOUT: dict[State, str] = {
    "indexed": "in the index",
    "superseded": "in the index in a newer revision",
    "under way": "still to be processed",
    "dead": "buried: `quotewire dead list` shows them",
    "expired": "not in the index, and too old for the topics to tell",
    "missing": "nowhere",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


def audit(
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Also hold every article that the topics keep against the index.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
) -> None:
    """Account for every article from feed to index and for every alert; the exit status is 1 where one is missing.

    What the poller remembers is the ledger. May be run at any time: what is still on its way is told from what is
    missing. Also named is what exists more than once.

    **Examples**

    `quotewire audit`

    `quotewire audit --thorough --json`
    """
    with Wiring(load()) as wiring:
        result = account(wiring.stream, wiring.index, wiring.feed_store, wiring.clock.now(), thorough=thorough)
    if json:
        print_json(_view(result))
    else:
        _print(result)
    if not result.complete:
        raise typer.Exit(FAILED)


def _print(result: Audit) -> None:
    copies = f", {result.copies} of them in more than one" if result.copies else ""
    out.print(f"Found: {result.found} articles in {result.feeds} feeds{copies}")
    out.print(f"Published: {result.published}; enriched: {result.enriched}")
    for state, about in _ABOUT.items():
        if state == "under way":
            about = ", ".join(f"{stage} {left}" for stage, left in result.under_way.items())
        count = result.states[state]
        out.print(f"{state.capitalize()}: {count}" + (f" ({about})" if count else ""))
    alerts = f"Alerts: {result.alerts_raised} raised, {result.alerts_indexed} in the index"
    out.print(alerts + (f", {result.alerts_under_way} under way" if result.alerts_under_way else ""))
    for finding in result.findings:
        out.print(f"{finding.state.upper()}: {finding}")
    for twice in result.twice:
        out.print(f"TWICE: {twice}")
    out.print("Nothing is missing and nothing is there twice." if result.complete else "This is not as it should be.")


def _view(result: Audit) -> dict[str, Any]:
    return {
        "complete": result.complete,
        "found": result.found,
        "feeds": result.feeds,
        "copies": result.copies,
        "published": result.published,
        "enriched": result.enriched,
        **{state.replace(" ", "_"): result.states[state] for state in _ABOUT},
        "under_way_at": result.under_way,
        "alerts_raised": result.alerts_raised,
        "alerts_indexed": result.alerts_indexed,
        "alerts_under_way": result.alerts_under_way,
        "findings": [dataclasses.asdict(finding) for finding in result.findings],
        "twice": result.twice,
    }
