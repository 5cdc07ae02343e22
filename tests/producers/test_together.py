"""Small writes go together, and none pays for what is wrong with another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from producers.together import Together
from quotewire.ports import Rejected, Unavailable


async def test_what_comes_while_a_write_is_under_way_goes_with_the_next() -> None:
    calls: list[list[int]] = []
    begun, free = threading.Event(), threading.Event()

    def call(items: Sequence[int]) -> None:
        calls.append(list(items))
        begun.set()
        free.wait(5)

    together = Together(call, at_once=4)
    first = asyncio.create_task(together.write(0))
    await asyncio.to_thread(begun.wait, 5)
    rest = [asyncio.create_task(together.write(number)) for number in range(1, 8)]
    await asyncio.sleep(0)
    assert not first.done()
    free.set()
    await asyncio.gather(first, *rest)
    assert calls == [[0], [1, 2, 3, 4], [5, 6, 7]]


async def test_an_item_that_is_refused_is_refused_alone() -> None:
    taken: list[int] = []

    def call(items: Sequence[int]) -> None:
        if 3 in items:
            raise Rejected("not this one")
        taken.extend(items)

    together = Together(call, at_once=100)
    results = await asyncio.gather(*(together.write(number) for number in range(6)), return_exceptions=True)
    assert [number for number, result in enumerate(results) if isinstance(result, Rejected)] == [3]
    assert sorted(taken) == [0, 1, 2, 4, 5]


async def test_whoever_gives_up_waiting_holds_up_nobody() -> None:
    taken: list[int] = []
    together = Together[int](taken.extend, at_once=10)
    given_up = asyncio.create_task(together.write(1))
    await asyncio.sleep(0)
    given_up.cancel()
    await together.write(2)
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert 2 in taken


async def test_all_are_told_at_once_that_a_server_is_away() -> None:
    calls: list[int] = []

    def call(items: Sequence[int]) -> None:
        calls.append(len(items))
        raise Unavailable("away")

    together = Together(call, at_once=100)
    results = await asyncio.gather(*(together.write(number) for number in range(40)), return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    assert sum(calls) == 40
