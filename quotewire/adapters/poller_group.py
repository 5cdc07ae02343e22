"""The pollers that share one feed store on one machine, and which registered domains are whose.

Each poller holds a lock that the operating system releases when it ends, `kill -9` included (`quotewire.life_lock`).
A domain belongs to the live poller with the highest hash of poller and domain (rendezvous hashing: Thaler and
Ravishankar, 1998), so that one that comes or goes moves only its own share.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from pathlib import Path

from quotewire.adapters.sqlite import translating
from quotewire.life_lock import LifeLock, is_alive

_OLD = 60.0


class PollerGroup:
    """This poller among the others; joins when made. folder: the same for all. Raises Unavailable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = secrets.token_hex(8)
        with translating(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = LifeLock(folder / self.name)
        self._members: frozenset[str] = frozenset((self.name,))
        self._shares: dict[str, bool] = {}

    def refresh(self) -> bool:
        """Look who is there; whether that has changed since the last look. Raises Unavailable."""
        members = {self.name}
        with translating(self._folder):
            for file in self._folder.iterdir():
                if self.alive(file.name):
                    members.add(file.name)
                else:
                    self._remove_old(file)
        changed = members != self._members
        if changed:
            self._members = frozenset(members)
            self._shares.clear()
        return changed

    def mine(self, domain: str) -> bool:
        """Whether the feeds of a registered domain are this poller's."""
        share = self._shares.get(domain)
        if share is None:
            share = max(self._members, key=lambda member: _weight(member, domain)) == self.name
            self._shares[domain] = share
        return share

    def alive(self, name: str) -> bool:
        """Whether a poller is there now, whatever was seen at the last look."""
        return name == self.name or is_alive(self._folder / name)

    def close(self) -> None:
        """Leave the group. A second call does nothing."""
        self._lock.release()

    def _remove_old(self, file: Path) -> None:
        # A young file may be of one that is just about to lock it.
        with contextlib.suppress(FileNotFoundError):
            if time.time() - file.stat().st_mtime > _OLD:
                file.unlink()


def _weight(member: str, domain: str) -> bytes:
    return hashlib.blake2b(f"{member} {domain}".encode(), digest_size=16).digest()
