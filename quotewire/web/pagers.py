"""The way to further pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pager:
    """The way to other pages; None where there is none."""

    number: int
    pages: int | None
    previous: str | None
    following: str | None
