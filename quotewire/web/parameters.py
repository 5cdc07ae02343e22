"""The parameters of an address, read and written: what is searched for, the same for the page and the JSON.

Names in addresses: `q` words, `feed`, `entity`, `speaker`, `from` and `to` days, `sort`, `page`; for quotes also
`name` (of the speaker), `about` and `kind`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, Self, cast, get_args
from urllib.parse import urlencode

from fastapi import Depends, Query

from quotewire.ports import ArticleQuery, QuoteQuery

PER_PAGE = 20
"""Articles and alerts on one page."""

QUOTES_PER_PAGE = 50

LAST_PAGE = 200
"""Beyond it nobody reads, and search servers stop (Elasticsearch: 10,000 results)."""

QuoteKind = Literal["direct", "mixed", "indirect"]


class BadParameter(Exception):
    """A parameter that cannot be read; the message is for whoever typed it."""


def link(path: str, **parameters: object) -> str:
    """An address with those parameters that are not empty."""
    given = {name.rstrip("_"): str(value) for name, value in parameters.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadParameter(f"“{text}” is not a day: write it like 2026-03-14.") from error


def _page(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= LAST_PAGE:
        return int(text)
    raise BadParameter(f"“{text}” is not a page: pages are numbered from 1 to {LAST_PAGE}.")


PageParameter = Annotated[str, Query(alias="page", description=f"Page, from 1 to {LAST_PAGE}.")]
_From = Annotated[str, Query(alias="from", description="First day in UTC, as 2026-03-14.")]
_To = Annotated[str, Query(alias="to", description="Last day in UTC, as 2026-03-14.")]


def page_number(page: PageParameter = "1") -> int:
    """The page asked for. Raises BadParameter."""
    return _page(page)


@dataclass(frozen=True, slots=True)
class ArticleSearch:
    """What is asked of the articles."""

    words: str = ""
    feed: str | None = None
    entity: str | None = None
    speaker: str | None = None
    first: date | None = None
    last: date | None = None
    newest_first: bool = False
    page: int = 1

    @property
    def filtered(self) -> bool:
        """Whether anything but words is asked for."""
        return any(value is not None for value in (self.feed, self.entity, self.speaker, self.first, self.last))

    @property
    def anything(self) -> bool:
        """Whether anything at all is asked for."""
        return self.filtered or bool(self.words)

    def query(self) -> ArticleQuery:
        """As the index is asked."""
        return ArticleQuery(
            words=self.words,
            feed=self.feed,
            entity=self.entity,
            speaker=self.speaker,
            first_day=self.first,
            last_day=self.last,
            offset=(self.page - 1) * PER_PAGE,
            limit=PER_PAGE,
            newest_first=self.newest_first,
        )

    def changed(self, **changes: object) -> Self:
        """The same search with changes, from its first page."""
        return replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]

    def address(self, path: str = "/") -> str:
        """Where the page shows this search."""
        return link(
            path,
            q=self.words,
            feed=self.feed,
            entity=self.entity,
            speaker=self.speaker,
            from_=self.first,
            to=self.last,
            sort="newest" if self.newest_first else None,
            page=self.page if self.page > 1 else None,
        )


def article_search(
    words: Annotated[str, Query(alias="q", description="All of these words; “…” is a phrase.")] = "",
    feed: Annotated[str, Query(description="Address of a feed.")] = "",
    entity: Annotated[str, Query(description="Name of an entity, exactly.")] = "",
    speaker: Annotated[str, Query(description="Name of a speaker, exactly.")] = "",
    first: _From = "",
    last: _To = "",
    sort: Annotated[str, Query(description="relevance or newest.")] = "",
    page: PageParameter = "1",
) -> ArticleSearch:
    """The search that an address asks for. Raises BadParameter."""
    if sort not in ("", "relevance", "newest"):
        raise BadParameter(f"“{sort}” is no order: choose relevance or newest.")
    return ArticleSearch(
        words=words.strip(),
        feed=feed or None,
        entity=entity or None,
        speaker=speaker or None,
        first=_day(first),
        last=_day(last),
        newest_first=sort == "newest",
        page=_page(page),
    )


@dataclass(frozen=True, slots=True)
class QuoteSearch:
    """What is asked of the quotes."""

    name: str = ""
    about: str = ""
    kind: QuoteKind | None = None
    first: date | None = None
    last: date | None = None
    page: int = 1

    @property
    def anything(self) -> bool:
        """Whether anything is asked for."""
        return self != QuoteSearch(page=self.page)

    def query(self, limit: int = QUOTES_PER_PAGE) -> QuoteQuery:
        """As the index is asked."""
        return QuoteQuery(
            speaker=self.name,
            about=self.about,
            kind=self.kind,
            first_day=self.first,
            last_day=self.last,
            offset=(self.page - 1) * limit,
            limit=limit,
        )

    def changed(self, **changes: object) -> Self:
        """The same search with changes, from its first page."""
        return replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]

    def address(self, path: str = "/speakers") -> str:
        """Where the page shows this search."""
        return link(
            path,
            name=self.name,
            about=self.about,
            kind=self.kind,
            from_=self.first,
            to=self.last,
            page=self.page if self.page > 1 else None,
        )


def quote_search(
    name: Annotated[str, Query(description="All of these words occur in the speaker's name.")] = "",
    about: Annotated[str, Query(description="All of these words occur in the quote; “…” is a phrase.")] = "",
    kind: Annotated[str, Query(description="direct, mixed or indirect.")] = "",
    first: _From = "",
    last: _To = "",
    page: PageParameter = "1",
) -> QuoteSearch:
    """The search that an address asks for. Raises BadParameter."""
    if kind and kind not in get_args(QuoteKind):
        raise BadParameter(f"“{kind}” is no kind of quote: choose direct, mixed or indirect.")
    return QuoteSearch(
        name=name.strip(),
        about=about.strip(),
        kind=cast(QuoteKind, kind) if kind else None,
        first=_day(first),
        last=_day(last),
        page=_page(page),
    )


AskedArticles = Annotated[ArticleSearch, Depends(article_search)]
AskedQuotes = Annotated[QuoteSearch, Depends(quote_search)]
AskedPage = Annotated[int, Depends(page_number)]
