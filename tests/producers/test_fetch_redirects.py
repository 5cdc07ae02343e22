"""Redirects, and addresses that may not be fetched from."""

from __future__ import annotations

import socket

import pytest

from producers.addresses import AddressPolicy
from producers.fetch import Fetcher
from tests.producers.conftest import LIMITS
from tests.producers.feeds import item, rss
from tests.producers.fetching import fetched, refused
from tests.producers.site import Reply, Site, redirect

FEED = rss([item(1), item(2)])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(site: Site, fetcher: Fetcher, status: int) -> None:
    site["/feed"] = redirect("/new", status)
    site["/new"] = Reply(FEED)
    answer = await fetched(fetcher, site.url())
    assert answer.url == site.url("/new")
    assert answer.permanent_url == (site.url("/new") if status in (301, 308) else None)


async def test_a_move_is_permanent_only_as_far_as_every_hop_is(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = redirect("/new", 308)
    site["/new"] = redirect("today?token=1", 302)
    site["/today"] = redirect("/last", 301)
    site["/last"] = Reply(FEED)
    answer = await fetched(fetcher, site.url())
    assert (answer.url, answer.permanent_url) == (site.url("/last"), site.url("/new"))


async def test_a_redirect_to_an_address_without_end_is_not_followed(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = redirect("/" + "a" * 4_080)
    problem = await refused(fetcher, site.url())
    assert (problem.kind, problem.reason) == ("hard", "an address of more than 4,096 characters")
    assert len(site.requests) == 1


async def test_redirects_in_a_circle_end(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = redirect("/b")
    site["/b"] = redirect("/feed")
    problem = await refused(fetcher, site.url())
    assert problem.kind == "hard"
    assert "circle" in problem.reason
    assert len(site.requests) == 2


async def test_redirects_without_end_end(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = lambda request: redirect(f"/feed?{len(request.path)}{request.path[-1]}x")
    problem = await refused(fetcher, site.url())
    assert "redirects" in problem.reason
    assert len(site.requests) <= LIMITS.redirects + 1


async def test_a_redirect_that_says_no_place_is_a_problem(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = Reply(status=302)
    assert "without saying where" in (await refused(fetcher, site.url())).reason


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:9/",
        "http://10.0.0.8/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://[64:ff9b::7f00:1]/",
        "http://localhost/",
        "http://0.0.0.0/",
        "file:///etc/passwd",
        "ftp://ashmere.example/feed",
        "gopher://127.0.0.1/",
    ],
)
async def test_a_redirect_into_a_private_network_or_another_scheme_is_refused(
    site: Site, fetcher: Fetcher, target: str
) -> None:
    site["/feed"] = redirect(target, 302)
    problem = await refused(fetcher, site.url())
    assert problem.kind == "refused", problem
    assert len(site.requests) == 1


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001", "017700000001", "0", "127.0.0.1."])
async def test_a_loopback_address_in_disguise_is_not_reached(site: Site, host: str) -> None:
    async with Fetcher(AddressPolicy(), LIMITS) as fetcher:
        await refused(fetcher, f"http://{host}:{site.port}/feed")
    assert site.requests == []


async def test_a_name_that_resolves_to_a_private_address_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(host: str, port: int, *_: object) -> list[tuple[object, ...]]:
        assert host == "rebound.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with Fetcher(AddressPolicy(), LIMITS) as fetcher:
        problem = await refused(fetcher, f"http://rebound.example:{site.port}/feed")
    assert problem.kind == "refused"
    assert "loopback" in problem.reason
    assert site.requests == []


async def test_an_allowed_network_is_fetched_from_and_an_allowed_endpoint_only_on_its_port(site: Site) -> None:
    site["/feed"] = Reply(FEED)
    async with Site() as other:
        other["/feed"] = Reply(FEED)
        async with Fetcher(AddressPolicy.from_text(["127.0.0.0/8"]), LIMITS) as fetcher:
            await fetched(fetcher, other.url())
        async with Fetcher(AddressPolicy.from_text(endpoints=[("127.0.0.1", site.port)]), LIMITS) as fetcher:
            await fetched(fetcher, site.url())
            assert (await refused(fetcher, other.url())).kind == "refused"
