"""What servers have to have before the pipeline runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Prepared:
    """Something that a server has to have before the pipeline runs, and what was done about it."""

    what: str
    done: Literal["created", "changed", "unchanged"]
