"""The gazetteer file: a YAML list of names that are known beforehand, edited by ops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from consumers.enrich.names.gazetteer import LABEL_OF, Gazetteer, KnownName
from quotewire import watchlist
from quotewire.files import Watched
from quotewire.ports import ConfigurationError

_ENTRIES = TypeAdapter(tuple[KnownName, ...])


class KnownNames:
    """What is known of names beforehand: the gazetteer and, after it, the watchlist.

    `listed` and `tracked` give the two files; they are asked each time.
    """

    def __init__(self, listed: Callable[[], Path], tracked: Callable[[], Path]) -> None:
        self._files = listed, tracked
        self._listed = Watched(read)
        self._tracked = Watched(read_watchlist)
        self._made: tuple[tuple[KnownName, ...], tuple[KnownName, ...], Gazetteer] | None = None

    def current(self) -> Gazetteer:
        """The gazetteer of both, made anew where either has changed. Raises ConfigurationError as `Watched` does."""
        listed, tracked = self._listed.current(self._files[0]()), self._tracked.current(self._files[1]())
        if self._made is None or self._made[0] is not listed or self._made[1] is not tracked:
            self._made = listed, tracked, Gazetteer((*listed, *tracked))
        return self._made[2]


def read(path: Path) -> tuple[KnownName, ...]:
    """The names of a file, in its order.

    Raises ConfigurationError, naming the file and the entry, where it is missing or not a list of names.
    """
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no gazetteer at {path}; QUOTEWIRE_GAZETTEER says where it is") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the gazetteer {path} cannot be read: {error}") from error
    except YAMLError as error:
        raise ConfigurationError(f"the gazetteer {path} is not YAML: {' '.join(str(error).split())}") from error
    if document is not None and not isinstance(document, list):
        raise ConfigurationError(f"the gazetteer {path} must be a list of names, each “- name: …”")
    try:
        return _ENTRIES.validate_python([{"name": e} if isinstance(e, str) else e for e in document or ()])
    except ValidationError as error:
        raise ConfigurationError(f"the gazetteer {path}, {_place(error)}") from error


def read_watchlist(path: Path) -> tuple[KnownName, ...]:
    """What a watchlist tells of names: all but its phrases, which are no names. Raises as `watchlist.read` does."""
    return tuple(
        KnownName(name=name.name, type=name.type if name.type in LABEL_OF else None, aliases=name.aliases)
        for name in watchlist.read(path)
        if name.type != "phrase"
    )


def _place(error: ValidationError) -> str:
    """Which entry is wrong, and how: “entry 3, type: Input should be 'person', …”."""
    first = error.errors()[0]
    number, *field = first["loc"]
    where = f"entry {int(number) + 1}" + (f", {field[0]}" if field else "")
    return f"{where}: {first['msg']}"
