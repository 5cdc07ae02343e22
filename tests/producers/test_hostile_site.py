"""Every trick of a hostile or broken server, through the whole poller: a named state each, in time and within memory.

The field notes have a test each in test_field_notes.py; here stand statuses, encodings, redirects, compression, timing.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import sys
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import brotli
import psutil
import pytest

from producers.addresses import AddressPolicy
from producers.fetch import Fetcher, FetchLimits
from producers.opml import FeedSource
from producers.parse_process import ParserPool
from producers.poll import Poller
from quotewire.ports import FeedRecord
from tests.producers.feeds import item, rss
from tests.producers.fetching import fetched, refused
from tests.producers.polling import Desk
from tests.producers.site import Behaviour, Handler, Reply, Request, Site, redirect
from tests.producers.test_parse_process import REPEATING

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FEED = rss([item(1, link=None), item(2, link=None)])
CAP = 300_000
# The links lead to where the address policy refuses to go.
UNENDING = {
    name: rss([item(1, link=None), item(2, link="http://127.0.0.1:9/2", description=text)])
    for name, text in {"tags": "<a " * 40_000, "comments": "<!--" * 25_000}.items()
}
BIG = b"<rss>" + b"<item/>" * 3_000_000


@pytest.fixture
async def desk(site: Site) -> AsyncIterator[Desk]:
    limits = FetchLimits(
        connect_time=2, silence=1, total_time=2.5, body=CAP, headers=100, header_bytes=4_096, redirects=4
    )
    async with Fetcher(AddressPolicy.from_text(endpoints=[(site.host, site.port)]), limits) as fetcher:
        yield Desk(fetcher, [FeedSource(site.url())])


def says(*data: bytes, then: float = 0) -> Handler:
    """A server that sends these bytes as they are, one piece after the other, and hangs up after `then` seconds."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        for piece in data:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        await asyncio.sleep(then)

    return answer


