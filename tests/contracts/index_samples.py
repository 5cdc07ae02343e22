"""Articles, quotes and alerts for the contract of the index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.records import Alert, AlertArticle, EnrichedArticle, Entity, Mention, Quote, Span, Speaker

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

HARBOUR = (
    "Harbour board delays vote on new pier\n"
    "The harbour board of Vessby put off its vote on a second pier on Saturday. "
    "“We will not be hurried by anyone,” said its chair, Ingrid Halvorsen. "
    "Mayor Tomás Oliveira argued that every month of waiting costs the town jobs. "
    "Fishing crews warned that missiles fired in an exercise last year had frightened the herring away."
)


def make_article(id: str = "a1", text: str = HARBOUR, **fields: object) -> EnrichedArticle:  # noqa: A002
    """An article with sensible fields; a first line of the text that ends is its headline."""
    title, _, rest = text.partition("\n")
    given = {
        "id": id,
        "revision": 1,
        "url": f"https://news.example/{id}",
        "feed": "https://news.example/feed.xml",
        "outlet": "The Example",
        "title": title if rest else "",
        "headline": Span(start=0, end=len(title)) if rest and title else None,
        "published": NOON,
        "fetched": NOON + timedelta(minutes=5),
        "text": text,
    }
    return EnrichedArticle.model_validate(given | fields)


def make_entity(name: str, text: str = HARBOUR, label: str = "PERSON", number: int = 1) -> Entity:
    """An entity with one mention, which must occur in the text."""
    start = text.index(name)
    mention = Mention(start=start, end=start + len(name), text=name)
    return Entity.model_validate({"id": f"e{number}", "name": name, "label": label, "mentions": (mention,)})


def make_speaker(name: str, kind: str = "person") -> Speaker:
    """A speaker whose place in the text does not matter."""
    return Speaker.model_validate({"start": 0, "end": 1, "text": name, "name": name, "kind": kind})


def make_quote(said: str, *names: str, number: int = 1, kind: str = "direct", speaker: str = "person") -> Quote:
    """A quote by all these speakers."""
    speakers = [make_speaker(name, speaker) for name in names]
    return Quote.model_validate(
        {
            "id": f"q{number}",
            "kind": kind,
            "spans": (Span(start=0, end=max(1, len(said))),),
            "text": said,
            "speaker": speakers[0] if speakers else None,
            "other_speakers": tuple(speakers[1:]),
            "confidence": 0.9,
        }
    )


def make_alert(id: str, name: str = "Ingrid Halvorsen", article: str = "a1", raised: datetime = NOON) -> Alert:  # noqa: A002
    """An alert with sensible fields."""
    mention = Mention(start=0, end=len(name), text=name)
    return Alert(
        id=id,
        name=name,
        story=article,
        article=article,
        raised=raised,
        updated=raised,
        mention=mention,
        sentence=mention,
        rule="name",
        confidence=1,
    )


def grown(alert: Alert, *articles: str) -> Alert:
    """The alert in its next revision, with these articles as well."""
    own = {"added": alert.raised, "mention": alert.mention, "sentence": alert.sentence, "rule": "name", "confidence": 1}
    further = tuple(AlertArticle.model_validate({"id": name, "outlet": name.upper()} | own) for name in articles)
    return alert.model_copy(update={"revision": alert.revision + 1, "articles": (*alert.articles, *further)})
