"""The contract of the index, over a real Elasticsearch."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions
from quotewire.adapters.elasticsearch_index import ElasticsearchIndex
from quotewire.ports import Index
from tests.contracts.index_suite import IndexSuite
from tests.real_stack.elasticsearch_server import ElasticsearchServer


@pytest.fixture(scope="module")
def client(elasticsearch_server: ElasticsearchServer) -> Iterator[Elasticsearch]:
    client = Elasticsearch(elasticsearch_server.address)
    yield client
    client.close()


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def shared_index(elasticsearch_server: ElasticsearchServer, prefix: str) -> Iterator[ElasticsearchIndex]:
    options = ElasticsearchOptions(prefix=prefix)
    with contextlib.closing(ElasticsearchIndex(elasticsearch_server.address, options)) as index:
        index.setup()
        yield index


class TestElasticsearchIndex(IndexSuite):
    @pytest.fixture
    def index(self, shared_index: ElasticsearchIndex, client: Elasticsearch, prefix: str) -> Index:
        """The one index, emptied: making it anew takes seconds."""
        self._client, self._pattern = client, f"{prefix}-*"
        self.settle(shared_index)
        hits = client.search(index=self._pattern, size=10_000, source=False)["hits"]["hits"]
        if hits:
            # Else the version of a deleted document would be remembered for a minute, and refuse that of the next test.
            client.indices.put_settings(index=self._pattern, settings={"index.gc_deletes": "0s"})
            client.bulk(operations=[{"delete": {"_index": hit["_index"], "_id": hit["_id"]}} for hit in hits])
            time.sleep(0.1)
            self.settle(shared_index)
        return shared_index

    def settle(self, index: Index) -> None:
        self._client.indices.refresh(index=self._pattern)
