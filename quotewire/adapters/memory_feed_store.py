"""The feed store in memory: for one process, gone with it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

from quotewire.ports import FeedRecord, FoundArticle, SeenEntry


class MemoryFeedStore:
    """Remembers feeds and entries for as long as the process lives; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[str, FeedRecord] = {}
        self._claims: dict[str, str] = {}
        self._seen: defaultdict[str, dict[str, SeenEntry]] = defaultdict(dict)

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
        self.save_all([(feed, seen)])

    def save_all(self, feeds: Sequence[tuple[FeedRecord, Sequence[SeenEntry]]]) -> None:
        """Remember several feeds with their entries."""
        with self._lock:
            for feed, seen in feeds:
                self._feeds[feed.url] = feed
                if seen:
                    self._seen[feed.url].update((entry.identity, entry) for entry in seen)

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
        """Forget a feed and its entries."""
        with self._lock:
            self._feeds.pop(feed, None)
            self._seen.pop(feed, None)

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

    def close(self) -> None:
        """Nothing is held."""
