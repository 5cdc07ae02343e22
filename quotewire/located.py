"""Where a setting says that something is kept: a file, this process's memory, or a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from quotewire.ports import ConfigurationError
from quotewire.settings import variable


def located(setting: str, address: str, *, servers: Sequence[str] = ()) -> tuple[str, Path]:
    """The kind of an address and, of a file, its path.

    sqlite:///relative/path, sqlite:////absolute/path, memory://, or one of these kinds of servers, which read the
    rest of the address themselves.
    """
    scheme, separator, rest = address.partition("://")
    if separator and (scheme == "memory" or (scheme in servers and rest)):
        return scheme, Path()
    if separator and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        path = Path(unquote(rest[1:])).expanduser().absolute()
        _make_folder(setting, path.parent)
        return "sqlite", path
    forms = (
        "sqlite:///relative/file.db",
        "sqlite:////absolute/file.db",
        *(f"{server}://HOST:PORT" for server in servers),
    )
    raise ConfigurationError(
        f"setting {variable(setting)}: {address!r} is no address; use {', '.join(forms)} or memory://"
    )


def _make_folder(setting: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} cannot be made: {error.strerror}; set QUOTEWIRE_DATA or QUOTEWIRE_{setting.upper()}"
        ) from error
