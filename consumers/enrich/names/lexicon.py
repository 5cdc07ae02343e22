"""The lists of names that correct the entity recogniser, read from consumers/enrich/data."""

from __future__ import annotations

from functools import cache

from consumers.enrich.lexicon import section


@cache
def given_names(gender: str) -> frozenset[str]:
    """Common given names of men (“male”), women (“female”) or both (“any”)."""
    if gender == "any":
        return given_names("male") | given_names("female")
    return frozenset(word for line in section("given_names.txt", gender) for word in line.split())


@cache
def known(kind: str) -> frozenset[str]:
    """Well-known “places”, “bodies” (outlets among them) or “outlets”."""
    if kind == "bodies":
        return _names("places.txt", "bodies") | _names("places.txt", "outlets")
    return _names("places.txt", kind) | (_names("spellings.txt", kind) if kind == "places" else frozenset())


def _names(file: str, kind: str) -> frozenset[str]:
    return frozenset(name.strip() for line in section(file, kind) for name in line.split(",") if name.strip())
