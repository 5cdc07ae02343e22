"""`quotewire stories`: which articles of a file report the same event."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from quotewire.cli.article_lines import ArticleLines
from quotewire.cli.output import FAILED, out, print_json_line
from quotewire.settings import load
from quotewire.telemetry import configure_logging
from quotewire.wiring import Wiring


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(stories)


def stories(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A JSON object a line: id, outlet, title, text, published; - for standard input."
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help='One JSON object a line: {"id": …, "story": …}.')] = False,
) -> None:
    """Tell the stories of some articles apart, as the pipeline does: copies, retellings and updates are one story.

    Every article comes out once, in the order of the file.

    **Example**: `quotewire stories articles.jsonl --json`
    """
    from consumers.alerts.matcher import Matcher
    from quotewire.trial import outputs
    from schemas.records import StoryMember

    settings = load()
    configure_logging("error", settings.log_format)
    lines = ArticleLines(file)
    given = list(lines)
    with Wiring(settings) as wiring:
        made = outputs([article.draft for article in given], Matcher([]), wiring.embedder)
        story_of = {member.id: member.story for member in made if isinstance(member, StoryMember)}
    if json:
        for article in given:
            print_json_line({"id": article.id, "story": story_of[article.draft.id]})
    else:
        sizes = Counter(story_of.values())
        for story, size in sizes.items():
            out.print(f"{size} articles" if size != 1 else "1 article")
            for article in given:
                if story_of[article.draft.id] == story:
                    out.print(f"  {article.id}  {article.draft.outlet}  {article.draft.title}")
    if lines.failed:
        raise typer.Exit(FAILED)
