"""The dead letters: what could not be processed, and sending it through again."""

from __future__ import annotations

from quotewire.ports import Clock, Message, Rejected, Stream
from schemas.codec import decode, encode
from schemas.records import DeadLetter
from schemas.topics import DEAD_LETTERS


def dead_letters(stream: Stream) -> list[DeadLetter]:
    """Every dead letter in the order of burial, each id as it was last written. Raises Unavailable."""
    found: dict[str, DeadLetter] = {}
    for record in stream.read(DEAD_LETTERS.name):
        letter = decode(DEAD_LETTERS, record.value)
        assert isinstance(letter, DeadLetter)
        found[letter.id] = letter
    return list(found.values())


def replay(stream: Stream, letter: DeadLetter, clock: Clock) -> None:
    """Publish the record again to the topic it came from, and note that on the dead letter.

    Every group that reads the topic gets the record again; all of them are idempotent. Raises Unavailable, and
    Rejected where the record was too large to be kept.
    """
    if not letter.value:
        raise Rejected(f"{letter.id} cannot be replayed: the record was too large for a dead letter")
    again = Message(letter.topic, letter.key, letter.value)
    noted = letter.model_copy(update={"replayed": clock.now()})
    # The record first: a failure in between leaves the letter listed, and replaying it twice does no harm.
    stream.publish([again])
    stream.publish([Message(DEAD_LETTERS.name, letter.id, encode(noted))])
