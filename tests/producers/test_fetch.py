"""The fetcher against a hostile site: each answer ends in a result or a named problem, in time and within bounds."""

from __future__ import annotations

import asyncio
import gc
import gzip
import time
import tracemalloc
import zlib

import brotli
import pytest

from producers.addresses import AddressPolicy
from producers.answers import Fetched, FetchProblem
from producers.fetch import Fetcher, FetchLimits
from tests.producers.conftest import LIMITS
from tests.producers.feeds import item, rss
from tests.producers.fetching import fetched, refused
from tests.producers.site import Reply, Request, Site, redirect

FEED = rss([item(1), item(2)])


async def test_an_answer_comes_with_its_address_headers_and_body(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = Reply(FEED, headers=[("ETag", '"one"'), ("X-Twice", "first"), ("X-Twice", "second")])
    answer = await fetched(fetcher, site.url())
    assert (answer.url, answer.status, answer.body) == (site.url(), 200, FEED)
    assert (answer.headers["etag"], answer.headers["x-twice"]) == ('"one"', "first")
    assert answer.content_type == "application/rss+xml"
    assert answer.complete
    assert answer.permanent_url is None


async def test_it_says_truthfully_who_asks(site: Site) -> None:
    site["/feed"] = Reply(FEED)
    limits = FetchLimits(contact="ops@ashmere.example")
    async with Fetcher(AddressPolicy.from_text(["127.0.0.0/8"]), limits) as fetcher:
        await fetched(fetcher, site.url())
    agent = site.requests[0].headers["user-agent"]
    assert agent.startswith("Quotewire/")
    assert "+ops@ashmere.example" in agent


async def test_validators_are_sent_and_unchanged_is_an_answer(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = Reply(status=304)
    answer = await fetched(fetcher, site.url(), etag='"one"', last_modified="Wed, 04 Mar 2026 05:06:07 GMT")
    assert (answer.status, answer.body) == (304, b"")
    assert site.requests[0].headers["if-none-match"] == '"one"'
    assert site.requests[0].headers["if-modified-since"] == "Wed, 04 Mar 2026 05:06:07 GMT"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "hard"),
        (401, "blocked"),
        (403, "blocked"),
        (404, "hard"),
        (408, "soft"),
        (410, "gone"),
        (418, "hard"),
        (429, "blocked"),
        (451, "blocked"),
        (500, "soft"),
        (502, "soft"),
        (503, "soft"),
        (599, "soft"),
        (300, "hard"),
        (305, "hard"),
    ],
)
async def test_every_status_is_a_problem_of_a_kind(site: Site, fetcher: Fetcher, status: int, kind: str) -> None:
    site["/feed"] = Reply(b"whatever", status=status)
    problem = await refused(fetcher, site.url())
    assert (problem.kind, problem.status) == (kind, status)
    assert f"HTTP {status}" in problem.reason


@pytest.mark.parametrize(("value", "seconds"), [("120", 120.0), ("316800", 316_800.0), ("soon", None), ("-5", None)])
async def test_retry_after_is_read(site: Site, fetcher: Fetcher, value: str, seconds: float | None) -> None:
    site["/feed"] = Reply(status=503, headers=[("Retry-After", value)])
    assert (await refused(fetcher, site.url())).retry_after == seconds


async def test_retry_after_may_be_a_date(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = Reply(status=429, headers=[("Retry-After", "Fri, 31 Dec 2199 23:59:59 GMT")])
    assert ((await refused(fetcher, site.url())).retry_after or 0) > 86_400


# --- sizes ----------------------------------------------------------------------------------------------------------

BIG = b"<rss>" + b"x" * 5_000_000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BIG)),
        ("deflate", zlib.compress(BIG)),
        ("br", brotli.compress(BIG, quality=1)),
        ("gzip, gzip", gzip.compress(gzip.compress(b"\0" * 50_000_000))),
    ],
)
async def test_a_bomb_is_stopped_after_decompression(site: Site, fetcher: Fetcher, encoding: str, body: bytes) -> None:
    assert len(body) < LIMITS.body
    site["/feed"] = Reply(body, headers=[("Content-Encoding", encoding)])
    tracemalloc.start()
    try:
        problem = await refused(fetcher, site.url())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problem.kind == "hard"
    assert "longer than 200,000 bytes" in problem.reason
    assert peak < 20_000_000


