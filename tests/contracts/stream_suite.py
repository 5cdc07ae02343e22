"""What every adapter of the stream promises. An adapter joins by a subclass of StreamSuite with a `stream` fixture.

Every test makes topics and groups of its own, so that one server can serve all of them; nothing assumes that a group is
joined, or shared out anew, within one poll.
"""

from __future__ import annotations

from tests.contracts.stream_members import MembersSuite
from tests.contracts.stream_polling import PollingSuite
from tests.contracts.stream_publishing import PublishingSuite


class StreamSuite(PublishingSuite, PollingSuite, MembersSuite):
    """The suite; subclasses bring the fixture `stream`: a stream that is closed afterwards."""
