"""Whether it is the network at this end that is down: then no feed is to blame."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from producers.answers import FetchProblem

_LEAST = 10
_SHARE = 0.9
_WINDOW = timedelta(minutes=10)
_REMEMBERED = 50
REASON = "hardly any feed can be reached: the network at this end seems to be down"


class Outage:
    """Hears how the last fetches went, one for each owner. An answer of any kind shows that the network works."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, tuple[datetime, bool]] = OrderedDict()

    def note(self, owner: str, problem: FetchProblem | None, now: datetime) -> None:
        """Hear of a fetch. problem: None where there was an answer."""
        self._last.pop(owner, None)
        self._last[owner] = (now, problem is not None and unreachable(problem))
        while len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def likely(self, now: datetime) -> bool:
        """Whether nearly none of the owners asked of late could be reached, and enough were asked to say so."""
        recent = [failed for when, failed in self._last.values() if now - when <= _WINDOW]
        return len(recent) >= _LEAST and sum(recent) >= _SHARE * len(recent)


def unreachable(problem: FetchProblem) -> bool:
    """Whether a fetch never got as far as an answer of the server's."""
    return problem.kind == "soft" and problem.status is None
