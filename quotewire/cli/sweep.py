"""`quotewire sweep`: was an alert missed?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from quotewire.cli.browse import print_latency
from quotewire.cli.output import FAILED, out, print_json
from quotewire.settings import load
from quotewire.wiring import Wiring

if TYPE_CHECKING:
    from quotewire.sweep import Sweep


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sweep")(run_sweep)


def run_sweep(
    days: Annotated[int, typer.Option(min=1, max=30, help="How many days, back from now.")] = 2,
    unmatched: Annotated[
        bool, typer.Option("--unmatched", help="List what reads like a name and was not taken for it.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
) -> None:
    """Hold the index against the alerts: which mentions of tracked names raised none, and why.

    The exit status is 1 where something was missed, so that a timer can tell of it. See docs/sweep.md.

    **Example**: `quotewire sweep --days 2`
    """
    from quotewire.latency import alerts_since, latency
    from quotewire.sweep import sweep

    with Wiring(load()) as wiring:
        result = sweep(wiring.stream, wiring.index, wiring.inbox, wiring.watched(), wiring.clock.now(), days)
        took = latency(alerts_since(wiring.index, result.since))
    if json:
        print_json(
            {
                "since": result.since,
                "articles": result.articles,
                "mentions": result.mentions,
                "alerted": result.alerted,
                "reasons": result.reasons,
                "missing": [asdict(found) for found in result.missing],
                "not_alerted": [asdict(found) for found in result.not_alerted if not found.missing],
                "unmatched": [asdict(found) for found in result.unmatched],
                "latency": asdict(took),
            }
        )
    else:
        out.print(f"{result.articles} articles in {days} days, {result.mentions} mentions of tracked names")
        out.print(f"{result.alerted:6} in an alert")
        for reason, count in result.reasons.items():
            out.print(f"{count:6} not: {reason}")
        for found in result.missing:
            out.print()
            out.print(Text(f"Missed: {found.name}", style="bold red"))
            out.print(Text(f"  {found.outlet or 'no outlet'}: {found.title}  ({found.article})"))
            out.print(Text(f"  … {found.sentence} …"))
            out.print(Text(f"  {found.reason}", style="dim"))
        _print_unmatched(result, listed=unmatched)
        print_latency(took)
    if result.missing:
        raise typer.Exit(FAILED)


def _print_unmatched(result: Sweep, *, listed: bool) -> None:
    from quotewire.sweep import MOST_UNMATCHED

    if not result.unmatched:
        return
    out.print()
    more = " or more" if len(result.unmatched) >= MOST_UNMATCHED else ""
    out.print(f"{len(result.unmatched)}{more} times the words of a name stand there and are no mention:")
    for reason, count in result.unmatched_reasons.items():
        out.print(f"{count:6} {reason}")
    for found in result.unmatched if listed else ():
        out.print()
        out.print(Text(f"{found.name}: {found.reason}{f' ({found.detail})' if found.detail else ''}", style="bold"))
        out.print(Text(f"  {found.outlet or 'no outlet'}: {found.title}  ({found.article})"))
        out.print(Text(f"  … {found.sentence} …"))
    if not listed:
        out.print(Text("`quotewire sweep --unmatched` lists them.", style="dim"))
