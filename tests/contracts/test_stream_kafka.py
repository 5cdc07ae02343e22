"""The contract of the stream, over a real Kafka."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from quotewire.adapters.kafka_connection import KafkaOptions
from quotewire.adapters.kafka_stream import KafkaStream
from quotewire.ports import Stream
from tests.contracts.stream_suite import StreamSuite
from tests.real_stack.kafka_server import KafkaServer


class TestKafkaStream(StreamSuite):
    patience = 40.0
    silence = 1.0
    examples = 5

    @pytest.fixture
    def stream(self, kafka_server: KafkaServer) -> Iterator[Stream]:
        options = KafkaOptions(maximum_bytes=8_000_000, session=6)
        with contextlib.closing(KafkaStream(f"kafka://{kafka_server.address}", options)) as stream:
            yield stream
