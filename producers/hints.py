"""What a feed document says of when to come back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from producers.documents import FeedHints, one_line

_PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}
_DAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}


def read_hints(feed: Mapping[str, Any], body: bytes, encoding: str = "utf-8") -> FeedHints:
    """The hints of a document.

    feed: its elements as feedparser names them (`ttl`, `sy_updateperiod`, `sy_updatefrequency`). body: the document,
    for skipHours and skipDays, which feedparser does not give. encoding: the body's, as far as that is known.
    """
    ttl = _number(feed.get("ttl"))
    frequency = _number(feed.get("sy_updatefrequency"))
    # Without a period, the frequency is by the day (http://purl.org/rss/1.0/modules/syndication/).
    named = one_line(feed.get("sy_updateperiod")).lower() or ("daily" if frequency else "")
    period = _PERIODS.get(named)
    text = _decoded(body, encoding)
    hours = (int(hour) for hour in _inside(text, "skipHours", r"<hour>\s*([0-9]{1,2})\s*<"))
    days = (_DAYS.get(day[:3].lower()) for day in _inside(text, "skipDays", r"<day>\s*([A-Za-z]{3,9})\s*<"))
    return FeedHints(
        ttl=ttl * 60 if ttl else None,
        update_interval=period / (frequency or 1) if period else None,
        # The specification counts hours from 0 to 23, many feeds from 1 to 24.
        skip_hours=tuple(sorted({hour % 24 for hour in hours})),
        skip_days=tuple(sorted({day for day in days if day is not None})),
    )


def _decoded(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding, "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")


def _inside(text: str, element: str, pattern: str) -> list[str]:
    start = text.find("<" + element)
    end = text.find("</" + element, start, start + 4096) if start >= 0 else -1
    return re.findall(pattern, text[start:end]) if end > 0 else []


def _number(text: object) -> float | None:
    try:
        value = float(one_line(text))
    except ValueError:
        return None
    return value if 0 < value < 1e9 else None
