"""Asks web servers, on their terms and ours: politely, within limits of size and time, and only public addresses."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from producers.addresses import AddressPolicy, AddressRefused
from producers.answers import Fetched, FetchProblem, status_problem
from producers.connections import GuardedResolver, OwnerLimit, guarded_connector
from producers.decoding import ACCEPT_ENCODING, BodyTooLong, BodyUnreadable, decode_beside
from producers.documents import MAX_ADDRESS, one_line
from producers.urls import registered_domain, remembered, without_credentials

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml, text/plain;q=0.5, */*;q=0.1"

_REDIRECTS = (301, 302, 303, 307, 308)
_PERMANENT = (301, 308)
_KEEPS_METHOD = (307, 308)
_LONGEST_REPLY = 100_000
_LISTS = ("Cache-Control", "Content-Encoding", "Link")
"""Headers that mean the same in several lines as in one with commas."""

HopCheck = Callable[[str], Awaitable[FetchProblem | None]]
"""Asked of each address that a redirect leads to, before it is asked for: what stands against it, None for nothing."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How far a fetch may go. Times in seconds, sizes in bytes."""

    connect_time: float = 10
    """Until the connection stands, name look-up and TLS included."""
    silence: float = 20
    """Until the first byte, and between any two."""
    total_time: float = 60
    """For everything, redirects included: what drips slowly ends here."""
    body: int = 16_000_000
    """Longest body, both as it travels and decompressed."""
    headers: int = 200
    header_bytes: int = 16_384
    """Longest single header."""
    redirects: int = 8
    per_owner: int = 2
    """Requests at once to hosts of one registered domain."""
    contact: str = ""
    """Address or mailbox of whoever runs this, for the User-Agent."""
    version: str = "0.1"

    def user_agent(self) -> str:
        """Who we are, truthfully."""
        contact = one_line(self.contact).encode("ascii", "ignore").decode()
        return f"Quotewire/{self.version} (news feed reader{f'; +{contact}' if contact else ''})"


class Fetching(Protocol):
    """What the poller needs of a fetcher."""

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = ACCEPT_FEED,
        body_limit: int | None = None,
        hop_check: HopCheck | None = None,
    ) -> Fetched | FetchProblem:
        """Ask for an address; never raises for what a server or network does."""
        ...


