"""The sample articles, as their files in the seeds say them; the form is described in seeds/samples/README.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from quotewire.seed_files import seed_path

Section = Literal["World", "Politics", "US", "Local", "Court", "Business", "Science", "Culture", "Sport"]
"""The newspaper's sections, in its order."""

BlockKind = Literal["paragraph", "subhead", "block quote", "read more"]

_MARKERS: Mapping[str, BlockKind] = {"## ": "subhead", "> ": "block quote", "Read more: ": "read more"}


@dataclass(frozen=True, slots=True)
class Block:
    """One block of an article's text. For `read more` the text is the slug of another article."""

    kind: BlockKind
    text: str


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Picture(_Header):
    """What stands under an article's picture."""

    caption: str
    credit: str


class SampleArticle(_Header):
    """One sample article. `slug` is the last part of its address, `speakers` whose words it reports."""

    slug: str
    title: str
    byline: str
    published: AwareDatetime
    section: Section
    in_feed: Literal["full", "summary"]
    summary: str
    picture: Picture | None = None
    marks: Literal["curly", "single", "straight"]
    speech: tuple[str, ...]
    speakers: tuple[str, ...]
    blocks: tuple[Block, ...]

    def address(self, site: str) -> str:
        """Its page on the site of that address."""
        return f"{site}/articles/{self.slug}"

    def picture_address(self, site: str) -> str:
        """Its picture on the site of that address."""
        return f"{site}/pictures/{self.slug}.svg"

    @property
    def day(self) -> str:
        """The day of publication as a page prints it: 2 March 2026."""
        return f"{self.published.day} {self.published:%B %Y}"

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """What was written as the article's text: everything but its links to other articles."""
        return tuple(block.text for block in self.blocks if block.kind != "read more")


def read_samples(folder: Path | None = None) -> dict[str, SampleArticle]:
    """Every sample article by its slug, newest first; from the seeds unless another folder is named.

    Raises ValueError, naming the file, for one that is not in the form.
    """
    paths = sorted((folder or seed_path("samples")).glob("*.txt"))
    articles = sorted(map(_read, paths), key=lambda article: article.published, reverse=True)
    by_slug = {article.slug: article for article in articles}
    for article in articles:
        for block in article.blocks:
            if block.kind == "read more" and block.text not in by_slug:
                raise ValueError(f"{article.slug}: “Read more: {block.text}” names no article")
    return by_slug


def _read(path: Path) -> SampleArticle:
    try:
        before, header, text = path.read_text(encoding="utf-8").split("---\n", 2)
        if before:
            raise ValueError("the file must begin with “---”")
        fields = YAML(typ="safe").load(header)
        return SampleArticle(slug=path.stem, blocks=tuple(_blocks(text)), **fields)
    except (ValueError, ValidationError, TypeError, YAMLError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _blocks(text: str) -> Iterator[Block]:
    for block in filter(None, (part.strip() for part in text.split("\n\n"))):
        for marker, kind in _MARKERS.items():
            if block.startswith(marker):
                yield Block(kind, block.removeprefix(marker))
                break
        else:
            yield Block("paragraph", block)
