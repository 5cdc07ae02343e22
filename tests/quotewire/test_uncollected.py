"""Garbage is looked for less often only where that was asked for, and as before afterwards."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from quotewire.uncollected import seldom_collected, uncollected


@pytest.mark.parametrize("way", [seldom_collected, uncollected])
def test_the_usual_pace_comes_back_even_after_an_error(way: Callable[[], AbstractContextManager[None]]) -> None:
    usual = gc.isenabled(), gc.get_threshold()
    with pytest.raises(ValueError, match="broken"), way():
        _broken(usual)
    assert (gc.isenabled(), gc.get_threshold()) == usual


def _broken(usual: tuple[bool, tuple[int, int, int]]) -> None:
    assert (gc.isenabled(), gc.get_threshold()) != usual
    raise ValueError("broken")
