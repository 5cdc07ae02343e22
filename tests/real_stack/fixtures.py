"""The real servers as fixtures: started when a test first asks, stopped at the end of the run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.forks import Forks
from tests.real_stack.jars import CannotStart
from tests.real_stack.kafka_server import KafkaServer


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Starts processes that tests kill."""
    with contextlib.closing(Forks()) as forks:
        yield forks


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A running Kafka; a test that stops it starts it again."""
    try:
        server = KafkaServer(tmp_path_factory.mktemp("kafka"))
        server.start()
    except CannotStart as error:
        pytest.fail(str(error), pytrace=False)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def elasticsearch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ElasticsearchServer]:
    """A running Elasticsearch; a test that stops it starts it again."""
    try:
        server = ElasticsearchServer(tmp_path_factory.mktemp("elasticsearch"))
        server.start()
    except CannotStart as error:
        pytest.fail(str(error), pytrace=False)
    yield server
    server.stop()
