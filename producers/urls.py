"""What several modules ask of a web address."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

_LONGEST_NAME = 253
"""Of a host, in characters (RFC 1035, 2.3.4, without the lengths of the labels)."""
_USUAL_ADDRESS = 300
"""Longest address, in characters, of which anything is kept in memory to be quicker the next time."""
_Result = TypeVar("_Result")


def remembered(most: int) -> Callable[[Callable[[str], _Result]], Callable[[str], _Result]]:
    """Have a function of an address keep its results of so many, but of no long ones: strangers choose how long."""

    def decorated(function: Callable[[str], _Result]) -> Callable[[str], _Result]:
        cached = functools.lru_cache(maxsize=most)(function)

        @functools.wraps(function)
        def called(url: str) -> _Result:
            return cached(url) if len(url) <= _USUAL_ADDRESS else function(url)

        return called

    return decorated


def without_credentials(url: str) -> str:
    """The address without user name and password: as it may stand in logs, reasons and records."""
    if "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        # Not an address at all; what stands before an @ may still be a secret.
        return url.rpartition("@")[2]
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def has_credentials(url: str) -> bool:
    """Whether an address carries a user name or password."""
    return without_credentials(url) != url


# Each poll asks for its feed's again and again; links of articles are asked for in between.
@remembered(16_384)
def registered_domain(url: str) -> str:
    """The domain that was registered for an address's host, by the public suffix list (https://publicsuffix.org).

    What belongs to one owner shares it: `feeds.example.co.uk` and `www.example.co.uk` are both `example.co.uk`. A host
    without one (an IP address, `localhost`) stands for itself, with its port.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    return (_domain_of(host) if len(host) <= _LONGEST_NAME else None) or (f"{host}:{port}" if port else host)


@functools.lru_cache(maxsize=65536)
def _domain_of(host: str) -> str | None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        domain = _suffixes().privatesuffix(host)
        return domain if isinstance(domain, str) else None
    return None


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)
