"""The indices in Elasticsearch: their names, templates and aliases. The mappings are in elasticsearch_layout/.

Articles and quotes are kept by month, so that old ones can be dropped or moved to cheaper disks as a whole; who reads
asks the alias over all. Feeds tell dates of any kind, and a shard for each would bring the cluster down: what is older
than two years is kept by year, and what no feed can mean goes to one index for the rest.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from importlib import resources
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from quotewire.ports import Prepared

ARTICLES, QUOTES, ALERTS, LOCATIONS, HEALTH = "articles", "quotes", "alerts", "locations", "health"
KINDS = (ARTICLES, QUOTES, ALERTS, LOCATIONS, HEALTH)
"""Every kind of index."""

_BY_MONTH = (ARTICLES, QUOTES, HEALTH)
_KEPT_BY_MONTH = 24
_FIRST_YEAR = 1990
_REST = "rest"
_ONLY = "all"
"""The one period of what is not kept by month: alerts are few, and locations are asked for by id."""


def period_of(dated: datetime | None, now: datetime) -> str:
    """Which index an article of this date is kept in: 2026.03, 2019 or rest."""
    if dated is None or dated.year < _FIRST_YEAR:
        return _REST
    months_ago = (now.year - dated.year) * 12 + now.month - dated.month
    if months_ago < -1:
        return _REST
    return f"{dated:%Y.%m}" if months_ago < _KEPT_BY_MONTH else f"{dated:%Y}"


class Names:
    """The names of indices and aliases under one prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def alias(self, kind: str) -> str:
        """What all indices of a kind are read by."""
        return f"{self._prefix}-{kind}"

    def index(self, kind: str, period: str = _ONLY) -> str:
        """The index of a kind for a period."""
        return f"{self.alias(kind)}-{period}"


def mapping(kind: str) -> dict[str, Any]:
    """The mapping of a kind of index."""
    return _data(kind)


def _data(name: str) -> dict[str, Any]:
    folder = resources.files("quotewire.adapters") / "elasticsearch_layout"
    data: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return data


def set_up(client: Elasticsearch, names: Names) -> list[Prepared]:
    """Put the templates, and the indices that readers ask for; what is there gets the fields that are new.

    What is as it should be is only looked at, which a user may do who may put no templates.
    """
    return [prepared for kind in KINDS for prepared in (_template(client, names, kind), _indices(client, names, kind))]


def _template(client: Elasticsearch, names: Names, kind: str) -> Prepared:
    alias = names.alias(kind)
    template: dict[str, Any] = {
        "index_patterns": [f"{alias}-*"],
        "priority": 500,
        # The index of a new month is made by its first document, also where the cluster makes none otherwise.
        "allow_auto_create": True,
        "template": {"settings": _data("settings"), "mappings": mapping(kind), "aliases": {alias: {}}},
    }
    # The server gives a template back in a form of its own, so it is told by what it was made of.
    made_of = sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()
    try:
        (there,) = client.indices.get_index_template(name=alias)["index_templates"]
    except NotFoundError:
        there = None
    if there and there["index_template"].get("_meta", {}).get("made_of") == made_of:
        return Prepared(f"index template {alias}", "unchanged")
    if client.indices.exists_alias(name=alias):
        client.indices.put_mapping(index=alias, properties=mapping(kind)["properties"])
    # Last: who finds it finds all of it done.
    client.indices.put_index_template(name=alias, meta={"made_of": made_of}, **template)
    return Prepared(f"index template {alias}", "changed" if there else "created")


def _indices(client: Elasticsearch, names: Names, kind: str) -> Prepared:
    alias = names.alias(kind)
    what = f"indices {alias}"
    if client.indices.exists_alias(name=alias):
        return Prepared(what, "unchanged")
    now = datetime.now(UTC)
    try:
        client.indices.create(index=names.index(kind, period_of(now, now) if kind in _BY_MONTH else _ONLY))
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":  # another process was faster
            raise
        return Prepared(what, "unchanged")
    return Prepared(what, "created")
