"""What is new in a feed's answer, what was edited, what is known: decided by content and memory, never by how old a
date is.

An entry has up to four identities: its guid, its address, its text, and its title where nothing but words identifies
it. Each is remembered for weeks, and one that is known is enough. Which of them count is learned from the feed's own
answers:

- A guid or address that several different entries of one answer share identifies none of them.
- Where more of the known texts, and two at least, come with guids and addresses never seen than with known ones, the
  feed makes these up anew for each request, and the text is what identifies. So it is for a single entry, where it has
  the time that is known of its text; where there is none, or nothing else of the answer is known, if that text was
  published a short while ago, and from then on.
- A title that is known, with another text, is an edit under the same time of publication. It is within a short while,
  too, where it has no time and the same address, stands at a page of its own, or the feed makes its identities up.
- A guid whose entry has another address, another date and another text is a guid used again: another article.
- So is an address whose entry has a guid never seen, another date and another text, unless the feed's guids mean
  nothing, or its article was published or edited just before: that is a page that goes on, as a live report does.

The article's id is made of its canonical address, so that it is one article in every feed that carries it; where there
is no such address, of the feed and the entry's guid or text.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Literal, NamedTuple

from producers.canonical import address_key, canonical_url, names_a_page
from quotewire.ports import SeenEntry
from schemas.records import Entry

MAX_EDITS = 24
"""Revisions of one entry that are believed at once; a text that changes more often changes by itself
(lemon24/reader). From then on one a day is."""

_TAG = re.compile(r"<[^<>]*>")
_REMEMBER_AGAIN = timedelta(days=1)
_EDIT_AGAIN = timedelta(days=1)
_ANOTHER_AFTER = timedelta(hours=6)
"""A bulletin comes out every morning and evening at most, a report of what is going on is edited sooner."""
_SHORT_TEXT = 40
_MIDNIGHT = time()
_NOISE = 3


class _Fingerprint(NamedTuple):
    """What an entry looked like, as SeenEntry.content_hash holds it: four short hashes joined by points."""

    text: str
    updated: str
    published: str
    address: str

    @classmethod
    def read(cls, content_hash: str) -> _Fingerprint:
        parts = [*content_hash.split("."), "", "", "", ""]
        return cls(*parts[:4])

    def __str__(self) -> str:
        return ".".join(self)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry of an answer with the identities that can be trusted within that answer."""

    entry: Entry
    url: str | None
    """Canonical address of the article."""
    guid: str | None
    address: str | None
    text: str | None
    title: str | None
    fingerprint: _Fingerprint
    article: str
    """Id that the article gets if it is new."""
    another: bool = False
    """Whether its address is known, and was another article's."""

    @property
    def stands_alone(self) -> bool:
        """Whether nothing but its words identifies it."""
        return self.guid is None and self.address is None

    def identities(self) -> tuple[str, ...]:
        """All that may be remembered of this entry; never empty."""
        wanted = (self.address, self.guid, self.text, self.title if self.stands_alone else None)
        return tuple(identity for identity in wanted if identity)

    def words(self) -> tuple[str, ...]:
        """What is remembered of an entry that only its words identify, for the rest is made up."""
        return tuple(identity for identity in (self.text, self.title) if identity)


@dataclass(frozen=True, slots=True)
class Decision:
    """An article to publish: never seen, or seen with another text."""

    kind: Literal["new", "edited"]
    candidate: Candidate
    article: str
    revision: int


@dataclass(frozen=True, slots=True)
class Decisions:
    """What to publish of an answer, in the order of the document, and what to remember of it once that is done."""

    publish: tuple[Decision, ...]
    remember: tuple[SeenEntry, ...]
    storms: int = 0
    """Entries whose edits are not believed any more."""


