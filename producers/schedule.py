"""When a feed is asked again, and what state it is in. Pure: a record and what came of a poll in, the next record out.

A feed's interval follows what it does: every poll that brings nothing new makes it a little longer, every poll that
brings something makes it a good deal shorter, so that about one poll in eight brings news. (Two-way adaption by the
share of duplicates: Media Cloud's rss-fetcher.) What goes wrong does not touch the interval; it puts the next poll off,
ever further, and is forgotten with the next good answer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import ValidationError

from producers.answers import ProblemKind
from producers.documents import FeedHints
from producers.volume import Volume, counted
from quotewire.ports import FeedRecord

FeedState = Literal["new", "fresh", "quiet", "empty", "moved", "failing", "not a feed", "blocked", "gone", "dead"]
"""The states of a feed; docs/feeds.md says what each means."""

FAILED_STATES: frozenset[str] = frozenset(("failing", "not a feed", "blocked", "gone", "dead"))
"""The states in which the last poll brought no answer to work with."""

_NO_HINTS = FeedHints()
_GROW = 1.1
_SHRINK = 0.5
_HARD_GROWTH = 2.0
_SOFT_GROWTH = 1.4
_SOFT_PATIENCE = 10
"""What passes by itself is waited for this many times as long before a feed is dead: the fault may be at this end."""
_SOFT_CAP = 0.25
"""And asked for again sooner, by this share of the longest wait."""


@dataclass(frozen=True, slots=True)
class ScheduleLimits:
    """Bounds of the schedule, in seconds."""

    floor: float = 300
    """No feed is asked more often."""
    ceiling: float = 3_600
    """A feed that answers is asked at least this often, unless it says otherwise."""
    start: float = 900
    """Interval of a feed that was never polled."""
    hint: float = 1_800
    """A feed's own word (ttl, updatePeriod, max-age, Expires) makes the interval no longer than this."""
    failing: float = 86_400
    """A failing feed is asked at least this often until it is dead, and four times as often where failures are soft."""
    retry_after: float = 86_400
    """Longest Retry-After that is heeded."""
    dead: float = 2_592_000
    """How often feeds are asked that are dead or gone."""
    dead_after: int = 30
    """Failed polls in a row after which a feed is dead; ten times as many where they are soft."""
    pushed: float = 21_600
    """Interval of a feed whose hub pushes what is new."""
    quiet_after: float = 604_800
    """Time without anything new after which a feed is quiet."""
    outage: float = 60
    """Shortest wait where the network at this end is down; up to five times as long, so that they spread out."""
    jitter: float = 0.1
    """Share by which each wait is drawn shorter or longer, so that feeds do not march in step."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The feed answered. entries, new: how many are in the document, and how many of them were never seen."""

    entries: int
    new: int = 0
    title: str = ""
    hints: FeedHints | None = None
    """What the document says of when to come back; None for what was said last, where there was no document."""
    site: str | None = None
    """Address of the site that the document says it belongs to."""
    freshness: float | None = None
    """Seconds for which the answer says it stays fresh."""
    problem: str | None = None
    """What is wrong with the document although it could be read."""
    moved_to: str | None = None
    """Where the feed has moved for good."""
    pushed_until: datetime | None = None
    """Until when a hub will push what is new; None where none does."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The feed did not answer with a feed."""

    kind: ProblemKind | Literal["not a feed"]
    reason: str
    retry_after: float | None = None


def due(record: FeedRecord | None, now: datetime) -> bool:
    """Whether a feed is to be polled now. One that was never polled is."""
    return record is None or record.next_poll is None or record.next_poll <= now


def page_due(record: FeedRecord, now: datetime) -> bool:
    """Whether a page of one of a feed's articles is to be asked for again now."""
    return record.next_page is not None and record.next_page <= now


def after_answer(
    record: FeedRecord, answer: Answered, now: datetime, limits: ScheduleLimits, random: Callable[[], float]
) -> FeedRecord:
    """The record of a feed that answered. random: gives numbers from 0 up to 1.

    Validators, body hash and address to fetch are the poller's to fill in.
    """
    interval = _adapt(record, answer, limits)
    hints = answer.hints if answer.hints is not None else _remembered(record.hints)
    hint = max(hints.ttl or 0, hints.update_interval or 0, answer.freshness or 0)
    wait = max(interval, min(hint, limits.hint)) * _jitter(limits, random)
    if answer.pushed_until:
        wait = max(wait, min(limits.pushed * _jitter(limits, random), (answer.pushed_until - now).total_seconds()))
    last_good = now if answer.entries else record.last_good
    # The first answer of a feed brings its whole past, which says nothing of how often it changes; but it is news here.
    last_new = now if answer.new else record.last_new
    volume = counted(record, answer.new, now, last_new)
    state, reason = _state(answer, last_good, last_new, volume, now, limits)
    return replace(
        record,
        title=answer.title or record.title,
        state=state,
        reason=reason,
        entries=answer.entries,
        polls=record.polls + 1,
        failures=0,
        interval=interval,
        last_poll=now,
        last_good=last_good,
        last_new=last_new,
        next_poll=_past_skipped(now + timedelta(seconds=wait), hints),
        site=answer.site or record.site,
        hints=record.hints if answer.hints is None else _to_remember(answer.hints),
        week_start=volume.week_start,
        week_new=volume.week_new,
        week_before=volume.week_before,
        habit=volume.habit,
        weeks=volume.weeks,
        longest_pause=volume.longest_pause,
        anomaly=volume.anomaly,
    )


