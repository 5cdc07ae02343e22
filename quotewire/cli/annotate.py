"""`quotewire annotate`: text or HTML to enriched articles."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quotewire.cli.coloured import print_coloured
from quotewire.cli.files import as_text, read_bytes
from quotewire.cli.output import FAILED, complain, print_json_line
from quotewire.ports import Rejected
from quotewire.settings import load
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring
from schemas.records import EnrichedArticle

if TYPE_CHECKING:
    from consumers.enrich.stage import Annotator

_BATCH = 32


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(annotate)


def annotate(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Text or HTML; standard input where none is given.")
    ] = None,
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help='Each input line is {"id": …, "text": …} or {"id": …, "html": …}.'),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines also in a terminal.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say for each quote by which rules it and its speaker were found.")
    ] = False,
) -> None:
    """Find entities and attributed quotes in texts.

    Into a file or a pipe: one enriched article a line, as JSON. In a terminal: the text, entities coloured, each quote
    marked with its speaker. A text is kept as it is; of HTML the article is taken.

    **Examples**

    `quotewire annotate article.txt`

    `curl -s https://example.org/story | quotewire annotate --explain`

    `quotewire annotate --jsonl < articles.jsonl > enriched.jsonl`
    """
    settings = load()
    configure_logging("error", settings.log_format)
    paths = files or [Path("-")]
    inputs = _Inputs(_from_lines(paths) if jsonl else _from_files(paths))
    coloured = explain or (sys.stdout.isatty() and not json)
    with Wiring(settings) as wiring:
        failed = False
        for article in _annotated(wiring.annotator, inputs):
            if isinstance(article, Rejected):
                failed = True
                complain(str(article))
            elif coloured and not json:
                print_coloured(article, explain=explain)
            else:
                print_json_line(article)
    if failed or inputs.failed:
        raise typer.Exit(FAILED)


class _Inputs:
    """Drafts of articles to annotate, and whether any input could not be read."""

    def __init__(self, drafts: Iterable[EnrichedArticle | None]) -> None:
        self._drafts = drafts
        self.failed = False

    def __iter__(self) -> Iterator[EnrichedArticle]:
        for draft in self._drafts:
            if draft is None:
                self.failed = True
            else:
                yield draft


def _annotated(annotator: Annotator, drafts: Iterable[EnrichedArticle]) -> Iterator[EnrichedArticle | Rejected]:
    from consumers.enrich.stage import annotate_all

    waiting = iter(drafts)
    while batch := list(islice(waiting, _BATCH)):
        yield from annotate_all(annotator, batch)


def _from_files(paths: list[Path]) -> Iterator[EnrichedArticle | None]:
    from consumers.enrich import text

    for path in paths:
        content = read_bytes(path)
        if content is None:
            yield None
            continue
        words = as_text(content)
        yield _draft(str(path), html=words) if text.looks_like_html(words) else _draft(str(path), words=words)


def _from_lines(paths: list[Path]) -> Iterator[EnrichedArticle | None]:
    for path in paths:
        try:
            lines = sys.stdin.buffer if str(path) == "-" else path.open("rb")
        except OSError as error:
            complain(f"{path}: {error.strerror}")
            yield None
            continue
        with lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _from_line(f"{path}, line {number}", line)


def _from_line(place: str, line: bytes) -> EnrichedArticle | None:
    try:
        fields = json_module.loads(line)
    except (ValueError, RecursionError) as error:
        complain(f"{place}: not JSON: {error}")
        return None
    words, html = (fields.get("text"), fields.get("html")) if isinstance(fields, dict) else (None, None)
    if not isinstance(words, str) and not isinstance(html, str):
        complain(f'{place}: expected an object with "id" and "text" or "html"')
        return None
    given = fields.get("id", place)
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        complain(f'{place}: "id" must be a string or a number')
        return None
    identity = str(given)
    return _draft(identity, words=words) if isinstance(words, str) else _draft(identity, html=html)


def _draft(identity: str, *, words: str | None = None, html: str | None = None) -> EnrichedArticle:
    from consumers.enrich import language, text

    if words is None:
        found = text.of_document(html or "")
    else:
        # A given text is not touched, so that offsets fit it; only what no JSON can hold is replaced, one for one.
        found = text.ArticleText(words.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), None, "given")
    return EnrichedArticle(
        id=identity,
        title=found.title,
        byline=found.byline,
        published=found.published,
        image=found.image,
        language=language.of_text(found.text),
        text=found.text,
        headline=found.headline,
    )
