"""What `quotewire run --once` did: the difference between two looks at the stores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from quotewire.cli.output import out, print_json
from quotewire.ports import FeedRecord
from quotewire.wiring import Wiring
from schemas.topics import TOPICS


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A look at everything that a run changes."""

    taken: float
    published: Mapping[str, int]
    indexed: Mapping[str, int]
    feeds: Mapping[str, FeedRecord]
    started: datetime

    @classmethod
    def take(cls, wiring: Wiring) -> Snapshot:
        """Look now. Raises Unavailable."""
        ends = {topic: sum(position.end for position in wiring.stream.positions(topic, "summary")) for topic in TOPICS}
        return cls(time.monotonic(), ends, wiring.index.counts(), wiring.feed_store.feeds(), wiring.clock.now())


def print_summary(before: Snapshot, after: Snapshot, *, as_json: bool) -> None:
    """Say what happened between two looks."""
    polled = [feed for feed in after.feeds.values() if feed.last_poll and feed.last_poll >= before.started]
    failing = [feed for feed in polled if feed.failures]
    published = {topic: after.published[topic] - before.published[topic] for topic in TOPICS}
    indexed = {kind: after.indexed[kind] - before.indexed[kind] for kind in ("articles", "quotes", "alerts")}
    summary = {
        "feeds_polled": len(polled),
        "feeds_failing": {feed.url: feed.reason for feed in failing},
        "found": published["raw"],
        "enriched": published["enriched"],
        "dead_letters": published["dead-letters"],
        "new_articles": indexed["articles"],
        "new_quotes": indexed["quotes"],
        "new_alerts": indexed["alerts"],
        "seconds": round(after.taken - before.taken, 1),
    }
    if as_json:
        print_json(summary)
        return
    out.print(f"Polled {len(polled)} feeds, {len(failing)} of them failing.")
    for feed in failing:
        out.print(f"  {feed.url}: {feed.reason}")
    out.print(
        f"Found {published['raw']} articles or edits; "
        f"the index has {indexed['articles']:+} articles, {indexed['quotes']:+} quotes, {indexed['alerts']:+} alerts."
    )
    if published["dead-letters"]:
        out.print(f"{published['dead-letters']} records could not be processed: `quotewire dead list` shows why.")
    out.print(f"Took {summary['seconds']} s.")
