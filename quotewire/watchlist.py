"""The watchlist file: a YAML list of tracked names, edited by hand or by `quotewire watch`, comments kept."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from quotewire.files import write_whole
from quotewire.ports import ConfigurationError, TrackedName


def read(path: Path) -> list[TrackedName]:
    """The tracked names of a file, in its order.

    Raises ConfigurationError, naming the file and the entry, where it is missing or not a list of names.
    """
    return _names(path, _load(path))


def add(path: Path, tracked: TrackedName) -> None:
    """Add a tracked name at the end. Raises ConfigurationError where the name is there already."""
    document = _load(path)
    if any(known.name == tracked.name for known in _names(path, document)):
        raise ConfigurationError(f"{tracked.name} is on the watchlist {path} already")
    entry: dict[str, Any] = {"name": tracked.name}
    if tracked.type:
        entry["type"] = tracked.type
    if tracked.aliases:
        entry["aliases"] = list(tracked.aliases)
    document.append(entry)
    _save(path, document)


def remove(path: Path, name: str) -> None:
    """Remove a tracked name. Raises ConfigurationError where it is not there."""
    document = _load(path)
    place = next((number for number, known in enumerate(_names(path, document)) if known.name == name), None)
    if place is None:
        raise ConfigurationError(f"{name} is not on the watchlist {path}; `quotewire watch list` shows who is")
    del document[place]
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
        aliases = fields.get("aliases") or []
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            raise ConfigurationError(f"the watchlist {path}, entry {number} ({name}): aliases must be a list of words")
        if name in names:
            raise ConfigurationError(f"the watchlist {path}, entry {number}: {name} is there twice")
        kind = fields.get("type")
        names[name] = TrackedName(name.strip(), tuple(str(a).strip() for a in aliases if a.strip()), kind)
    return list(names.values())


def _save(path: Path, document: Any) -> None:
    text = io.StringIO()
    yaml = YAML()
    yaml.indent(sequence=2, offset=0)
    yaml.dump(document, text)
    write_whole(path, text.getvalue())
