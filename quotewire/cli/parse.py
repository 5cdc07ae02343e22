"""`quotewire parse`: feed documents to entries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvloop

from producers.urls import without_credentials
from quotewire.cli.files import read_bytes
from quotewire.cli.output import FAILED, complain, print_json_line
from quotewire.settings import load
from quotewire.wiring import Wiring

if TYPE_CHECKING:
    from producers.documents import ParsedFeed
    from producers.fetch import Fetcher
    from producers.parse_process import Parsing


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(parse)


def parse(
    documents: Annotated[
        list[str], typer.Argument(metavar="FILE_OR_URL...", help="Feed documents; - is standard input.")
    ],
    url: Annotated[str, typer.Option(help="Address that relative links of a file are resolved against.")] = "",
    content_type: Annotated[
        str | None, typer.Option(help="The Content-Type a file was served with, as it can tell the encoding.")
    ] = None,
) -> None:
    """Parse feed documents (RSS, Atom, RDF, JSON Feed, news sitemaps) to one JSON line an entry.

    An address is fetched as the poller does it. A document that is no feed is said on standard error, and the exit
    status is 1.

    **Examples**

    `quotewire parse feed.xml`

    `quotewire parse https://example.org/feed.xml`

    `quotewire parse --url https://example.org/feed --content-type 'text/xml; charset=koi8-r' feed.xml`
    """
    if not uvloop.run(_parse(documents, url, content_type)):
        raise typer.Exit(FAILED)


async def _parse(documents: Sequence[str], url: str, content_type: str | None) -> bool:
    """Print the entries of all documents; whether each was a feed."""
    well = True
    with Wiring(load()) as wiring:
        # In processes of their own, as the poller does it: a hostile document can neither hang nor eat all memory.
        async with wiring.fetching() as (fetcher, parser):
            for name in documents:
                if name.startswith(("http://", "https://")):
                    parsed = await _fetched(name, fetcher, parser)
                else:
                    body = read_bytes(Path(name))
                    parsed = await parser.parse(body, url=url, content_type=content_type) if body is not None else None
                if parsed is None:
                    well = False
                    continue
                for entry in parsed.entries:
                    print_json_line(entry)
                if parsed.problem:
                    complain(f"{without_credentials(name)}: {parsed.problem}")
                    well = well and bool(parsed.entries)
    return well


async def _fetched(address: str, fetcher: Fetcher, parser: Parsing) -> ParsedFeed | None:
    """The feed at an address; None where there is no answer, and why is said."""
    from producers.answers import FetchProblem

    answer = await fetcher.fetch(address)
    if isinstance(answer, FetchProblem):
        complain(f"{without_credentials(address)}: {answer.reason}")
        return None
    content_type = answer.content_type or None
    parsed = await parser.parse(answer.body, url=answer.url, content_type=content_type, headers=answer.headers)
    if not answer.complete:
        complain(f"{without_credentials(address)}: the answer was cut off")
    return parsed
