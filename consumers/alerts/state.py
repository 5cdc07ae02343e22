"""What the alerts stage remembers: the stories of the last days, the articles that were looked through, the alerts.

It is learned from nothing but the records that the stage itself has written. So whatever is committed is known after
any restart, and what was not committed never happened. What it holds is bounded by time: nothing is remembered for
longer than it can matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from consumers.alerts.wording import Wording
from consumers.stories.window import Stories
from schemas.codec import decode, encode
from schemas.records import Alert, StoryMember
from schemas.topics import ALERTS, STORIES

_REMEMBERED_ARTICLES = STORIES.retention.days
"""Days for which an article is known to have been looked through; what can be read again is known."""

_REMEMBERED_ALERTS = ALERTS.retention.days
"""Days for which an alert is known to have been raised, by its last revision."""


@dataclass(frozen=True, slots=True)
class SeenText:
    """What stood in an article."""

    wording: Wording
    passed_over: tuple[str, ...]
    """Digests of the entries whose words stood there, but not as they ask for."""

    @classmethod
    def of(cls, member: StoryMember) -> SeenText | None:
        """What a record says of it; None where it says nothing."""
        return cls(Wording(member.wording), member.passed_over) if member.wording else None


@dataclass(frozen=True, slots=True)
class Seen:
    """An article that was looked through: its newest revision, its story, and what stood there."""

    revision: int
    story: str
    text: SeenText | None
    """None where that was too long ago to be remembered."""


@dataclass(slots=True)
class _Trial:
    """What was made of records whose outputs are not committed yet."""

    seen: dict[str, Seen] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    members: int = 0


class AlertState:
    """`learn` takes what is committed; `try_out` what is about to be, until `forget_tried`."""

    def __init__(self, stories: Stories | None = None) -> None:
        self.stories = Stories() if stories is None else stories
        self._seen: dict[str, tuple[int, str, int]] = {}
        """Revision, story and the day of that."""
        self._texts: dict[str, SeenText] = {}
        self._raised: dict[str, int] = {}
        """The day of an alert's last revision, by its id."""
        self._today = 0
        """The last day of which there is a record."""
        self._alerts: dict[str, bytes] = {}
        self._by_story: defaultdict[str, set[str]] = defaultdict(set)
        self._trial = _Trial()

    # --- asking

    def seen(self, article: str) -> Seen | None:
        """What is known of an article; None where it was never looked through."""
        tried = self._trial.seen.get(article)
        if tried is not None:
            return tried
        known = self._seen.get(article)
        return Seen(known[0], known[1], self._texts.get(article)) if known else None

    def was_raised(self, alert: str) -> bool:
        """Whether there is an alert of that id, also one whose story is over."""
        return alert in self._trial.alerts or alert in self._raised

    def alert(self, identity: str) -> Alert | None:
        """The newest revision of an alert; None where there is none, or its story is over."""
        tried = self._trial.alerts.get(identity)
        if tried is not None:
            return tried
        record = self._alerts.get(identity)
        return _alert(record) if record else None

    def alerts_of(self, story: str) -> Iterator[Alert]:
        """The alerts of a story that is not over, in the order of their ids."""
        tried = {alert.id for alert in self._trial.alerts.values() if alert.story == story}
        for identity in sorted(tried | self._by_story.get(story, set())):
            alert = self.alert(identity)
            if alert is not None:
                yield alert

    # --- learning

    def learn(self, record: StoryMember | Alert) -> None:
        """Remember a record that is committed. Nothing may be on trial."""
        if isinstance(record, StoryMember):
            self.stories.add(record)
            self._seen[record.id] = (record.revision, record.story, self._day(record.joined))
            if text := SeenText.of(record):
                self._texts[record.id] = text
            return
        self._raised[record.id] = self._day(record.updated)
        if record.story in self.stories:
            self._alerts[record.id] = encode(record)
            self._by_story[record.story].add(record.id)

    def try_out(self, record: StoryMember | Alert) -> None:
        """Take a record for committed until `forget_tried`."""
        if isinstance(record, StoryMember):
            self.stories.add(record)
            self._trial.members += 1
            self._trial.seen[record.id] = Seen(record.revision, record.story, SeenText.of(record))
        else:
            self._trial.alerts[record.id] = record

    def forget_tried(self) -> None:
        """Take back all that was tried out."""
        self.stories.undo(self._trial.members)
        self._trial = _Trial()

    def forget_old(self) -> None:
        """Let go of what belongs to no story of the window, and in time of the ids. Nothing may be on trial."""
        if not self.stories.forget():
            return
        articles_from, alerts_from = self._today - _REMEMBERED_ARTICLES, self._today - _REMEMBERED_ALERTS
        self._seen = {article: seen for article, seen in self._seen.items() if seen[2] >= articles_from}
        self._raised = {alert: day for alert, day in self._raised.items() if day >= alerts_from}
        for story in [story for story in self._by_story if story not in self.stories]:
            for identity in self._by_story.pop(story):
                self._alerts.pop(identity, None)
        self._texts = {
            article: text
            for article, text in self._texts.items()
            if (seen := self._seen.get(article)) and seen[1] in self.stories
        }

    def _day(self, moment: datetime) -> int:
        day = moment.toordinal()
        self._today = max(self._today, day)
        return day


def _alert(record: bytes) -> Alert:
    alert = decode(ALERTS, record)
    assert isinstance(alert, Alert)
    return alert
