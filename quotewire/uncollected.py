"""Looking for garbage no oftener than there is some."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 100_000
"""More objects made than gone until the young ones are looked through: some 20 MB, were all of them garbage."""


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


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Garbage is looked for after every 100,000 objects more instead of 700.

    For work that makes many objects and hardly a cycle of them: polls under way by the hundred were looked through
    again and again for a quarter of the poller's time, and nothing was found.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
