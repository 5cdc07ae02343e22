"""What a running part says of itself: whether it has its servers, or which one it waits for.

Said in a small file of its own in a folder that the supervisor gives, so that it crosses processes; the file is gone
where the part has not said anything yet.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from quotewire.observing import BatchReport
from schemas.records import DeadLetter

_SUFFIX = ".status"
_LONGEST = 500


class PartStatus:
    """Says how a part is; an observer of its worker too. Without a folder, to nobody. For any thread."""

    def __init__(self, folder: Path | None, part: str) -> None:
        self._file = folder / f"{part}{_SUFFIX}" if folder else None
        self._said: str | None = None

    def is_ready(self) -> None:
        """The part has its servers and works."""
        self._say("")

    def waits(self, reason: str) -> None:
        """The part waits for a server."""
        self._say(" ".join(reason.split())[:_LONGEST] or "a server is away")

    def _say(self, text: str) -> None:
        if self._file is None or text == self._said:
            return
        # Monitoring must never stop the work; what could not be said now is said with the next change.
        with contextlib.suppress(OSError):
            whole = self._file.with_suffix(".new")
            whole.write_text(text, encoding="utf-8")
            whole.replace(self._file)
            self._said = text

    # --- see quotewire.observing.WorkerObserver ---------------------------------------------------------------------

    def working(self, stage: str) -> None:  # noqa: ARG002 - a part has one stage
        """The worker's servers answer."""
        self.is_ready()

    def waiting(self, stage: str, reason: str, seconds: float) -> None:  # noqa: ARG002
        """The worker waits for a server."""
        self.waits(reason)

    def committed(self, report: BatchReport) -> None:
        """Nothing new: it works."""

    def buried(self, letter: DeadLetter) -> None:
        """Nothing new: it works."""


def said_by(folder: Path, part: str) -> str | None:
    """What a part has said last: empty where it is ready, else what it waits for; None where it said nothing yet."""
    try:
        return (folder / f"{part}{_SUFFIX}").read_text(encoding="utf-8")
    except OSError:
        return None


def unsay(folder: Path, part: str) -> None:
    """Forget what a part has said: it has died."""
    with contextlib.suppress(OSError):
        (folder / f"{part}{_SUFFIX}").unlink(missing_ok=True)
