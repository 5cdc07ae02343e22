"""What came of asking a server: the answer, or a named problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

ProblemKind = Literal["soft", "hard", "blocked", "gone", "refused"]
"""How a fetch went wrong.

soft: likely to pass by itself (5xx, time-outs, connections). hard: likely to stay (404, certificate, loop, too long).
blocked: the server does not want us (401, 403, 429, 451). gone: 410. refused: we do not want it (a private address, a
scheme other than http and https).
"""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A server's answer with a status of 2xx, or 304 with an empty body."""

    url: str
    """Address that answered, after redirects, without credentials."""
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name; where a header came twice, the first, but all of Cache-Control, Content-Encoding and Link,
    with commas."""
    body: bytes = b""
    """Decompressed."""
    permanent_url: str | None = None
    """Where permanent redirects (301, 308) led, as far as only such were followed; None where there was none."""
    complete: bool = True
    """False where the connection ended before the body did."""

    @property
    def content_type(self) -> str:
        """The Content-Type header, empty where there is none."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True)
class FetchProblem:
    """Why there is no answer to work with. `reason` is one line for people and holds no credentials."""

    kind: ProblemKind
    reason: str
    status: int | None = None
    retry_after: float | None = None
    """Seconds to wait, where the server said so."""
    url: str | None = None
    """Address that answered with the status, after redirects, without credentials."""


def status_problem(status: int, headers: Mapping[str, str], now: datetime) -> FetchProblem | None:
    """The problem that a status names; None for 2xx and 304."""
    if 200 <= status < 300 or status == 304:
        return None
    kind: ProblemKind = "hard"
    if status in (401, 402, 403, 407, 429, 451):
        kind = "blocked"
    elif status == 410:
        kind = "gone"
    elif status in (408, 420, 425) or status >= 500 or status < 200:
        kind = "soft"
    name = _STATUS_NAMES.get(status, "")
    reason = f"HTTP {status} {name}".rstrip()
    return FetchProblem(kind, reason, status=status, retry_after=retry_after(headers, now))


_STATUS_NAMES = {
    400: "bad request",
    401: "password wanted",
    402: "payment wanted",
    403: "forbidden",
    404: "not found",
    406: "not acceptable",
    408: "time-out",
    410: "gone",
    429: "too many requests",
    451: "unavailable for legal reasons",
    500: "server error",
    502: "bad gateway",
    503: "unavailable",
    504: "gateway time-out",
}


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date); None where it asks for none."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    when = http_date(value)
    return max(0.0, (when - now).total_seconds()) if when else None


def freshness(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds for which an answer says it is fresh (RFC 9111, 4.2.1: max-age before Expires).

    None where it does not say, or says that it never is. What it says to shared caches (s-maxage) is not meant for us.
    """
    directives: dict[str, str] = {}
    for directive in headers.get("cache-control", "").lower().split(","):
        name, _, value = directive.strip().partition("=")
        # Of a directive that comes twice, the first counts.
        directives.setdefault(name, value.strip('" '))
    if "no-cache" in directives or "no-store" in directives:
        return None
    age = directives.get("max-age", "")
    if age.isascii() and age.isdigit():
        return float(age[:9])
    expires = http_date(headers.get("expires", ""))
    if expires is None:
        return None
    # Measured from the server's own clock where it gives it, for its clock may be wrong.
    sent = http_date(headers.get("date", "")) or now
    return max(0.0, (expires - sent).total_seconds())


def http_date(text: str) -> datetime | None:
    """The moment that an HTTP date names, in UTC; None where it is none."""
    if not text:
        return None
    try:
        value = parsedate_to_datetime(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
