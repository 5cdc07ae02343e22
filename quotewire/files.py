"""Files that people edit and programs rewrite."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from quotewire.ports import ConfigurationError

Content = TypeVar("Content")
_log = structlog.get_logger()


class Watched(Generic[Content]):
    """What a file that people edit says; read again only where the file has changed.

    `read` raises ConfigurationError where the file is wrong. Where it was right before, what it said then stays and
    the fault is logged once: a slip in an editor stops nothing that runs. For whoever edits the file, `keeps_last` is
    False: every fault is raised.
    """

    def __init__(self, read: Callable[[Path], Content], *, keeps_last: bool = True) -> None:
        self._read = read
        self._keeps_last = keeps_last
        self._known: tuple[Path, tuple[int, int] | None, Content] | None = None

    def current(self, path: Path) -> Content:
        """What the file says now. Raises ConfigurationError where it is wrong and no last content is kept."""
        stamp = _stamp(path)
        if self._known is None or self._known[:2] != (path, stamp):
            try:
                self._known = (path, stamp, self._read(path))
            except ConfigurationError as error:
                if self._known is None or not self._keeps_last:
                    raise
                self._known = (path, stamp, self._known[2])
                _log.error("file unreadable, the last good one stays", file=str(path), reason=str(error))
        return self._known[2]


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file does; None where it cannot be looked at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@contextlib.contextmanager
def editing(path: Path) -> Iterator[None]:
    """Read, change and write a file within this, and no other program of ours edits it in between.

    Raises ConfigurationError where the folder cannot be written.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the file, not on it: the file itself is replaced.
        descriptor = os.open(target.parent / f".{target.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be edited: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file's content in one step, so that no reader and no kill ever sees half of it.

    A link is followed: the file it names is replaced. Raises ConfigurationError where it cannot be written.
    """
    target, temporary = path.resolve(), None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner alone; these are for whoever may read the folder.
        Path(temporary).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