def candidates(feed: str, entries: Iterable[Entry]) -> tuple[Candidate, ...]:
    """The entries of an answer with their identities; the same entry twice is one.

    feed: the feed's address, for identities are the feed's own.
    """
    entries = list(dict.fromkeys(entries))
    urls = [canonical_url(entry.link) if entry.link else None for entry in entries]
    prints = [_fingerprint(entry, url) for entry, url in zip(entries, urls, strict=True)]
    guids = _identifying([entry.guid for entry in entries], prints)
    pages = _identifying([_page(url) for url in urls], prints)
    titles = Counter(entry.title for entry in entries)
    texts = Counter(found.text for found in prints)
    made: dict[tuple[str, ...], Candidate] = {}
    for entry, url, found in zip(entries, urls, prints, strict=True):
        page = _page(url)
        candidate = _candidate(feed, entry, url, found, guid_counts=entry.guid in guids, page_counts=page in pages)
        if not entry.title or titles[entry.title] > 1:
            candidate = replace(candidate, title=None)
        long = len(entry.title) + len(entry.summary or entry.content) >= _SHORT_TEXT
        # A short text is no identity where there is another: “Morning briefing” comes every day.
        if (candidate.guid or candidate.address) and (not long or texts[found.text] > 1):
            candidate = replace(candidate, text=None)
        made.setdefault((*candidate.identities(), found.text), candidate)
    return tuple(made.values())


def identities(found: Iterable[Candidate]) -> Collection[str]:
    """What to look up before deciding."""
    return {identity for candidate in found for identity in (*candidate.identities(), *candidate.words())}


def decide(found: Sequence[Candidate], seen: Mapping[str, SeenEntry], now: datetime) -> Decisions:
    """Decide what of an answer is new or edited.

    seen: what is remembered of the identities that `identities` named. now: becomes the revision (milliseconds since
    1970) of what is published.
    """
    found = _at_addresses_used_again(found, seen, now)
    matches = [_match(candidate, seen) for candidate in found]
    by_text = [
        seen.get(candidate.text) if match is None and candidate.text else None
        for candidate, match in zip(found, matches, strict=True)
    ]
    matched = sum(match is not None for match in matches)
    by_text_alone = sum(
        match is not None and not candidate.stands_alone for candidate, match in zip(found, by_text, strict=True)
    )
    evidence = _Evidence(made_up=by_text_alone > max(1, matched), nothing_else_known=not matched)
    knowns = [
        match or _by_words(candidate, text_match, seen, now, evidence)
        for candidate, match, text_match in zip(found, matches, by_text, strict=True)
    ]
    articles = _articles(found, knowns, seen)
    noise = _updated_is_noise(found, matches)
    publish: dict[str, Decision] = {}
    remember: list[SeenEntry] = []
    storms = 0
    moment = int(now.timestamp() * 1000)
    for candidate, match, known, article in zip(found, matches, knowns, articles, strict=True):
        keys = candidate.identities()
        if known is None or known.article != article:
            publish.setdefault(article, Decision("new", candidate, article, moment))
            remember += [SeenEntry(key, article, str(candidate.fingerprint), moment, 0, now) for key in keys]
            continue
        if match is None and not candidate.stands_alone:
            # It may have moved for good. Where it comes under another guid and address again, they are made up.
            again = evidence.made_up or _was_known_by_words(candidate, known, seen)
            keys = candidate.words() if again else (*keys, *candidate.words())
        revision, edits = known.revision, known.edits
        looked = str(candidate.fingerprint)
        edited = _is_edit(candidate, known, noise=noise)
        if edited and edits >= MAX_EDITS and now - _moment(known) < _EDIT_AGAIN:
            storms += 1
            # Not remembered as published, so that what it says in the end is.
            edited, looked = False, known.content_hash
        if edited:
            revision, edits = max(moment, known.revision + 1), edits + 1
            publish.setdefault(article, Decision("edited", candidate, article, revision))
        if edited or _is_stale(keys, seen, known, now):
            remember += [SeenEntry(key, article, looked, revision, edits, now) for key in keys]
    return Decisions(tuple(publish.values()), tuple(remember), storms)


