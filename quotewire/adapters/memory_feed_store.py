"""The feed store in memory: for one process, gone with it."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

from quotewire.ports import AwaitedPage, FeedRecord, FeedUpdate, FoundArticle, SeenEntry


class MemoryFeedStore:
    """Remembers feeds and entries for as long as the process lives; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[str, FeedRecord] = {}
        self._claims: dict[str, str] = {}
        self._seen: defaultdict[str, dict[str, SeenEntry]] = defaultdict(dict)
        self._awaited: dict[tuple[str, str], AwaitedPage] = {}

    def feeds(self) -> Mapping[str, FeedRecord]:
        """Every remembered feed by its address."""
        with self._lock:
            return dict(self._feeds)

    def seen(self, feed: str, identities: Collection[str]) -> Mapping[str, SeenEntry]:
        """Those of a feed's entries that were seen before, by identity."""
        with self._lock:
            known = self._seen.get(feed, {})
            return {identity: known[identity] for identity in identities if identity in known}

    def found(self) -> Iterator[FoundArticle]:
        """Every article that is remembered, feed by feed."""
        with self._lock:
            newest: dict[tuple[str, str], int] = {}
            for feed, known in self._seen.items():
                for entry in known.values():
                    place = feed, entry.article
                    newest[place] = max(newest.get(place, entry.revision), entry.revision)
        return (FoundArticle(feed, article, revision) for (feed, article), revision in newest.items())

    def save(self, feed: FeedRecord, seen: Sequence[SeenEntry]) -> None:
        """Remember a feed and the entries of its newest answer."""
        self.save_all([FeedUpdate(feed, seen)])

    def save_all(self, updates: Sequence[FeedUpdate]) -> None:
        """Remember several feeds, each with all that belongs to it."""
        with self._lock:
            for update in updates:
                url = update.feed.url
                self._feeds[url] = update.feed
                if update.seen:
                    self._seen[url].update((entry.identity, entry) for entry in update.seen)
                for article in (*update.settled, *(page.article.id for page in update.awaited)):
                    self._awaited.pop((url, article), None)
                self._awaited.update(((url, page.article.id), page) for page in update.awaited)

    def awaited(self, feed: str) -> Sequence[AwaitedPage]:
        """The pages of a feed's articles that are awaited."""
        with self._lock:
            pages = [page for (of, _), page in self._awaited.items() if of == feed]
        return sorted(pages, key=lambda page: page.next_try)

    def claim(
        self, feeds: Collection[str], poller: str, alive: Callable[[str], bool]
    ) -> Mapping[str, FeedRecord | None]:
        """Claim feeds for a poller."""
        claimed: dict[str, FeedRecord | None] = {}
        with self._lock:
            for feed in feeds:
                holder = self._claims.get(feed, poller)
                if holder == poller or not alive(holder):
                    self._claims[feed] = poller
                    claimed[feed] = self._feeds.get(feed)
        return claimed

    def release(self, feeds: Collection[str], poller: str) -> None:
        """End claims."""
        with self._lock:
            for feed in feeds:
                if self._claims.get(feed) == poller:
                    del self._claims[feed]

    def forget(self, feed: str) -> None:
        """Forget a feed and all that belongs to it."""
        with self._lock:
            self._feeds.pop(feed, None)
            self._seen.pop(feed, None)
            self._claims.pop(feed, None)
            self._awaited = {place: page for place, page in self._awaited.items() if place[0] != feed}

    def forget_seen_before(self, moment: datetime) -> int:
        """Forget entries last seen before `moment`; how many."""
        forgotten = 0
        with self._lock:
            for feed, known in list(self._seen.items()):
                kept = {identity: entry for identity, entry in known.items() if entry.last_seen >= moment}
                forgotten += len(known) - len(kept)
                if kept:
                    self._seen[feed] = kept
                else:
                    del self._seen[feed]
        return forgotten

    def forget_beyond(self, identities: int) -> int:
        """Forget what was seen longest ago beyond so many identities of a feed; how many."""
        forgotten = 0
        with self._lock:
            for known in self._seen.values():
                for entry in sorted(known.values(), key=lambda entry: entry.last_seen)[
                    : max(0, len(known) - identities)
                ]:
                    del known[entry.identity]
                    forgotten += 1
        return forgotten

    def forget_awaited(self, before: datetime, *, of_a_feed: int, in_all: int) -> int:
        """Forget pages awaited for too long, or beyond these numbers; how many."""
        kept: dict[tuple[str, str], AwaitedPage] = {}
        of_feeds: Counter[str] = Counter()
        with self._lock:
            newest_first = sorted(self._awaited.items(), key=lambda item: item[1].since, reverse=True)
            for place, page in newest_first:
                if page.since >= before and of_feeds[place[0]] < of_a_feed and len(kept) < in_all:
                    kept[place] = page
                    of_feeds[place[0]] += 1
            forgotten = len(self._awaited) - len(kept)
            self._awaited = kept
        return forgotten

    def close(self) -> None:
        """Nothing is held."""
