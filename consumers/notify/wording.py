"""What a person is told of alerts, as plain text: a title, and a text that is no longer than asked for."""

from __future__ import annotations

from urllib.parse import quote

from quotewire.alert_ports import Delivery, Notice
from schemas.records import Alert

_WHY = {
    "digest": "",
    "quiet hours": " held back in quiet hours",
    "rate limit": " held back by the rate limit",
    "many": "",
}
_MOST_QUOTES = 3


def title(delivery: Delivery) -> str:
    """One line that says what it is about."""
    if not delivery.gathered:
        alert = delivery.notices[0].alert
        return f"{alert.name}: {alert.title or alert.outlet or 'a new mention'}"
    count = len(delivery.notices)
    return f"{count} alert{'s' if count != 1 else ''}{_WHY[delivery.gathered]}: {_names(delivery)}"


def text(delivery: Delivery, page: str, longest: int) -> str:
    """What it says, in at most `longest` characters.

    page: address of the analyst's page, empty for no links to it. Where not all alerts of several fit, the last line
    but one says how many are left out. The last one is the beginning of the key: by it one who reads the same message
    twice knows it for the same.
    """
    key = f"\n[{delivery.key[:8]}]"
    return _said(delivery, page, longest - len(key)) + key


def _said(delivery: Delivery, page: str, longest: int) -> str:
    if not delivery.gathered:
        return _cut(_single(delivery.notices[0], page), longest)
    parts = [_short(notice.alert) for notice in delivery.notices]
    said, shown = "", 0
    for part in parts:
        left = len(parts) - shown - 1
        longer = f"{said}\n\n{part}" if said else part
        if len(longer) + (len(_more(left, page)) if left else 0) > longest:
            break
        said, shown = longer, shown + 1
    return _cut(said + _more(len(parts) - shown, page), longest) if shown < len(parts) else said


def _single(notice: Notice, page: str) -> str:
    alert = notice.alert
    lines = [_one_line(alert.sentence.text), ""]
    lines += [f"{said.speaker or 'Unknown speaker'}: {_one_line(said.text)}" for said in alert.quotes[:_MOST_QUOTES]]
    lines += [f"{alert.outlet or 'No outlet'}{f', {alert.published:%Y-%m-%d %H:%M} UTC' if alert.published else ''}"]
    lines += [alert.url] if alert.url else []
    lines += [f"Why: {alert.rule}, {', '.join(alert.conditions)}, {alert.confidence:.0%} sure"]
    lines += [f"{page.rstrip('/')}/alerts/{quote(alert.id, safe='')}"] if page else []
    return "\n".join(lines)


def _short(alert: Alert) -> str:
    lines = [f"{alert.name}: {alert.title}", _one_line(alert.sentence.text), alert.outlet, alert.url or ""]
    return "\n".join(line for line in lines if line)


def _more(count: int, page: str) -> str:
    where = f": {page.rstrip('/')}/alerts" if page else ""
    return f"\n\n… and {count} more{where}"


def _names(delivery: Delivery) -> str:
    names = list(dict.fromkeys(notice.alert.name for notice in delivery.notices))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else words[: max(0, longest - 1)] + "…"
