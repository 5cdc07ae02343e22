"""`quotewire search`, `quotes` and `alerts`: what the index holds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from rich.text import Text

from quotewire import latency as latencies
from quotewire.cli.output import out, print_json, when
from quotewire.ports import ArticleQuery, QuoteQuery
from quotewire.settings import load
from quotewire.wiring import Wiring

_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at the most.")]
_Json = Annotated[bool, typer.Option("--json", help="As one JSON document.")]
_Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC).")]
_Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day (UTC).")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(search)
    app.command()(quotes)
    app.command()(alerts)


def search(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="Words that all occur; a “phrase” between quote marks.")
    ],
    entity: Annotated[str | None, typer.Option(help="Only with this entity, by its full name.")] = None,
    speaker: Annotated[str | None, typer.Option(help="Only with a quote by this speaker, by full name.")] = None,
    feed: Annotated[str | None, typer.Option(help="Only from this feed, by its address.")] = None,
    since: _Since = None,
    until: _Until = None,
    limit: _Limit = 20,
    json: _Json = False,
) -> None:
    """Search the articles.

    **Examples**

    `quotewire search 'flood defences'`

    `quotewire search '"rate cut"' --speaker 'Maria Keane' --since 2026-11-01 --json`
    """
    with Wiring(load()) as wiring:
        page = wiring.index.search(
            ArticleQuery(
                words=query,
                feed=feed,
                entity=entity,
                speaker=speaker,
                first_day=_day(since),
                last_day=_day(until),
                limit=limit,
            )
        )
    if json:
        print_json(page)
        return
    out.print(_count(page.total, "article"))
    for hit in page.hits:
        out.print()
        out.print(Text(hit.title or hit.id, style="bold"))
        out.print(
            Text(
                f"{hit.outlet or 'no outlet'}, {when(hit.published)}, {_count(hit.quotes, 'quote')}  {hit.url or ''}",
                style="dim",
            )
        )
        excerpt = Text("  ")
        for fragment in hit.excerpt:
            excerpt.append(" ".join(fragment.text.split("\n")), style="bold yellow" if fragment.marked else "")
        out.print(excerpt)


def quotes(
    speaker: Annotated[str, typer.Option(help="Words of the speaker's name.")] = "",
    about: Annotated[str, typer.Option(help="Words that all occur in the quote.")] = "",
    since: _Since = None,
    until: _Until = None,
    limit: _Limit = 20,
    json: _Json = False,
) -> None:
    """Who said what, newest first.

    **Examples**

    `quotewire quotes --speaker Keane`

    `quotewire quotes --about 'school closures' --json`
    """
    with Wiring(load()) as wiring:
        page = wiring.index.quotes(
            QuoteQuery(
                speaker=speaker,
                about=about,
                first_day=_day(since),
                last_day=_day(until),
                limit=limit,
            )
        )
    if json:
        print_json(page)
        return
    out.print(_count(page.total, "quote"))
    for hit in page.hits:
        said = hit.quote
        name = said.speaker.name if said.speaker and said.speaker.kind != "unknown" else "unknown speaker"
        out.print()
        heading = Text(name, style="bold")
        heading.append(f"  {said.kind}{', via ' + said.via if said.via else ''}, {when(hit.published)}", style="dim")
        out.print(heading)
        out.print(Text("  " + " ".join(said.text.split())))
        out.print(Text(f"  {hit.outlet or 'no outlet'}: {hit.title}  {hit.url or ''}", style="dim"))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def alerts(
    name: Annotated[str | None, typer.Option(help="Only for this tracked name.")] = None,
    latency: Annotated[
        bool, typer.Option("--latency", help="Only how long those of the last days took: p50, p95 and p99.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=365, help="Days that --latency looks at, back from now.")] = 7,
    limit: _Limit = 20,
    json: _Json = False,
) -> None:
    """Alerts of tracked names, newest first; or how long they took.

    **Examples**

    `quotewire alerts --name 'Sergey Lavrov'`

    `quotewire alerts --latency --days 1`
    """
    with Wiring(load()) as wiring:
        if latency:
            since = wiring.clock.now() - timedelta(days=days)
            took = latencies.latency(latencies.alerts_since(wiring.index, since, name=name))
            if json:
                print_json(took)
            else:
                print_latency(took)
            return
        # One more than is shown says whether there are more.
        newest = wiring.index.alerts(name=name, limit=limit + 1)
    found = newest[:limit]
    if json:
        print_json(list(found))
        return
    more = "; there are older ones, which --limit shows" if len(newest) > limit else ""
    out.print(f"{_count(len(found), 'alert')}{more}")
    for alert in found:
        out.print()
        heading = Text(alert.name, style="bold")
        heading.append(f"  {when(alert.raised)}, {alert.rule}, {alert.confidence:.0%}  {alert.id}", style="dim")
        out.print(heading)
        out.print(Text("  " + " ".join(alert.sentence.text.split())))
        out.print(Text(f"  {alert.outlet or 'no outlet'}: {alert.title}  {alert.url or ''}", style="dim"))
        others = len(alert.articles) + alert.more_articles - 1
        if others > 0:
            outlets = dict.fromkeys(article.outlet or "no outlet" for article in alert.articles[1:])
            out.print(Text(f"  and in {others} more: {', '.join(outlets)}", style="dim"))


def print_latency(took: latencies.Latency) -> None:
    """Say how long alerts took."""
    for text, spread in (("publication", took.published), ("first sight", took.seen)):
        if spread is None:
            out.print(f"From {text} to alert: no alerts")
        else:
            times = ", ".join(f"{share} {getattr(spread, share):.1f} s" for share in ("p50", "p95", "p99"))
            out.print(f"From {text} to alert: {times} ({_count(spread.alerts, 'alert')})")
