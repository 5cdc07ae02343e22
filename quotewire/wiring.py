"""The only place that chooses adapters: settings in, the parts of the pipeline out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from consumers.alerts import Matcher
from consumers.enrich.stage import Annotator
from quotewire import watchlist
from quotewire.files import write_whole
from quotewire.ports import ConfigurationError, FeedStore, Index, Stream, TrackedName
from quotewire.raised_alerts import RaisedAlerts
from quotewire.seed_files import seed_path
from quotewire.settings import Settings
from schemas.topics import TOPICS


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)


class Wiring:
    """The parts of one process, by the settings. Each is made when first asked for and closed with this.

    The parts raise ConfigurationError where a setting cannot work, and Unavailable where a server is away.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self._closing = contextlib.ExitStack()
        self._watchlist: tuple[tuple[int, int] | None, Matcher] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.close()

    @cached_property
    def stream(self) -> Stream:
        """The stream, with all topics there."""
        stream: Stream
        kind, path = _address("stream", self.settings.stream_address)
        if kind == "memory":
            from quotewire.adapters.memory_stream import MemoryStream

            stream = MemoryStream()
        else:
            from quotewire.adapters.sqlite_stream import SqliteStream

            stream = SqliteStream(path)
        self._closing.callback(stream.close)
        stream.create_topics(TOPICS.values())
        return stream

    @cached_property
    def index(self) -> Index:
        """The index, set up."""
        index: Index
        kind, path = _address("index", self.settings.index_address)
        if kind == "memory":
            from quotewire.adapters.memory_index import MemoryIndex

            index = MemoryIndex()
        else:
            from quotewire.adapters.sqlite_index import SqliteIndex

            index = SqliteIndex(path)
        self._closing.callback(index.close)
        index.setup()
        return index

    @cached_property
    def feed_store(self) -> FeedStore:
        """What the poller remembers."""
        store: FeedStore
        kind, path = _address("feed_store", self.settings.feed_store_address)
        if kind == "memory":
            from quotewire.adapters.memory_feed_store import MemoryFeedStore

            store = MemoryFeedStore()
        else:
            from quotewire.adapters.sqlite_feed_store import SqliteFeedStore

            store = SqliteFeedStore(path)
        self._closing.callback(store.close)
        return store

    @cached_property
    def annotator(self) -> Annotator:
        """The language pipeline; takes a second to load."""
        from consumers.enrich.annotator import SpacyAnnotator

        return SpacyAnnotator(self.settings.model)

    @property
    def feeds_file(self) -> Path:
        """The OPML file of the feeds, made from the seeds where the settings name none and it is not there yet."""
        return self.settings.feeds or self._seeded("feeds.opml")

    @property
    def watchlist_file(self) -> Path:
        """The watchlist, made from the seeds where the settings name none and it is not there yet."""
        return self.settings.watchlist or self._seeded("watchlist.yaml")

    def tracked_names(self) -> list[TrackedName]:
        """The watchlist as it is now. Raises ConfigurationError where the file is wrong."""
        return watchlist.read(self.watchlist_file)

    def matcher(self) -> Matcher:
        """The matcher of the watchlist; made anew where the file has changed since it was last asked for."""
        with contextlib.suppress(OSError):
            status = self.watchlist_file.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if self._watchlist is not None and self._watchlist[0] == stamp:
                return self._watchlist[1]
        matcher = Matcher(self.tracked_names())
        self._watchlist = (stamp, matcher)
        return matcher

    @cached_property
    def already_raised(self) -> Callable[[Collection[str]], Collection[str]]:
        """Tells which of some alert ids were raised before."""
        return RaisedAlerts(self.stream).among

    def _seeded(self, name: str) -> Path:
        path = self.settings.data / name
        if not path.exists():
            write_whole(path, seed_path(name).read_text(encoding="utf-8"))
        return path


def _address(setting: str, address: str) -> tuple[str, Path]:
    """The kind of an address and its path: sqlite:///relative/path, sqlite:////absolute/path or memory://."""
    scheme, separator, rest = address.partition("://")
    if separator and scheme == "memory":
        return "memory", Path()
    if separator and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        path = Path(unquote(rest[1:])).expanduser().absolute()
        _make_folder(setting, path.parent)
        return "sqlite", path
    raise ConfigurationError(
        f"setting QUOTEWIRE_{setting.upper()}: {address!r} is no address; use sqlite:///relative/file.db, "
        "sqlite:////absolute/file.db or memory://"
    )


def _make_folder(setting: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} cannot be made: {error.strerror}; set QUOTEWIRE_DATA or QUOTEWIRE_{setting.upper()}"
        ) from error
