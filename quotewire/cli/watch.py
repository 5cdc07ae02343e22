"""`quotewire watch`: the names that are tracked, and what they would raise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from quotewire import watchlist
from quotewire.cli.article_lines import ArticleLines
from quotewire.cli.output import FAILED, MISUSED, complain, err, fail, out, print_json, print_json_line, when
from quotewire.ports import ConfigurationError, Rejected, TrackedName
from quotewire.settings import load
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring

if TYPE_CHECKING:
    from schemas.records import Alert, EnrichedArticle

app = typer.Typer(help="The names that are tracked.", no_args_is_help=True)

_Words = list[str] | None
_Json = Annotated[bool, typer.Option("--json", help="As one JSON document.")]
_Alias = Annotated[_Words, typer.Option(help="What else it is called; may be given again.")]
_Type = Annotated[str | None, typer.Option("--type", help="person, organization, place, product or phrase.")]
_Near = Annotated[_Words, typer.Option(help="A word of which one must stand near it; may be given again.")]
_NotNear = Annotated[_Words, typer.Option(help="A word that must not stand near it; may be given again.")]
_Condition = Annotated[
    _Words, typer.Option(help="How it must occur: mentioned, headline, quoted or quoted-about; any of those given.")
]
_Together = Annotated[_Words, typer.Option(help="A name of which one must be in the article, too.")]
_Outlet = Annotated[_Words, typer.Option(help="Only in this outlet; may be given again.")]
_Language = Annotated[_Words, typer.Option(help="Only in this language, as two letters; may be given again.")]
_Tag = Annotated[_Words, typer.Option(help="Only in feeds with this tag; may be given again.")]


@app.command("list")
def list_names(json: _Json = False) -> None:
    """Every tracked name with its aliases.

    **Example**: `quotewire watch list --json`
    """
    with Wiring(load()) as wiring:
        names = wiring.tracked_names()
    if json:
        print_json(names)
        return
    for tracked in names:
        out.print(_described(tracked))


def _described(tracked: TrackedName) -> str:
    """An entry on one line."""
    parts = [f"{tracked.name}{f' ({tracked.type})' if tracked.type else ''}"]
    for label, words in (
        ("also", tracked.aliases),
        ("near", tracked.near),
        ("not near", tracked.not_near),
        ("only", tracked.conditions if tracked.conditions != ("mentioned",) else ()),
        ("together with", tracked.together_with),
        ("in", (*tracked.outlets, *tracked.languages, *tracked.tags)),
    ):
        if words:
            parts.append(f"{label} {', '.join(words)}")
    return "  ".join([*parts, *(["paused"] if tracked.paused else [])])


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name, as it is written.")],
    alias: _Alias = None,
    kind: _Type = None,
    near: _Near = None,
    not_near: _NotNear = None,
    condition: _Condition = None,
    together_with: _Together = None,
    outlet: _Outlet = None,
    language: _Language = None,
    tag: _Tag = None,
    wikidata: Annotated[str | None, typer.Option(help="Its id at Wikidata: Q7747.")] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Raise nothing yet; dry-run shows what it would.")] = False,
) -> None:
    """Track a name. A running pipeline takes it up with the next articles; what was indexed before raises nothing.

    **Examples**

    `quotewire watch add 'Rustem Umerov' --alias Umierov --type person`

    `quotewire watch add Jordan --type place --not-near Michael --not-near basketball --condition headline`
    """
    fields = _fields(name, alias, kind, near, not_near, condition, together_with, outlet, language, tag)
    with Wiring(load()) as wiring:
        watchlist.add(wiring.watchlist_file, _entry(fields | {"wikidata": wikidata, "paused": paused}))
    err.print(f"Tracking {name}")


def _fields(
    name: str,
    alias: _Words,
    kind: str | None,
    near: _Words,
    not_near: _Words,
    condition: _Words,
    together_with: _Words,
    outlet: _Words,
    language: _Words,
    tag: _Words,
) -> dict[str, Any]:
    return {
        "name": name,
        "aliases": alias,
        "type": kind,
        "near": near,
        "not_near": not_near,
        "conditions": condition,
        "together_with": together_with,
        "outlets": outlet,
        "languages": language,
        "tags": tag,
    }


def _entry(fields: dict[str, Any]) -> TrackedName:
    try:
        return watchlist.tracked_name(fields)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The name, as the list has it.")]) -> None:
    """Track a name no longer. Its alerts stay.

    **Example**: `quotewire watch remove 'Rustem Umerov'`
    """
    with Wiring(load()) as wiring:
        watchlist.remove(wiring.watchlist_file, name)
    err.print(f"No longer tracking {name}")


@app.command()
def pause(name: Annotated[str, typer.Argument(help="The name, as the list has it.")]) -> None:
    """Let a name raise nothing until it is resumed.

    **Example**: `quotewire watch pause 'Rustem Umerov'`
    """
    with Wiring(load()) as wiring:
        watchlist.set_paused(wiring.watchlist_file, name, paused=True)
    err.print(f"Paused {name}")


@app.command()
def resume(name: Annotated[str, typer.Argument(help="The name, as the list has it.")]) -> None:
    """Let a paused name raise alerts, from the next articles on.

    **Example**: `quotewire watch resume 'Rustem Umerov'`
    """
    with Wiring(load()) as wiring:
        watchlist.set_paused(wiring.watchlist_file, name, paused=False)
    err.print(f"Tracking {name}")


@app.command("false-positive")
def false_positive(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="Id of the alert, as `quotewire alerts` gives it.")],
    undo: Annotated[bool, typer.Option("--undo", help="Take the mark back.")] = False,
) -> None:
    """Mark an alert as false: what is like it raises nothing from now on.

    **Example**: `quotewire watch false-positive 5f0c2a9e41d87b36`
    """
    from quotewire import false_positives

    with Wiring(load()) as wiring:
        if undo:
            if not false_positives.unmark(wiring.marks_file, alert):
                fail(f"the alert {alert} was not marked")
            err.print(f"{alert} is no longer marked")
            return
        mark = false_positives.mark(wiring.marks_file, wiring.index, alert)
    other = f", where “{mark.entity}” is meant" if mark.entity else ""
    err.print(f"Marked: {mark.name} stays quiet in such sentences{other}")


@app.command("dry-run")
def dry_run(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="On the list or new; all of the list where none is given."),
    ] = None,
    watchlist_file: Annotated[
        Path | None, typer.Option("--watchlist", help="Another watchlist, as YAML or JSON.")
    ] = None,
    articles: Annotated[
        Path | None,
        typer.Option(
            help="Articles, a JSON object a line: id, outlet, title, text, published. Else those of the index."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days of the index, back from today.")] = 30,
    alias: _Alias = None,
    kind: _Type = None,
    near: _Near = None,
    not_near: _NotNear = None,
    condition: _Condition = None,
    together_with: _Together = None,
    outlet: _Outlet = None,
    language: _Language = None,
    tag: _Tag = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what names would have raised, before they are switched on. Nothing is published or remembered.

    **Examples**

    `quotewire watch dry-run Jordan --type place --not-near basketball` — over the last 30 days of the index

    `quotewire watch dry-run --watchlist names.yaml --articles articles.jsonl --json`
    """
    from quotewire import trial

    settings = load()
    configure_logging("error", settings.log_format)
    given = (alias, kind, near, not_near, condition, together_with, outlet, language, tag)
    with Wiring(settings) as wiring:
        tracked = _chosen(watchlist.read(watchlist_file or wiring.watchlist_file), names or (), given)
        failed = False
        ids: dict[str, object] = {}
        matcher = wiring.matcher_of(tracked)
        found: Sequence[EnrichedArticle]
        if articles is not None:
            found, ids, failed = _annotated(wiring, articles)
            looked = f"{len(found)} article{'' if len(found) == 1 else 's'}"
        else:
            through = trial.look_through(wiring.index, matcher, tracked, days, wiring.clock.now())
            found, looked = through.articles, str(through)
        raised = trial.alerts(found, matcher, wiring.embedder)
    for alert in raised:
        if json:
            print_json_line(_line(alert, ids))
        else:
            _print_alert(alert)
    if not json:
        err.print(f"{len(raised)} alert{'' if len(raised) == 1 else 's'}; {looked}")
    if failed:
        raise typer.Exit(FAILED)


