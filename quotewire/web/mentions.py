"""How often an entity was mentioned, day by day, as the index counts it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from quotewire.ports import Index
from quotewire.web.chart import Chart, chart
from quotewire.web.parameters import ArticleSearch

DAYS = 80
"""Days that are counted, back from the newest article found."""

_AT_ONCE = timedelta(days=20)
"""An index counts out the newest 20 days that have articles (see `quotewire.adapters.index_fields.FACET_SIZE`), so all
of as many days in a row."""


def mentions(index: Index, asked: ArticleSearch) -> Chart | None:
    """The chart of articles found by day; None where none has a date. Raises Unavailable."""
    newest = index.search(asked.changed(newest_first=True).query()).hits
    last = asked.last or next((hit.published.date() for hit in newest if hit.published), None)
    if last is None:
        return None
    counts: Counter[date] = Counter()
    first = max(last - timedelta(days=DAYS - 1), asked.first or date.min)
    while last >= first:
        start = max(first, last - _AT_ONCE + timedelta(days=1))
        for facet in index.search(asked.changed(first=start, last=last).query()).facets["day"]:
            counts[date.fromisoformat(facet.value)] = facet.count
        last = start - timedelta(days=1)
    return chart(counts.elements())
