"""A file that tells whether the process that made it is alive, however it ended.

The operating system releases a lock on a file (flock(2)) with the process that holds it, `kill -9` included, so nobody
has to send heartbeats and nobody has to guess a timeout: a process that is slow is alive.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import weakref
from pathlib import Path


class LifeLock:
    """Held from the moment it is made until `release`, or the end of the process. Raises OSError where it cannot be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self.descriptor)
            raise
        self._finalizer = weakref.finalize(self, os.close, self.descriptor)
        _held.add(self)

    def release(self) -> None:
        """Remove the file and let go. Never raises; a second call does nothing."""
        if self._finalizer.alive:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
            self._finalizer()

    def forget_in_child(self) -> None:
        """Close what a forked child inherited: it would keep the lock after its parent's death."""
        self._finalizer()


_held: weakref.WeakSet[LifeLock] = weakref.WeakSet()


def _forget_inherited() -> None:
    for lock in list(_held):
        lock.forget_in_child()


os.register_at_fork(after_in_child=_forget_inherited)


def is_alive(path: Path) -> bool:
    """Whether a live process holds the lock of this file. Raises OSError where the file cannot be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who look at the same moment do not take each other for the owner.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
