"""The watchlist file: a YAML list of tracked names, edited by hand or by `quotewire watch`, comments kept."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from quotewire.files import editing, write_whole
from quotewire.ports import ConfigurationError, TrackedName

TYPES = ("person", "organization", "place", "product", "phrase")
"""What a tracked name may be."""


def read(path: Path) -> list[TrackedName]:
    """The tracked names of a file, in its order.

    Raises ConfigurationError, naming the file and the entry, where it is missing or not a list of names.
    """
    return _names(path, _load(path))


def add(path: Path, tracked: TrackedName) -> None:
    """Add a tracked name at the end. Raises ConfigurationError where it is none, or is there already."""
    entry: dict[str, Any] = {"name": tracked.name}
    if tracked.type:
        entry["type"] = tracked.type
    if tracked.aliases:
        entry["aliases"] = list(tracked.aliases)
    with editing(path):
        document = _load(path)
        document.append(entry)
        _names(path, document)
        _save(path, document)


def remove(path: Path, name: str) -> None:
    """Remove a tracked name. Raises ConfigurationError where it is not there."""
    with editing(path):
        document = _load(path)
        names = [tracked.name for tracked in _names(path, document)]
        if name not in names:
            raise ConfigurationError(f"{name!r} is not on the watchlist {path}; `quotewire watch list` shows who is")
        del document[names.index(name)]
        _save(path, document)


def _load(path: Path) -> Any:
    try:
        document = YAML().load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no watchlist at {path}; QUOTEWIRE_WATCHLIST says where it is") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the watchlist {path} cannot be read: {error}") from error
    except YAMLError as error:
        raise ConfigurationError(f"the watchlist {path} is not YAML: {' '.join(str(error).split())}") from error
    if document is None:
        document = YAML().load("[]")
        document.fa.set_block_style()
    if not isinstance(document, list):
        raise ConfigurationError(f"the watchlist {path} must be a list of names, each “- name: …”")
    return document


def _names(path: Path, document: Sequence[Any]) -> list[TrackedName]:
    names: dict[str, TrackedName] = {}
    for number, entry in enumerate(document, 1):
        fields = {"name": entry} if isinstance(entry, str) else entry
        name = fields.get("name") if isinstance(fields, dict) else None
        if not isinstance(name, str) or not name.strip():
            raise ConfigurationError(f"the watchlist {path}, entry {number}: every entry needs a name")
        name = name.strip()
        if name in names:
            raise ConfigurationError(f"the watchlist {path}, entry {number}: {name} is there already")
        names[name] = TrackedName(name, _aliases(path, number, fields), _type(path, number, fields))
    return list(names.values())


def _aliases(path: Path, number: int, fields: Mapping[str, Any]) -> tuple[str, ...]:
    aliases = fields.get("aliases") or []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) and alias.strip() for alias in aliases):
        raise ConfigurationError(f"the watchlist {path}, entry {number}: aliases must be a list of words")
    return tuple(str(alias).strip() for alias in aliases)


def _type(path: Path, number: int, fields: Mapping[str, Any]) -> str | None:
    kind = fields.get("type")
    if kind is not None and kind not in TYPES:
        raise ConfigurationError(f"the watchlist {path}, entry {number}: type must be one of {', '.join(TYPES)}")
    return kind


def _save(path: Path, document: Any) -> None:
    text = io.StringIO()
    yaml = YAML()
    yaml.indent(sequence=2, offset=0)
    yaml.dump(document, text)
    write_whole(path, text.getvalue().encode())
