"""The sinks file: a YAML list of where alerts are told; docs/notify.md says what an entry may hold.

Secrets stand in environment variables, which the file names as `${NAME}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from pathlib import Path
from typing import Any, Protocol, cast, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from quotewire.alert_ports import RateLimit, Schedule, Sink
from quotewire.ports import ConfigurationError
from schemas.records import Condition

FIELDS = frozenset(
    "name url urls webhook secret names conditions outlets languages tags least_confidence when time_zone quiet_hours"
    " at_most".split()
)
"""What an entry may hold."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CLOCK = r"([01]?\d|2[0-3]):([0-5]\d)"
_WHEN = re.compile(rf"(hourly)|daily {_CLOCK}|weekly ([a-z]+) {_CLOCK}")
_QUIET = re.compile(rf"{_CLOCK} *[-–] *{_CLOCK}")
_AT_MOST = re.compile(r"(\d+) (?:an|a|per) (minute|hour|day)")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPANS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_SHORTEST_SECRET = 4

Environment = Mapping[str, str]


class Check(Protocol):
    """What is known only to whoever tells a sink. Both raise ConfigurationError for what cannot be used."""

    def url(self, template: str, filled: str) -> None:
        """Check an address, as the file has it and filled in."""
        ...

    def secret(self, secret: str) -> None:
        """Check the secret of a webhook."""
        ...


def read(path: Path, environment: Environment, check: Check) -> list[Sink]:
    """The sinks of a file, in its order. Raises ConfigurationError, naming the file, the sink and what is wrong."""
    sinks: dict[str, Sink] = {}
    for number, entry in enumerate(_load(path), 1):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name.strip():
            raise ConfigurationError(f"the sinks {path}, entry {number}: every sink needs a name")
        try:
            sink = _sink(entry, environment, check)
        except ConfigurationError as error:
            raise ConfigurationError(f"the sinks {path}, {name}: {error}") from error
        if sink.name in sinks:
            raise ConfigurationError(f"the sinks {path}: there are two named {name}")
        sinks[sink.name] = sink
    return list(sinks.values())


def _load(path: Path) -> Sequence[Any]:
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no sinks file at {path}; QUOTEWIRE_SINKS says where it is") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the sinks {path} cannot be read: {error}") from error
    except YAMLError as error:
        raise ConfigurationError(f"the sinks {path} are not YAML: {' '.join(str(error).split())}") from error
    if document is None:
        return []
    if not isinstance(document, list):
        raise ConfigurationError(f"the sinks {path} must be a list, each “- name: …”")
    return document


def _sink(entry: Mapping[str, Any], environment: Environment, check: Check) -> Sink:
    unknown = sorted(str(key) for key in entry if key not in FIELDS)
    if unknown:
        raise ConfigurationError(f"there is no field {', '.join(unknown)}; there are {', '.join(sorted(FIELDS))}")
    address = _Address(entry, environment, check)
    urls = address.urls()
    webhook, secret = address.webhook()
    if bool(urls) == bool(webhook):
        raise ConfigurationError("give either url (or urls) or webhook, not both")
    conditions = _words(entry, "conditions")
    if wrong := [word for word in conditions if word not in get_args(Condition)]:
        raise ConfigurationError(f"conditions: {wrong[0]!r} is none of {', '.join(get_args(Condition))}")
    return Sink(
        name=str(entry["name"]).strip(),
        urls=urls,
        webhook=webhook,
        secret=secret,
        secrets=tuple(address.secrets),
        names=_words(entry, "names"),
        conditions=cast(tuple[Condition, ...], conditions),
        outlets=_words(entry, "outlets"),
        languages=_words(entry, "languages"),
        tags=_words(entry, "tags"),
        least_confidence=_share(entry),
        schedule=_schedule(entry),
        time_zone=_zone(entry),
        quiet=_quiet(entry),
        rate=_rate(entry),
    )


