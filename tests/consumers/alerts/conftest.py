from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.consumers.alerts.alerting import Pipeline


@pytest.fixture
def pipeline() -> Iterator[Pipeline]:
    pipeline = Pipeline()
    with contextlib.closing(pipeline.stream):
        yield pipeline
