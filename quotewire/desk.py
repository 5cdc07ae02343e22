"""What an analyst changes from the page: the watchlist, tried before it is switched on, and alerts marked false."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from quotewire import false_positives, watchlist
from quotewire.files import Watched
from quotewire.ports import Clock, ConfigurationError, Index, TrackedName
from schemas.records import Alert

if TYPE_CHECKING:
    from consumers.alerts.matcher import Matcher
    from consumers.stories.fingerprint import Embedder

TRIAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Trial:
    """What an entry would have raised over the past days, the newest first. `articles` is how many were looked through,
    and `looked` says that in words, and where it was not all.
    """

    alerts: tuple[Alert, ...]
    articles: int
    looked: str
    days: int = TRIAL_DAYS


class Desk:
    """Edits the files that the command line edits, under the same locks. Methods raise ConfigurationError with what is
    wrong in one line, and Unavailable. Any thread may call any method.

    watchlist_file, marks_file: where they are. matcher: makes one of some entries. embedder: loaded when first asked.
    """

    def __init__(
        self,
        index: Index,
        watchlist_file: Callable[[], Path],
        marks_file: Callable[[], Path],
        matcher: Callable[[Sequence[TrackedName]], Matcher],
        embedder: Callable[[], Embedder],
        clock: Clock,
    ) -> None:
        self._index = index
        self._watchlist_file = watchlist_file
        self._marks_file = marks_file
        self._matcher = matcher
        self._embedder = embedder
        self._clock = clock
        self._watched = Watched(watchlist.read, keeps_last=False)

    def names(self) -> Sequence[TrackedName]:
        """The watchlist as it is now."""
        return self._watched.current(self._watchlist_file())

    def name(self, name: str) -> TrackedName:
        """The entry of that name."""
        found = next((tracked for tracked in self.names() if tracked.name == name), None)
        if found is None:
            raise ConfigurationError(f"{name!r} is not on the watchlist")
        return found

    @staticmethod
    def entry(fields: Mapping[str, object]) -> TrackedName:
        """The entry that these fields describe, as docs/watchlist.md names them."""
        try:
            return watchlist.tracked_name(fields)
        except ValueError as error:
            raise ConfigurationError(str(error)) from error

    def save(self, tracked: TrackedName, *, instead_of: str = "") -> None:
        """Add an entry, or put it in place of the one of another (or the same) name."""
        if instead_of:
            watchlist.change(self._watchlist_file(), instead_of, tracked)
        else:
            watchlist.add(self._watchlist_file(), tracked)

    def remove(self, name: str) -> None:
        """Remove an entry."""
        watchlist.remove(self._watchlist_file(), name)

    def dry_run(self, tracked: TrackedName) -> Trial:
        """What an entry would have raised over the past 30 days; nothing is published or remembered."""
        from quotewire import trial

        tried = [replace(tracked, paused=False)]
        matcher = self._matcher(tried)
        looked = trial.look_through(self._index, matcher, tried, TRIAL_DAYS, self._clock.now())
        alerts = trial.alerts(looked.articles, matcher, self._embedder())
        return Trial(tuple(reversed(alerts)), looked.count, str(looked))

    def mark_false(self, alert: str) -> None:
        """Mark an alert as false: what is like it raises nothing from now on."""
        false_positives.mark(self._marks_file(), self._index, alert)

    def unmark_false(self, alert: str) -> None:
        """Take that back."""
        false_positives.unmark(self._marks_file(), alert)
