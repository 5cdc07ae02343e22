"""What ships with the project: feeds, watchlist and sample articles to begin with, and what Kibana shows."""

from __future__ import annotations

from pathlib import Path

from quotewire.ports import ConfigurationError

_HERE = Path(__file__).parent
_FOLDERS = (_HERE / "seeds", _HERE.parent / "seeds")
"""Inside the package where it was installed from a wheel; beside it in a checkout."""


def seed_path(name: str) -> Path:
    """The file or folder of that name among the seeds, such as `feeds.opml` or `samples`.

    Raises ConfigurationError where the installation lacks it.
    """
    for folder in _FOLDERS:
        if (path := folder / name).exists():
            return path
    raise ConfigurationError(f"the installation lacks its seeds/{name}; install quotewire again")


def kibana_objects() -> bytes:
    """Kibana's data views, searches and dashboards. Raises ConfigurationError where the installation lacks them."""
    for folder in (_HERE, _HERE.parent / "deploy"):
        if (path := folder / "kibana" / "quotewire.ndjson").exists():
            return path.read_bytes()
    raise ConfigurationError("the installation lacks what Kibana shows; install quotewire again")