def _chosen(listed: Sequence[TrackedName], names: Sequence[str], given: tuple[Any, ...]) -> list[TrackedName]:
    """The entries to try, none of them paused."""
    if not names:
        if any(given):
            fail("say which name the options are for", MISUSED)
        return [replace(tracked, paused=False) for tracked in listed]
    known = {tracked.name: tracked for tracked in listed}
    if any(given):
        return [_entry(_fields(name, *given)) for name in names]
    return [replace(known.get(name) or _entry({"name": name}), paused=False) for name in names]


def _annotated(wiring: Wiring, path: Path) -> tuple[list[EnrichedArticle], dict[str, object], bool]:
    from consumers.enrich.stage import annotate_all

    lines = ArticleLines(path)
    given = list(lines)
    found, failed = [], False
    for start in range(0, len(given), _BATCH):
        batch = given[start : start + _BATCH]
        for article in annotate_all(wiring.annotator, [each.draft for each in batch]):
            if isinstance(article, Rejected):
                failed = True
                complain(str(article))
            else:
                found.append(article)
    return found, {each.draft.id: each.id for each in given}, failed or lines.failed


_BATCH = 64


def _line(alert: Alert, ids: dict[str, object]) -> dict[str, object]:
    return {
        "entity": alert.name,
        "story": alert.story,
        "articles": [ids.get(article.id, article.id) for article in alert.articles],
        "sentence": alert.sentence.text,
        "conditions": list(alert.conditions),
        "confidence": alert.confidence,
        "rule": alert.rule,
    }


def _print_alert(alert: Alert) -> None:
    out.print()
    heading = Text(alert.name, style="bold")
    outlets = ", ".join(dict.fromkeys(article.outlet or "no outlet" for article in alert.articles))
    heading.append(
        f"  {when(alert.published)}, {', '.join(alert.conditions)}, {alert.rule}, {alert.confidence:.0%}", style="dim"
    )
    out.print(heading)
    out.print(Text("  " + " ".join(alert.sentence.text.split())))
    out.print(Text(f"  {outlets}: {alert.title}", style="dim"))
