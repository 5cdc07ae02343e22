"""What of an article and its quotes the embedded indexes search, count and sort by: decided once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from quotewire.adapters.excerpt import excerpt
from quotewire.adapters.words import Phrase, words
from quotewire.ports import Fragment
from schemas.records import Alert, EnrichedArticle, Quote, Speaker

LONGEST_ID = 512
"""Bytes of UTF-8; Elasticsearch takes no longer `_id`, and one index must not take what another will not."""

FACET_SIZE = 20
"""How many values of a facet are counted out."""

LARGEST_REVISION = 2**42 - 1
"""In milliseconds since 1970 that is the year 2109; it leaves room in Elasticsearch's versions for what follows."""


@dataclass(frozen=True, slots=True)
class QuoteFields:
    """A quote as it is searched. `speakers` are the names of all known speakers of it, each once."""

    quote: Quote
    words: list[str]
    speakers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArticleFields:
    """An article as it is searched."""

    article: EnrichedArticle
    dated: datetime | None
    title_words: list[str]
    text_words: list[str]
    entities: tuple[str, ...]
    quotes: tuple[QuoteFields, ...]

    @property
    def day(self) -> date | None:
        """The day in UTC by which the article is found and counted."""
        return self.dated.date() if self.dated else None

    @property
    def speakers(self) -> tuple[str, ...]:
        """The names of all known speakers in the article, each once."""
        return tuple(dict.fromkeys(name for quote in self.quotes for name in quote.speakers))


def article_fields(article: EnrichedArticle) -> ArticleFields:
    """The fields of an article."""
    return ArticleFields(
        article=article,
        dated=_utc(article.published or article.fetched),
        title_words=words(article.title),
        text_words=words(article.text),
        entities=tuple(dict.fromkeys(entity.name for entity in article.entities)),
        quotes=tuple(
            QuoteFields(quote, words(quote.text), tuple(dict.fromkeys(s.name for s in known_speakers(quote))))
            for quote in article.every_quote
        ),
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


_PRONOUNS = frozenset("i you he she it we they this that these those who one".split())


def known_speakers(quote: Quote) -> Iterator[Speaker]:
    """Who said it, as far as that is known: nobody is found by “he” or “it”."""
    for speaker in (quote.speaker, *quote.other_speakers):
        if speaker is not None and speaker.kind != "unknown" and speaker.name.lower() not in _PRONOUNS:
            yield speaker


def articles_of(alert: Alert) -> tuple[str, ...]:
    """The ids of the articles that an alert is found by, each once."""
    return tuple(dict.fromkeys((alert.article, *(article.id for article in alert.articles))))


def reason_to_reject(document: EnrichedArticle | Alert) -> str:
    """Why no index will ever take this document, in one line; empty where nothing is wrong with it."""
    size = len(document.id.encode(errors="replace"))
    if not 0 < size <= LONGEST_ID:
        return f"the id has {size} bytes, an index takes 1 to {LONGEST_ID}"
    if not 0 <= document.revision <= LARGEST_REVISION:
        return f"the revision is {document.revision}, an index takes 0 to {LARGEST_REVISION}"
    return ""


def standing(article: EnrichedArticle, revision: int, enriched: datetime | None) -> Literal["", "unchanged", "older"]:
    """What becomes of an article where this revision from this enrichment is stored; empty where it is to be written.

    Of one revision the newest enrichment counts: so a better model's can take the place of an older one's.
    """
    if article.revision != revision:
        return "older" if article.revision < revision else ""
    if article.enriched == enriched:
        return "unchanged"
    newer = enriched is None or (article.enriched is not None and article.enriched > enriched)
    return "" if newer else "older"


def article_excerpt(text: str, headline_end: int, phrases: list[Phrase]) -> tuple[Fragment, ...]:
    """What is shown with an article found: of the text after the headline, which stands in the title already."""
    return excerpt(text[headline_end:].lstrip(), phrases)


def headline_end(article: EnrichedArticle) -> int:
    """Where the headline at the beginning of an article's text ends; 0 where there is none."""
    return article.headline.end if article.headline and not article.text[: article.headline.start].strip() else 0
