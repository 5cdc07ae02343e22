"""What every stream promises of members that come and go."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from quotewire.ports import Message, Rebalanced, Stream, StreamRecord, Subscription
from tests.contracts.stream_parts import StreamParts, by_key, fresh, make_topic, messages, values


class MembersSuite(StreamParts):
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

    def test_members_that_poll_for_moments_only_get_their_records(
        self, stream: Stream, subscribe: Callable[..., Subscription]
    ) -> None:
        """Joining a group takes longer than such a poll, and may end between two of them."""
        topic = make_topic(stream)
        stream.publish(messages(topic, 20))
        for _ in range(8):
            member, taken, deadline = subscribe(topic, fresh("group")), 0, time.monotonic() + self.patience
            while taken < 20 and time.monotonic() < deadline:
                taken += len(member.poll(100, 0.05))
                time.sleep(0.05)
            assert taken == 20

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
