"""What is tracked: the form of the watchlist that the pipeline reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from schemas.records import Condition


@dataclass(frozen=True, slots=True)
class TrackedName:
    """One entry of the watchlist: a name to be told of, what else it is called, and when it counts.

    All that is given must hold. What each field means is said in docs/watchlist.md.
    """

    name: str
    aliases: tuple[str, ...] = ()
    type: str | None = None
    near: tuple[str, ...] = ()
    """Words of which one must stand near the name."""
    not_near: tuple[str, ...] = ()
    """Words of which none may stand near the name."""
    conditions: tuple[Condition, ...] = ("mentioned",)
    """How it must occur: any one of these will do."""
    together_with: tuple[str, ...] = ()
    """Names of which one must occur in the same article."""
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Only articles of these outlets, in these languages (ISO 639-1), of feeds with one of these tags; empty: all."""
    wikidata: str | None = None
    """Its id at Wikidata, for whoever reads the alerts: Q7747."""
    paused: bool = False
    """Whether it raises nothing for now: it can be tried with `quotewire watch dry-run`."""

    @property
    def digest(self) -> str:
        """What is the same as long as no field of the entry changes: 64 hexadecimal digits."""
        return hashlib.sha256(repr(self).encode()).hexdigest()
