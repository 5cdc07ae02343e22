"""Articles given on the command line: a JSON object a line, with id, outlet, title, text and published."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from quotewire.cli.output import MISUSED, complain, fail
from schemas.records import EnrichedArticle, Span


@dataclass(frozen=True, slots=True)
class GivenArticle:
    """An article of a file. `id` is as it was given, a string or a number; `draft` has a text and no annotations yet,
    and an id of its own, for two lines may have the same.
    """

    id: str | int | float
    draft: EnrichedArticle


class ArticleLines:
    """The articles of a file (`-` for standard input), in its order. `failed`: whether a line held none.

    What is wrong with a line is said at once, naming it; the other lines are read all the same.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.failed = False

    def __iter__(self) -> Iterator[GivenArticle]:
        try:
            lines = sys.stdin.buffer if str(self._path) == "-" else self._path.open("rb")
        except OSError as error:
            fail(f"{self._path}: {error.strerror}", MISUSED)
        with lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        yield self._article(number, line)
                    except ValueError as error:
                        self.failed = True
                        complain(f"{self._path}, line {number}: {error}")

    def _article(self, number: int, line: bytes) -> GivenArticle:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise ValueError("expected an object with id, outlet, title, text and published")
        given = fields.get("id")
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError("the article needs an id, a string or a number")
        title, body = _text(fields, "title"), _text(fields, "text")
        if not title and not body:
            raise ValueError("the article has neither a title nor a text")
        return GivenArticle(
            given, _draft(number, title, body, _text(fields, "outlet"), self._published(number, fields))
        )

    def _published(self, number: int, fields: Mapping[str, Any]) -> datetime | None:
        value = fields.get("published")
        moment = _moment(value)
        if moment is None and value not in (None, ""):
            complain(f"{self._path}, line {number}: {value!r} is no date; the article counts as one without")
        return moment


def _draft(number: int, title: str, body: str, outlet: str, published: datetime | None) -> EnrichedArticle:
    from consumers.enrich import language, text

    body = text.of_html(body) if text.looks_like_html(body) else text.clean(body)
    title = " ".join(text.clean(text.of_html(title) if text.looks_like_html(title) else title).split())
    first, _, rest = body.partition("\n")
    if first.strip() == title and title:
        body = rest.strip()
    whole = f"{title}\n\n{body}" if title and body else title or body
    return EnrichedArticle(
        id=f"line {number}",
        outlet=outlet,
        title=title,
        published=published,
        language=language.of_text(whole),
        text=whole,
        headline=Span(start=0, end=len(title)) if title else None,
    )


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"its {key} must be a string")
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def _moment(value: object) -> datetime | None:
    """A moment as ISO 8601, as RFC 2822 or as seconds since 1970; None where it is none of them."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, str) and value[:4].isdigit():
            moment = datetime.fromisoformat(value.strip())
        elif isinstance(value, str):
            moment = parsedate_to_datetime(value)
        else:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
