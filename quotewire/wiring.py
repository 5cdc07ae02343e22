"""The only place that chooses adapters: settings in, the parts of the pipeline out."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from quotewire import watchlist
from quotewire.alert_wiring import AlertWiring
from quotewire.files import Watched, write_whole
from quotewire.located import located
from quotewire.poll_wiring import PollWiring
from quotewire.ports import (
    Clock,
    ConfigurationError,
    Index,
    Prepared,
    Stream,
    TrackedName,
    Unavailable,
)
from quotewire.seed_files import seed_path
from quotewire.server_options import elasticsearch_options, kafka_options
from quotewire.settings import Settings
from quotewire.stages import STAGES
from schemas.topics import TOPICS

if TYPE_CHECKING:
    from fastapi import FastAPI
    from prometheus_client import CollectorRegistry

    # Each process imports only what it uses: the language libraries and the web ones take a second each.
    from consumers.alerts.marks import FalsePositive
    from consumers.alerts.matcher import Matcher
    from consumers.alerts.state import AlertState
    from consumers.enrich.stage import Annotator
    from consumers.stories.fingerprint import Embedder
    from quotewire.adapters.elasticsearch_security import ElasticsearchSecurity
    from quotewire.adapters.kibana import Kibana
    from quotewire.alert_memory import AlertMemory
    from quotewire.desk import Desk
    from quotewire.gazetteer import KnownNames
    from quotewire.metrics import PipelineMetrics
    from quotewire.sweep import Watchlist


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)


class Wiring(AlertWiring, PollWiring):
    """The parts of one process, by the settings. Each is made when first asked for and closed with this.

    The parts raise ConfigurationError where a setting cannot work, and Unavailable where a server is away.
    """

    def __init__(self, settings: Settings) -> None:
        AlertWiring.__init__(self)
        PollWiring.__init__(self)
        self.settings = settings
        self.clock: Clock = SystemClock()
        self._closing = contextlib.ExitStack()
        self._prepared_index: Sequence[Prepared] = ()
        self._tracked: Watched[Sequence[TrackedName]] = Watched(watchlist.read)
        self._marks: Watched[Sequence[FalsePositive]] = Watched(_read_marks)
        self._matcher: tuple[Sequence[TrackedName], Sequence[FalsePositive], Matcher] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.close()

    @cached_property
    def stream(self) -> Stream:
        """The stream, with all topics there.

        An embedded one makes them; of a server `prepared_stream` does, and `open_all` where it has none of them yet.
        """
        stream, kind = self._bare_stream
        if kind != "kafka":
            stream.create_topics(TOPICS.values())
        elif missing := stream.missing_topics(TOPICS.values()):
            raise ConfigurationError(
                f"at {self.settings.stream_address} there is no topic {', '.join(missing)}: see that QUOTEWIRE_STREAM"
                " names the right Kafka and prefix, then let `quotewire setup` create what is missing"
            )
        return stream

    @cached_property
    def _bare_stream(self) -> tuple[Stream, str]:
        """The stream, whatever topics it has, and its kind."""
        stream: Stream
        kind, path = located("stream", self.settings.stream_address, servers=("kafka",))
        if kind == "kafka":
            from quotewire.adapters.kafka_stream import KafkaStream

            stream = KafkaStream(self.settings.stream_address, kafka_options(self.settings))
        elif kind == "memory":
            from quotewire.adapters.memory_stream import MemoryStream

            stream = MemoryStream()
        else:
            from quotewire.adapters.sqlite_stream import SqliteStream

            stream = SqliteStream(path)
        self._closing.callback(stream.close)
        return stream, kind

    @cached_property
    def index(self) -> Index:
        """The index, set up."""
        index: Index
        kind, path = located("index", self.settings.index_address, servers=("https", "http"))
        if kind in ("https", "http"):
            from quotewire.adapters.elasticsearch_index import ElasticsearchIndex

            index = ElasticsearchIndex(self.settings.index_address, elasticsearch_options(self.settings))
        elif kind == "memory":
            from quotewire.adapters.memory_index import MemoryIndex

            index = MemoryIndex()
        else:
            from quotewire.adapters.sqlite_index import SqliteIndex

            index = SqliteIndex(path)
        with self._kept(index):
            self._prepared_index = index.setup()
        return index

    @cached_property
    def annotator(self) -> Annotator:
        """The language pipeline; takes a second to load."""
        from consumers.enrich.annotator import SpacyAnnotator

        return SpacyAnnotator(
            self.settings.model, least_confidence=self.settings.quote_confidence, gazetteer=self.known_names.current
        )

    @cached_property
    def known_names(self) -> KnownNames:
        """What the gazetteer and the watchlist tell of names."""
        from quotewire.gazetteer import KnownNames

        return KnownNames(
            lambda: self._to_read("gazetteer.yaml", self.settings.gazetteer),
            lambda: self._to_read("watchlist.yaml", self.settings.watchlist),
        )

    @property
    def feeds_file(self) -> Path:
        """The OPML file of the feeds, made from the seeds where the settings name none and it is not there yet."""
        return self.settings.feeds or self._seeded("feeds.opml")

    @property
    def watchlist_file(self) -> Path:
        """The watchlist, made from the seeds where the settings name none and it is not there yet."""
        return self.settings.watchlist or self._seeded("watchlist.yaml")

    @property
    def gazetteer_file(self) -> Path:
        """The gazetteer, made from the seeds where the settings name none and it is not there yet."""
        return self.settings.gazetteer or self._seeded("gazetteer.yaml")

    def tracked_names(self) -> list[TrackedName]:
        """The watchlist as it is now. Raises ConfigurationError where the file is wrong."""
        return watchlist.read(self.watchlist_file)

    @property
    def marks_file(self) -> Path:
        """The alerts that were marked false, beside the watchlist."""
        return self.watchlist_file.with_name("false-positives.yaml")

    def matcher(self) -> Matcher:
        """The matcher of the watchlist; made anew where a file has changed since it was last asked for."""
        tracked, marks = self._tracked.current(self.watchlist_file), self._marks.current(self.marks_file)
        if self._matcher is None or self._matcher[0] is not tracked or self._matcher[1] is not marks:
            self._matcher = tracked, marks, self.matcher_of(tracked)
        return self._matcher[2]

    def matcher_of(self, tracked: Sequence[TrackedName]) -> Matcher:
        """A matcher of other entries than the watchlist's, which minds what was marked false all the same."""
        from consumers.alerts.matcher import Matcher

        return Matcher(tracked, self._marks.current(self.marks_file), self.settings.alert_confidence)

    @cached_property
    def embedder(self) -> Embedder:
        """What tells how alike texts are in meaning."""
        from consumers.stories.embedding import WordLlamaEmbedder

        return WordLlamaEmbedder()

    def alert_state(self) -> AlertState:
        """Stories and alerts as they are after all that is committed."""
        return self._alert_memory.recall()

    @cached_property
    def _alert_memory(self) -> AlertMemory:
        from quotewire.alert_memory import AlertMemory

        return AlertMemory(self.stream, self.clock)

    @cached_property
    def registry(self) -> CollectorRegistry:
        """Where this process's metrics are."""
        from prometheus_client import CollectorRegistry

        return CollectorRegistry()

    @cached_property
    def metrics(self) -> PipelineMetrics:
        """What counts and times."""
        from quotewire.metrics import PipelineMetrics

        return PipelineMetrics(self.registry, self.clock)

    @property
    def in_memory(self) -> bool:
        """Whether some adapter keeps its data in this process alone."""
        settings = self.settings
        addresses = (settings.stream_address, settings.index_address, settings.feed_store_address)
        return any(address.startswith("memory:") for address in (*addresses, settings.outbox_address))

    @property
    def journal_folder(self) -> Path:
        """Where workers note what they have in hand."""
        return self.settings.data / "in-hand"

    def open_all(self) -> None:
        """Open every adapter: what is wrong with a setting shows at once, and threads find them open.

        Topics are created for a first run: where there is none of them.
        """
        self._create_first_topics()
        _ = self.stream, self.index, self.feed_store, self.subscriptions

    def open_for(self, parts: Collection[str]) -> None:
        """Open the adapters that these parts of `quotewire run` need, as `open_all` does.

        An index that is away is waited for by the parts that need it, and the others work meanwhile.
        """
        if not {"poll", *STAGES}.isdisjoint(parts):
            self._create_first_topics()
            _ = self.stream
        if not {"poll", "websub", "web"}.isdisjoint(parts):
            _ = self.feed_store, self.subscriptions
        if not {"index", "web"}.isdisjoint(parts):
            with contextlib.suppress(Unavailable):
                _ = self.index

    def _create_first_topics(self) -> None:
        stream, _ = self._bare_stream
        if len(stream.missing_topics(TOPICS.values())) == len(TOPICS):
            stream.create_topics(TOPICS.values())

    def page(self) -> FastAPI:
        """The analyst's page."""
        from quotewire.web.app import create_app

        return create_app(
            self.index,
            feeds=self.feed_views,
            inbox=self.inbox,
            desk=self.desk(),
            allowed_hosts=self.settings.web_names,
        )

    def watched(self) -> Watchlist:
        """The watchlist as a sweep holds articles against it."""
        from consumers.alerts.matcher import Matcher
        from quotewire.sweep import Watchlist

        names = self.tracked_names()
        changed = datetime.fromtimestamp(self.watchlist_file.stat().st_mtime, UTC)
        unmarked = Matcher(names, (), self.settings.alert_confidence)
        return Watchlist(names, changed, self.matcher_of(names), unmarked)

    def desk(self) -> Desk:
        """What an analyst changes from the page."""
        from quotewire.desk import Desk

        files = (lambda: self.watchlist_file), (lambda: self.marks_file)
        return Desk(self.index, *files, self.matcher_of, lambda: self.embedder, self.clock)

    def prepared_stream(self) -> Sequence[Prepared]:
        """Create topics, and let those that are there fit; what was done about each."""
        stream, _ = self._bare_stream
        return stream.create_topics(TOPICS.values())

    def prepared_index(self) -> Sequence[Prepared]:
        """What had to be done when the index was opened, now or before."""
        _ = self.index
        return self._prepared_index

    def security(self) -> ElasticsearchSecurity:
        """Users and roles in Elasticsearch. Raises ConfigurationError where the index is no Elasticsearch."""
        from quotewire.adapters.elasticsearch_security import ElasticsearchSecurity

        kind, _ = located("index", self.settings.index_address, servers=("https", "http"))
        if kind not in ("https", "http"):
            raise ConfigurationError(f"setting QUOTEWIRE_INDEX: users are for Elasticsearch, and this is {kind}")
        security = ElasticsearchSecurity(self.settings.index_address, elasticsearch_options(self.settings))
        self._closing.callback(security.close)
        return security

    def kibana(self) -> Kibana:
        """Kibana. Raises ConfigurationError where the settings name none."""
        from quotewire.adapters.kibana import Kibana

        if not self.settings.kibana:
            raise ConfigurationError("setting QUOTEWIRE_KIBANA: set Kibana's address, https://HOST:PORT")
        return Kibana(self.settings.kibana, elasticsearch_options(self.settings))

    def check_model(self) -> None:
        """Raise ConfigurationError where the language pipeline is not installed, without loading it."""
        model = self.settings.model
        if not Path(model).exists() and (not model.isidentifier() or find_spec(model) is None):
            raise ConfigurationError(
                f"setting QUOTEWIRE_MODEL: there is no pipeline {model!r}: install it, or name another"
            )

    @contextlib.contextmanager
    def _kept(self, adapter: Index) -> Iterator[None]:
        """Close an adapter with this; at once where it cannot be made ready, for then another one will be tried."""
        with contextlib.ExitStack() as undo:
            undo.callback(adapter.close)
            yield
            self._closing.push(undo.pop_all())

    def _to_read(self, name: str, named: Path | None) -> Path:
        """The file that the settings name, else that of the data folder; the seed where that cannot be made."""
        try:
            return named or self._seeded(name)
        except ConfigurationError:
            return seed_path(name)

    def _seeded(self, name: str) -> Path:
        path = self.settings.data / name
        if not path.exists():
            write_whole(path, seed_path(name).read_bytes())
        return path


def _read_marks(file: Path) -> Sequence[FalsePositive]:
    from quotewire import false_positives

    return false_positives.read(file)
