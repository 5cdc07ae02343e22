"""The records of Quotewire.

Every record is immutable and carries the `schema_version` it was written with. Within a version fields are only ever
added, with a default, so an older reader can read a newer record; anything else is a new version with an upgrade in
`schemas.codec`. Offsets are Unicode code points into the `text` of the article they belong to, end exclusive, and
`text[start:end]` is what they stand for. Times are aware and in UTC.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, model_validator

Time = Annotated[AwareDatetime, AfterValidator(lambda value: value.astimezone(UTC))]
"""A moment; whatever its zone was, it is kept in UTC."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class FeedReference(_Model):
    """The feed in which an article was found."""

    url: str = Field(description="Address of the feed, without credentials.")
    title: str = Field("", description="What the feed calls itself: the outlet.")
    tags: tuple[str, ...] = Field((), description="Tags given to the feed by whoever follows it.")


class Entry(_Model):
    """One entry of a feed document, as the feed gave it."""

    guid: str | None = Field(None, description="The entry's own id (RSS guid, Atom id).")
    link: str | None = Field(None, description="Absolute address of the article's page.")
    title: str = Field("", description="Title, as plain text.")
    summary: str = Field("", description="Summary, as HTML.")
    content: str = Field("", description="Full content, as HTML; empty where the feed gives only a summary.")
    authors: tuple[str, ...] = ()
    published: Time | None = Field(None, description="When the feed says it was published.")
    updated: Time | None = None
    language: str | None = Field(None, description="Language the feed declares, as a BCP 47 tag.")
    image: str | None = Field(None, description="Address of the lead picture.")
    tags: tuple[str, ...] = Field((), description="Categories given by the feed.")


class Page(_Model):
    """The article's own page, as it came."""

    url: str = Field(description="Address after redirects.")
    status: int = Field(description="HTTP status.")
    content_type: str = ""
    fetched: Time
    body: Base64Bytes = Field(description="The body as it came, zlib-compressed (in JSON: base64).")

    @classmethod
    def from_body(cls, *, url: str, status: int, content_type: str, fetched: datetime, body: bytes) -> Page:
        """Make a page of an uncompressed body."""
        return cls.model_construct(
            url=url, status=status, content_type=content_type, fetched=fetched.astimezone(UTC), body=zlib.compress(body)
        )

    def raw_body(self) -> bytes:
        """The body as it came, uncompressed. Raises zlib.error where the record is damaged."""
        return zlib.decompress(self.body)


class RawArticle(_Model):
    """Topic `raw`: what the feed and the page said of one article, as it came. Written by producers only."""

    schema_version: Literal[1] = 1
    id: str = Field(description="Id of the article: the same for every revision and every feed that carries it.")
    revision: int = Field(
        description="Grows with each edit of the article: milliseconds since 1970 when this content was first seen."
    )
    url: str | None = Field(None, description="Canonical address of the article.")
    feed: FeedReference
    entry: Entry
    page: Page | None = Field(None, description="None where the feed gave the full text or no page could be had.")
    page_problem: str | None = Field(None, description="Why there is no page although one was wanted.")
    fetched: Time = Field(description="When the feed document that held the entry was fetched.")


class Span(_Model):
    """A stretch of the article's text: text[start:end]."""

    start: int = Field(ge=0)
    end: int = Field(gt=0)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"a span must end after its start, not {self.start} to {self.end}")
        return self


class Mention(Span):
    """A stretch of the text together with its words."""

    text: str


