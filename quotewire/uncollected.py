"""Looking for garbage less often than Python does."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 100_000
"""More objects made than gone until the young ones are looked through; hundreds or 2,000 where nothing is said."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is looked through for garbage: what a long list is made into is none, and looking takes as long as making
    it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def collect_seldom() -> None:
    """Have this process look for garbage after every 100,000 objects more.

    For a process whose work makes many objects and no cycles of them: polls under way by the hundred were looked
    through again and again, and nothing was found.
    """
    gc.set_threshold(_SELDOM, *gc.get_threshold()[1:])
