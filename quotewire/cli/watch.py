"""`quotewire watch`: the names that are tracked."""

from __future__ import annotations

from typing import Annotated

import typer

from quotewire import watchlist
from quotewire.cli.output import err, out, print_json
from quotewire.ports import TrackedName
from quotewire.settings import load
from quotewire.wiring import Wiring

app = typer.Typer(help="The names that are tracked.", no_args_is_help=True)


@app.command("list")
def list_names(json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False) -> None:
    """Every tracked name with its aliases.

    **Example**: `quotewire watch list --json`
    """
    with Wiring(load()) as wiring:
        names = wiring.tracked_names()
    if json:
        print_json(names)
        return
    for tracked in names:
        also = f"  also {', '.join(tracked.aliases)}" if tracked.aliases else ""
        out.print(f"{tracked.name}{f' ({tracked.type})' if tracked.type else ''}{also}")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name, as it is written.")],
    alias: Annotated[list[str] | None, typer.Option(help="What else it is called; may be given again.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="person, organization, place, product or phrase.")] = None,
) -> None:
    """Track a name. A running pipeline takes it up with the next articles; what was indexed before raises nothing.

    **Example**: `quotewire watch add 'Rustem Umerov' --alias Umierov --type person`
    """
    with Wiring(load()) as wiring:
        watchlist.add(wiring.watchlist_file, TrackedName(name.strip(), tuple(alias or ()), kind))
    err.print(f"Tracking {name}")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The name, as the list has it.")]) -> None:
    """Track a name no longer. Its alerts stay.

    **Example**: `quotewire watch remove 'Rustem Umerov'`
    """
    with Wiring(load()) as wiring:
        watchlist.remove(wiring.watchlist_file, name)
    err.print(f"No longer tracking {name}")