EntityLabel = Literal["PERSON", "ORG", "GPE", "LOC", "NORP", "FAC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "OTHER"]


class Entity(_Model):
    """One person, body, place or thing, with all its mentions in the article."""

    id: str = Field(description="Id within the article: e1, e2, …")
    name: str = Field(description="Fullest name that the article gives.")
    label: EntityLabel
    mentions: tuple[Mention, ...] = Field(description="By name, in the order of the text.")
    role: str | None = Field(None, description="Title or role as the article gives it: “Russian Foreign Minister”.")


class Speaker(_Model):
    """Who said it. `start`, `end` and `text` are the mention that the cue belongs to; `name` is whom it means."""

    start: int = Field(ge=0)
    end: int = Field(gt=0)
    text: str
    name: str = Field(description="Fullest name in the article; the mention itself where there is no name.")
    entity: str | None = Field(None, description="Id of the entity, where the speaker is one.")
    kind: Literal["person", "organization", "place", "unnamed", "unknown"]


class Quote(_Model):
    """One utterance: what was said, by whom, in one or more spans."""

    id: str = Field(description="Id within the article: q1, q2, …")
    kind: Literal["direct", "mixed", "indirect"]
    spans: tuple[Span, ...] = Field(min_length=1, description="In the order of the text, without overlap.")
    text: str = Field(description="The texts of the spans, joined by a space.")
    cue: Mention | None = Field(None, description="The word or words that say it is speech: said, according to.")
    speaker: Speaker | None = None
    other_speakers: tuple[Speaker, ...] = Field((), description="Who said it together with `speaker`.")
    via: str | None = Field(None, description="The outlet that relays what the speaker said.")
    act: Literal["statement", "question", "denial", "refusal"] = "statement"
    confidence: float = Field(ge=0, le=1, description="Probability that this is a quote and its speaker is right.")
    rules: tuple[str, ...] = Field((), description="Names of the rules that found the quote and its speaker.")
    nested: tuple[Quote, ...] = Field((), description="What is quoted within it, with a speaker of its own: q1.1, …")


class EnrichedArticle(_Model):
    """Topic `enriched`: the article's text with its entities and quotes."""

    schema_version: Literal[1] = 1
    id: str
    revision: int = 0
    url: str | None = None
    feed: str | None = Field(None, description="Address of the feed, without credentials.")
    outlet: str = Field("", description="What the feed calls itself.")
    tags: tuple[str, ...] = ()
    title: str = ""
    byline: str | None = None
    published: Time | None = None
    fetched: Time | None = Field(None, description="When the feed document that held the entry was fetched.")
    enriched: Time | None = Field(None, description="When this record was made.")
    language: str | None = Field(None, description="ISO 639-1 code of the text's language.")
    image: str | None = None
    text: str = Field(description="Headline and body; every offset counts code points in it.")
    headline: Span | None = Field(None, description="Where the headline stands in the text.")
    text_source: Literal["page", "feed", "given"] = Field("given", description="Where the text was taken from.")
    model: str | None = Field(None, description="Name and version of the spaCy model.")
    entities: tuple[Entity, ...] = ()
    quotes: tuple[Quote, ...] = ()

    @property
    def every_quote(self) -> tuple[Quote, ...]:
        """The quotes in the order of the text, each followed by those within it."""
        return tuple(one for quote in self.quotes for one in (quote, *quote.nested))


class Fingerprint(_Model):
    """What an article is compared by when stories are told apart; `consumers.stories.fingerprint` makes it."""

    minhash: Base64Bytes = Field(description="MinHash of the text's word shingles: 32-bit numbers, little-endian.")
    vector: Base64Bytes = Field(description="Embedding of headline and first sentences: signed bytes.")
    words: int = Field(0, description="How many different shingles the text has.")
    names: tuple[str, ...] = Field((), description="Words of names, folded, those of the headline and the lead first.")
    lead_names: int = Field(0, description="How many of `names` stand in the headline or the lead.")
    numbers: tuple[str, ...] = Field((), description="Numbers in the headline and the lead, with what they count.")
    event: Base64Bytes = Field(b"", description="As `vector`, of the same words without the names.")
    days: tuple[int, ...] = Field((), description="Days of the week named there, from 0 for Monday.")
    unspaced: bool = Field(False, description="Whether it is mostly in a script without spaces between words.")


class StoryMember(_Model):
    """Topic `stories`: a revision of an article and the story it belongs to.

    Written with the alerts that the article raised, in one commit: an article that is here has been looked through.
    """

    schema_version: Literal[1] = 1
    id: str = Field(description="Id of the article.")
    revision: int = Field(0, description="Revision of the article.")
    story: str = Field(description="Id of the story, made of the id of its first article.")
    title: str = ""
    outlet: str = ""
    dated: Time = Field(description="When it was published, as far as that is known and can be; else fetched.")
    joined: Time = Field(description="When this record was made.")
    fingerprint: Fingerprint
    wording: Base64Bytes = Field(b"", description="A Bloom filter of the text's words and pairs of neighbours.")
    passed_over: tuple[str, ...] = Field(
        (), description="Digests of the watchlist's entries whose words stand there, but not as the entry asks for."
    )


Condition = Literal["mentioned", "headline", "quoted", "quoted-about", "together"]
"""How a tracked name occurs: anywhere, in the headline, as a speaker, in what somebody else says, or together with
another name that its entry asks for."""


class AlertArticle(_Model):
    """One article of the story that an alert is about, as it mentions the tracked name."""

    id: str
    revision: int = 0
    url: str | None = None
    title: str = ""
    outlet: str = ""
    language: str | None = None
    tags: tuple[str, ...] = Field((), description="Tags of its feed.")
    published: Time | None = None
    fetched: Time | None = None
    added: Time = Field(description="When it came to the alert.")
    mention: Mention = Field(description="The mention that counts; offsets into the article's text.")
    sentence: Mention = Field(description="The sentence around it.")
    rule: str = Field(description="Why it matched.")
    confidence: float = Field(ge=0, le=1, description="Probability that the tracked one is meant.")
    conditions: tuple[Condition, ...] = ("mentioned",)
    corrected: bool = Field(False, description="Whether an edit has taken the name out of the article since.")


class AlertQuote(_Model):
    """What the tracked one said, or what somebody said of it, in an article of the story."""

    article: str = Field(description="Id of the article.")
    id: str = Field(description="Id of the quote within the article.")
    kind: Literal["direct", "mixed", "indirect"]
    text: str
    speaker: str | None = None
    condition: Literal["quoted", "quoted-about"]


class Alert(_Model):
    """Topic `alerts`: a tracked name was newly mentioned in a story.

    There is one for each story and name. It grows as the story does: the same id with a larger revision, which takes
    the place of the one before. Revision 1 is the news; later ones tell nobody anew. `article` to `confidence` are of
    the article that raised it and stay.
    """

    schema_version: Literal[2] = 2
    id: str = Field(description="Made of the story's id and the tracked name: the same alert never has two ids.")
    revision: int = Field(1, description="1 where it is raised, one more each time it grows.")
    name: str = Field(description="The tracked name, as the watchlist has it.")
    story: str = Field(description="Id of the story.")
    raised: Time
    updated: Time = Field(description="When this revision was made.")
    article: str = Field(description="Id of the article that raised it.")
    url: str | None = None
    title: str = ""
    outlet: str = ""
    published: Time | None = None
    mention: Mention = Field(description="The mention that counts; offsets into the article's text.")
    sentence: Mention = Field(description="The sentence around it.")
    rule: str = Field(description="Why it matched.")
    confidence: float = Field(ge=0, le=1, description="Probability that the tracked one is meant.")
    conditions: tuple[Condition, ...] = Field(("mentioned",), description="All that hold in some article.")
    articles: tuple[AlertArticle, ...] = Field((), description="The story's articles with the name, in their order.")
    more_articles: int = Field(0, description="How many further articles are not listed.")
    quotes: tuple[AlertQuote, ...] = Field((), description="By it or about it, each once however many outlets have it.")

    def in_article(self, article: str) -> AlertArticle | None:
        """How the article of that id mentions the tracked name; None where it is not listed."""
        return next((listed for listed in self.articles if listed.id == article), None)


class DeadLetter(_Model):
    """Topic `dead-letters`: a record that can never be processed, with the reason and the record as it came."""

    schema_version: Literal[1] = 1
    id: str = Field(description="stage, topic, partition and offset of the record, joined by “:”.")
    stage: str
    topic: str
    partition: int
    offset: int
    key: str
    value: Base64Bytes = Field(description="The record as it came (in JSON: base64).")
    reason: str
    buried: Time
    replayed: Time | None = Field(None, description="When the record was published again; the newest of one id counts.")


class Stretch(_Model):
    """Records of one partition of a topic, from an offset to before another one."""

    topic: str
    partition: int
    start: int
    end: int


class Forgotten(_Model):
    """Topic `forgotten`: what the alerts stage is not to remember any more, so that it alerts again; an operator asked
    for that.
    """

    schema_version: Literal[1] = 1
    id: str
    asked: Time
    stretches: tuple[Stretch, ...]


TopicRecord = RawArticle | EnrichedArticle | StoryMember | Alert | DeadLetter | Forgotten
"""Any record that travels on a topic."""
