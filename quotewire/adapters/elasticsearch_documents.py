"""Articles, quotes and alerts as documents of Elasticsearch, and back.

What is searched and charted has fields of its own; `record` holds the rest as it came, so that a record comes back
whole whatever the mapping makes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeVar

import orjson

from quotewire.adapters.index_fields import (
    ArticleFields,
    QuoteFields,
    article_excerpt,
    articles_of,
    headline_end,
    known_speakers,
)
from quotewire.adapters.words import Phrase
from quotewire.ports import ArticleHit, ConfigurationError, QuoteHit
from schemas.codec import Malformed, decode
from schemas.records import Alert, EnrichedArticle, Entity, Quote
from schemas.topics import ALERTS, ENRICHED, Topic

_Record = TypeVar("_Record", EnrichedArticle, Alert)

_PEOPLE = ("PERSON",)
_ORGANIZATIONS = ("ORG",)
_PLACES = ("GPE", "LOC", "FAC")


# --- to documents ---------------------------------------------------------------------------------------------------


def unsplit_fields(article: EnrichedArticle) -> ArticleFields:
    """The fields of an article without its words: Elasticsearch splits texts itself."""
    dated = article.published or article.fetched
    return ArticleFields(
        article=article,
        dated=dated.astimezone(UTC) if dated else None,
        title_words=[],
        text_words=[],
        entities=tuple(dict.fromkeys(entity.name for entity in article.entities)),
        quotes=tuple(
            QuoteFields(quote, [], tuple(dict.fromkeys(speaker.name for speaker in known_speakers(quote))))
            for quote in article.every_quote
        ),
    )


def article_document(fields: ArticleFields, indexed: datetime, *, new: bool) -> dict[str, Any]:
    """An article as articles.json maps it; `new` where no revision of it was there before.

    `latency` is the seconds from publication until now, when it can be searched; of an edit there is none.
    """
    article = fields.article
    published = article.published if new and article.published and article.published <= indexed else None
    record = article.model_dump(mode="json", exclude={"text"})
    taken: tuple[str, ...] = ("id", "schema_version", "revision", "url", "feed", "outlet", "tags", "title", "byline")
    taken += ("published", "fetched", "enriched", "language", "image", "text_source", "model")
    return {
        **{name: record[name] for name in taken},
        **_dated(fields),
        "indexed": indexed.isoformat(),
        "latency": (indexed - published).total_seconds() if published else None,
        "text": article.text,
        "headline_end": headline_end(article),
        "entities": fields.entities,
        "people": _names(article.entities, _PEOPLE),
        "organizations": _names(article.entities, _ORGANIZATIONS),
        "places": _names(article.entities, _PLACES),
        "speakers": fields.speakers,
        "quotes": len(fields.quotes),
        "record": record,
    }


def quote_documents(fields: ArticleFields, records: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each quote of an article, those within others too, as quotes.json maps it.

    `records` are the quotes as the article's record has them.
    """
    article = fields.article
    of_article = {
        "article": article.id,
        "revision": article.revision,
        "title": article.title,
        "url": article.url,
        "feed": article.feed,
        "outlet": article.outlet,
        "language": article.language,
        **_dated(fields),
    }
    every_record = [one for record in records for one in (record, *record["nested"])]
    for position, (of_quote, record) in enumerate(zip(fields.quotes, every_record, strict=True)):
        quote = of_quote.quote
        yield {
            **of_article,
            "id": quote.id,
            "position": position,
            "kind": quote.kind,
            "act": quote.act,
            "text": quote.text,
            **_speakers(of_quote),
            "via": quote.via,
            "cue": quote.cue.text if quote.cue else None,
            "confidence": quote.confidence,
            "record": record,
        }


def alert_document(alert: Alert) -> dict[str, Any]:
    """An alert as alerts.json maps it."""
    record = alert.model_dump(mode="json")
    taken: tuple[str, ...] = (
        "id",
        "revision",
        "name",
        "story",
        "article",
        "url",
        "title",
        "outlet",
        "published",
        "raised",
        "updated",
        "rule",
        "confidence",
        "conditions",
    )
    return {
        **{name: record[name] for name in taken},
        "articles": articles_of(alert),
        "article_count": len(alert.articles) + alert.more_articles,
        "outlets": list(dict.fromkeys(article.outlet for article in alert.articles if article.outlet)),
        "speakers": list(dict.fromkeys(quote.speaker for quote in alert.quotes if quote.speaker)),
        "mention": alert.mention.text,
        "sentence": alert.sentence.text,
        "record": record,
    }


def quote_id(article_id: str) -> str:
    """What the ids of an article's quotes begin with, before `-POSITION`: its own id may be as long as an id can be."""
    return sha256(article_id.encode()).hexdigest()[:32]


def _names(entities: Iterable[Entity], labels: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(entity.name for entity in entities if entity.label in labels))


def _speakers(fields: QuoteFields) -> dict[str, Any]:
    speaker = fields.quote.speaker
    return {
        "speaker": fields.speakers[0] if fields.speakers else None,
        "speaker_kind": speaker.kind if speaker else None,
        "speakers": fields.speakers,
    }


def _dated(fields: ArticleFields) -> dict[str, str | None]:
    return {
        "dated": fields.dated.isoformat() if fields.dated else None,
        "day": fields.day.isoformat() if fields.day else None,
    }


# --- and back -------------------------------------------------------------------------------------------------------


def stored_article(source: Mapping[str, Any]) -> EnrichedArticle:
    """The article of a document. Raises ConfigurationError where a newer program wrote it."""
    return _decoded(EnrichedArticle, ENRICHED, {**source["record"], "text": source["text"]})


def stored_alert(source: Mapping[str, Any]) -> Alert:
    """The alert of a document. Raises ConfigurationError where a newer program wrote it."""
    return _decoded(Alert, ALERTS, source["record"])


def article_hit(source: Mapping[str, Any], asked: list[Phrase], score: float) -> ArticleHit:
    """What is shown of an article found."""
    return ArticleHit(
        id=source["id"],
        title=source["title"],
        url=source["url"],
        feed=source["feed"],
        outlet=source["outlet"],
        published=_moment(source["dated"]),
        excerpt=article_excerpt(source["text"], source["headline_end"], asked),
        quotes=source["quotes"],
        score=score,
    )


ARTICLE_HIT_FIELDS = ("id", "title", "url", "feed", "outlet", "dated", "text", "headline_end", "quotes")
"""The fields that `article_hit` needs."""


def quote_hit(source: Mapping[str, Any]) -> QuoteHit:
    """A quote found, with the article it stands in."""
    return QuoteHit(
        quote=Quote.model_validate(source["record"]),
        article=source["article"],
        title=source["title"],
        url=source["url"],
        outlet=source["outlet"],
        published=_moment(source["dated"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _decoded(kind: type[_Record], topic: Topic, record: Mapping[str, Any]) -> _Record:
    try:
        decoded = decode(topic, orjson.dumps(record))
    except Malformed as error:
        raise ConfigurationError(f"the index holds what this program cannot read ({error}): update it") from error
    assert isinstance(decoded, kind)
    return decoded