def _at_addresses_used_again(
    found: Sequence[Candidate], seen: Mapping[str, SeenEntry], now: datetime
) -> Sequence[Candidate]:
    """The entries; what stands at an address where another article stood is an article of its own."""
    # Guids of texts that have not changed show whether the feed makes guids up.
    kept = [
        candidate.guid in seen
        for candidate in found
        if candidate.guid
        and candidate.address
        and candidate.address in seen
        and _Fingerprint.read(seen[candidate.address].content_hash).text == candidate.fingerprint.text
    ]
    if kept.count(False) > kept.count(True):
        return found
    return [
        replace(candidate, another=True, article=_hash(candidate.article, candidate.entry.guid))
        if _is_another(candidate, seen, now)
        else candidate
        for candidate in found
    ]


def _is_another(candidate: Candidate, seen: Mapping[str, SeenEntry], now: datetime) -> bool:
    known = seen.get(candidate.address) if candidate.address else None
    if known is None or candidate.guid is None or candidate.guid in seen:
        return False
    before, after = _Fingerprint.read(known.content_hash), candidate.fingerprint
    dated = before.published and after.published and before.published != after.published
    return bool(dated) and before.text != after.text and not _is_recent(known, now)


def _moment(known: SeenEntry) -> datetime:
    """When the newest revision of an entry was published."""
    return datetime.fromtimestamp(known.revision / 1000, UTC)


def _articles(
    found: Sequence[Candidate], knowns: Sequence[SeenEntry | None], seen: Mapping[str, SeenEntry]
) -> list[str]:
    """The article of each entry. Within one answer no article has two texts: the one at its own address has it."""
    texts: dict[str, str] = {}
    articles = [""] * len(found)

    def at_its_address(place: int) -> bool:
        address = found[place].address
        return address is not None and address in seen

    for place in sorted(range(len(found)), key=at_its_address, reverse=True):
        candidate, known = found[place], knowns[place]
        text = candidate.fingerprint.text
        wanted = [*([known.article] if known else []), candidate.article, _hash(candidate.article, text)]
        articles[place] = next((one for one in wanted if texts.get(one, text) == text), wanted[-1])
        texts[articles[place]] = text
    return articles


def _candidate(
    feed: str, entry: Entry, url: str | None, found: _Fingerprint, *, guid_counts: bool, page_counts: bool
) -> Candidate:
    guid = f"g:{_hash(feed, entry.guid)[:20]}" if entry.guid and guid_counts else None
    address = f"u:{_hash(_page(url))[:20]}" if url and page_counts else None
    if address:
        article = _hash("url", _page(url))
    elif guid:
        article = _hash("guid", feed, entry.guid)
    else:
        article = _hash("text", feed, found.text, found.address, found.published)
    lone = "" if guid or address else f"{found.address}{found.published}"
    text, title = f"c:{_hash(feed, found.text, lone)[:20]}", f"t:{_hash(feed, entry.title)[:20]}"
    return Candidate(entry, url, guid, address, text, title, found, article)


def _page(url: str | None) -> str | None:
    return address_key(url) if url and names_a_page(url) else None


def _identifying(values: Sequence[str | None], prints: Sequence[_Fingerprint]) -> set[str | None]:
    """Those values that stand for one text each."""
    texts: defaultdict[str | None, set[str]] = defaultdict(set)
    for value, found in zip(values, prints, strict=True):
        texts[value].add(found.text)
    return {value for value, kinds in texts.items() if value and len(kinds) == 1}


def _match(candidate: Candidate, seen: Mapping[str, SeenEntry]) -> SeenEntry | None:
    if candidate.another:
        return None
    if candidate.address and (known := seen.get(candidate.address)):
        return known
    if candidate.guid and (known := seen.get(candidate.guid)):
        before, after = _Fingerprint.read(known.content_hash), candidate.fingerprint
        used_again = (
            before.text != after.text
            and before.published != after.published
            and (candidate.address is not None and before.address != after.address)
        )
        return None if used_again else known
    return None


class _Evidence(NamedTuple):
    """What an answer as a whole says of its guids and addresses."""

    made_up: bool
    """Whether the feed makes them up anew for each request."""
    nothing_else_known: bool
    """Whether none of them is known, so that nothing speaks for them either."""


