"""`quotewire notify`: where alerts are told, and what was not told yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from quotewire.alert_ports import Delivery, Notice, Sink
from quotewire.cli.output import AWAY, MISUSED, err, fail, out, print_json, when
from quotewire.ports import Rejected, Unavailable
from quotewire.settings import load
from quotewire.wiring import Wiring
from schemas.records import Alert, Mention

app = typer.Typer(help="Where alerts are told.", no_args_is_help=True)
_Json = Annotated[bool, typer.Option("--json", help="As one JSON document.")]


@app.command("sinks")
def list_sinks(json: _Json = False) -> None:
    """Every sink, when it is told, and how many alerts it was told of and is still to be.

    **Example**: `quotewire notify sinks`
    """
    with Wiring(load()) as wiring:
        sinks, counts = wiring.sinks(), wiring.outbox.counts()
    if json:
        print_json([_sink_view(sink) | dict(counts.get(sink.name, {})) for sink in sinks])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("sink", "kind", "when", "delivered", "waiting", "failed"):
        table.add_column(column, overflow="fold")
    for sink in sinks:
        counted = counts.get(sink.name, {})
        numbers = [str(counted.get(state, 0)) for state in ("delivered", "waiting", "failed")]
        table.add_row(*map(Text, (sink.name, sink.kind, _when(sink), *numbers)))
    out.print(table if sinks else "No sinks: docs/notify.md says how to name some.")


@app.command("list")
def list_notices(
    json: _Json = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were given up.")] = False,
) -> None:
    """What sinks were not told yet, and what was given up after a day, each with its reason.

    **Example**: `quotewire notify list --failed`
    """
    with Wiring(load()) as wiring:
        found = [] if failed else _not_told(wiring)
        found += [_view(delivery) for delivery in wiring.outbox.failed()]
    if json:
        print_json(found)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("key", "sink", "state", "alerts", "tries", "tried", "reason"):
        table.add_column(column, overflow="fold")
    for one in found:
        cells = (one["key"], one["sink"], one["state"], ", ".join(one["names"]), str(one["tries"]), when(one["tried"]))
        table.add_row(*map(Text, (*cells, one["reason"])))
    out.print(table if found else "Nothing waits and nothing has failed.")


@app.command("retry")
def retry_deliveries(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="As `notify list` gives them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
) -> None:
    """Try again, for another day, what was given up.

    **Example**: `quotewire notify retry --all`
    """
    if not keys and not everything:
        fail("say which: keys as `quotewire notify list --failed` gives them, or --all", MISUSED)
    with Wiring(load()) as wiring:
        failed = {delivery.key: delivery for delivery in wiring.outbox.failed()}
        for key in keys or ():
            if key not in failed:
                fail(f"no delivery {key} was given up; `quotewire notify list --failed` shows which were")
        chosen = list(failed.values()) if everything else [failed[key] for key in keys or ()]
        for delivery in chosen:
            wiring.outbox.note(replace(delivery, state="open", planned=wiring.clock.now(), tried=None))
    err.print(f"To be tried again: {len(chosen)}.")


@app.command()
def test(name: Annotated[str, typer.Argument(metavar="SINK", help="Name of the sink.")]) -> None:
    """Tell one sink of an invented alert now, whatever it asks for, and say whether it took it.

    **Example**: `quotewire notify test newsroom`
    """
    with Wiring(load()) as wiring:
        sink = next((sink for sink in wiring.sinks() if sink.name == name), None)
        if sink is None:
            fail(f"there is no sink {name!r}; `quotewire notify sinks` shows which there are", MISUSED)
        now = wiring.clock.now()
        words = "This is a test: “Ada Example” was not mentioned anywhere."
        start = words.index("Ada Example")
        alert = Alert(
            id=f"test-{now:%Y%m%dT%H%M%S}",
            name="Ada Example",
            story="test",
            raised=now,
            updated=now,
            article="test",
            title="A test of Quotewire",
            outlet="Quotewire",
            published=now,
            mention=Mention(start=start, end=start + 11, text="Ada Example"),
            sentence=Mention(start=0, end=len(words), text=words),
            rule="a test",
            confidence=1,
        )
        try:
            wiring.notifier(sink).tell(Delivery(sink.name, (Notice(sink.name, alert, now),), now))
        except (Unavailable, Rejected) as refusal:
            fail(f"{name} did not take it: {refusal}", AWAY)
    out.print(f"{name} took it.")


def _not_told(wiring: Wiring) -> list[dict[str, Any]]:
    found = []
    configured = {sink.name for sink in wiring.sinks()}
    for sink in wiring.outbox.counts():
        gone = {} if sink in configured else {"reason": "there is no such sink any more"}
        found += [_view(delivery) | gone for delivery in wiring.outbox.open(sink)]
        for notice in wiring.outbox.waiting(sink):
            waiting = _view(Delivery(sink, (notice,), notice.created))
            found.append(waiting | {"state": "waiting", "planned": None} | gone)
    return found


def _view(delivery: Delivery) -> dict[str, Any]:
    return {
        "key": delivery.key,
        "sink": delivery.sink,
        "state": delivery.state,
        "names": list(dict.fromkeys(notice.alert.name for notice in delivery.notices)),
        "alerts": [notice.alert.id for notice in delivery.notices],
        "gathered": delivery.gathered,
        "planned": delivery.planned,
        "tries": delivery.tries,
        "tried": delivery.tried,
        "reason": delivery.reason,
    }


def _sink_view(sink: Sink) -> dict[str, Any]:
    return {
        "name": sink.name,
        "kind": sink.kind,
        "when": _when(sink),
        "names": sink.names,
        "conditions": sink.conditions,
        "outlets": sink.outlets,
        "languages": sink.languages,
        "tags": sink.tags,
        "least_confidence": sink.least_confidence,
        "time_zone": str(sink.time_zone),
        "waiting": 0,
        "delivered": 0,
        "failed": 0,
    }


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SPANS = {timedelta(minutes=1): "a minute", timedelta(hours=1): "an hour", timedelta(days=1): "a day"}


def _when(sink: Sink) -> str:
    schedule = sink.schedule
    words = {
        "at once": "at once",
        "hour": "every hour",
        "day": f"every day at {schedule.at:%H:%M}",
        "week": f"every {_WEEKDAYS[schedule.weekday]} at {schedule.at:%H:%M}",
    }[schedule.every]
    if sink.quiet:
        words += f", quiet {sink.quiet[0]:%H:%M}-{sink.quiet[1]:%H:%M}"
    if sink.rate:
        words += f", at most {sink.rate.messages} {_SPANS[sink.rate.span]}"
    return words
