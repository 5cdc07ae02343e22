"""Name look-ups: name servers that do not answer hold up nobody else."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from producers.addresses import AddressPolicy
from producers.connections import GuardedResolver


@pytest.fixture
def tarpit(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names with “tarpit” in them are looked up until the test ends; the list says which."""
    over = threading.Event()
    asked: list[str] = []

    def look_up(host: str, port: int, *_: object) -> list[tuple[object, ...]]:
        if "tarpit" in host:
            asked.append(host)
            over.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield asked
    over.set()


async def resolved(resolver: GuardedResolver, host: str) -> str:
    try:
        return (await resolver.resolve(host, 80))[0]["host"]
    except OSError as error:
        return str(error)


async def test_names_that_are_never_answered_starve_no_others(tarpit: list[str]) -> None:
    resolver = GuardedResolver(AddressPolicy.from_text(["127.0.0.1"]), seconds=2)
    stuck = [
        asyncio.create_task(resolved(resolver, f"{host}.tarpit-{owner}.com"))
        for owner in range(20)
        for host in range(20)
    ]
    await asyncio.sleep(0.1)
    started = time.monotonic()
    assert await resolved(resolver, "news.ashmere.com") == "127.0.0.1"
    assert time.monotonic() - started < 1.5
    # Given up after their time, and still no more than four look-ups for each registered domain.
    assert all("no answer within 2 seconds" in answer for answer in await asyncio.gather(*stuck))
    assert "no answer" in await resolved(resolver, "more.tarpit-1.com")
    assert len(tarpit) == 80
    assert await resolved(resolver, "news.ashmere.com") == "127.0.0.1"
    await resolver.close()


async def test_the_next_look_up_of_a_domain_begins_when_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, port: int, *_: object) -> list[tuple[object, ...]]:
        time.sleep(0.02)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = GuardedResolver(AddressPolicy.from_text(["127.0.0.1"]))
    hosts = [f"{number}.ashmere.com" for number in range(30)]
    assert await asyncio.gather(*(resolved(resolver, host) for host in hosts)) == ["127.0.0.1"] * 30
    await resolver.close()


async def test_a_machine_without_threads_is_a_name_that_is_not_found_for_now() -> None:
    resolver = GuardedResolver(AddressPolicy.from_text(["127.0.0.1"]), per_owner=1)
    await resolver.close()
    for _ in range(3):
        assert "has no thread" in await resolved(resolver, "news.ashmere.com")
