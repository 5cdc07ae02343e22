"""Files that people edit and programs rewrite."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from quotewire.ports import ConfigurationError


def write_whole(path: Path, text: str) -> None:
    """Replace a file's content in one step, so that no reader and no kill ever sees half of it.

    Raises ConfigurationError where it cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner alone; these are for whoever may read the folder.
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
