"""What the poller waits for, told once at each change."""

from __future__ import annotations

from collections.abc import Callable


class Waits:
    """Remembers which of stream and store are away. `tell` gets a reason while one is, and None when all are back."""

    def __init__(self, tell: Callable[[str | None], None]) -> None:
        self._tell = tell
        self._reasons: dict[str, str] = {}

    def begin(self, what: str, reason: str) -> None:
        """This is away."""
        self._reasons[what] = reason
        self._tell(reason)

    def end(self, what: str) -> None:
        """This answers."""
        if self._reasons.pop(what, None) is not None:
            self._tell(next(iter(self._reasons.values()), None))
