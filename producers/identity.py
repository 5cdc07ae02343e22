"""What is new in a feed's answer, what was edited, what is known: decided by content and memory, never by how old a
date is.

An entry has up to four identities: its guid, its address, its text, and its title where nothing but words identifies
it. Each is remembered for weeks, and one that is known is enough. Which of them count is learned from the feed's own
answers:

- A guid or address that several different entries of one answer share identifies none of them.
- Where more of the known texts, and two at least, come with guids and addresses never seen than with known ones, the
  feed makes these up anew for each request, and the text is what identifies. So it is for a single entry, where it has
  the time that is known of its text; where there is none, or nothing else of the answer is known, if that text was
  published a short while ago, and always once that has happened twice.
- A title that is known, with another text, is an edit under the same time of publication; where there is none, within
  a short while, at the same address or where the feed makes its identities up.
- A guid whose entry has another address, another date and another text is a guid used again: another article.
- So is an address whose entry has a guid never seen, another date and another text, unless the feed's guids mean
  nothing, or its article was published or edited just before: that is a page that goes on, as a live report does.

The article's id is made of its canonical address, so that it is one article in every feed that carries it; where there
is no such address, of the feed and the entry's guid or text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Literal, NamedTuple

from producers.candidates import Candidate, Fingerprint, digest
from quotewire.ports import SeenEntry

MAX_EDITS = 24
"""Revisions of one entry that are believed at once; a text that changes more often changes by itself
(lemon24/reader). From then on one a day is."""

_REMEMBER_AGAIN = timedelta(days=1)
_EDIT_AGAIN = timedelta(days=1)
_ANOTHER_AFTER = timedelta(hours=6)
"""A bulletin comes out every morning and evening at most, a report of what is going on is edited sooner."""
_MIDNIGHT = time()
_NOISE = 3


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
    evidence = _Evidence(by_text_alone > max(1, matched), not matched, _hours_of_days(found))
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
            keys = _keys_by_words(candidate, known, seen, evidence)
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
        and Fingerprint.read(seen[candidate.address].content_hash).text == candidate.fingerprint.text
    ]
    if kept.count(False) > kept.count(True):
        return found
    return [
        replace(candidate, another=True, article=digest(candidate.article, candidate.entry.guid))
        if _is_another(candidate, seen, now)
        else candidate
        for candidate in found
    ]


def _is_another(candidate: Candidate, seen: Mapping[str, SeenEntry], now: datetime) -> bool:
    known = seen.get(candidate.address) if candidate.address else None
    if known is None or candidate.guid is None or candidate.guid in seen:
        return False
    before, after = Fingerprint.read(known.content_hash), candidate.fingerprint
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
        wanted = [*([known.article] if known else []), candidate.article, digest(candidate.article, text)]
        articles[place] = next((one for one in wanted if texts.get(one, text) == text), wanted[-1])
        texts[articles[place]] = text
    return articles


def _match(candidate: Candidate, seen: Mapping[str, SeenEntry]) -> SeenEntry | None:
    if candidate.another:
        return None
    if candidate.address and (known := seen.get(candidate.address)):
        return known
    if candidate.guid and (known := seen.get(candidate.guid)):
        before, after = Fingerprint.read(known.content_hash), candidate.fingerprint
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
    hours_of_days: Collection[time]
    """Times that stand for a day: two articles of one day have them."""


def _by_words(
    candidate: Candidate,
    by_text: SeenEntry | None,
    seen: Mapping[str, SeenEntry],
    now: datetime,
    evidence: _Evidence,
) -> SeenEntry | None:
    """What is known of an entry whose guid and address are not: by its text, else by its title."""
    if by_text is not None:
        dates = _dates(candidate, by_text, evidence)
        if evidence.made_up or candidate.stands_alone or dates == "same":
            return by_text
        dates_say_nothing = dates == "unknown" or evidence.nothing_else_known
        # Once may be a corrected address, twice is a habit.
        if dates_say_nothing and (_times_known_by_words(candidate, by_text, seen) > 1 or _is_recent(by_text, now)):
            return by_text
    by_title = seen.get(candidate.title) if candidate.title else None
    if by_title is None:
        return None
    dates = _dates(candidate, by_title, evidence)
    at_its_address = Fingerprint.read(by_title.content_hash).address == candidate.fingerprint.address
    goes_on = at_its_address or (evidence.made_up and not candidate.stands_alone)
    goes_on = goes_on and dates == "unknown" and _is_recent(by_title, now)
    return by_title if dates == "same" or goes_on else None


def _keys_by_words(
    candidate: Candidate, known: SeenEntry, seen: Mapping[str, SeenEntry], evidence: _Evidence
) -> tuple[str, ...]:
    """What to remember of an entry that its words identified, each once."""
    if evidence.made_up:
        return candidate.words()
    times = _times_known_by_words(candidate, known, seen)
    # At first it may have moved for good, and its new guid and address be the ones that count.
    identities = candidate.identities() if times == 0 else ()
    return tuple(dict.fromkeys((*identities, *candidate.words(), *candidate.marks()[: times + 1])))


def _times_known_by_words(candidate: Candidate, known: SeenEntry, seen: Mapping[str, SeenEntry]) -> int:
    """How often an article came under another guid and address before: 2 is twice or more often."""
    return sum(mark in seen and seen[mark].article == known.article for mark in candidate.marks())


def _dates(candidate: Candidate, known: SeenEntry, evidence: _Evidence) -> Literal["same", "others", "unknown"]:
    before, after = Fingerprint.read(known.content_hash).published, candidate.fingerprint.published
    published = candidate.entry.published
    if not before or not after or published is None:
        return "unknown"
    if before != after:
        return "others"
    return "unknown" if published.time() in evidence.hours_of_days else "same"


def _hours_of_days(found: Sequence[Candidate]) -> Collection[time]:
    """Midnight, and the time that most entries of an answer share: that is midnight somewhere else, or noon."""
    times = Counter(candidate.entry.published.time() for candidate in found if candidate.entry.published)
    most = {moment for moment, count in times.items() if count > 1 and count * 2 > times.total()}
    return {_MIDNIGHT, *most}


def _is_recent(known: SeenEntry, now: datetime) -> bool:
    """Whether an entry was published or edited so short a while ago that another one would hardly be like it."""
    return now - _moment(known) < _ANOTHER_AFTER


def _is_edit(candidate: Candidate, known: SeenEntry, *, noise: bool) -> bool:
    before, after = Fingerprint.read(known.content_hash), candidate.fingerprint
    return before.text != after.text or (before.updated != after.updated and not noise)


def _updated_is_noise(found: Sequence[Candidate], matches: Sequence[SeenEntry | None]) -> bool:
    """Whether the feed sets every entry's date of update anew with each answer."""
    known = [
        (Fingerprint.read(match.content_hash), candidate.fingerprint)
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
