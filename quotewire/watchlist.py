"""The watchlist file: a YAML or JSON list of tracked names, edited by hand or by `quotewire watch`, comments kept.

The keys of an entry are the fields of `quotewire.ports.TrackedName`; docs/watchlist.md says what they mean.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from quotewire.files import editing, write_whole
from quotewire.ports import ConfigurationError, TrackedName
from quotewire.uncollected import uncollected
from quotewire.yaml_list import ListText, NoList, NotYaml
from schemas.records import Condition

TYPES = ("person", "organization", "place", "product", "phrase")
"""What a tracked name may be."""

CONDITIONS: tuple[Condition, ...] = ("mentioned", "headline", "quoted", "quoted-about")
"""How a tracked name may have to occur."""

_TYPE_WORDS = {kind: kind for kind in TYPES} | {
    "people": "person",
    "per": "person",
    "org": "organization",
    "organisation": "organization",
    "company": "organization",
    "gpe": "place",
    "loc": "place",
    "location": "place",
    "country": "place",
    "city": "place",
    "topic": "phrase",
    "keyword": "phrase",
}
_CONDITION_WORDS: dict[str, Condition] = {condition: condition for condition in CONDITIONS} | {
    "in-headline": "headline",
    "in-the-headline": "headline",
    "speaker": "quoted",
}
_ORDER = tuple(field.name for field in dataclasses.fields(TrackedName))
_KEYS = frozenset(_ORDER)


def read(path: Path) -> list[TrackedName]:
    """The tracked names of a file, in its order.

    Raises ConfigurationError, naming the file and the entry, where it is missing or not a list of names.
    """
    return _names(path, _load(path).entries)


def add(path: Path, tracked: TrackedName) -> None:
    """Add a tracked name at the end. Raises ConfigurationError where it is none, or is there already."""
    with editing(path):
        listed = _load(path)
        entry = _entry(tracked)
        _names(path, [*listed.entries, entry])
        _save(path, listed.with_entry(entry))


def change(path: Path, name: str, tracked: TrackedName) -> None:
    """Put an entry in place of the one of a name, where that stands; what else is in it, and comments, stay.

    Raises ConfigurationError where the name is not there, or the new one is that of another entry.
    """
    fields = _entry(tracked)

    def changed(entry: Any) -> Any:
        if isinstance(entry, str):
            return fields
        for key in [key for key in entry if str(key).replace("-", "_") in _KEYS and key not in fields]:
            del entry[key]
        entry.update(fields)
        return entry

    with editing(path):
        listed = _load(path)
        place = _place(path, listed, name)
        _names(path, [*listed.entries[:place], fields, *listed.entries[place + 1 :]])
        _save(path, listed.with_changed(place, changed))


def remove(path: Path, name: str) -> None:
    """Remove a tracked name. Raises ConfigurationError where it is not there."""
    with editing(path):
        listed = _load(path)
        _save(path, listed.without(_place(path, listed, name)))


def set_paused(path: Path, name: str, *, paused: bool) -> None:
    """Pause a tracked name, or let it go on. Raises ConfigurationError where it is not there."""

    def changed(entry: Any) -> Any:
        if isinstance(entry, str):
            entry = {"name": entry}
        if paused:
            entry["paused"] = True
        else:
            entry.pop("paused", None)
        return entry

    with editing(path):
        listed = _load(path)
        _save(path, listed.with_changed(_place(path, listed, name), changed))


def _place(path: Path, listed: ListText, name: str) -> int:
    names = [tracked.name for tracked in _names(path, listed.entries)]
    if name not in names:
        raise ConfigurationError(f"{name!r} is not on the watchlist {path}; `quotewire watch list` shows who is")
    return names.index(name)


def _load(path: Path) -> ListText:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no watchlist at {path}; QUOTEWIRE_WATCHLIST says where it is") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the watchlist {path} cannot be read: {error}") from error
    try:
        return ListText.parse(text)
    except NotYaml as error:
        raise ConfigurationError(f"the watchlist {path} is not YAML: {error}") from error
    except NoList as error:
        raise ConfigurationError(f"the watchlist {path} must be a list of names, each “- name: …”") from error


@uncollected()
def _names(path: Path, document: Sequence[Any]) -> list[TrackedName]:
    names: dict[str, TrackedName] = {}
    for number, entry in enumerate(document, 1):
        try:
            tracked = tracked_name({"name": entry} if isinstance(entry, str) else entry)
            if tracked.name in names:
                raise ValueError(f"{tracked.name} is there already")
        except ValueError as error:
            raise ConfigurationError(f"the watchlist {path}, entry {number}: {error}") from error
        names[tracked.name] = tracked
    return list(names.values())


def tracked_name(fields: object) -> TrackedName:
    """The tracked name that the fields of an entry describe. Raises ValueError that says what is wrong with them."""
    if not isinstance(fields, Mapping) or not _word(fields.get("name")):
        raise ValueError("every entry needs a name")
    given = {str(key).replace("-", "_"): value for key, value in fields.items()}
    for key in given:
        if key not in _KEYS and (meant := get_close_matches(key, _KEYS, n=1, cutoff=0.75)):
            raise ValueError(f"there is no key {key!r}: is {meant[0]} meant?")
    conditions, together = _conditions(given.get("conditions"))
    return TrackedName(
        name=_word(given["name"]),
        aliases=_words(given, "aliases"),
        type=_type(given.get("type")),
        near=_words(given, "near"),
        not_near=_words(given, "not_near"),
        conditions=conditions,
        together_with=(*_words(given, "together_with"), *together),
        outlets=_words(given, "outlets"),
        languages=tuple(language.lower()[:2] for language in _words(given, "languages")),
        tags=_words(given, "tags"),
        wikidata=_word(given.get("wikidata")) or None,
        paused=_flag(given, "paused"),
    )


def _word(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _words(fields: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = fields.get(key)
    if value is None:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence) or not all(map(_word, listed)):
        raise ValueError(f"{key} must be a list of words")
    return tuple(dict.fromkeys(map(_word, listed)))


def _type(kind: object) -> str | None:
    if kind is None:
        return None
    known = _TYPE_WORDS.get(str(kind).strip().lower())
    if known is None:
        raise ValueError(f"type must be one of {', '.join(TYPES)}, not {kind!r}")
    return known


def _conditions(value: object) -> tuple[tuple[Condition, ...], tuple[str, ...]]:
    """The conditions, and the names that “together with …” asks for."""
    listed = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence):
        raise ValueError(f"conditions must be a list of {', '.join(CONDITIONS)}")
    conditions: list[Condition] = []
    together: list[str] = []
    for condition in listed:
        word = _word(condition).lower().replace("_", "-").replace(" ", "-")
        with_name = re.match(r"\s*together(?: with)?:?\s+(.+)", condition, re.IGNORECASE) if word else None
        if with_name:
            together.append(with_name.group(1).strip())
        elif word in _CONDITION_WORDS:
            conditions.append(_CONDITION_WORDS[word])
        else:
            raise ValueError(
                f"a condition must be one of {', '.join(CONDITIONS)} or “together with NAME”, not {condition!r}"
            )
    return tuple(dict.fromkeys(conditions)) or ("mentioned",), tuple(together)


def _flag(fields: Mapping[str, Any], key: str) -> bool:
    value = fields.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"{key} must be true or false")
    return value


def _entry(tracked: TrackedName) -> dict[str, Any]:
    """The fields of an entry as the file has them: those that say something."""
    default = TrackedName("")
    fields = {field: getattr(tracked, field) for field in _ORDER if getattr(tracked, field) != getattr(default, field)}
    return {field: list(value) if isinstance(value, tuple) else value for field, value in fields.items()}


def _save(path: Path, text: str) -> None:
    write_whole(path, text.encode())
