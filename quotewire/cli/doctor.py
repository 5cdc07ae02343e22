"""`quotewire status`, `settings` and `doctor`: how it is, how it is set up, and what is wrong with that."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from quotewire import settings as settings_module
from quotewire.cli.output import FAILED, out, print_json
from quotewire.dead_letters import dead_letters
from quotewire.ports import ConfigurationError, Unavailable
from quotewire.stages import STAGES
from quotewire.wiring import Wiring
from schemas.topics import TOPICS

_Json = Annotated[bool, typer.Option("--json", help="As one JSON document.")]
_LITTLE_SPACE = 500_000_000
"""Bytes free in the data folder below which doctor warns."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(settings)
    app.command()(doctor)


def status(json: _Json = False) -> None:
    """What is in the index, what each stage has still to do, how the feeds are.

    **Example**: `quotewire status --json`
    """
    with Wiring(settings_module.load()) as wiring:
        counts = wiring.index.counts()
        lag = {
            name: sum(at.lag for topic in stage.topics for at in wiring.stream.positions(topic.name, name))
            for name, stage in STAGES.items()
        }
        states: dict[str, int] = {}
        for feed in wiring.feed_views():
            states[feed.state] = states.get(feed.state, 0) + 1
        buried = sum(1 for letter in dead_letters(wiring.stream) if not letter.replayed)
    if json:
        print_json({"index": counts, "lag": lag, "feeds": states, "dead_letters": buried})
        return
    out.print("Index: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    out.print("To do: " + ", ".join(f"{name} {left}" for name, left in lag.items()))
    out.print("Feeds: " + (", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"))
    out.print(f"Dead letters: {buried}")


def settings(json: _Json = False) -> None:
    """Every setting: its variable, its value, where that comes from, what it means.

    A TOML file (quotewire.toml in the working folder, or the one that QUOTEWIRE_CONFIG names) may hold the same
    settings in lower case without the prefix.

    **Example**: `quotewire settings --json`
    """
    current = settings_module.load()
    origins = settings_module.sources(current)
    rows = [
        {
            "variable": settings_module.variable(name),
            "value": _shown(getattr(current, f"{name}_address", None) or getattr(current, name)),
            "source": origins[name],
            "description": field.description,
        }
        for name, field in type(current).model_fields.items()
    ]
    if json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("setting", "value", "from", "meaning"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row.values()))
    out.print(table)


def doctor(json: _Json = False) -> None:
    """Look for what is wrong with the set-up; the exit status is 1 where something is.

    **Example**: `quotewire doctor`
    """
    from quotewire import gazetteer  # brings spaCy, which takes seconds

    current = settings_module.load()
    with Wiring(current) as wiring:
        checks: dict[str, Callable[[], str]] = {
            "Python": lambda: f"{sys.version.split()[0]}",
            "settings": _unknown_settings,
            "data folder": lambda: _space(wiring),
            "stream": lambda: f"{wiring.settings.stream_address}: {_records(wiring)} records",
            "index": lambda: f"{wiring.settings.index_address}: {wiring.index.counts()['articles']} articles",
            "feeds": lambda: f"{wiring.feeds_file}: {len(wiring.feed_sources())} feeds",
            "watchlist": lambda: f"{wiring.watchlist_file}: {len(wiring.tracked_names())} names",
            "gazetteer": lambda: f"{wiring.gazetteer_file}: {len(gazetteer.read(wiring.gazetteer_file))} names",
            "sinks": lambda: f"{len(wiring.sinks())} sinks of alerts",
            "spaCy pipeline": lambda: wiring.annotator.model,
        }
        results = [_checked(name, check) for name, check in checks.items()]
    if json:
        print_json(results)
    else:
        for result in results:
            out.print(f"{'ok   ' if result['ok'] else 'WRONG'}  {result['check']}: {result['detail']}")
    if not all(result["ok"] for result in results):
        raise typer.Exit(FAILED)


def _checked(name: str, check: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"check": name, "ok": True, "detail": check()}
    except (ConfigurationError, Unavailable) as error:
        return {"check": name, "ok": False, "detail": str(error)}


def _unknown_settings() -> str:
    unknown = settings_module.unknown_variables()
    if unknown:
        raise ConfigurationError(f"{', '.join(unknown)} in the environment: no such setting; see `quotewire settings`")
    return f"read from {settings_module.config_file() or 'the environment'}"


def _records(wiring: Wiring) -> int:
    return sum(at.end - at.beginning for topic in TOPICS for at in wiring.stream.positions(topic, "doctor"))


def _space(wiring: Wiring) -> str:
    folder = wiring.settings.data
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"writable")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}; set QUOTEWIRE_DATA") from error
    if free < _LITTLE_SPACE:
        raise Unavailable(f"{folder} has only {free // 1_000_000} MB free")
    return f"{folder}: {free // 1_000_000_000} GB free"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
