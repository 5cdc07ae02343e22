"""The refusals: all that an adapter may raise; it translates every error of its library into one of them."""

from __future__ import annotations


class Rejected(Exception):
    """This record can never be processed. The worker buries it in the dead-letter topic with the message as reason."""


class Unavailable(Exception):
    """A server is away, full or busy for now. The worker waits, then repeats the same records."""


class Rebalanced(Exception):
    """The polled partitions have passed to another member of the group: nothing of the batch was committed.

    The worker forgets the batch and polls again; whoever owns the partitions now processes the same records.
    """


class ConfigurationError(Exception):
    """The user's mistake: a setting, file or address that cannot work. The message says what to do, in one line."""


class UnknownTopic(ConfigurationError, KeyError):
    """A topic that was never created, or that was deleted."""

    __str__ = Exception.__str__  # a KeyError's would put the message into quotes
