"""Fixtures of the tests on the real servers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.real_stack.elasticsearch_server import ElasticsearchServer
from tests.real_stack.indexing import Parts


@pytest.fixture
def parts(elasticsearch_server: ElasticsearchServer) -> Iterator[Parts]:
    """An index of its own, set up."""
    with contextlib.closing(Parts(elasticsearch_server)) as parts:
        parts.index.setup()
        yield parts