def after_push(record: FeedRecord, entries: int, new: int, now: datetime) -> FeedRecord:
    """The record of a feed after a push of so many entries, `new` of them never seen.

    When the feed is polled next, and at what pace, is no push's to say; what is wrong with polling it stays said.
    """
    last_new = now if new else record.last_new
    volume = counted(record, new, now, last_new)
    wakes = bool(new) and record.state in ("quiet", "empty")
    return replace(
        record,
        state="fresh" if wakes else record.state,
        reason="" if wakes else record.reason,
        entries=max(record.entries, entries),
        last_good=now,
        last_new=last_new,
        week_start=volume.week_start,
        week_new=volume.week_new,
        week_before=volume.week_before,
        habit=volume.habit,
        weeks=volume.weeks,
        longest_pause=volume.longest_pause,
        anomaly=volume.anomaly,
    )


def after_failure(
    record: FeedRecord, failure: Failed, now: datetime, limits: ScheduleLimits, random: Callable[[], float]
) -> FeedRecord:
    """The record of a feed that failed: a state and a reason, and a next poll that is put off ever further."""
    failures = record.failures + 1
    state: FeedState
    if failure.kind == "gone":
        state = "gone"
    elif failures >= limits.dead_after * (_SOFT_PATIENCE if failure.kind == "soft" else 1):
        state = "dead"
    elif failure.kind in ("blocked", "not a feed"):
        state = "blocked" if failure.kind == "blocked" else "not a feed"
    else:
        state = "failing"
    wait = limits.dead if state in ("gone", "dead") else _back_off(record, failure, failures, limits)
    wait *= _jitter(limits, random)
    if failure.retry_after is not None:
        # Only ever later than asked: many clients come back at the very second.
        asked = min(failure.retry_after, limits.retry_after) * (1 + limits.jitter * random())
        wait = max(wait, asked)
    reason = failure.reason
    if state == "dead":
        since = f"{record.last_good:%Y-%m-%d}" if record.last_good else "the first poll"
        reason = f"{failures} polls failed, no feed since {since}; last: {failure.reason}"
    return replace(
        record,
        state=state,
        reason=reason,
        polls=record.polls + 1,
        failures=failures,
        last_poll=now,
        next_poll=now + timedelta(seconds=wait),
    )


def after_outage(
    record: FeedRecord, reason: str, now: datetime, limits: ScheduleLimits, random: Callable[[], float]
) -> FeedRecord:
    """The record of a feed that could not be reached because this end has no network: asked again soon, not punished.

    Spread out, so that not every feed is asked at once when the network is back.
    """
    wait = limits.outage * (1 + 4 * random())
    return replace(record, state="failing", reason=reason, last_poll=now, next_poll=now + timedelta(seconds=wait))


def problem_of(record: FeedRecord) -> str:
    """What its reason says is wrong with the document of a feed that answers; empty where nothing is."""
    if record.state == "fresh":
        return record.reason
    return record.reason.partition("; ")[2] if record.state == "quiet" else ""


def _to_remember(hints: FeedHints) -> str:
    return hints.model_dump_json(exclude_defaults=True) if hints != _NO_HINTS else ""


# Most feeds say the same, and each poll that brings nothing reads it again.
@functools.lru_cache(maxsize=1024)
def _remembered(hints: str) -> FeedHints:
    try:
        return FeedHints.model_validate_json(hints) if hints else _NO_HINTS
    except ValidationError:
        return _NO_HINTS


def _adapt(record: FeedRecord, answer: Answered, limits: ScheduleLimits) -> float:
    if not record.interval:
        return limits.start
    factor = _GROW
    if answer.new:
        # Where half of the list is new, some may have come and gone between two polls.
        factor = _SHRINK / 2 if answer.new * 2 >= answer.entries > 3 else _SHRINK
    return min(max(record.interval * factor, limits.floor), limits.ceiling)


def _back_off(record: FeedRecord, failure: Failed, failures: int, limits: ScheduleLimits) -> float:
    soft = failure.kind == "soft"
    growth = _SOFT_GROWTH if soft else _HARD_GROWTH
    longest = limits.failing * (_SOFT_CAP if soft else 1)
    base = max(record.interval or limits.start, limits.floor)
    # The exponent is bounded because the power would otherwise overflow long before the bound below applies.
    return min(base * growth ** min(failures - 1, 40), max(longest, base))


def _jitter(limits: ScheduleLimits, random: Callable[[], float]) -> float:
    return 1 + limits.jitter * (2 * random() - 1)


def _state(
    answer: Answered,
    last_good: datetime | None,
    last_new: datetime | None,
    volume: Volume,
    now: datetime,
    limits: ScheduleLimits,
) -> tuple[FeedState, str]:
    if not answer.entries:
        return "empty", _empty(last_good, volume, now)
    if answer.moved_to:
        return "moved", f"moved for good to {answer.moved_to}; change its address in the list of feeds"
    reason = answer.problem or ""
    if last_new is None or now - last_new > timedelta(seconds=limits.quiet_after):
        since = f"nothing new since {last_new:%Y-%m-%d}" if last_new else "nothing new so far"
        return "quiet", f"{since}; {reason}" if reason else since
    return "fresh", reason


def _empty(last_good: datetime | None, volume: Volume, now: datetime) -> str:
    since = last_good or volume.watched_since
    days = (now - since).days
    for_days = f"empty for {days} day{'s' if days != 1 else ''}, since {since:%Y-%m-%d}"
    if last_good is None:
        return f"no entries yet, {for_days}" if days else "no entries yet"
    return for_days if days else f"empty since {since:%Y-%m-%d}"


def _past_skipped(moment: datetime, hints: FeedHints) -> datetime:
    """The moment, or the first one after it that the feed does not ask to skip; at most a day later."""
    for _ in range(24):
        if moment.hour not in hints.skip_hours and moment.weekday() not in hints.skip_days:
            return moment
        # The minute is kept, so that feeds with the same hours do not all come back on the hour.
        moment += timedelta(hours=1)
    return moment
