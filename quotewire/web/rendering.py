"""Templates to HTML. Everything is escaped: nothing that came from a feed is ever markup."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from hashlib import sha256
from importlib.resources import files
from urllib.parse import quote, urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from quotewire.web.parameters import link

_STATIC = files("quotewire.web") / "static"


def web_address(url: str | None) -> str | None:
    """The address where it leads to the web; none for any other scheme, so that no link can run a script."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def article_path(article_id: str) -> str:
    """Where the page shows an article."""
    return f"/articles/{quote(article_id, safe='')}"


def alert_path(alert_id: str) -> str:
    """Where the page shows an alert."""
    return f"/alerts/{quote(alert_id, safe='')}"


def _span(seconds: float) -> str:
    """A span of time in the largest unit that it has two of, else in seconds."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _day(value: date) -> str:
    return f"{value:%A} {value.day} {value:%B %Y}"


def _short_day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _moment(value: datetime) -> str:
    return f"{_short_day(value)}, {value:%H:%M} UTC"


def _ago(value: datetime, now: datetime) -> str:
    """How far a moment lies from now, in the largest unit that fits."""
    seconds = (value - now).total_seconds()
    amount, unit = abs(seconds), "second"
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if amount >= size:
            amount, unit = amount // size, name
            break
    else:
        return "now" if amount < 5 else f"in {amount:.0f} s" if seconds > 0 else f"{amount:.0f} s ago"
    text = _plural(int(amount), unit)
    return f"in {text}" if seconds > 0 else f"{text} ago"


def _number(value: int) -> str:
    return f"{value:,}"


def _plural(value: int, singular: str, plural: str | None = None) -> str:
    return f"{value:,} {singular if value == 1 else plural or singular + 's'}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("quotewire.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ago": _ago,
        "alert_path": alert_path,
        "article_path": article_path,
        "day": _day,
        "host": _host,
        "moment": _moment,
        "number": _number,
        "plural": _plural,
        "short_day": _short_day,
        "span": _span,
        "web_address": web_address,
    }
    environment.globals |= {"link": link, "style": _versioned("style.css"), "script": _versioned("inbox.js")}
    return environment


def _versioned(name: str) -> str:
    """The address of a static file, which changes with its content, so that browsers may keep it for ever."""
    version = sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={version}"


_ENVIRONMENT = _environment()


def page(
    template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: object
) -> HTMLResponse:
    """A page made of a template in templates/."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(values), status_code=status, headers=headers)