class Fetcher:
    """Fetches over HTTP; use it as `async with Fetcher(policy, limits) as fetcher`.

    No cookies, no proxies from the environment, no authentication but what an address itself carries, and that only to
    the host it was written for.
    """

    def __init__(self, policy: AddressPolicy | None = None, limits: FetchLimits | None = None) -> None:
        self._policy = policy or AddressPolicy()
        self.limits = limits or FetchLimits()
        self._owners = OwnerLimit(self.limits.per_owner)
        self._session: aiohttp.ClientSession | None = None
        self._resolver: GuardedResolver | None = None

    async def __aenter__(self) -> Self:
        limits = self.limits
        self._resolver = GuardedResolver(self._policy)
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(self._policy, self._resolver),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": limits.user_agent(), "Accept-Encoding": ACCEPT_ENCODING},
            max_line_size=limits.header_bytes,
            max_field_size=limits.header_bytes,
            max_headers=limits.headers,
            # The total time is that of all redirects together, so `_follow` measures it.
            timeout=aiohttp.ClientTimeout(
                total=None, connect=limits.connect_time, sock_read=limits.silence, ceil_threshold=1e9
            ),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. A second call does nothing."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = ACCEPT_FEED,
        body_limit: int | None = None,
        hop_check: HopCheck | None = None,
    ) -> Fetched | FetchProblem:
        """Ask for an address, following redirects.

        etag, last_modified: validators of the last answer, for a conditional request. accept: the Accept header.
        body_limit: longest body in bytes, where it is not that of the limits. hop_check: may stop it at a redirect;
        what it says is the answer then. Never raises for what a server, a network or an address does: that is a
        FetchProblem.
        """
        headers = {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        return await self._follow(url, headers, body_limit or self.limits.body, hop_check=hop_check)

    async def post(self, url: str, fields: Mapping[str, str]) -> Fetched | FetchProblem:
        """Send a form to an address, within the limits and by the address policy of every fetch.

        Only redirects that keep it a POST (307, 308) are followed. Never raises, as `fetch`.
        """
        return await self._follow(url, {"Accept": "*/*"}, _LONGEST_REPLY, form=fields)

    async def _follow(
        self,
        url: str,
        headers: dict[str, str],
        limit: int,
        *,
        form: Mapping[str, str] | None = None,
        hop_check: HopCheck | None = None,
    ) -> Fetched | FetchProblem:
        visited: set[str] = set()
        permanent: str | None = None
        only_permanent = True
        time_left = self.limits.total_time
        clock = asyncio.get_running_loop().time
        while True:
            target = _target(url)
            if isinstance(target, FetchProblem):
                return target
            if target.text in visited:
                return FetchProblem("hard", f"redirects in a circle at {without_credentials(url)}")
            if len(visited) > self.limits.redirects:
                return FetchProblem("hard", f"more than {self.limits.redirects} redirects")
            if visited and hop_check and (stopped := await hop_check(url)):
                return stopped
            visited.add(target.text)
            # Waiting for a turn takes nothing from the time that the server has.
            async with self._owners.slot(target.owner):
                started = clock()
                try:
                    async with asyncio.timeout(time_left):
                        answer = await self._ask(target, headers, limit, form)
                except TimeoutError:
                    return FetchProblem("soft", f"no whole answer within {self.limits.total_time:g} seconds")
                time_left -= clock() - started
            if not isinstance(answer, _Redirect):
                return _with_permanent(answer, permanent)
            if form is not None and answer.status not in _KEEPS_METHOD:
                return FetchProblem("hard", f"HTTP {answer.status} in answer to a form", status=answer.status)
            only_permanent = only_permanent and answer.status in _PERMANENT
            url = answer.location
            if only_permanent:
                permanent = without_credentials(url)

    async def _ask(
        self, target: _Target, headers: dict[str, str], limit: int, form: Mapping[str, str] | None
    ) -> Fetched | FetchProblem | _Redirect:
        if self._session is None:
            raise RuntimeError("use the fetcher inside “async with”")
        try:
            method = "GET" if form is None else "POST"
            async with self._session.request(
                method, target.url, headers=headers, data=form, allow_redirects=False
            ) as response:
                return await self._read(target, response, limit)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            problem = _network_problem(error, self.limits)
            _let_go(error)
            return problem

    async def _read(
        self, target: _Target, response: aiohttp.ClientResponse, limit: int
    ) -> Fetched | FetchProblem | _Redirect:
        headers = _headers(response)
        if response.status in _REDIRECTS:
            location = headers.get("location", "").strip()
            if not location:
                return FetchProblem("hard", f"HTTP {response.status} without saying where to", status=response.status)
            try:
                return _Redirect(response.status, urljoin(target.text, location))
            except ValueError:
                return FetchProblem("hard", f"redirects to what is no address: {without_credentials(location)[:200]}")
        problem = status_problem(response.status, headers, datetime.now(UTC))
        if problem:
            return replace(problem, url=target.shown)
        if response.status == 304:
            return Fetched(target.shown, 304, headers)
        body = bytearray()
        complete = True
        try:
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > limit:
                    return FetchProblem("hard", f"longer than {limit:,} bytes")
        except (aiohttp.ClientPayloadError, ConnectionError) as error:
            # What came may hold whole entries.
            complete = False
            _let_go(error)
        try:
            decoded = await decode_beside(bytes(body), headers.get("content-encoding", ""), limit=limit)
        except (BodyTooLong, BodyUnreadable) as error:
            return FetchProblem("hard", str(error))
        return Fetched(target.shown, response.status, headers, decoded.body, complete=complete and decoded.complete)


@dataclass(frozen=True, slots=True)
class _Target:
    """An address that can be asked for, with what each request wants to know of it."""

    url: URL
    text: str
    shown: str
    """The text without credentials."""
    owner: str
    """The registered domain."""


@dataclass(frozen=True, slots=True)
class _Redirect:
    status: int
    location: str


def _with_permanent(answer: Fetched | FetchProblem, permanent: str | None) -> Fetched | FetchProblem:
    if permanent is None or isinstance(answer, FetchProblem):
        return answer
    return Fetched(
        answer.url, answer.status, answer.headers, answer.body, permanent_url=permanent, complete=answer.complete
    )


# The addresses of feeds are asked for again and again.
@remembered(8_192)
def _target(url: str) -> _Target | FetchProblem:
    if len(url) > MAX_ADDRESS:
        return FetchProblem("hard", f"an address of more than {MAX_ADDRESS:,} characters")
    try:
        target = URL(url)
        host = target.host
    except (ValueError, IndexError):
        # yarl 1.25 raises the latter for `http://[::]@`.
        return FetchProblem("hard", f"not an address: {without_credentials(url)[:200]}")
    if target.scheme not in ("http", "https"):
        return FetchProblem("refused", f"only http and https are fetched, not {target.scheme or 'an address without'}")
    if not host:
        return FetchProblem("hard", "the address names no host")
    target = target.with_fragment(None)
    text = str(target)
    return _Target(target, text, without_credentials(text), registered_domain(url))


def _headers(response: aiohttp.ClientResponse) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        headers.setdefault(name.lower(), _storable(value))
    for name in _LISTS:
        values = response.headers.getall(name, [])
        if len(values) > 1:
            headers[name.lower()] = _storable(",".join(values))
    return headers


def _storable(value: str) -> str:
    """A header's value, read as latin-1 where it is not UTF-8 (RFC 9110, 5.5), for lone surrogates cannot be kept."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value


def _network_problem(error: Exception, limits: FetchLimits) -> FetchProblem:
    refusal = _find(error, AddressRefused)
    if refusal:
        return FetchProblem("refused", str(refusal))
    if isinstance(error, aiohttp.ClientConnectorCertificateError) or _find(error, ssl.SSLCertVerificationError):
        return FetchProblem("hard", "its certificate is not valid")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchProblem("soft", f"no address found for {error.host}")
    if isinstance(error, aiohttp.ServerTimeoutError | TimeoutError):
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return FetchProblem("soft", f"no connection within {limits.connect_time:g} seconds")
        return FetchProblem("soft", f"nothing came for {limits.silence:g} seconds")
    if isinstance(error, aiohttp.ClientConnectorError):
        return FetchProblem("soft", f"no connection to {error.host}: {error.os_error.strerror or 'refused'}")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return FetchProblem("soft", "the server hung up without an answer")
    if isinstance(error, aiohttp.ClientResponseError):
        return FetchProblem("hard", f"not an answer in HTTP: {one_line(error.message)[:120]}")
    if isinstance(error, aiohttp.InvalidURL):
        return FetchProblem("hard", "not an address that can be asked for")
    if isinstance(error, aiohttp.ClientError | OSError):
        return FetchProblem("soft", f"the connection broke: {type(error).__name__}")
    return FetchProblem("hard", f"cannot be asked for: {type(error).__name__}")


def _let_go(error: BaseException) -> None:
    """Let go of where an error and its causes were raised: the answer keeps its error, and so would keep itself and all
    that came of it until garbage is looked for.
    """
    for each in _with_causes(error):
        each.__traceback__ = None


def _find(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The first exception of a kind among an error, its causes and the parts of a group."""
    return next((each for each in _with_causes(error) if isinstance(each, kind)), None)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """An error, its causes, and the parts of a group."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        waiting += [current.__cause__, current.__context__, getattr(current, "os_error", None)]
        waiting += getattr(current, "exceptions", ())
        yield current
