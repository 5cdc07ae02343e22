"""What every stream promises of polling, committing and positions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from quotewire.ports import Message, Rejected, Stream, StreamRecord, Subscription, Unavailable
from tests.contracts.stream_parts import StreamParts, by_key, fresh, make_topic, messages, values


class PollingSuite(StreamParts):
    def test_a_new_group_starts_at_the_oldest_record(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic = make_topic(stream)
        stream.publish(messages(topic, 20))
        member = subscribe(topic, fresh("group"))
        assert values(self.take(member, 20)) == values(stream.read(topic))
        self.assert_silent(member)

    def test_polls_bring_each_record_once_in_order_and_no_more_than_asked_for(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic = make_topic(stream)
        stream.publish(messages(topic, 50))
        member = subscribe(topic, fresh("group"))
        found = self.take(member, 1)
        while batch := member.poll(7, self.silence):
            assert len(batch) <= 7
            found += batch
        assert by_key(found) == by_key(stream.read(topic))

    def test_a_waiting_poll_notices_what_is_published(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic = make_topic(stream)
        member = subscribe(topic, fresh("group"))
        self.assert_silent(member)
        timer = threading.Timer(0.2, stream.publish, [messages(topic, 1)])
        timer.start()
        assert len(self.take(member, 1)) == 1
        timer.join()

    def test_groups_do_not_mind_each_other(self, stream: Stream, subscribe: Callable[..., Subscription]) -> None:
        topic = make_topic(stream)
        stream.publish(messages(topic, 10))
        one, other = subscribe(topic, fresh("one")), subscribe(topic, fresh("other"))
        self.take(one, 10)
        one.commit()
        assert len(self.take(other, 10)) == 10
        self.assert_silent(one)

    def test_several_topics_in_one_subscription(self, stream: Stream) -> None:
        topics = [make_topic(stream), make_topic(stream)]
        for topic in topics:
            stream.publish(messages(topic, 5))
        member = stream.subscribe(topics, fresh("group"))
        assert {record.topic for record in self.take(member, 10)} == set(topics)
        member.commit()
        member.close()

    def test_rewinding_brings_what_was_not_committed_again(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic = make_topic(stream)
        stream.publish(messages(topic, 20))
        member = subscribe(topic, fresh("group"))
        first = self.take(member, 8)
        member.commit()
        second = self.take(member, 12)
        member.rewind()
        assert values(self.take(member, 12)) == values(second)
        member.commit()
        member.rewind()
        self.assert_silent(member)
        assert values(first + second) == values(stream.read(topic))

    def test_a_commit_publishes_its_outputs_and_moves_the_group(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic, outputs = make_topic(stream), make_topic(stream)
        group = fresh("group")
        stream.publish(messages(topic, 10))
        member = subscribe(topic, group)
        records = self.take(member, 10)
        assert sum(position.lag for position in stream.positions(topic, group)) >= 10
        member.commit([Message(outputs, record.key, record.value) for record in records])
        assert by_key(stream.read(outputs)) == by_key(stream.read(topic))
        member.close()
        self.assert_silent(subscribe(topic, group))

    def test_a_commit_that_fails_does_neither(self, stream: Stream, subscribe: Callable[..., Subscription]) -> None:
        topic, outputs = make_topic(stream), make_topic(stream)
        stream.publish(messages(topic, 10))
        member = subscribe(topic, fresh("group"))
        records = self.take(member, 10)
        good = [Message(outputs, record.key, record.value) for record in records]
        with pytest.raises(KeyError):
            member.commit([*good, Message(fresh("missing"), "key", b"value")])
        member.rewind()
        assert values(self.take(member, 10)) == values(records)
        with pytest.raises(Rejected):
            member.commit([*good, Message(outputs, "key", bytes(self.too_large))])
        assert list(stream.read(outputs)) == []
        member.rewind()
        assert values(self.take(member, 10)) == values(records)
        member.commit(good)
        assert values(stream.read(outputs)) == values(records)

    def test_outputs_may_be_committed_without_records(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic, outputs = make_topic(stream), make_topic(stream)
        member = subscribe(topic, fresh("group"))
        self.assert_silent(member)
        member.commit()
        member.commit([Message(outputs, "key", b"value")])
        assert [record.value for record in stream.read(outputs)] == [b"value"]

    def test_a_poll_brings_no_more_than_memory_is_meant_for(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic, group = make_topic(stream, partitions=2), fresh("group")
        stream.publish([Message(topic, f"key {n}", b"%07d" % n * 700_000) for n in range(12)])
        member = subscribe(topic, group)
        polled, deadline = list[list[StreamRecord]](), time.monotonic() + self.patience
        while sum(map(len, polled)) < 12 and time.monotonic() < deadline:
            polled.append(list(member.poll(100, 0.2)))
        assert max(sum(len(record.value) for record in records) for records in polled) < 40_000_000
        assert sorted(record.key for records in polled for record in records) == sorted(f"key {n}" for n in range(12))
        member.commit()
        assert [position.lag for position in stream.positions(topic, group)] == [0, 0]

    def test_positions_tell_how_far_a_group_is(self, stream: Stream, subscribe: Callable[..., Subscription]) -> None:
        topic, group = make_topic(stream), fresh("group")
        assert [position.lag for position in stream.positions(topic, group)] == [0, 0, 0]
        stream.publish(messages(topic, 30))
        positions = stream.positions(topic, group)
        assert [position.partition for position in positions] == [0, 1, 2]
        assert all(position.committed == position.beginning for position in positions)
        assert sum(position.lag for position in positions) >= 30
        member = subscribe(topic, group)
        self.take(member, 30)
        assert sum(position.lag for position in stream.positions(topic, group)) >= 30
        member.commit()
        assert [position.lag for position in stream.positions(topic, group)] == [0, 0, 0]
        assert sum(position.lag for position in stream.positions(topic, fresh("other"))) >= 30

    def test_offsets_at_finds_the_first_record_of_a_moment(self, stream: Stream) -> None:
        topic = make_topic(stream, partitions=1)
        for n in range(6):
            stream.publish(messages(topic, 1, start=n))
            time.sleep(0.01)
        records = list(stream.read(topic))
        for record in records:
            first = next(other for other in records if other.time >= record.time)
            assert stream.offsets_at(topic, record.time) == {0: first.offset}
        assert stream.offsets_at(topic, records[0].time - timedelta(days=1)) == {0: records[0].offset}
        (position,) = stream.positions(topic, fresh("group"))
        assert stream.offsets_at(topic, records[-1].time + timedelta(days=1)) == {0: position.end}

    def test_moving_a_group_back_brings_its_records_again(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic, group = make_topic(stream, partitions=1), fresh("group")
        stream.publish(messages(topic, 10))
        member = subscribe(topic, group)
        records = self.take(member, 10)
        member.commit()
        member.close()
        stream.move(topic, group, {0: records[4].offset})
        assert sum(position.lag for position in stream.positions(topic, group)) >= 6
        assert self.take(subscribe(topic, group), 6) == records[4:]

    def test_a_group_that_never_ran_can_be_moved_to_the_end(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic, group = make_topic(stream, partitions=1), fresh("group")
        stream.publish(messages(topic, 10))
        (position,) = stream.positions(topic, group)
        stream.move(topic, group, {0: position.end})
        assert [position.lag for position in stream.positions(topic, group)] == [0]
        member = subscribe(topic, group)
        self.assert_silent(member)
        stream.publish(messages(topic, 1, start=10))
        assert [record.value for record in self.take(member, 1)] == [b"value 10"]

    def test_a_group_at_work_is_not_moved(self, stream: Stream, subscribe: Callable[..., Subscription]) -> None:
        topic, group = make_topic(stream), fresh("group")
        stream.publish(messages(topic, 10))
        member = subscribe(topic, group)
        self.take(member, 10)
        member.commit()
        with pytest.raises(Unavailable, match=group):
            stream.move(topic, group, {0: 0})
        self.assert_silent(member)
