"""Fixtures that tests of several folders use."""

from __future__ import annotations

from tests.real_stack.fixtures import elasticsearch_server, kafka_server

__all__ = ["elasticsearch_server", "kafka_server"]