def over_and_over(piece: bytes, *, start: bytes = b"", pause: float = 0) -> Handler:
    """A server that never stops."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


def packed(name: str, body: bytes) -> Reply:
    return Reply(body, headers=[("Content-Encoding", name)])


def in_members(body: bytes) -> bytes:
    """A gzip file of several (RFC 1952, 2.2)."""
    return b"".join(gzip.compress(body[start : start + 99]) for start in range(0, len(body), 99))


def xml(encoding: str, codec: str | None = None) -> bytes:
    return FEED.decode().replace("utf-8", encoding).encode(codec or encoding)


def bomb(declaration: str = "") -> str:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"{declaration}?><!DOCTYPE rss [<!ENTITY e0 "ha">{entities}]><rss version="2.0"><channel>'
        "<title>T</title><item><title>&e9;</title><guid>1</guid></item></channel></rss>"
    )


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/hostname"><!ENTITY % p SYSTEM '
    b'"http://127.0.0.1:9/x.dtd">%p;]><rss version="2.0"><channel><item><title>one &file;</title></item>'
    b"</channel></rss>"
)
KEPT = b"Connection: keep-alive\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(FEED)
PAGE = "text/html"
NOT_HTTP = "not an answer in HTTP"
TRICKS: dict[str, tuple[Behaviour, str, str]] = {
    # --- statuses -----------------------------------------------------------------------------------------------------
    "created": (Reply(FEED, status=201), "fresh", ""),
    "no content": (Reply(b"", status=204), "not a feed", "empty answer"),
    "reset content": (Reply(b"", status=205), "not a feed", "empty answer"),
    "partial, unasked": (Reply(FEED, status=206), "fresh", ""),
    "choices": (Reply(FEED, status=300), "failing", "HTTP 300"),
    "use a proxy": (redirect("http://10.0.0.1/", 305), "failing", "HTTP 305"),
    "unchanged, unasked": (Reply(status=304), "failing", "HTTP 304"),
    "not acceptable": (Reply(status=406), "failing", "HTTP 406"),
    "teapot": (Reply(FEED, status=418), "failing", "HTTP 418"),
    "password wanted": (Reply(status=401, headers=[("WWW-Authenticate", "Basic")]), "blocked", "HTTP 401"),
    "payment wanted": (Reply(status=402), "blocked", "HTTP 402"),
    "forbidden": (Reply(status=403), "blocked", "HTTP 403"),
    "too many": (Reply(status=429), "blocked", "HTTP 429"),
    "legal reasons": (Reply(status=451), "blocked", "HTTP 451"),
    "gone": (Reply(status=410), "gone", "HTTP 410"),
    "not found": (Reply(FEED, status=404), "failing", "HTTP 404"),
    "server error": (Reply(FEED, status=500), "failing", "HTTP 500"),
    "made up": (Reply(FEED, status=999), "failing", "HTTP 999"),
    "early hints": (says(b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n" + HEAD + b"\r\n" + FEED), "fresh", ""),
    "continue for ever": (over_and_over(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.001), "failing", "seconds"),
    # --- HTTP as it was, and as it is not -----------------------------------------------------------------------------
    "HTTP/1.0": (says(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + FEED), "fresh", ""),
    "HTTP/1.0, kept": (says(b"HTTP/1.0 200 OK\r\n" + KEPT + LENGTH + b"\r\n" + FEED), "fresh", ""),
    "HTTP/1.0, no headers": (says(b"HTTP/1.0 200 OK\r\n\r\n" + FEED), "fresh", ""),
    "no reason": (says(b"HTTP/1.1 200\r\n\r\n" + FEED), "fresh", ""),
    "HTTP/0.9": (says(FEED), "failing", NOT_HTTP),
    "ICY": (says(b"ICY 200 OK\r\n\r\n" + FEED), "failing", NOT_HTTP),
    "byte by byte": (says(*(bytes([byte]) for byte in HEAD[:40]), HEAD[40:] + b"\r\n" + FEED), "fresh", ""),
    "header folded": (says(HEAD + b"X-Long: one\r\n two\r\n\r\n" + FEED), "fresh", ""),
    "header without a colon": (says(HEAD + b"nonsense\r\n\r\n" + FEED), "failing", NOT_HTTP),
    "header in latin-1": (says(HEAD + b"X-Name: caf\xe9 \xff\r\n\r\n" + FEED), "fresh", ""),
    "two lengths": (says(HEAD + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n" + FEED), "failing", NOT_HTTP),
    "negative length": (says(HEAD + b"Content-Length: -1\r\n\r\n" + FEED), "failing", NOT_HTTP),
    "length of the world": (says(HEAD + b"Content-Length: 99999999999\r\n\r\n" + FEED), "fresh", "cut off"),
    "a chunk without end": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n" + FEED), "fresh", "cut off"),
    "chunks that are none": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + FEED), "failing", NOT_HTTP),
    "a nul in a header": (says(HEAD + b"X-Nul: a\x00b\r\n\r\n" + FEED), "failing", NOT_HTTP),
    # --- sizes --------------------------------------------------------------------------------------------------------
    "a hundred thousand headers": (over_and_over(b"X-A: b\r\n" * 1_000, start=HEAD), "failing", "HTTP"),
    "a header without end": (over_and_over(b"x" * 10_000, start=HEAD + b"X-Long: "), "failing", "HTTP"),
    "a body without end": (over_and_over(b"<item/>" * 1_000, start=HEAD + b"\r\n<rss>"), "failing", "longer than"),
    "a status line without end": (over_and_over(b"x" * 10_000, start=b"HTTP/1.1 200 "), "failing", "HTTP"),
    "gzip bomb": (packed("gzip", gzip.compress(BIG)), "failing", "longer than"),
    "deflate bomb": (packed("deflate", zlib.compress(BIG)), "failing", "longer than"),
    "br bomb": (packed("br", brotli.compress(BIG, quality=3)), "failing", "longer than"),
    "zstd bomb": (packed("zstd", zstd.compress(BIG)), "failing", "longer than"),
    "bomb in a bomb": (packed("gzip, br", brotli.compress(gzip.compress(BIG * 3), quality=3)), "failing", "longer"),
    "a bomb that does not say so": (Reply(gzip.compress(BIG)), "failing", "longer than"),
    # --- compression --------------------------------------------------------------------------------------------------
    "gzip": (packed("gzip", gzip.compress(FEED)), "fresh", ""),
    "deflate": (packed("deflate", zlib.compress(FEED)), "fresh", ""),
    "deflate without a head": (packed("deflate", zlib.compress(FEED, wbits=-15)), "fresh", ""),
    "gzip in pieces": (packed("gzip", in_members(FEED)), "fresh", ""),
    "br": (packed("br", brotli.compress(FEED)), "fresh", ""),
    "zstd": (packed("zstd", zstd.compress(FEED)), "fresh", ""),
    "gzip in pieces without end": (packed("gzip", gzip.compress(b"") * 14_000), "failing", "256 compressed parts"),
    "gzip that is none": (packed("gzip", FEED), "fresh", ""),
    "br that is rubbish": (packed("br", b"\xff\xfe" * 99), "failing", "br"),
    "gzip, cut off": (packed("gzip", gzip.compress(FEED)[:-20]), "fresh", "cut off"),
    "an encoding that nobody knows": (packed("compress", b"\x1f\x9d\x90"), "failing", "compress"),
    "an encoding that is none": (packed("UTF-8", FEED), "fresh", ""),
    # --- redirects ----------------------------------------------------------------------------------------------------
    "to itself": (redirect("/feed", 302), "failing", "circle"),
    "ever on": (lambda request: redirect(f"{request.path}?{len(request.path)}", 302), "failing", "redirects"),
    "to nowhere": (Reply(status=301), "failing", "without saying where"),
    "to a file": (redirect("file:///etc/passwd"), "failing", "only http and https"),
    "to data": (redirect("data:text/xml,<rss/>"), "failing", "only http and https"),
    "to gopher": (redirect("gopher://127.0.0.1:70/_x"), "failing", "only http and https"),
    "to a port of ours": (redirect("http://127.0.0.1:9/"), "failing", "loopback"),
    "to the cloud's secrets": (redirect("http://169.254.169.254/latest/meta-data/"), "failing", "link-local"),
    "to carrier-grade NAT": (redirect("http://100.64.0.9/"), "failing", "carrier-grade NAT"),
    "to a mapped address": (redirect("http://[::ffff:10.0.0.1]/"), "failing", "IPv4-mapped"),
    "to 6to4": (redirect("http://[2002:a00:1::]/"), "failing", "6to4"),
    "to Teredo": (redirect("http://[2001:0:a00:1::]/"), "failing", "Teredo"),
    "to this host, oddly written": (redirect("http://0x7f000001/"), "failing", "loopback"),
    "to this host, as one number": (redirect("http://2130706433/"), "failing", "not an address that can be asked for"),
    "to what is no address": (redirect("http://u:p@[/"), "failing", "redirects to what is no address: [/"),
    "to a line break": (says(b"HTTP/1.1 302 x\r\nLocation: /a\x0bb\r\n\r\n"), "failing", "HTTP 404"),
    # --- encodings ----------------------------------------------------------------------------------------------------
    "latin-1": (Reply(xml("iso-8859-1")), "fresh", ""),
    "UTF-16": (Reply(xml("utf-16")), "fresh", ""),
    "UTF-16 without a mark": (Reply(xml("utf-16", "utf-16-be")), "fresh", ""),
    "UTF-32": (Reply(xml("utf-32")), "fresh", ""),
    "koi8-r": (Reply(xml("koi8-r")), "fresh", ""),
    "shift_jis": (Reply(xml("shift_jis")), "fresh", ""),
    "another than the header says": (Reply(xml("utf-8"), content_type="text/xml; charset=utf-16"), "fresh", ""),
    "a charset that nobody knows": (Reply(FEED, content_type="text/xml; charset=klingon"), "fresh", ""),
    "an encoding that nobody knows either": (Reply(xml("x-none", "utf-8")), "fresh", ""),
    "UTF-7": (Reply(xml("utf-7")), "fresh", ""),
    "bytes of no encoding": (Reply(FEED.replace(b"Number 1", b"Number \xff\xc0\x80")), "fresh", ""),
    "a nul in the middle": (Reply(FEED.replace(b"Number 1", b"Number \x00 1")), "fresh", ""),
    "no content type": (Reply(FEED, content_type=None), "fresh", ""),
    "as a picture": (Reply(FEED, content_type="image/png"), "fresh", ""),
    "white space before it": (Reply(b"\n\n  " + FEED), "fresh", ""),
    "rubbish before it": (Reply(b"<!-- cached -->Warning: x" + FEED), "fresh", "not well-formed"),
    # --- documents ----------------------------------------------------------------------------------------------------
    "entity bomb": (Reply(bomb().encode()), "fresh", "not well-formed"),
    "entity bomb in UTF-16": (Reply(bomb(' encoding="utf-16"').encode("utf-16")), "fresh", ""),
    "external entities": (Reply(EXTERNAL), "fresh", ""),
    "a consent wall": (Reply(b"<html><title>Before you continue", content_type=PAGE), "not a feed", "consent wall"),
    "a page for some user agents": (Reply(b"<!doctype html><title>Ashmere</title>"), "not a feed", "HTML page"),
    "a picture": (Reply(b"\x89PNG\r\n\x1a\n" + bytes(range(256))), "not a feed", "no entries in it"),
    "JSON of another kind": (Reply(b'{"items": 3}'), "not a feed", "JSON"),
    "what is said once for every entry": (Reply(REPEATING), "not a feed", "times as long as the document"),
    "JSON nested without end": (Reply(b"[" * 200_000), "not a feed", "JSON that cannot be read"),
    "XML nested without end": (Reply(b"<a>" * 9_000), "not a feed", "XML document <a>"),
    "white space alone": (Reply(b" \n" * 9_000), "not a feed", "empty answer"),
    "no entries": (Reply(rss([])), "empty", ""),
    "tags that never end": (Reply(UNENDING["tags"]), "fresh", ""),
    "comments that never end": (Reply(UNENDING["comments"]), "fresh", ""),
    "half a document": (Reply(FEED[: len(FEED) // 2]), "fresh", "not well-formed"),
    # --- timing -------------------------------------------------------------------------------------------------------
    "silence": (says(then=60), "failing", "seconds"),
    "silence after the head": (says(HEAD + b"Content-Length: 999\r\n\r\n", then=60), "failing", "seconds"),
    "a body that drips": (over_and_over(b"<", start=HEAD + b"\r\n", pause=0.05), "failing", "seconds"),
    "a head that drips": (over_and_over(b"X", start=HEAD + b"X-Drip: ", pause=0.05), "failing", "seconds"),
    "hanging up at once": (says(), "failing", "hung up"),
    "hanging up in the head": (says(HEAD[:30]), "failing", "hung up"),
}  # fmt: skip


async def state_after(desk: Desk, parser: ParserPool) -> FeedRecord:
    poller = Poller(
        sources=lambda: desk.sources,
        store=desk.store,
        publish=desk.published.extend,
        fetcher=desk.fetcher,
        parser=parser,
        clock=desk.clock,
    )
    await poller.poll_due()
    return desk.record()


async def test_every_trick_ends_in_its_named_state_in_time_and_within_memory(site: Site, desk: Desk) -> None:
    children = psutil.Process()
    wrong: dict[str, object] = {}
    # Each trick has a path of its own; entries are the same everywhere, and so are their articles.
    async with ParserPool(size=1, seconds=10) as parser:
        for name, (behaviour, state, words) in TRICKS.items():
            site["/feed"] = behaviour
            desk.store.forget(site.url())
            tracemalloc.start()
            started = time.monotonic()
            record = await state_after(desk, parser)
            seconds = time.monotonic() - started
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            parsers = [child.memory_info().rss for child in children.children()]
            # A trick that fails for no reason of its own would prove nothing.
            assert words or state in ("fresh", "empty"), name
            if (record.state, words in record.reason) != (state, True) or "fault of this program" in record.reason:
                wrong[name] = (record.state, record.reason)
            if record.state == "fresh" and not words and record.entries != (1 if "entit" in name else 2):
                wrong[name] = f"{record.entries} entries"
            # A parser that starts anew, and a machine that has others to serve, take a few seconds by themselves.
            if seconds > 15 or peak > 40_000_000 or any(taken > 400_000_000 for taken in parsers):
                wrong[name] = f"{seconds:.1f} s, {peak} bytes here, {parsers} in parsers"
    assert wrong == {}
    told = "".join(article.model_dump_json() for article in desk.published)
    assert socket.gethostname() not in told


async def test_a_server_that_never_accepts_is_given_up_when_connecting_takes_too_long() -> None:
    # A queue of connections that is full: the next one waits without an answer of any kind.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        filling = [socket.socket() for _ in range(4)]
        for one in filling:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        limits = FetchLimits(connect_time=0.4, silence=5, total_time=9)
        async with Fetcher(AddressPolicy.from_text(["127.0.0.1"]), limits) as fetcher:
            started = time.monotonic()
            problem = await refused(fetcher, f"http://127.0.0.1:{port}/feed")
        assert (problem.kind, problem.reason) == ("soft", "no connection within 0.4 seconds")
        assert time.monotonic() - started < 4
        for one in filling:
            one.close()


async def test_hosts_of_one_registered_domain_share_one_limit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def local(host: str, *rest: object, **more: object) -> object:
        return real("127.0.0.1" if host.endswith(".example.co.uk") else host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", local)

    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(Reply(FEED).render())

    site["/feed"] = slow
    async with Fetcher(AddressPolicy.from_text(["127.0.0.1"]), FetchLimits(per_owner=2)) as fetcher:
        hosts = [f"{name}.example.co.uk" for name in ("www", "feeds", "rss", "news", "sport", "amp")]
        answers = await asyncio.gather(*(fetched(fetcher, f"http://{host}:{site.port}/feed") for host in hosts))
    assert [answer.body for answer in answers] == [FEED] * 6
    assert site.most_at_once == 2


async def test_a_name_server_that_changes_its_mind_gains_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is connected to is what was checked, each time anew."""
    answers = iter(["127.0.0.1", "127.0.0.2"])

    def rebinding(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 80))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    site["/feed"] = Reply(FEED)
    async with Fetcher(AddressPolicy.from_text(["127.0.0.1"])) as fetcher:
        await fetched(fetcher, f"http://rebinding.example:{site.port}/feed")
        problem = await refused(fetcher, "http://rebinding.example:81/feed")
    assert (problem.kind, "127.0.0.2 is not a public address" in problem.reason) == ("refused", True)


async def test_validators_of_any_bytes_are_kept_and_sent(site: Site, desk: Desk) -> None:
    site["/feed"] = Reply(FEED, headers=[("ETag", '"caf\xe9"'), ("Last-Modified", "\xff\xfe")])
    async with ParserPool() as parser:
        assert (await state_after(desk, parser)).state == "fresh"
        desk.clock.move(days=1)
        assert (await state_after(desk, parser)).polls == 2
    assert "if-none-match" in site.requests[-1].headers
