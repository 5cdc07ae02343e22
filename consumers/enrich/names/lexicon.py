"""The lists of names that correct the entity recogniser, read from consumers/enrich/data."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def given_names(gender: str) -> frozenset[str]:
    """Common given names of men (“male”) or women (“female”)."""
    return frozenset(word for line in _section("given_names.txt", gender) for word in line.split())


@cache
def known(kind: str) -> frozenset[str]:
    """Well-known “places”, “bodies” (outlets among them) or “outlets”."""
    if kind == "bodies":
        return frozenset(_names("bodies") | _names("outlets"))
    return _names(kind)


def _names(kind: str) -> frozenset[str]:
    return frozenset(name.strip() for line in _section("places.txt", kind) for name in line.split(",") if name.strip())


@cache
def _section(file: str, name: str) -> tuple[str, ...]:
    found: dict[str, list[str]] = {}
    section: list[str] = []
    for line in files("consumers.enrich").joinpath("data", file).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[] "), [])
        elif line.strip() and not line.startswith("#"):
            section.append(line)
    return tuple(found[name])
