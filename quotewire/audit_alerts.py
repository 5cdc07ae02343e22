"""The alerts in the audit: each in the index and raised once; each article looked through for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from quotewire.alert_memory import Gaps
from quotewire.audit_parts import (
    Article,
    Audit,
    Finding,
    Letters,
    State,
    burial,
    fields_of,
    passed_by,
    revision_in,
    some_at_a_time,
)
from quotewire.ports import Index, Stream, StreamRecord
from schemas.codec import Malformed, decode
from schemas.records import Alert
from schemas.topics import ALERTS, ENRICHED, STORIES


def account_for_alerts(stream: Stream, index: Index, letters: Letters, result: Audit) -> None:
    """Hold every alert that the topic keeps against the index, and its revisions against each other."""
    passed = passed_by(stream, ALERTS, "index")
    asked_again = Gaps(stream)
    times: Counter[tuple[str, int]] = Counter()
    newest: dict[str, tuple[int, StreamRecord]] = {}
    for record in stream.read(ALERTS.name):
        revision = _alert_revision(record)
        if record not in asked_again:
            times[record.key, revision] += 1
        if record.key not in newest or revision >= newest[record.key][0]:
            newest[record.key] = revision, replace(record, value=b"")
    result.twice += [
        f"alert {alert}: raised {count} times in revision {revision}"
        for (alert, revision), count in times.items()
        if count > 1 + letters.replays_of_alert(alert)
    ]
    result.alerts_raised = len(newest)
    for some in some_at_a_time(list(newest)):
        stored = index.stored_alerts(some)
        for alert in some:
            revision, record = newest[alert]
            if stored.get(alert, -1) >= revision:
                result.alerts_indexed += 1
            elif not passed(record):
                result.alerts_under_way += 1
            elif (letter := letters.at(record, "index")) is not None:
                result.findings.append(Finding("alert", alert, "", revision, "dead", letter.stage, letter.reason))
            else:
                reason = f"the alert was taken from {ALERTS.name}, and is not in the index"
                result.findings.append(Finding("alert", alert, "", revision, "missing", "index", reason))


def account_for_looks(stream: Stream, letters: Letters, result: Audit) -> None:
    """Hold every enriched article that the alerts stage has passed against what it says to have looked through."""
    passed = passed_by(stream, ENRICHED, "alerts")
    newest: dict[str, tuple[Article, StreamRecord]] = {}
    for record in stream.read(ENRICHED.name):
        if fields := fields_of(record):
            article = Article(record.key, revision_in(fields), str(fields.get("feed") or ""))
            if record.key not in newest or article.revision >= newest[record.key][0].revision:
                newest[record.key] = article, replace(record, value=b"")
    for record in stream.read(STORIES.name):
        asked = newest.get(record.key)
        if asked is not None and revision_in(fields_of(record)) >= asked[0].revision:
            del newest[record.key]
    for article, record in newest.values():
        if not passed(record):
            continue
        state: State = "missing"
        reason = f"it was taken from {ENRICHED.name}, and not looked through for alerts"
        if (letter := letters.at(record, "alerts")) is not None:
            state, reason = "dead", burial(letter)
        result.findings.append(Finding("article", article.id, article.feed, article.revision, state, "alerts", reason))


def _alert_revision(record: StreamRecord) -> int:
    """The revision of an alert as the index has it: an older version of the schema had another."""
    try:
        alert = decode(ALERTS, record.value)
    except Malformed:
        return 0
    assert isinstance(alert, Alert)
    return alert.revision