async def test_fifty_megabytes_are_not_read_to_the_end(site: Site, fetcher: Fetcher) -> None:
    written = 0

    async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss>")
        for _ in range(800):
            writer.write(b"<item></item>" * 5_000)
            written += 65_000
            await writer.drain()

    site["/feed"] = endless
    problem = await refused(fetcher, site.url())
    assert "longer than" in problem.reason
    await asyncio.sleep(0.1)
    assert written < 20_000_000


async def test_a_body_of_just_the_limit_is_taken(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = [Reply(b"x" * LIMITS.body), Reply(b"x" * (LIMITS.body + 1))]
    assert len((await fetched(fetcher, site.url())).body) == LIMITS.body
    await refused(fetcher, site.url())


async def test_a_hundred_headers_are_taken_and_a_flood_is_not(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = [
        Reply(FEED, headers=[(f"X-{number}", "a") for number in range(110)]),
        Reply(FEED, headers=[(f"X-{number}", "a") for number in range(5_000)]),
        Reply(FEED, headers=[("X-Long", "a" * 60_000)]),
    ]
    await fetched(fetcher, site.url())
    for _ in range(2):
        problem = await refused(fetcher, site.url())
        assert "HTTP" in problem.reason


# --- time -----------------------------------------------------------------------------------------------------------


async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"<")
        await writer.drain()
        await asyncio.sleep(0.05)


async def silence(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def header_drip(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Drip: 1\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("method", ["fetch", "post"])
@pytest.mark.parametrize("behaviour", [drip, silence, header_drip])
async def test_a_slow_server_is_given_up_in_time(site: Site, fetcher: Fetcher, behaviour: object, method: str) -> None:
    site["/feed"] = behaviour  # type: ignore[assignment]
    started = time.monotonic()
    problem = await (refused(fetcher, site.url()) if method == "fetch" else fetcher.post(site.url(), {"a": "b"}))
    assert isinstance(problem, FetchProblem)
    assert problem.kind == "soft"
    assert "seconds" in problem.reason
    assert time.monotonic() - started < LIMITS.total_time + 1


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 150_000


async def cut_off(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(HALF)
    await writer.drain()


async def falls_silent(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(HALF)
    await asyncio.sleep(60)


@pytest.mark.parametrize("behaviour", [cut_off, falls_silent])
async def test_what_came_of_a_broken_answer_is_let_go_of_at_once(
    site: Site, fetcher: Fetcher, behaviour: object
) -> None:
    site["/feed"] = behaviour  # type: ignore[assignment]
    await fetcher.fetch(site.url())
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(5):
            await fetcher.fetch(site.url())
        held, _ = tracemalloc.get_traced_memory()
        gc.collect()
        assert held - tracemalloc.get_traced_memory()[0] < 150_000
    finally:
        tracemalloc.stop()
        gc.enable()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://10.0.0.1/", "http://nowhere.invalid/"])
async def test_what_cannot_be_reached_leaves_nothing_for_the_garbage_collector(fetcher: Fetcher, url: str) -> None:
    await fetcher.fetch(url)
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            await fetcher.fetch(url)
        assert gc.collect() < 50, "objects that could be reached no more, of ten fetches"
    finally:
        gc.enable()


async def test_redirects_share_one_time_limit(site: Site, fetcher: Fetcher) -> None:
    async def slow_redirect(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4)
        writer.write(redirect(f"{request.path}x", 302).render())

    for length in range(12):
        site["/feed" + "x" * length] = slow_redirect
    started = time.monotonic()
    await refused(fetcher, site.url())
    assert time.monotonic() - started < LIMITS.total_time + 0.5


async def test_waiting_for_a_turn_takes_no_time_from_the_server(site: Site) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.write(Reply(FEED).render())

    site["/feed"] = slow
    limits = FetchLimits(total_time=1, silence=1, per_owner=1)
    async with Fetcher(AddressPolicy.from_text(["127.0.0.1"]), limits) as fetcher:
        answers = await asyncio.gather(*(fetcher.fetch(site.url()) for _ in range(6)))
    assert all(isinstance(answer, Fetched) for answer in answers)
    assert site.most_at_once == 1


async def test_no_more_than_the_limit_are_asked_of_one_owner_at_once(site: Site) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(Reply(FEED).render())

    site["/feed"] = slow
    async with Fetcher(AddressPolicy.from_text(["127.0.0.1"]), FetchLimits(per_owner=3)) as fetcher:
        await asyncio.gather(*(fetcher.fetch(site.url()) for _ in range(20)))
    assert site.most_at_once == 3


# --- oddities -------------------------------------------------------------------------------------------------------


async def raw(data: bytes, site: Site) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    site["/feed"] = answer


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n" % len(FEED),
    ],
)
async def test_old_and_sloppy_servers_are_understood(site: Site, fetcher: Fetcher, head: bytes) -> None:
    await raw(head + FEED, site)
    assert (await fetched(fetcher, site.url())).body == FEED


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "soft"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "hard"),
        (b"<rss></rss>", "hard"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n<rss/>", "hard"),
        (b"HTTP/1.1 two hundred OK\r\n\r\n", "hard"),
        (b"\x00\xff" * 100, "hard"),
    ],
)
async def test_what_is_not_http_is_a_problem(site: Site, fetcher: Fetcher, answer: bytes, kind: str) -> None:
    await raw(answer, site)
    problem = await refused(fetcher, site.url())
    assert problem.kind == kind
    assert problem.reason
    assert "\n" not in problem.reason


async def test_a_body_that_is_cut_off_is_kept_and_said_to_be(site: Site, fetcher: Fetcher) -> None:
    await raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(FEED) * 2) + FEED, site)
    answer = await fetched(fetcher, site.url())
    assert answer.body == FEED
    assert not answer.complete


