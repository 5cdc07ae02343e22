"""The audit of alerts: each is in the index and was raised once, and each article was looked through for them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from quotewire.dead_letters import dead_letters, replay
from quotewire.ports import Message
from quotewire.replaying import Start, forget_alerts
from quotewire.stages import STAGES
from schemas.codec import encode
from schemas.records import Fingerprint, StoryMember
from schemas.topics import ALERTS, STORIES
from tests.contracts.index_samples import make_alert
from tests.quotewire.newsroom import Newsroom, Nothing, Refusing

NO_PRINT = Fingerprint(minhash=b"", vector=b"")


def test_what_was_not_looked_through_for_alerts_is_missing_there(newsroom: Newsroom) -> None:
    newsroom.find("a", "b")
    newsroom.work("enrich")
    newsroom.work("index")
    assert newsroom.audit(thorough=True).complete, "the stage has still to come to them"
    looked = StoryMember(
        id="a",
        revision=newsroom.revision,
        story="a",
        dated=newsroom.clock.now(),
        joined=newsroom.clock.now(),
        fingerprint=NO_PRINT,
    )
    newsroom.stream.publish([Message(STORIES.name, "a", encode(looked))])
    newsroom.work("alerts", Nothing())
    [finding] = newsroom.audit(thorough=True).missing
    assert (finding.id, finding.feed, finding.stage) == ("b", "", "alerts")


def raise_alerts(newsroom: Newsroom, *names: str) -> None:
    newsroom.stream.publish([Message(ALERTS.name, name, encode(make_alert(name))) for name in names])


def test_alerts_are_accounted_for(newsroom: Newsroom) -> None:
    raise_alerts(newsroom, "x", "y")
    result = newsroom.audit()
    assert (result.complete, result.alerts_raised, result.alerts_indexed, result.alerts_under_way) == (True, 2, 0, 2)
    newsroom.work("index")
    assert newsroom.audit().alerts_indexed == 2
    raise_alerts(newsroom, "lost")
    newsroom.work("index", Nothing())
    [finding] = newsroom.audit().missing
    assert (finding.kind, finding.id, finding.stage) == ("alert", "lost", "index")


def test_an_alert_of_an_older_schema_is_accounted_for(newsroom: Newsroom) -> None:
    """Its revision was the article's then; the index has it as it is read today."""
    old = (Path(__file__).parents[1] / "schemas" / "old_records" / "alerts.v1.json").read_bytes()
    newsroom.stream.publish([Message(ALERTS.name, "aa11", old)])
    newsroom.work("index")
    assert newsroom.audit().alerts_indexed == 1
    assert newsroom.audit().complete


def test_an_alert_raised_twice_is_named(newsroom: Newsroom) -> None:
    raise_alerts(newsroom, "x", "x", "y")
    newsroom.work("index")
    result = newsroom.audit()
    assert not result.complete
    [twice] = result.twice
    assert "alert x" in twice


def test_a_letter_of_another_stage_or_that_was_replayed_does_not_excuse_an_alert(newsroom: Newsroom) -> None:
    raise_alerts(newsroom, "x", "y")
    newsroom.work("notify", Refusing())
    newsroom.work("index", Nothing())
    assert {finding.id for finding in newsroom.audit().missing} == {"x", "y"}
    for letter in dead_letters(newsroom.stream):
        replay(newsroom.stream, letter, newsroom.clock)
    newsroom.work("index", Refusing())
    assert states_of_alerts(newsroom) == ["dead", "dead"]
    for letter in dead_letters(newsroom.stream):
        if letter.stage == "index":
            replay(newsroom.stream, letter, newsroom.clock)
    newsroom.work("index", Nothing())
    assert states_of_alerts(newsroom) == ["missing", "missing"]


def states_of_alerts(newsroom: Newsroom) -> list[str]:
    return [finding.state for finding in newsroom.audit().findings]


def test_what_is_replayed_for_the_alerts_stage_is_under_way(newsroom: Newsroom) -> None:
    newsroom.find("a")
    newsroom.work("enrich")
    newsroom.work("index")
    newsroom.work("alerts", Refusing())
    [letter] = dead_letters(newsroom.stream)
    [finding] = newsroom.audit(thorough=True).findings
    assert (finding.state, finding.stage, finding.id) == ("dead", "alerts", "a")
    assert letter.id in finding.reason
    assert newsroom.audit(thorough=True).complete
    replay(newsroom.stream, letter, newsroom.clock)
    assert newsroom.audit(thorough=True).complete
    newsroom.work("alerts", Nothing())
    assert [finding.stage for finding in newsroom.audit(thorough=True).missing] == ["alerts"]


def test_an_alert_sent_through_again_by_hand_is_not_twice(newsroom: Newsroom) -> None:
    raise_alerts(newsroom, "x" * 513)
    newsroom.work("index")
    [letter] = dead_letters(newsroom.stream)
    assert [finding.state for finding in newsroom.audit().findings] == ["dead"]
    replay(newsroom.stream, letter, newsroom.clock)
    assert newsroom.audit().complete


def test_what_was_raised_again_because_that_was_asked_for_is_not_twice(newsroom: Newsroom) -> None:
    for _ in range(3):
        raise_alerts(newsroom, "x")
        forget_alerts(newsroom.stream, STAGES["alerts"], Start(offset=0), newsroom.clock.now())
    raise_alerts(newsroom, "x")
    newsroom.work("index")
    assert newsroom.audit().complete
    raise_alerts(newsroom, "x")
    newsroom.work("index")
    assert newsroom.audit().twice == ["alert x: raised 2 times in revision 1"]


def test_only_what_was_to_be_raised_again_may_be(newsroom: Newsroom) -> None:
    raise_alerts(newsroom, "x", "y")
    newsroom.clock.time += timedelta(hours=1)
    since = newsroom.clock.now()
    raise_alerts(newsroom, "z")
    newsroom.clock.time += timedelta(hours=1)
    forget_alerts(newsroom.stream, STAGES["alerts"], Start(time=since), newsroom.clock.now())
    raise_alerts(newsroom, "y", "z")
    newsroom.work("index")
    assert newsroom.audit().twice == ["alert y: raised 2 times in revision 1"]
