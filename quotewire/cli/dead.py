"""`quotewire dead`: records that could not be processed."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from quotewire.cli.output import FAILED, MISUSED, complain, err, fail, out, print_json, when
from quotewire.dead_letters import dead_letters, replay
from quotewire.ports import Rejected
from quotewire.settings import load
from quotewire.wiring import Wiring
from schemas.records import DeadLetter

app = typer.Typer(help="Records that could not be processed.", no_args_is_help=True)
_Json = Annotated[bool, typer.Option("--json", help="As one JSON document.")]


@app.command("list")
def list_letters(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were replayed.")] = False,
    json: _Json = False,
) -> None:
    """Every dead letter with its stage and reason.

    **Example**: `quotewire dead list`
    """
    with Wiring(load()) as wiring:
        letters = [letter for letter in dead_letters(wiring.stream) if everything or not letter.replayed]
    if json:
        print_json([_view(letter) for letter in letters])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("id", "key", "buried", "reason"):
        table.add_column(column, overflow="fold")
    for letter in letters:
        table.add_row(*map(Text, (letter.id, letter.key, when(letter.buried), letter.reason)))
    out.print(table if letters else "No dead letters.")


@app.command()
def show(identity: Annotated[str, typer.Argument(metavar="ID", help="As `dead list` gives it.")]) -> None:
    """One dead letter, with the record as it came.

    **Example**: `quotewire dead show enrich:raw:3:17`
    """
    with Wiring(load()) as wiring:
        letter = _find(wiring, identity)
    print_json(_view(letter) | {"value": letter.value.decode("utf-8", "backslashreplace")})


@app.command("replay")
def replay_letters(
    identities: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="As `dead list` gives them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were not replayed yet.")] = False,
) -> None:
    """Send records through the pipeline again, once what was wrong is mended.

    **Example**: `quotewire dead replay --all`
    """
    if not identities and not everything:
        fail("say which: ids as `quotewire dead list` gives them, or --all", MISUSED)
    with Wiring(load()) as wiring:
        if everything:
            letters = [letter for letter in dead_letters(wiring.stream) if not letter.replayed]
        else:
            letters = [_find(wiring, identity) for identity in identities or ()]
        replayed = 0
        for letter in letters:
            try:
                replay(wiring.stream, letter, wiring.clock)
            except Rejected as error:
                complain(str(error))
            else:
                replayed += 1
    err.print(f"Replayed {replayed} records.")
    if replayed < len(letters):
        raise typer.Exit(FAILED)


def _find(wiring: Wiring, identity: str) -> DeadLetter:
    found = next((letter for letter in dead_letters(wiring.stream) if letter.id == identity), None)
    return found or fail(f"there is no dead letter {identity}; `quotewire dead list` shows what there is")


def _view(letter: DeadLetter) -> dict[str, Any]:
    return letter.model_dump(mode="json", exclude={"value", "schema_version"})
