"""What every stream promises of publishing and reading."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quotewire.ports import Message, Prepared, Rejected, Stream, Subscription
from schemas.records import RawArticle
from schemas.topics import Topic
from tests.contracts.stream_parts import StreamParts, by_key, fresh, make_topic, messages, values


class PublishingSuite(StreamParts):
    def test_what_is_published_is_read_as_it_was_and_in_order_of_its_key(self, stream: Stream) -> None:
        topic = make_topic(stream)
        sent = messages(topic, 60)
        before = datetime.now(UTC) - timedelta(seconds=1)
        stream.publish(sent[:40])
        stream.publish(sent[40:])
        records = list(stream.read(topic))
        assert by_key(records) == {
            key: [message.value for message in sent if message.key == key] for key in {message.key for message in sent}
        }
        assert all(record.topic == topic for record in records)
        assert all(before <= record.time <= datetime.now(UTC) + timedelta(seconds=1) for record in records)
        assert all(record.time.utcoffset() == timedelta(0) for record in records)

    def test_a_key_has_one_partition_and_many_keys_use_them_all(self, stream: Stream) -> None:
        topic = make_topic(stream, partitions=3)
        stream.publish([Message(topic, f"key {n % 50}", b"") for n in range(100)])
        partitions = defaultdict(set)
        for record in stream.read(topic):
            partitions[record.key].add(record.partition)
        assert all(len(found) == 1 for found in partitions.values())
        assert {next(iter(found)) for found in partitions.values()} == {0, 1, 2}

    def test_offsets_grow_within_a_partition(self, stream: Stream) -> None:
        topic = make_topic(stream)
        stream.publish(messages(topic, 30))
        offsets = defaultdict(list)
        for record in stream.read(topic):
            offsets[record.partition].append(record.offset)
        assert all(found == sorted(set(found)) for found in offsets.values())

    @pytest.mark.parametrize("key", ["", "Ωμέγα", "مرحبا", "🛰️ a\nb\tc", "k" * 500, "a\0b"])
    def test_any_key_comes_back(self, stream: Stream, key: str) -> None:
        topic = make_topic(stream)
        stream.publish([Message(topic, key, b"x")])
        assert [record.key for record in stream.read(topic)] == [key]

    @pytest.mark.parametrize("value", [b"", bytes(range(256)), b"5 MB " * 1_000_000], ids=["empty", "binary", "large"])
    def test_any_value_comes_back(self, stream: Stream, subscribe: Callable[..., Subscription], value: bytes) -> None:
        topic, outputs = make_topic(stream), make_topic(stream)
        stream.publish([Message(topic, "key", value)])
        member = subscribe(topic, fresh("group"))
        (record,) = self.take(member, 1)
        assert record.value == value
        member.commit([Message(outputs, "key", record.value)])
        assert [record.value for record in stream.read(outputs)] == [value]

    def test_nothing_to_publish_is_fine(self, stream: Stream) -> None:
        stream.publish([])

    def test_publishing_to_a_topic_that_is_not_there_says_so(self, stream: Stream) -> None:
        missing = fresh("missing")
        with pytest.raises(KeyError, match=missing):
            stream.publish([Message(missing, "key", b"value")])
        with pytest.raises(KeyError, match=missing):
            stream.ends(missing)

    def test_a_message_that_is_too_large_is_rejected(self, stream: Stream) -> None:
        topic = make_topic(stream)
        with pytest.raises(Rejected):
            stream.publish([Message(topic, "key", bytes(self.too_large))])
        assert list(stream.read(topic)) == []

    def test_a_key_without_utf8_form_is_rejected(self, stream: Stream) -> None:
        topic = make_topic(stream)
        with pytest.raises(Rejected):
            stream.publish([Message(topic, "half a \ud83d", b"value")])

    def test_creating_a_topic_again_leaves_it_as_it_is(self, stream: Stream) -> None:
        topic = Topic(fresh("topic"), RawArticle, lambda record: record.id, 2, timedelta(days=7))
        what = f"topic {topic.name}: 2 partitions, kept 7 days"
        assert list(stream.create_topics([topic])) == [Prepared(what, "created")]
        stream.publish(messages(topic.name, 5))
        assert list(stream.create_topics([topic])) == [Prepared(what, "unchanged")]
        assert len(list(stream.read(topic.name))) == 5

    def test_a_topic_that_is_there_is_kept_as_long_as_is_wanted_now(self, stream: Stream) -> None:
        topic = Topic(fresh("topic"), RawArticle, lambda record: record.id, 2, timedelta(days=7))
        assert list(stream.missing_topics([topic])) == [topic.name]
        stream.create_topics([topic])
        stream.publish(messages(topic.name, 5))
        longer = replace(topic, retention=timedelta(days=30))
        what = f"topic {topic.name}: 2 partitions, kept 30 days"
        assert list(stream.create_topics([longer])) == [Prepared(what, "changed")]
        assert list(stream.create_topics([longer])) == [Prepared(what, "unchanged")]
        assert list(stream.create_topics([topic])) == [Prepared(what, "unchanged")], "nothing is thrown away unasked"
        assert list(stream.missing_topics([topic])) == []
        assert len(list(stream.read(topic.name))) == 5

    def test_reading_begins_where_told_and_ends_where_the_topic_ended(self, stream: Stream) -> None:
        topic = make_topic(stream, partitions=1)
        stream.publish(messages(topic, 10))
        whole = list(stream.read(topic))
        assert list(stream.read(topic, {0: whole[6].offset})) == whole[6:]
        reading = stream.read(topic)
        first = next(reading)
        stream.publish(messages(topic, 10, start=10))
        assert [first, *reading] == whole

    def test_reading_goes_on_from_where_a_topic_ended(self, stream: Stream) -> None:
        topic = make_topic(stream)
        nothing = stream.ends(topic)
        assert set(nothing) == {0, 1, 2}
        stream.publish(messages(topic, 20))
        ends = stream.ends(topic)
        stream.publish(messages(topic, 10, start=20))
        assert values(stream.read(topic, nothing, ends)) == values(stream.read(topic, end=ends))
        assert values(stream.read(topic, ends)) == sorted(message.value for message in messages(topic, 10, start=20))
        assert len(values(stream.read(topic, end=ends))) == 20
        assert values(stream.read(topic, ends, ends)) == []

    def test_several_threads_publish_at_once(self, stream: Stream) -> None:
        topic = make_topic(stream)

        def publish(key: str) -> None:
            for n in range(20):
                stream.publish([Message(topic, key, f"{n}".encode())])

        threads = [threading.Thread(target=publish, args=(f"thread {n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = [f"{n}".encode() for n in range(20)]
        assert by_key(stream.read(topic)) == {f"thread {n}": expected for n in range(4)}
