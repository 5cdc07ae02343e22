"""`quotewire parse`: feed documents to entries."""

from __future__ import annotations

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
    from producers.parse import parse as parse_feed

    failed = False
    for file in files:
        body = read_bytes(file)
        parsed = parse_feed(body, url=url, content_type=content_type) if body is not None else None
        for entry in parsed.entries if parsed else ():
            print_json_line(entry)
        if parsed is None or parsed.problem:
            failed = failed or parsed is None or not parsed.entries
            if parsed is not None and parsed.problem:
                complain(f"{file}: {parsed.problem}")
    if failed:
        raise typer.Exit(FAILED)
