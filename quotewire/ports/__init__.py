"""The ports: what the pipeline needs of the world, and nothing of who provides it.

An adapter translates every error of its library into one of the refusals; nothing else crosses a port. Every
adapter of a port passes the same contract suite (tests/contracts/).
"""

from __future__ import annotations

from quotewire.ports.clock import Clock
from quotewire.ports.feeds import AwaitedPage, FeedRecord, FeedStore, FeedUpdate, FoundArticle, PollerSharing, SeenEntry
from quotewire.ports.index import (
    ArticleHit,
    ArticlePage,
    ArticleQuery,
    Facet,
    Fragment,
    HealthSample,
    Index,
    Outcome,
    QuoteHit,
    QuotePage,
    QuoteQuery,
    Stored,
)
from quotewire.ports.prepared import Prepared
from quotewire.ports.refusals import ConfigurationError, Rebalanced, Rejected, Unavailable, UnknownTopic
from quotewire.ports.stream import Message, PartitionPosition, Stream, StreamRecord, Subscription
from quotewire.ports.tracked_name import TrackedName

__all__ = [
    "ArticleHit",
    "ArticlePage",
    "ArticleQuery",
    "AwaitedPage",
    "Clock",
    "ConfigurationError",
    "Facet",
    "FeedRecord",
    "FeedStore",
    "FeedUpdate",
    "FoundArticle",
    "Fragment",
    "HealthSample",
    "Index",
    "Message",
    "Outcome",
    "PartitionPosition",
    "PollerSharing",
    "Prepared",
    "QuoteHit",
    "QuotePage",
    "QuoteQuery",
    "Rebalanced",
    "Rejected",
    "SeenEntry",
    "Stored",
    "Stream",
    "StreamRecord",
    "Subscription",
    "TrackedName",
    "Unavailable",
    "UnknownTopic",
]