class _Address:
    """The addresses and the secret of a sink, filled in from the environment."""

    def __init__(self, entry: Mapping[str, Any], environment: Environment, check: Check) -> None:
        self._entry = entry
        self._environment = environment
        self._check = check
        self.secrets: list[str] = []

    def urls(self) -> tuple[str, ...]:
        templates = (*_words(self._entry, "url"), *_words(self._entry, "urls"))
        filled = [self._filled(template) for template in templates]
        for template, url in zip(templates, filled, strict=True):
            self._check.url(template, url)
        return tuple(filled)

    def webhook(self) -> tuple[str, str]:
        template, secret = self._entry.get("webhook"), self._entry.get("secret")
        if template is None and secret is None:
            return "", ""
        if not isinstance(template, str):
            raise ConfigurationError("a secret belongs to a webhook, and a webhook is an address")
        url = self._filled(template)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.username or parts.password:
            raise ConfigurationError("webhook must be an http or https address without a user or password")
        if not isinstance(secret, str) or not _VARIABLE.fullmatch(secret):
            raise ConfigurationError("a webhook needs its secret in an environment variable: secret: ${NAME}")
        filled = self._filled(secret)
        try:
            self._check.secret(filled)
        except ConfigurationError as error:
            raise ConfigurationError(f"the environment variable {secret[2:-1]}: {error}") from error
        return url, filled

    def _filled(self, template: str) -> str:
        def value(match: re.Match[str]) -> str:
            found = self._environment.get(match[1], "")
            if not found:
                raise ConfigurationError(f"the environment variable {match[1]} is not set")
            if len(found) >= _SHORTEST_SECRET:
                self.secrets.append(found)
            return found

        return _VARIABLE.sub(value, template)


def _words(entry: Mapping[str, Any], field: str) -> tuple[str, ...]:
    given = entry.get(field)
    values = [] if given is None else given if isinstance(given, list) else [given]
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise ConfigurationError(f"{field} must be words, or a list of them")
    return tuple(str(value).strip() for value in values)


def _share(entry: Mapping[str, Any]) -> float:
    value = entry.get("least_confidence", 0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ConfigurationError("least_confidence must be a number from 0 to 1")
    return float(value)


def _schedule(entry: Mapping[str, Any]) -> Schedule:
    when = str(entry.get("when", "at once")).strip().lower()
    if when == "at once":
        return Schedule()
    match = _WHEN.fullmatch(when)
    if match and match[1]:
        return Schedule("hour")
    if match and match[2]:
        return Schedule("day", time(int(match[2]), int(match[3])))
    if match and match[4] in _WEEKDAYS:
        return Schedule("week", time(int(match[5]), int(match[6])), _WEEKDAYS.index(match[4]))
    raise ConfigurationError(f"when: {when!r} is none of: at once, hourly, daily 08:00, weekly monday 08:00")


def _zone(entry: Mapping[str, Any]) -> ZoneInfo:
    name = entry.get("time_zone", "UTC")
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(f"time_zone: there is no {name!r}; write it like Europe/Berlin") from error


def _quiet(entry: Mapping[str, Any]) -> tuple[time, time] | None:
    given = entry.get("quiet_hours")
    if given is None:
        return None
    match = _QUIET.fullmatch(str(given).strip())
    if not match or match.group(1, 2) == match.group(3, 4):
        raise ConfigurationError(f"quiet_hours: {given!r} is no span of time; write it like 22:00-07:00")
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    return time(start_hour, start_minute), time(end_hour, end_minute)


def _rate(entry: Mapping[str, Any]) -> RateLimit | None:
    given = entry.get("at_most")
    if given is None:
        return None
    match = _AT_MOST.fullmatch(str(given).strip().lower())
    if not match or not int(match[1]):
        raise ConfigurationError(f"at_most: {given!r} is no limit; write it like 10 an hour")
    return RateLimit(int(match[1]), _SPANS[match[2]])
