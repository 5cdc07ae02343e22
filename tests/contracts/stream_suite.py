"""What every adapter of the stream promises. An adapter joins by a subclass of StreamSuite with a `stream` fixture.

Every test makes topics and groups of its own, so that one server can serve all of them; nothing assumes that a group is
joined, or shared out anew, within one poll.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from quotewire.ports import Message, Rebalanced, Rejected, Stream, StreamRecord, Subscription, Unavailable
from schemas.records import RawArticle
from schemas.topics import Topic


def fresh(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}-{uuid.uuid4().hex[:12]}"


def make_topic(stream: Stream, partitions: int = 3) -> str:
    """A new topic on the stream."""
    topic = Topic(fresh("topic"), RawArticle, lambda record: record.id, partitions, timedelta(days=7))
    stream.create_topics([topic])
    return topic.name


def messages(topic: str, count: int, keys: int = 7, start: int = 0) -> list[Message]:
    """Messages whose values count up, over some keys."""
    return [Message(topic, f"key {n % keys}", f"value {n}".encode()) for n in range(start, start + count)]


def values(records: Sequence[StreamRecord] | Iterator[StreamRecord]) -> list[bytes]:
    """The values of records, sorted."""
    return sorted(record.value for record in records)


def by_key(records: Sequence[StreamRecord] | Iterator[StreamRecord]) -> dict[str, list[bytes]]:
    """The values of each key, in order."""
    found = defaultdict(list)
    for record in records:
        found[record.key].append(record.value)
    return dict(found)


class StreamSuite:
    """The suite; subclasses bring the fixture `stream`: a stream that is closed afterwards."""

    patience = 10.0
    """Seconds within which a group is joined or shared out anew."""
    silence = 0.1
    """Seconds of polling after which nothing more is taken to come."""
    too_large = 9_000_000
    """Bytes of a value that the stream refuses."""

    @pytest.fixture
    def stream(self) -> Iterator[Stream]:
        raise NotImplementedError

    @pytest.fixture
    def subscribe(self, stream: Stream) -> Iterator[Callable[[str, str], Subscription]]:
        with contextlib.ExitStack() as open_ones:

            def subscribe(topic: str, group: str) -> Subscription:
                subscription = stream.subscribe([topic], group)
                open_ones.callback(subscription.close)
                return subscription

            yield subscribe

    def take(self, subscription: Subscription, count: int, limit: int = 100) -> list[StreamRecord]:
        """Poll until `count` records came."""
        records: list[StreamRecord] = []
        deadline = time.monotonic() + self.patience
        while len(records) < count and time.monotonic() < deadline:
            records += subscription.poll(min(limit, count - len(records)), 0.2)
        assert len(records) == count
        return records

    def assert_silent(self, *subscriptions: Subscription) -> None:
        for subscription in subscriptions:
            assert subscription.poll(100, self.silence) == []

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.patience
        while not condition():
            assert time.monotonic() < deadline, "it never came about"

    # --- publishing and reading -------------------------------------------------------------------------------------

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
        stream.create_topics([topic])
        stream.publish(messages(topic.name, 5))
        stream.create_topics([topic])
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

    # --- polling and committing -------------------------------------------------------------------------------------

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

    # --- members ----------------------------------------------------------------------------------------------------

    def test_nothing_that_a_closed_member_had_in_hand_is_lost(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic, group = make_topic(stream), fresh("group")
        stream.publish(messages(topic, 20))
        first = subscribe(topic, group)
        done = self.take(first, 5)
        first.commit()
        self.take(first, 10)
        first.close()
        first.close()
        rest = self.take(subscribe(topic, group), 15)
        assert values(done + rest) == values(stream.read(topic))

    def test_members_share_the_partitions_out_and_take_over_from_who_leaves(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic, group = make_topic(stream, partitions=4), fresh("group")
        members = [subscribe(topic, group), subscribe(topic, group)]
        seen: list[set[int]] = [set(), set()]

        def both_have_some() -> bool:
            stream.publish(messages(topic, 28))
            for member, partitions in zip(members, seen, strict=True):
                partitions.clear()
                for _ in range(3):
                    partitions.update(record.partition for record in member.poll(100, self.silence))
                with contextlib.suppress(Rebalanced):
                    member.commit()
                member.rewind()
            return all(seen) and seen[0].isdisjoint(seen[1])

        self.until(both_have_some)
        members[0].close()
        stream.publish(messages(topic, 28))
        found: set[int] = set()

        def the_other_has_all() -> bool:
            found.update(record.partition for record in members[1].poll(100, 0.2))
            return len(found) == 4

        self.until(the_other_has_all)

    def test_a_commit_after_the_partitions_passed_on_is_refused(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        topic, outputs, group = make_topic(stream, partitions=2), make_topic(stream), fresh("group")
        stream.publish(messages(topic, 40))
        first = subscribe(topic, group)
        in_hand = self.take(first, 40)
        second = subscribe(topic, group)
        others: list[StreamRecord] = []

        def second_has_some() -> bool:
            others.extend(second.poll(100, 0.2))
            first.poll(100, 0.2)
            return bool(others)

        self.until(second_has_some)
        with pytest.raises(Rebalanced):
            first.commit([Message(outputs, record.key, record.value) for record in in_hand])
        assert list(stream.read(outputs)) == []
        first.rewind()
        second.commit([Message(outputs, record.key, record.value) for record in others])
        rest = self.take(first, 40 - len(others))
        first.commit([Message(outputs, record.key, record.value) for record in rest])
        assert by_key(stream.read(outputs)) == by_key(stream.read(topic))

    def test_members_that_come_and_go_at_work_make_everything_exactly_once(self, stream: Stream) -> None:
        topic, outputs, group = make_topic(stream, partitions=4), make_topic(stream), fresh("group")
        stream.publish(messages(topic, 200, keys=20))
        failures: list[BaseException] = []

        def work(batches: int) -> None:
            member = stream.subscribe([topic], group)
            try:
                while batches:
                    records = member.poll(5, 0.2)
                    try:
                        member.commit([Message(outputs, record.key, record.value) for record in records])
                    except Rebalanced:
                        member.rewind()
                    batches -= 1
            except BaseException as error:
                failures.append(error)
            finally:
                member.close()

        threads = [threading.Thread(target=work, args=(batches,)) for batches in (3, 5, 8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        member = stream.subscribe([topic], group)
        while sum(position.lag for position in stream.positions(topic, group)):
            member.commit([Message(outputs, record.key, record.value) for record in member.poll(50, 0.2)])
        member.close()
        assert by_key(stream.read(outputs)) == by_key(stream.read(topic))

    # --- positions --------------------------------------------------------------------------------------------------

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

    # --- all at once ------------------------------------------------------------------------------------------------

    examples = 25

    def test_whatever_members_do_every_record_is_processed_exactly_once(self, stream: Stream) -> None:
        class Members(_Members):
            pass

        Members.stream, Members.take = stream, self.take
        run_state_machine_as_test(
            Members,
            settings=settings(
                max_examples=self.examples,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class _Members(RuleBasedStateMachine):
    """Members of one group that copy a topic to another. The model: each key's values as published.

    However members poll, commit, rewind, come and go, what was copied of a key is at all times a beginning of what was
    published of it; and what the last member then copies makes it whole.
    """

    stream: ClassVar[Stream]
    take: ClassVar[Callable[..., list[StreamRecord]]]
    members = Bundle("members")

    def __init__(self) -> None:
        super().__init__()
        self.topic, self.outputs, self.group = make_topic(self.stream), make_topic(self.stream), fresh("group")
        self.published: dict[str, list[bytes]] = defaultdict(list)
        self.in_hand: dict[Subscription, list[StreamRecord]] = {}

    @rule(keys=st.lists(st.sampled_from(["a", "b", "é", "d", "e"]), min_size=1, max_size=8))
    def publish(self, keys: list[str]) -> None:
        sent = []
        for key in keys:
            sent.append(Message(self.topic, key, f"{key} {len(self.published[key])}".encode()))
            self.published[key].append(sent[-1].value)
        self.stream.publish(sent)

    @rule(target=members)
    def join(self) -> Subscription:
        member = self.stream.subscribe([self.topic], self.group)
        self.in_hand[member] = []
        return member

    @rule(member=members, limit=st.integers(1, 9))
    def poll(self, member: Subscription, limit: int) -> None:
        records = member.poll(limit, 0)
        assert len(records) <= limit
        self.in_hand[member] += records

    @rule(member=members)
    def commit(self, member: Subscription) -> None:
        copies = [Message(self.outputs, record.key, record.value) for record in self.in_hand[member]]
        try:
            member.commit(copies)
        except Rebalanced:
            member.rewind()
        self.in_hand[member] = []

    @rule(member=members)
    def rewind(self, member: Subscription) -> None:
        member.rewind()
        self.in_hand[member] = []

    @rule(member=consumes(members))
    def leave(self, member: Subscription) -> None:
        member.close()
        del self.in_hand[member]

    @invariant()
    def nothing_is_copied_twice_or_out_of_order(self) -> None:
        copied = by_key(self.stream.read(self.outputs))
        for key, found in copied.items():
            assert found == self.published[key][: len(found)]
        left = sum(map(len, self.published.values())) - sum(map(len, copied.values()))
        assert sum(position.lag for position in self.stream.positions(self.topic, self.group)) >= left

    def teardown(self) -> None:
        for member in self.in_hand:
            member.close()
        left = sum(map(len, self.published.values())) - len(list(self.stream.read(self.outputs)))
        last = self.stream.subscribe([self.topic], self.group)
        last.commit([Message(self.outputs, record.key, record.value) for record in type(self).take(last, left)])
        last.close()
        assert by_key(self.stream.read(self.outputs)) == {key: found for key, found in self.published.items() if found}
