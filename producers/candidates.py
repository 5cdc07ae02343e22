"""The entries of an answer with the identities that can be trusted within it, for `producers.identity` to decide on."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from producers.canonical import address_key, canonical_url, names_a_page
from producers.documents import without_tags
from schemas.records import Entry

_SHORT_TEXT = 40


class Fingerprint(NamedTuple):
    """What an entry looked like, as SeenEntry.content_hash holds it: four short hashes joined by points."""

    text: str
    updated: str
    published: str
    address: str

    @classmethod
    def read(cls, content_hash: str) -> Fingerprint:
        """That of a SeenEntry."""
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
    fingerprint: Fingerprint
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

    def marks(self) -> tuple[str, ...]:
        """Under which is remembered that an article was known by its words once, and twice."""
        words = self.title or self.text
        return (f"1{words}", f"2{words}") if words else ()


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
    return {
        identity
        for candidate in found
        for identity in (*candidate.identities(), *candidate.words(), *candidate.marks())
    }


def _candidate(
    feed: str, entry: Entry, url: str | None, found: Fingerprint, *, guid_counts: bool, page_counts: bool
) -> Candidate:
    guid = f"g:{digest(feed, entry.guid)[:20]}" if entry.guid and guid_counts else None
    address = f"u:{digest(_page(url))[:20]}" if url and page_counts else None
    if address:
        article = digest("url", _page(url))
    elif guid:
        article = digest("guid", feed, entry.guid)
    else:
        article = digest("text", feed, found.text, found.address, found.published)
    lone = "" if guid or address else f"{found.address}{found.published}"
    text, title = f"c:{digest(feed, found.text, lone)[:20]}", f"t:{digest(feed, entry.title)[:20]}"
    return Candidate(entry, url, guid, address, text, title, found, article)


def _page(url: str | None) -> str | None:
    return address_key(url) if url and names_a_page(url) else None


def _identifying(values: Sequence[str | None], prints: Sequence[Fingerprint]) -> set[str | None]:
    """Those values that stand for one text each."""
    texts: defaultdict[str | None, set[str]] = defaultdict(set)
    for value, found in zip(values, prints, strict=True):
        texts[value].add(found.text)
    return {value for value, kinds in texts.items() if value and len(kinds) == 1}


def _fingerprint(entry: Entry, url: str | None) -> Fingerprint:
    return Fingerprint(
        # Without markup, links and pictures: they change with every request of some servers, and nobody reads them.
        text=digest(entry.title, without_tags(entry.summary), without_tags(entry.content))[:16],
        updated=digest(entry.updated.isoformat())[:8] if entry.updated else "",
        published=digest(entry.published.isoformat())[:8] if entry.published else "",
        address=digest(address_key(url))[:8] if url else "",
    )


def digest(*parts: str | None) -> str:
    """A hash of some parts, as 32 hexadecimal digits."""
    # The separator cannot occur in the parts: records hold no NUL.
    return hashlib.sha256("\x00".join([part or "" for part in parts]).encode()).hexdigest()[:32]