def _by_words(
    candidate: Candidate,
    by_text: SeenEntry | None,
    seen: Mapping[str, SeenEntry],
    now: datetime,
    evidence: _Evidence,
) -> SeenEntry | None:
    """What is known of an entry whose guid and address are not: by its text, else by its title."""
    if by_text is not None:
        dates = _dates(candidate, by_text)
        if evidence.made_up or candidate.stands_alone or dates == "same":
            return by_text
        dates_say_nothing = dates == "unknown" or evidence.nothing_else_known
        if dates_say_nothing and (_was_known_by_words(candidate, by_text, seen) or _is_recent(by_text, now)):
            return by_text
    by_title = seen.get(candidate.title) if candidate.title else None
    if by_title is None:
        return None
    dates = _dates(candidate, by_title)
    # Every entry of a ticker may lead to the front page; a page of its own is what goes on there.
    on_its_page = _Fingerprint.read(by_title.content_hash).address == candidate.fingerprint.address and (
        dates == "unknown" or _page(candidate.url) is not None
    )
    goes_on = on_its_page or (evidence.made_up and not candidate.stands_alone)
    return by_title if dates == "same" or (goes_on and _is_recent(by_title, now)) else None


def _was_known_by_words(candidate: Candidate, known: SeenEntry, seen: Mapping[str, SeenEntry]) -> bool:
    """Whether an article came under another guid and address before: then its title is remembered."""
    by_title = seen.get(candidate.title) if candidate.title else None
    return by_title is not None and by_title.article == known.article


def _dates(candidate: Candidate, known: SeenEntry) -> Literal["same", "others", "unknown"]:
    before, after = _Fingerprint.read(known.content_hash).published, candidate.fingerprint.published
    published = candidate.entry.published
    # Midnight stands for a day without a time: two articles of one day may have it.
    if not before or not after or published is None or published.time() == _MIDNIGHT:
        return "unknown"
    return "same" if before == after else "others"


def _is_recent(known: SeenEntry, now: datetime) -> bool:
    """Whether an entry was published or edited so short a while ago that another one would hardly be like it."""
    return now - _moment(known) < _ANOTHER_AFTER


def _is_edit(candidate: Candidate, known: SeenEntry, *, noise: bool) -> bool:
    before, after = _Fingerprint.read(known.content_hash), candidate.fingerprint
    return before.text != after.text or (before.updated != after.updated and not noise)


def _updated_is_noise(found: Sequence[Candidate], matches: Sequence[SeenEntry | None]) -> bool:
    """Whether the feed sets every entry's date of update anew with each answer."""
    known = [
        (_Fingerprint.read(match.content_hash), candidate.fingerprint)
        for candidate, match in zip(found, matches, strict=True)
        if match is not None
    ]
    only_updated = sum(before.text == after.text and before.updated != after.updated for before, after in known)
    return only_updated >= _NOISE and only_updated * 2 > len(known)


def _is_stale(keys: Iterable[str], seen: Mapping[str, SeenEntry], known: SeenEntry, now: datetime) -> bool:
    if any(key not in seen or seen[key].article != known.article for key in keys):
        return True
    # Not every answer is written down again: once a day is enough for a memory of weeks.
    return now - known.last_seen >= _REMEMBER_AGAIN


def _fingerprint(entry: Entry, url: str | None) -> _Fingerprint:
    return _Fingerprint(
        # Without markup, links and pictures: they change with every request of some servers, and nobody reads them.
        text=_hash(entry.title, _words(entry.summary), _words(entry.content))[:16],
        updated=_hash(entry.updated.isoformat())[:8] if entry.updated else "",
        published=_hash(entry.published.isoformat())[:8] if entry.published else "",
        address=_hash(address_key(url))[:8] if url else "",
    )


def _words(markup: str) -> str:
    return " ".join(_TAG.sub(" ", markup).split())


def _hash(*parts: str | None) -> str:
    # The separator cannot occur in the parts: records hold no NUL.
    return hashlib.sha256("\x00".join([part or "" for part in parts]).encode()).hexdigest()[:32]
