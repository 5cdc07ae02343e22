"""How a fetch connects: by TLS with certificates checked, and to any of a host's addresses that answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from producers.addresses import AddressPolicy
from producers.fetch import Fetcher
from tests.producers.feeds import item, rss
from tests.producers.fetching import fetched, refused
from tests.producers.site import Reply, Site

FEED = rss([item(1)])
LOOPBACK = AddressPolicy.from_text(["127.0.0.0/8"])
FETCHING = """
import asyncio, sys, uvloop
from producers.addresses import AddressPolicy
from producers.fetch import Fetcher

async def fetch():
    async with Fetcher(AddressPolicy.from_text(["127.0.0.0/8"])) as fetcher:
        answer = await fetcher.fetch(sys.argv[1])
        print(getattr(answer, "status", None), getattr(answer, "reason", ""))

uvloop.run(fetch())
"""


@contextlib.asynccontextmanager
async def secure_site(authority: trustme.CA, name: str) -> AsyncIterator[int]:
    """The port of a server at 127.0.0.1 with a certificate for a name, that answers everything with a feed."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(Reply(FEED).render())
            await writer.drain()
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


async def fetched_trusting(authority: Path, url: str) -> str:
    """What a program that trusts an authority's certificates gets of an address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FETCHING, url, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "SSL_CERT_FILE": str(authority)},
    )  # fmt: skip
    output, _ = await process.communicate()
    return output.decode().strip()


async def test_https_is_fetched_where_the_certificate_is_for_the_host_and_of_a_known_authority(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    async with secure_site(authority, "localhost") as port:
        assert await fetched_trusting(tmp_path / "authority.pem", f"https://localhost:{port}/feed") == "200"
        answer = await fetched_trusting(tmp_path / "authority.pem", f"https://127.0.0.1:{port}/feed")
        assert answer == "None its certificate is not valid"


async def test_a_certificate_of_an_unknown_authority_is_not_valid() -> None:
    async with secure_site(trustme.CA(), "localhost") as port, Fetcher(LOOPBACK) as fetcher:
        problem = await refused(fetcher, f"https://localhost:{port}/feed")
    assert (problem.kind, problem.reason) == ("hard", "its certificate is not valid")


async def test_https_where_none_is_spoken_is_a_connection_that_failed() -> None:
    async with Site() as site, Fetcher(LOOPBACK) as fetcher:
        site["/feed"] = Reply(FEED)
        problem = await refused(fetcher, site.url("/feed").replace("http:", "https:"))
    assert problem.kind == "soft"
    assert "no connection" in problem.reason


@pytest.mark.parametrize(
    ("addresses", "answers"),
    [
        (["127.0.0.1"], True),
        (["127.0.0.9"], False),
        (["127.0.0.9", "127.0.0.1"], True),
        (["127.0.0.9", "127.0.0.8"], False),
        # What may not be connected to is passed over, and no reason not to connect to what may.
        (["10.1.2.3", "127.0.0.1"], True),
    ],
)
async def test_a_host_is_reached_by_any_of_its_addresses(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], answers: bool
) -> None:
    def look_up(host: str, port: int, *_: object) -> list[tuple[object, ...]]:
        assert host == "gazette.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    async with Site() as site, Fetcher(LOOPBACK) as fetcher:
        site["/feed"] = Reply(FEED)
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        url = f"http://gazette.example:{site.port}/feed"
        if answers:
            assert (await fetched(fetcher, url)).body == FEED
        else:
            assert "no connection to gazette.example" in (await refused(fetcher, url)).reason


async def test_where_a_host_has_one_address_the_loop_connects_without_a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the connector overrides is still what aiohttp calls."""

    async def race(*_: object, **__: object) -> socket.socket:
        raise AssertionError("a race of one address")

    monkeypatch.setattr("aiohappyeyeballs.start_connection", race)
    async with Site() as site, Fetcher(LOOPBACK) as fetcher:
        site["/feed"] = Reply(FEED)
        assert (await fetched(fetcher, site.url("/feed"))).body == FEED
