"""Samples of health in Elasticsearch: series by month, from which Kibana draws lines; of each feed the newest only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from elasticsearch import Elasticsearch

from quotewire.adapters.elasticsearch_setup import HEALTH, Names, period_of
from quotewire.ports import HealthSample, Unavailable

_FEEDS = "feeds"
"""The period of samples that replace one another."""

_AT_ONCE = 1_000
_MOST = 10_000
"""Samples that are read at the most: what a search gives without a scroll."""


def put_health(client: Elasticsearch, names: Names, samples: Sequence[HealthSample]) -> None:
    """Store samples. Raises the client's errors, and Unavailable where one of them is not taken."""
    for start in range(0, len(samples), _AT_ONCE):
        part = samples[start : start + _AT_ONCE]
        sent = client.bulk(operations=[line for sample in part for line in _lines(names, sample)])
        for item in sent["items"] if sent["errors"] else ():
            (result,) = item.values()
            if "error" in result:
                raise Unavailable(f"Elasticsearch did not take a sample of health: {result['error'].get('reason')}")


def newest_health(client: Elasticsearch, names: Names) -> list[HealthSample]:
    """The newest sample of each kind and name, by kind and name. Raises the client's errors."""
    found = client.search(
        index=names.alias(HEALTH),
        collapse={"field": "key"},
        sort=[{"time": "desc"}],
        size=_MOST,
        source_excludes=["key"],
    )
    samples = [_sample(hit["_source"]) for hit in found["hits"]["hits"]]
    return sorted(samples, key=lambda sample: (sample.kind, sample.name))


def _lines(names: Names, sample: HealthSample) -> Iterator[dict[str, Any]]:
    key = sha256(f"{sample.kind} {sample.name}".encode()).hexdigest()[:32]
    one_only = sample.kind == "feed"
    period = _FEEDS if one_only else period_of(sample.time, datetime.now(UTC))
    document_id = key if one_only else f"{key}-{sample.time.isoformat()}"
    yield {"index": {"_index": names.index(HEALTH, period), "_id": document_id}}
    yield {**dataclasses.asdict(sample), "time": sample.time.isoformat(), "key": key}


def _sample(source: dict[str, Any]) -> HealthSample:
    return HealthSample(**{**source, "time": datetime.fromisoformat(source["time"])})
