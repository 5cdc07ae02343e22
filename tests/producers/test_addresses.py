"""Which addresses may be fetched from."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.addresses import AddressPolicy
from quotewire.ports import ConfigurationError

PUBLIC = ["8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.15.0.1", "2606:4700::1111", "2a00:1450::1"]
REFUSED = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1", "198.18.0.1"],
    "documentation": ["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%eth0"],
    "carrier": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1"],
    "nowhere": ["0.0.0.0", "0.1.2.3", "::", "255.255.255.255", "240.0.0.1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:a9fe:a9fe"],
    "IPv4-compatible": ["::127.0.0.1", "::8.8.8.8"],
    "6to4": ["2002:7f00:1::1", "2002:808:808::1", "192.88.99.1"],
    "Teredo": ["2001:0:7f00:1::1", "2001::1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::a00:1"],
}
NOT_ADDRESSES = [
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "localhost",
    "",
    "1.2.3",
    "１２７.0.0.1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert AddressPolicy().refusal(address, 80) is None


@pytest.mark.parametrize("address", [address for kind in REFUSED.values() for address in kind] + NOT_ADDRESSES)
def test_all_others_are_refused(address: str) -> None:
    assert AddressPolicy().refusal(address, 443)


@pytest.mark.parametrize("kind", ["loopback", "private", "link-local", "multicast", "IPv4-mapped", "6to4", "NAT64"])
def test_a_refusal_says_what_the_address_is(kind: str) -> None:
    reason = AddressPolicy().refusal(REFUSED[kind][0], 80)
    assert reason is not None
    assert kind in reason


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_inside_an_ipv6_one_is_refused(inside: ipaddress.IPv4Address) -> None:
    number = int(inside)
    for carrier in (0xFFFF << 32, 0, 0x64FF9B << 96, 0x2002 << 112 | number << 80, 0x20010000 << 96):
        assert AddressPolicy().refusal(str(ipaddress.IPv6Address(carrier | number)), 80)


@given(st.ip_addresses())
def test_nothing_that_is_not_global_is_allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if AddressPolicy().refusal(str(address), 80) is None:
        assert address.is_global
        assert not any((address.is_private, address.is_loopback, address.is_multicast, address.is_reserved))


def test_allowed_networks_are_allowed_and_their_neighbours_are_not() -> None:
    policy = AddressPolicy.from_text(["10.1.0.0/16", " fd00::/8 ", "192.168.7.7"])
    assert [policy.refusal(address, 80) for address in ("10.1.2.3", "fd00::7", "192.168.7.7")] == [None, None, None]
    assert all(policy.refusal(address, 80) for address in ("10.2.0.1", "fc00::7", "192.168.7.8", "127.0.0.1"))


def test_an_endpoint_is_allowed_on_its_port_only() -> None:
    policy = AddressPolicy.from_text(endpoints=[("127.0.0.1", 8766), ("::1", 8766)])
    assert policy.refusal("127.0.0.1", 8766) is None
    assert policy.refusal("0:0:0:0:0:0:0:1", 8766) is None
    assert policy.refusal("127.0.0.1", 8767)
    assert policy.refusal("127.0.0.2", 8766)


@pytest.mark.parametrize("network", ["10.0.0.0/99", "intranet", "10.0.0.0-10.0.0.9"])
def test_a_network_that_is_none_is_the_users_to_repair(network: str) -> None:
    with pytest.raises(ConfigurationError, match=r"10\.1\.0\.0/16"):
        AddressPolicy.from_text([network])


def test_an_endpoint_without_an_ip_address_is_the_users_to_repair() -> None:
    with pytest.raises(ConfigurationError, match="localhost"):
        AddressPolicy.from_text(endpoints=[("localhost", 80)])
