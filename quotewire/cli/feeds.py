"""`quotewire feeds`: which feeds are polled, and how they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvloop
from rich.text import Text

from producers.opml import FeedSource, parse_opml, render_opml, source_problem, write_opml
from producers.urls import without_credentials
from quotewire.cli.files import read_bytes
from quotewire.cli.output import FAILED, MISUSED, err, fail, out, print_json, when
from quotewire.files import editing
from quotewire.settings import load
from quotewire.wiring import Wiring

if TYPE_CHECKING:
    from producers.check import FeedReport

app = typer.Typer(help="The feeds that are polled.", no_args_is_help=True)
_STYLES = {"fresh": "green", "quiet": "green", "new": "cyan", "moved": "yellow", "empty": "yellow"}
_Json = Annotated[bool, typer.Option("--json", help="As one JSON document.")]


@app.command("list")
def list_feeds(json: _Json = False) -> None:
    """Every feed with its state, why it is in it, and when it is polled next.

    **Example**: `quotewire feeds list --json`
    """
    with Wiring(load()) as wiring:
        feeds = wiring.feed_views()
    if json:
        print_json(feeds)
        return
    for feed in feeds:
        line = Text(f"{feed.state:12}", style=_STYLES.get(feed.state, "red"))
        line.append(f"{feed.title}  " if feed.title else "", style="bold")
        line.append(feed.url, style="default")
        out.print(line)
        polled = f"{feed.entries} entries; polled {when(feed.last_poll)}, next {when(feed.next_poll)}"
        told = "; ".join(text for text in (polled, feed.reason, feed.push) if text)
        out.print(Text(f"{'':12}{told}", style="dim"))


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Address of the feed, or of a site whose page names it.")],
    title: Annotated[str, typer.Option(help="What to call it.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be given again.")] = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Add the address as it is, without asking it.")
    ] = False,
) -> None:
    """Add a feed to the list. A running poller takes it up within seconds.

    Where the address is a site's, the feed that its page names is added. One that cannot be reached now is added as it
    is, and said to be so.

    **Example**: `quotewire feeds add https://example.org/ --title Example --tag world`
    """
    problem = source_problem(url)
    if problem:
        fail(problem, MISUSED)
    with Wiring(load()) as wiring:
        feed, site = (url, "") if unchecked else _feed_at(wiring, url)
        name = without_credentials(feed)
        with editing(wiring.feeds_file):
            sources = wiring.feed_sources()
            if any(without_credentials(source.url) == name for source in sources):
                fail(f"{name} is on the list already")
            write_opml(wiring.feeds_file, [*sources, FeedSource(feed, title, tuple(tag or ()), site)])
    err.print(f"Added {name}")


def _feed_at(wiring: Wiring, url: str) -> tuple[str, str]:
    """The feed at an address, or that the page there names, and then the address of the page."""
    with wiring.sample_site():
        report = uvloop.run(_check(wiring, [url]))[0]
        if report.status in (404, 410):
            fail(f"{report.url}: {report.problem}; --unchecked adds it all the same")
        if report.final_url is None:
            err.print(f"{report.url} cannot be checked now: {report.problem}")
            return url, ""
        if report.format:
            return url, ""
        named = uvloop.run(_check(wiring, [link.url for link in report.feeds_of_page]))
    good = [found.url for found in named if found.ok]
    if not good:
        fail(f"{report.url}: {report.problem}; its page names no feed that can be read")
    for other in good[1:]:
        err.print(f"It also names {other}")
    return good[0], url


@app.command()
def remove(url: Annotated[str, typer.Argument(help="Address of the feed, as the list shows it.")]) -> None:
    """Remove a feed from the list, and what the poller remembers of it. Its articles stay.

    **Example**: `quotewire feeds remove https://example.org/rss.xml`
    """
    name = without_credentials(url)
    with Wiring(load()) as wiring, editing(wiring.feeds_file):
        sources = wiring.feed_sources()
        left = [source for source in sources if without_credentials(source.url) != name]
        if len(left) == len(sources):
            fail(f"{name} is not on the list; `quotewire feeds list` shows what is")
        write_opml(wiring.feeds_file, left)
        wiring.feed_store.forget(name)
        wiring.subscriptions.forget(name)
    err.print(f"Removed {name}")


@app.command("import")
def import_feeds(file: Annotated[Path, typer.Argument(help="OPML file; - is standard input.")]) -> None:
    """Add the feeds of an OPML file that are not on the list yet; folders become tags.

    **Example**: `quotewire feeds import subscriptions.opml`
    """
    document = read_bytes(file)
    if document is None:
        raise typer.Exit(MISUSED)
    found = parse_opml(document, name=str(file))
    with Wiring(load()) as wiring, editing(wiring.feeds_file):
        sources = wiring.feed_sources()
        known = {without_credentials(source.url) for source in sources}
        new = [source for source in found if without_credentials(source.url) not in known]
        write_opml(wiring.feeds_file, [*sources, *new])
    err.print(f"Added {len(new)} feeds; {len(found) - len(new)} were on the list already.")


@app.command("export")
def export_feeds(
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output where none is given.")] = None,
) -> None:
    """Write the list as OPML, tags as folders.

    **Example**: `quotewire feeds export > feeds.opml`
    """
    with Wiring(load()) as wiring:
        sources = wiring.feed_sources()
    if file is None:
        typer.echo(render_opml(sources).decode(), nl=False)
    else:
        write_opml(file, sources)


@app.command()
def check(
    urls: Annotated[
        list[str] | None, typer.Argument(help="Addresses; every feed on the list where none is given.")
    ] = None,
    json: _Json = False,
) -> None:
    """Fetch feeds now and say how they are, without storing anything. The exit status is 1 where one is not well.

    **Example**: `quotewire feeds check https://example.org/rss.xml`
    """
    with Wiring(load()) as wiring, wiring.sample_site():
        chosen = urls or [source.url for source in wiring.feed_sources()]
        reports = uvloop.run(_check(wiring, chosen))
    if json:
        print_json(reports)
    else:
        for report in reports:
            out.print(_told(report))
    if not all(report.ok for report in reports):
        raise typer.Exit(FAILED)


async def _check(wiring: Wiring, urls: Sequence[str]) -> list[FeedReport]:
    from producers.check import check as check_feed
    from producers.polls import PollLimits

    places = asyncio.Semaphore(min(wiring.feeds_at_once(), PollLimits().read_at_once))

    async def checked(url: str) -> FeedReport:
        async with places:
            return await check_feed(url, fetcher=fetcher, parser=parser)

    async with wiring.fetching() as (fetcher, parser):
        return list(await asyncio.gather(*map(checked, urls)))


def _told(report: FeedReport) -> Text:
    told = Text("ok       " if report.ok else "failing  ", style="green" if report.ok else "red")
    told.append(report.url, style="default")
    if report.ok:
        told.append(f"  {report.format}, {report.entries} entries, {report.size} bytes, {report.seconds:.1f} s", "dim")
    if report.problem:
        told.append(f"\n         {report.problem}", style="default")
    if report.permanent_url:
        told.append(f"\n         has moved for good to {report.permanent_url}", style="default")
    for feed in report.feeds_of_page:
        told.append(f"\n         this page names a feed: {feed.url}", style="default")
    return told
