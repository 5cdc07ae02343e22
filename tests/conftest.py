"""Fixtures that tests of several folders use."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import hypothesis
import pytest
import structlog

from tests.real_stack.fixtures import elasticsearch_server, forks, kafka_server

__all__ = ["elasticsearch_server", "forks", "kafka_server"]

# How long an example takes, or making one, says more of what else the machine does than of the code.
hypothesis.settings.register_profile(
    "quotewire", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("quotewire")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that a test calls in this process sets logging up, which must not outlive that test."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