async def test_a_connection_refused_is_soft(site: Site, fetcher: Fetcher) -> None:
    async with Site() as closed:
        url = closed.url()
    async with Fetcher(AddressPolicy.from_text(["127.0.0.1"]), LIMITS) as open_fetcher:
        problem = await refused(open_fetcher, url)
    assert problem.kind == "soft"
    assert "no connection to 127.0.0.1" in problem.reason


async def test_plain_http_where_tls_is_wanted_is_a_problem(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = Reply(FEED)
    problem = await refused(fetcher, site.url().replace("http:", "https:"))
    assert problem.reason


@pytest.mark.parametrize(
    "url", ["", "feed.xml", "http://", "http:///feed", "http://[", "http://a b/", "http://x:99999/"]
)
async def test_what_is_no_address_is_a_problem(fetcher: Fetcher, url: str) -> None:
    assert (await refused(fetcher, url)).reason


async def test_credentials_go_to_their_host_and_nowhere_else(site: Site, fetcher: Fetcher) -> None:
    async with Site() as other:
        other["/feed"] = Reply(FEED)
        site["/feed"] = [redirect("/inside", 302), redirect(other.url(), 302)]
        site["/inside"] = Reply(status=404)
        url = f"http://reader:hunter2@127.0.0.1:{site.port}/feed"
        problem = await refused(fetcher, url)
        assert "authorization" in site.requests[0].headers
        assert "hunter2" not in problem.reason
        async with Fetcher(AddressPolicy.from_text(["127.0.0.1"]), LIMITS) as open_fetcher:
            answer = await fetched(open_fetcher, url)
        assert "authorization" not in other.requests[0].headers
        assert "hunter2" not in answer.url


@pytest.mark.parametrize("behaviour", [redirect("http://reader:hunter2@10.0.0.1/"), redirect("/feed"), silence, drip])
async def test_no_reason_tells_credentials(site: Site, fetcher: Fetcher, behaviour: object) -> None:
    site["/feed"] = behaviour  # type: ignore[assignment]
    problem = await refused(fetcher, f"http://reader:hunter2@127.0.0.1:{site.port}/feed")
    assert "hunter2" not in repr(problem)


async def test_no_cookie_is_kept(site: Site, fetcher: Fetcher) -> None:
    site["/feed"] = Reply(FEED, headers=[("Set-Cookie", "who=me")])
    for _ in range(2):
        await fetched(fetcher, site.url())
    assert "cookie" not in site.requests[1].headers
