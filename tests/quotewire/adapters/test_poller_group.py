"""Pollers that share the feeds know each other, and each domain has one of them."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotewire.adapters.poller_group import PollerGroup

DOMAINS = [f"courier-{number}.example" for number in range(600)]


@pytest.fixture
def group(tmp_path: Path) -> Iterator[list[PollerGroup]]:
    with contextlib.ExitStack() as closing:
        members = [PollerGroup(tmp_path / "pollers") for _ in range(3)]
        for member in members:
            closing.callback(member.close)
        yield members


def owners(members: list[PollerGroup]) -> dict[str, list[str]]:
    for member in members:
        member.refresh()
    return {domain: [member.name for member in members if member.mine(domain)] for domain in DOMAINS}


def test_each_domain_has_one_poller_and_each_poller_its_share(group: list[PollerGroup]) -> None:
    found = owners(group)
    assert all(len(names) == 1 for names in found.values())
    shares = Counter(names[0] for names in found.values())
    assert len(shares) == 3
    assert min(shares.values()) > 140


def test_one_that_leaves_moves_only_its_own_share(group: list[PollerGroup]) -> None:
    before = owners(group)
    gone = group.pop()
    gone.close()
    assert group[0].refresh()
    after = owners(group)
    assert all(len(names) == 1 for names in after.values())
    assert all(after[domain] == before[domain] for domain in DOMAINS if before[domain] != [gone.name])
    assert not group[0].alive(gone.name)


def test_nothing_changes_while_nobody_comes_or_goes(group: list[PollerGroup]) -> None:
    assert group[0].refresh()
    assert not group[0].refresh()
