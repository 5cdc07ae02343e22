"""Many small writes as few large ones: what comes while a write is under way goes with the next.

A durable write costs a wait for the disk, whatever its size. Thousands of polls that each wait for their own would wait
for each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from quotewire.ports import Unavailable

_Item = TypeVar("_Item")


class Together(Generic[_Item]):
    """Hands items to a blocking call on a thread, as many at once as have come. Used by one event loop.

    call: takes the items in the order in which they came; done when it returns. at_once: the most for one call. Where a
    call fails, each of its items is handed over again by itself, so that what is wrong with one is not the others'
    fault: the call must do no harm when repeated. That a server is away is nobody's fault, and all are told.
    """

    def __init__(self, call: Callable[[Sequence[_Item]], None], *, at_once: int) -> None:
        self._call = call
        self._at_once = at_once
        self._waiting: list[tuple[_Item, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, item: _Item) -> None:
        """Hand an item over; returns when its call has. Raises what the call raises for it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await done

    async def _write_all(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[: self._at_once], self._waiting[self._at_once :]
            try:
                await self._write_some(some)
            finally:
                for _, done in some:
                    # Only where this task itself was ended: nobody is left waiting for ever.
                    done.cancel()

    async def _write_some(self, some: list[tuple[_Item, asyncio.Future[None]]]) -> None:
        error = await self._tried([item for item, _ in some])
        if error is None or isinstance(error, Unavailable) or len(some) == 1:
            for _, done in some:
                _settle(done, error)
            return
        for item, done in some:
            _settle(done, await self._tried([item]))

    async def _tried(self, items: list[_Item]) -> BaseException | None:
        try:
            await asyncio.to_thread(self._call, items)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # whoever handed the item over is told
            return error
        return None


def _settle(done: asyncio.Future[None], error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
