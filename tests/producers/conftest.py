"""What the tests of the producers share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from producers.addresses import AddressPolicy
from producers.fetch import Fetcher, FetchLimits
from tests.producers.site import Site
from tests.producers.websub_stand import stand

__all__ = ["stand"]

LIMITS = FetchLimits(
    connect_time=2, silence=0.5, total_time=1.5, body=200_000, headers=120, header_bytes=4_096, redirects=5
)


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The poller's event loop, for every test here."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        yield site


@pytest.fixture
async def fetcher(site: Site) -> AsyncIterator[Fetcher]:
    """A fetcher with short limits that may reach the site and no other private address."""
    async with Fetcher(AddressPolicy.from_text(endpoints=[(site.host, site.port)]), LIMITS) as fetcher:
        yield fetcher
