"""What all commands share: where output goes, how errors end a command, exit codes."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import date, datetime
from typing import Any, NoReturn

import typer
from pydantic import BaseModel
from rich.console import Console

FAILED = 1
"""Exit code: the command ran, but the answer is no, or part of the work failed."""
MISUSED = 2
"""Exit code: the command line, a setting or a file given is wrong."""
AWAY = 3
"""Exit code: a server or a file that should be there is away or full for now."""

out = Console(highlight=False, markup=False, soft_wrap=True, width=None if sys.stdout.isatty() else 250)
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def fail(message: str, code: int = FAILED) -> NoReturn:
    """End the command with one line that says what is wrong."""
    complain(message)
    raise typer.Exit(code)


def complain(message: str) -> None:
    """Say in one line what is wrong, and go on."""
    err.print("quotewire:", " ".join(message.split()), style="red" if err.is_terminal else None)


def print_json(value: Any) -> None:
    """One JSON document, on one line where a program reads it, indented in a terminal."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
    sys.stdout.write(text + "\n")


def print_json_line(value: Any) -> None:
    """One JSON document on a line of its own, also in a terminal."""
    sys.stdout.write(
        (
            value.model_dump_json()
            if isinstance(value, BaseModel)
            else json.dumps(value, default=_plain, ensure_ascii=False)
        )
        + "\n"
    )


def when(moment: datetime | None) -> str:
    """A moment in local time, to the minute; a dash for none."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "–"


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)
