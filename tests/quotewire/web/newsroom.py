"""Invented news for the page's tests, with everything an enricher finds in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI

from consumers.alerts.matcher import Matcher
from consumers.stories.embedding import WordLlamaEmbedder
from quotewire import false_positives, watchlist
from quotewire.adapters.memory_inbox import MemoryInbox
from quotewire.adapters.memory_index import MemoryIndex
from quotewire.desk import Desk
from quotewire.feed_views import FeedView
from quotewire.ports import TrackedName
from quotewire.web import create_app
from quotewire.wiring import SystemClock
from schemas.records import Alert, EnrichedArticle, Entity, Mention, Quote, Span, Speaker

NOW = datetime(2026, 3, 14, 18, 30, tzinfo=UTC)
COURIER, GAZETTE = "https://courier.example/feed.xml", "https://gazette.example/rss"

_Entities = Sequence[tuple[str, str, str]]
_Quotes = Sequence[dict[str, object]]


def make(
    id: str,  # noqa: A002
    text: str,
    *,
    entities: _Entities = (),
    quotes: _Quotes = (),
    days_ago: float = 0,
    feed: str = COURIER,
    outlet: str = "The Vessby Courier",
    **fields: object,
) -> EnrichedArticle:
    """An article; `entities` are (name, label, surface forms split by |), `quotes` keyword arguments of `_quote`."""
    headline = text.partition("\n")[0]
    found = tuple(_entity(text, number, *given) for number, given in enumerate(entities, 1))
    said = tuple(_quote(text, number, found, **given) for number, given in enumerate(quotes, 1))  # type: ignore[arg-type]
    return EnrichedArticle.model_validate(
        {
            "id": id,
            "revision": 1,
            "url": f"https://news.example/{id}",
            "feed": feed,
            "outlet": outlet,
            "title": headline,
            "headline": Span(start=0, end=len(headline)),
            "published": NOW - timedelta(days=days_ago),
            "fetched": NOW,
            "language": "en",
            "text": text,
            "entities": found,
            "quotes": said,
        }
        | fields
    )


def _entity(text: str, number: int, name: str, label: str, surfaces: str) -> Entity:
    places = re.finditer("|".join(map(re.escape, sorted(surfaces.split("|"), key=len, reverse=True))), text)
    mentions = tuple(Mention(start=m.start(), end=m.end(), text=m.group()) for m in places)
    return Entity.model_validate({"id": f"e{number}", "name": name, "label": label, "mentions": mentions})


def _mention(text: str, surface: str) -> Mention:
    start = text.index(surface)
    return Mention(start=start, end=start + len(surface), text=surface)


def _quote(
    text: str,
    number: int,
    entities: Sequence[Entity],
    *,
    said: Sequence[str],
    by: str = "",
    name: str = "",
    cue: str = "",
    kind: str = "direct",
    **fields: object,
) -> Quote:
    spans = [_mention(text, piece) for piece in said]
    speaker = None
    if by:
        place = _mention(text, by)
        named = next((entity for entity in entities if entity.name == name), None)
        speaker = Speaker(
            start=place.start,
            end=place.end,
            text=by,
            name=name or by,
            entity=named.id if named else None,
            kind="person" if named else "unnamed" if name != "?" else "unknown",
        )
    return Quote.model_validate(
        {
            "id": f"q{number}",
            "kind": kind,
            "spans": [Span(start=span.start, end=span.end) for span in spans],
            "text": " ".join(said),
            "cue": _mention(text, cue) if cue else None,
            "speaker": speaker,
            "confidence": 0.9,
        }
        | fields
    )


PIER = make(
    "pier",
    "Harbour board puts off vote on ‘pier to nowhere’\n"
    "The Vessby Harbour Board has put off its vote on a second pier until May, after a stormy meeting on Saturday at "
    "which fishing crews walked out.\n"
    "“We will not be hurried by anyone,” the board’s chair, Ingrid Halvorsen, told the meeting. “A pier stands for a "
    "hundred years. We can spend eight weeks on it.”\n"
    "Mayor Tomás Oliveira argued that every month of waiting “costs this town forty jobs”. He denied that he had "
    "promised the contract to Brightwater Marine before the tenders were opened.\n"
    "Norway’s fisheries ministry is watching the dispute closely, the Oslo daily Kystbladet reported, citing a senior "
    "official who said that money for the harbour would depend on the crews’ consent.\n"
    "Crews from the Lofoten islands blocked the slipway for two hours. “Nobody asked us,” shouted one.",
    entities=[
        ("Vessby Harbour Board", "ORG", "Vessby Harbour Board"),
        ("Vessby", "GPE", "Vessby"),
        ("Ingrid Halvorsen", "PERSON", "Ingrid Halvorsen"),
        ("Tomás Oliveira", "PERSON", "Tomás Oliveira"),
        ("Brightwater Marine", "ORG", "Brightwater Marine"),
        ("Norway", "GPE", "Norway"),
        ("Norway’s fisheries ministry", "ORG", "Norway’s fisheries ministry"),
        ("Kystbladet", "ORG", "Kystbladet"),
        ("Oslo", "GPE", "Oslo"),
        ("Lofoten", "LOC", "Lofoten islands"),
    ],
    quotes=[
        {
            "said": [
                "“We will not be hurried by anyone,”",
                "“A pier stands for a hundred years. We can spend eight weeks on it.”",
            ],
            "by": "Ingrid Halvorsen",
            "name": "Ingrid Halvorsen",
            "cue": "told",
        },
        {
            "said": ["every month of waiting “costs this town forty jobs”"],
            "by": "Mayor Tomás Oliveira",
            "name": "Tomás Oliveira",
            "cue": "argued",
            "kind": "mixed",
        },
        {
            "said": ["he had promised the contract to Brightwater Marine before the tenders were opened"],
            "by": "He",
            "name": "Tomás Oliveira",
            "cue": "denied",
            "kind": "indirect",
            "act": "denial",
        },
        {
            "said": ["money for the harbour would depend on the crews’ consent"],
            "by": "a senior official",
            "cue": "said",
            "kind": "indirect",
            "via": "Kystbladet",
        },
        {"said": ["“Nobody asked us,”"], "by": "one", "name": "?", "cue": "shouted"},
    ],
    byline="Maja Brandt",
)

FERRY = make(
    "ferry",
    "Night ferry sails again after ice winter\n"
    "The night ferry between Vessby and Karlsund will sail again from Monday, its operator Nordlinje announced.\n"
    "“The strait is open and so is the bar,” said Captain Ada Lindqvist, who brought the first boat through.\n"
    "Ingrid Halvorsen, who chairs the harbour board, called it “the best news since October” but warned that the old "
    "pier could not take a second boat.\n"
    "Missiles found on the sea bed last autumn have been cleared, according to the coast guard.",
    entities=[
        ("Vessby", "GPE", "Vessby"),
        ("Karlsund", "GPE", "Karlsund"),
        ("Nordlinje", "ORG", "Nordlinje"),
        ("Ada Lindqvist", "PERSON", "Ada Lindqvist"),
        ("Ingrid Halvorsen", "PERSON", "Ingrid Halvorsen"),
    ],
    quotes=[
        {
            "said": ["“The strait is open and so is the bar,”"],
            "by": "Captain Ada Lindqvist",
            "name": "Ada Lindqvist",
            "cue": "said",
        },
        {
            "said": ["“the best news since October”"],
            "by": "Ingrid Halvorsen",
            "name": "Ingrid Halvorsen",
            "cue": "called",
        },
        {
            "said": ["the old pier could not take a second boat"],
            "by": "Ingrid Halvorsen",
            "name": "Ingrid Halvorsen",
            "cue": "warned",
            "kind": "indirect",
        },
        {
            "said": ["Missiles found on the sea bed last autumn have been cleared"],
            "by": "the coast guard",
            "cue": "according to",
            "kind": "indirect",
        },
    ],
    days_ago=1,
    feed=GAZETTE,
    outlet="Karlsund Gazette",
)

HOSTILE = make(
    "hostile",
    "<script>alert('headline')</script> & other <b>markup</b>\n"
    "<img src=x onerror=alert(1)> said “<svg onload=alert(2)>” to nobody. \u202egnihton\u202c </p></main> {{ 7*7 }}",
    entities=[("<i>Mallory</i>", "PERSON", "<img src=x onerror=alert(1)>")],
    quotes=[{"said": ["“<svg onload=alert(2)>”"], "by": "<img src=x onerror=alert(1)>", "name": "<i>Mallory</i>"}],
    days_ago=3,
    outlet="<u>Outlet</u>",
    url="javascript:alert(3)",
    byline="<em>By</em>",
)

ARABIC = make(
    "arabic",
    "ميناء فسبي يؤجل التصويت\nقالت رئيسة المجلس: “لن نتسرع”.",
    entities=[("فسبي", "GPE", "فسبي")],
    quotes=[{"said": ["“لن نتسرع”"], "by": "رئيسة المجلس", "cue": "قالت"}],
    days_ago=2,
    language="ar",
    outlet="أخبار الساحل",
)

_SUBJECTS = "harbour dues|herring quotas|the school roof|bus fares|the spring flood|street lamps|library hours".split(
    "|"
)


def _council(number: int) -> EnrichedArticle:
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    said = f"“We have talked about {subject} for {number + 2} years,”"
    return make(
        f"council-{number}",
        f"Council returns to {subject}\n"
        f"Vessby’s council spent another evening on {subject}. {said} said Mayor Tomás Oliveira, who promised a "
        f"decision at meeting {number + 40}.",
        entities=[("Vessby", "GPE", "Vessby"), ("Tomás Oliveira", "PERSON", "Tomás Oliveira")],
        quotes=[{"said": [said], "by": "Mayor Tomás Oliveira", "name": "Tomás Oliveira", "cue": "said"}],
        days_ago=4 + number * 1.5,
        feed=COURIER if number % 3 else GAZETTE,
        outlet="The Vessby Courier" if number % 3 else "Karlsund Gazette",
    )


ARTICLES = [PIER, FERRY, HOSTILE, ARABIC, *map(_council, range(56))]


def make_alert(article: EnrichedArticle, name: str, surface: str, minutes: int = 2) -> Alert:
    """An alert for the first place where a name stands in an article."""
    mention = _mention(article.text, surface)
    start = article.text.rindex("\n", 0, mention.start) + 1
    end = article.text.find("\n", mention.end)
    end = end if end > 0 else len(article.text)
    assert article.published is not None
    return Alert(
        id=f"{article.id}-{name}",
        name=name,
        story=article.id,
        article=article.id,
        url=article.url,
        title=article.title,
        outlet=article.outlet,
        published=article.published,
        raised=article.published + timedelta(minutes=minutes),
        updated=article.published + timedelta(minutes=minutes),
        mention=mention,
        sentence=Mention(start=start, end=end, text=article.text[start:end]),
        rule="name",
        confidence=0.95,
    )


ALERTS = [
    make_alert(PIER, "Brightwater Marine", "Brightwater Marine"),
    make_alert(PIER, "Ingrid Halvorsen", "Ingrid Halvorsen"),
    make_alert(FERRY, "Ingrid Halvorsen", "Ingrid Halvorsen"),
]

WATCHLIST = [
    TrackedName("Ingrid Halvorsen"),
    TrackedName("Brightwater Marine", ("Brightwater",)),
    TrackedName("Nobody"),
]


def make_app(
    index: MemoryIndex,
    folder: Path,
    *,
    feeds: Callable[[], Sequence[FeedView]] = list,
    names: Sequence[TrackedName] = (),
    allowed_hosts: Sequence[str] = (),
) -> FastAPI:
    """The page over an index, with a watchlist of its own in a folder."""
    watch_file, marks_file = folder / "watchlist.yaml", folder / "false-positives.yaml"
    watch_file.write_text("[]")
    for tracked in names:
        watchlist.add(watch_file, tracked)
    desk = Desk(
        index,
        lambda: watch_file,
        lambda: marks_file,
        lambda tracked: Matcher(tracked, false_positives.read(marks_file)),
        WordLlamaEmbedder,
        SystemClock(),
    )
    return create_app(index, feeds=feeds, inbox=MemoryInbox(), desk=desk, allowed_hosts=allowed_hosts)


def _feed(url: str, title: str, state: str, reason: str = "", entries: int = 0, polled: float | None = 3) -> FeedView:
    last = NOW - timedelta(minutes=polled) if polled is not None else None
    good = last if entries else None
    return FeedView(url, title, ("local",), state, reason, entries, last, good, last and last + timedelta(minutes=15))


FEEDS = [
    _feed(COURIER, "The Vessby Courier", "fresh", entries=24),
    _feed(GAZETTE, "Karlsund Gazette", "quiet", "nothing new since 2026-02-27", entries=12),
    _feed("https://old.example/rss.xml", "The Old Post", "moved", "moved for good to https://new.example/rss", 8),
    _feed("https://dark.example/feed", "Dark Times", "failing", "no connection: name or service not known", polled=41),
    _feed("https://wall.example/feed", "", "not a feed", "not a feed: HTML page (a consent wall?)", polled=2),
    _feed("https://later.example/atom.xml", "The Later", "new", polled=None),
]
