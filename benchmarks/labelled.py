"""The labelled sets for alerts and stories, corpus/watching/ and corpus/stories/, as articles with their labels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from consumers.enrich import language
from quotewire.ports import TrackedName
from quotewire.watchlist import tracked_name
from schemas.records import EnrichedArticle, Span

CORPUS = Path(__file__).parent.parent / "corpus"
HALVES = ("tuning", "heldout")
STORY_SETS = ("tuning", "tuning-frequent", "heldout")
"""Of the stories there are further ones to tune on, with names that are in the news every day."""
_FIRST_DAY = datetime(2026, 3, 1, 7, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WatchedArticle:
    """An article, the names it is to raise with how they occur, and those that are easily taken for a mention."""

    article: EnrichedArticle
    raises: dict[str, tuple[str, ...]]
    quiet: tuple[str, ...]


def watched_articles(half: str) -> tuple[list[TrackedName], list[WatchedArticle]]:
    """A half of the set for alerts: its watchlist and its articles."""
    document = _read(CORPUS / "watching" / f"{half}.yaml")
    articles = []
    for number, fields in enumerate(document["articles"]):
        # Days apart, so that no two of them can be one story.
        published = _FIRST_DAY + timedelta(days=10 * number)
        outlet = fields.get("outlet", "Valley Post")
        article = article_of(f"{half}-{number}", fields["title"], fields["text"], outlet, published)
        raises = {name: tuple(conditions) for name, conditions in fields.get("raises", {}).items()}
        articles.append(WatchedArticle(article, raises, tuple(fields.get("quiet", ()))))
    return [tracked_name(dict(entry)) for entry in document["watchlist"]], articles


def story_copies(half: str) -> list[tuple[str, EnrichedArticle]]:
    """A half of the set for stories: the name of the story and one of its copies, in the order of publication."""
    found = []
    for number, story in enumerate(_read(CORPUS / "stories" / f"{half}.yaml")):
        start = _FIRST_DAY + timedelta(days=story["day"], hours=story.get("hour", 0))
        for copy, (title, body, hours) in enumerate(_copies(story)):
            published = start + timedelta(hours=hours)
            outlet = f"Outlet {(number + copy) % 7}"
            article = article_of(f"{half}-{number:02}-{copy}", title, body, outlet, published)
            found.append((f"{half}-{number:02}", article))
    return sorted(found, key=lambda entry: (entry[1].published or _FIRST_DAY, entry[1].id))


def _copies(story: dict[str, Any]) -> list[tuple[str, str, float]]:
    """Each copy of a story: title, body, and how many hours after the first it came."""
    title, body = story["title"], story["body"].strip()
    paragraphs = body.split("\n\n")
    retold_title, _, retold = story["retold"].strip().partition("\n")
    copies = [
        (title, body, 0.0),
        (title, body, 0.5),
        (title, "\n\n".join(paragraphs[:2]), 1.0),
        (story["headline"], body, 2.0),
        (retold_title, retold.strip(), 3.0),
    ]
    if "update" in story:
        new_title, _, lead = story["update"].strip().partition("\n")
        copies.append((new_title, "\n\n".join([lead.strip(), *paragraphs[1:]]), 10.0))
    for number, other in enumerate(story.get("others", ())):
        other_title, _, text = other.strip().partition("\n")
        copies.append((other_title, text.strip(), 4.0 + number))
    return copies


def article_of(name: str, title: str, body: str, outlet: str, published: datetime) -> EnrichedArticle:
    """An article that was not annotated yet."""
    text = f"{title}\n\n{body.strip()}"
    return EnrichedArticle(
        id=name,
        revision=1,
        title=title,
        outlet=outlet,
        published=published,
        language=language.of_text(text),
        text=text,
        headline=Span(start=0, end=len(title)),
    )


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
