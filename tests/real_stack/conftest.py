"""Fixtures of the tests on the real servers; what they need takes seconds to import, for which no other tests wait."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.end_to_end.news_site import NewsSite
from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.forks import Forks
from tests.real_stack.indexing import Parts
from tests.real_stack.kafka_server import KafkaServer
from tests.real_stack.pipeline import Pipeline


@pytest.fixture(scope="module")
def pipeline(
    forks: Forks,  # first: it imports while the servers start
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    elasticsearch_server: ElasticsearchServer,
) -> Iterator[Pipeline]:
    """The whole pipeline at work, for the tests of a module."""
    with NewsSite([]) as site:
        folder = tmp_path_factory.mktemp("pipeline")
        with contextlib.closing(Pipeline(folder, kafka_server, elasticsearch_server, site, forks)) as made:
            yield made


@pytest.fixture
def parts(elasticsearch_server: ElasticsearchServer) -> Iterator[Parts]:
    """An index of its own, set up."""
    with contextlib.closing(Parts(elasticsearch_server)) as parts:
        parts.index.setup()
        yield parts
