"""Which network addresses may be fetched from.

Everything that is not an ordinary public address is refused, so that neither a feed nor a redirect is a way into
somebody's network. The list is the IANA special-purpose registries
(https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry), as the standard library has
them, and beside it the IPv6 ranges that carry an IPv4 address inside and so could reach a private one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from quotewire.ports import ConfigurationError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAMED: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), name)
    for network, name in (
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("::/96", "IPv4-compatible"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("2001::/32", "Teredo"),
        ("2002::/16", "6to4"),
        ("fec0::/10", "site-local"),
        ("5f00::/16", "segment routing"),
    )
)


class AddressRefused(OSError):
    """This address may not be fetched from. The message names it and says why."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Says which addresses may be connected to.

    networks: private networks that may be fetched from all the same. endpoints: exact pairs of IP address and port that
    may be, such as that of a site this program serves itself.
    """

    networks: tuple[Network, ...] = ()
    endpoints: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def from_text(cls, networks: Iterable[str] = (), endpoints: Iterable[tuple[str, int]] = ()) -> AddressPolicy:
        """Make a policy of networks as people write them (`10.0.0.0/8`, `192.168.1.7`, `fd00::/8`).

        Raises ConfigurationError where a network is none or an endpoint's host is not an IP address.
        """
        try:
            read = tuple(ipaddress.ip_network(text.strip(), strict=False) for text in networks if text.strip())
        except ValueError as error:
            raise ConfigurationError(f"not a network that can be allowed: {error}; write it like 10.1.0.0/16") from None
        try:
            pairs = frozenset((str(ipaddress.ip_address(host)), port) for host, port in endpoints)
        except ValueError as error:
            raise ConfigurationError(f"an endpoint that may be fetched from needs an IP address: {error}") from None
        return cls(read, pairs)

    def refusal(self, host: str, port: int) -> str | None:
        """Why no connection may be made to this IP address and port; None where one may.

        Whatever is not a well-formed IP address is refused: forms like `127.1` or `0x7f000001` reach the loopback of
        some systems.
        """
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return f"{host} is not an IP address in its usual form"
        if (str(address), port) in self.endpoints or any(_contains(network, address) for network in self.networks):
            return None
        kind = _kind(address)
        if kind is None:
            return None
        return f"{address} is not a public address ({kind}); QUOTEWIRE_ALLOWED_NETWORKS can allow it"


def _contains(network: Network, address: Address) -> bool:
    return network.version == address.version and address in network


def _kind(address: Address) -> str | None:
    if address.is_unspecified:
        return "unspecified"
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast:
        return "multicast"
    named = next((name for network, name in _NAMED if _contains(network, address)), None)
    if named:
        return named
    if address.is_reserved:
        return "reserved"
    if address.is_private or not address.is_global:
        return "private"
    return None
