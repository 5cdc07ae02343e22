"""`quotewire parse`: feed documents to entries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from quotewire.cli.files import read_bytes
from quotewire.cli.output import FAILED, complain, print_json_line


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(parse)


def parse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Feed documents; - is standard input.")],
    url: Annotated[str, typer.Option(help="Address that relative links are resolved against.")] = "",
    content_type: Annotated[
        str | None, typer.Option(help="The Content-Type the document was served with, as it can tell the encoding.")
    ] = None,
) -> None:
    """Parse feed documents (RSS, Atom, RDF, JSON Feed) to one JSON line an entry.

    A document that is no feed is said on standard error, and the exit status is 1.

    **Examples**

    `quotewire parse feed.xml`

    `quotewire parse --url https://example.org/feed --content-type 'text/xml; charset=koi8-r' feed.xml`
    """
    if not asyncio.run(_parse(files, url, content_type)):
        raise typer.Exit(FAILED)


async def _parse(files: Sequence[Path], url: str, content_type: str | None) -> bool:
    """Print the entries of all files; whether each was a feed."""
    # In a process of its own, as the poller does it: a hostile document can neither hang nor eat all memory.
    from producers.parse_process import ParserPool

    well = True
    async with ParserPool() as parser:
        for file in files:
            body = read_bytes(file)
            if body is None:
                well = False
                continue
            parsed = await parser.parse(body, url=url, content_type=content_type)
            for entry in parsed.entries:
                print_json_line(entry)
            if parsed.problem:
                complain(f"{file}: {parsed.problem}")
                well = well and bool(parsed.entries)
    return well
