"""One alert for each story and tracked name, which grows; nothing is alerted twice, whatever is edited or repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from consumers.alerts.matcher import Matcher
from consumers.alerts.state import AlertState
from consumers.stories.embedding import WordLlamaEmbedder
from consumers.stories.fingerprint import fingerprints
from consumers.stories.window import story_id
from quotewire.alert_memory import AlertMemory
from quotewire.ports import Message, TrackedName
from schemas.records import Alert, StoryMember
from schemas.topics import ALERTS, STORIES
from tests.consumers.alerts.alerting import ELECTION, FIRE, FIRE_RETOLD, NOW, Pipeline, article
from tests.contracts.outbox_suite import make_alert


def test_an_alert_says_what_where_and_why(pipeline: Pipeline) -> None:
    [alert] = pipeline.feed(article(FIRE))
    assert (alert.name, alert.article, alert.outlet, alert.revision) == ("Orla Finch", "a1", "Courier", 1)
    assert alert.raised == alert.updated == NOW + timedelta(minutes=1)
    assert alert.sentence.text.endswith("the fire chief, Orla Finch, said.")
    text = article(FIRE).text
    assert text[alert.mention.start : alert.mention.end] == alert.mention.text == "Orla Finch"
    assert [listed.id for listed in alert.articles] == ["a1"]


def test_the_same_story_in_another_outlet_makes_the_alert_grow(pipeline: Pipeline) -> None:
    [first] = pipeline.feed(article(FIRE))
    [second] = pipeline.feed(article(FIRE_RETOLD, "a2", hours=2, outlet="Valley Post"))
    assert (second.id, second.revision, second.raised) == (first.id, 2, first.raised)
    assert [listed.outlet for listed in second.articles] == ["Courier", "Valley Post"]
    assert (second.article, second.title) == ("a1", first.title), "what raised it stays"


def test_another_story_about_the_same_name_is_another_alert(pipeline: Pipeline) -> None:
    [fire, election] = pipeline.feed(article(FIRE), article(ELECTION, "a2", hours=3))
    assert fire.id != election.id
    assert (fire.revision, election.revision) == (1, 1)


def test_nothing_is_made_of_what_was_looked_through_before(pipeline: Pipeline) -> None:
    one, two = article(FIRE, revision=2), article(FIRE_RETOLD, "a2")
    assert len(pipeline.feed(one, one, two)) == 2
    assert pipeline.lose(one, two, article(FIRE, revision=1)) == []
    pipeline.restart()
    assert pipeline.lose(one, two, article(FIRE, revision=1)) == []


def test_a_replay_raises_nothing_for_a_name_that_is_new_on_the_watchlist(pipeline: Pipeline) -> None:
    pipeline.feed(article(FIRE), article(ELECTION, "a2"))
    pipeline.matcher = Matcher([TrackedName("Hallund"), TrackedName("Marbeck")])
    pipeline.restart()
    assert pipeline.lose(article(FIRE), article(ELECTION, "a2")) == []


def test_an_uncommitted_batch_never_happened(pipeline: Pipeline) -> None:
    lost = pipeline.lose(article(FIRE), article(FIRE_RETOLD, "a2"))
    again = pipeline.lose(article(FIRE), article(FIRE_RETOLD, "a2"))

    def told(outputs: list[Alert | StoryMember]) -> list[tuple[str, int, str]]:
        return [(output.id, output.revision, output.story) for output in outputs]

    assert told(again) == told(lost)


def test_a_restart_between_copies_changes_nothing() -> None:
    articles = [article(FIRE), article(ELECTION, "a2", hours=1), article(FIRE_RETOLD, "a3", hours=2)]
    told = []
    for restarts in (False, True):
        pipeline = Pipeline()
        alerts = []
        for each in articles:
            alerts += pipeline.feed(each)
            if restarts:
                pipeline.restart()
        told.append([(alert.id, alert.revision, [listed.id for listed in alert.articles]) for alert in alerts])
        pipeline.stream.close()
    assert told[0] == told[1]


def test_a_record_that_cannot_be_read_stands_in_nobodys_way(pipeline: Pipeline) -> None:
    pipeline.stream.publish([Message("alerts", "x", b"{}"), Message("stories", "x", b"no")])
    assert len(pipeline.feed(article(FIRE))) == 1


# --- for as long as it matters


def test_the_newest_alert_of_long_ago_is_not_read_again(pipeline: Pipeline) -> None:
    pipeline.feed(article(FIRE))
    state = AlertMemory(pipeline.stream, pipeline.clock).recall()
    [identity] = [alert.id for alert in state.alerts_of(story_id("a1"))]
    assert state.was_raised(identity)

    class Later:
        def now(self) -> datetime:
            return datetime.now(UTC) + ALERTS.retention + timedelta(days=1)

    state = AlertMemory(pipeline.stream, Later()).recall()
    assert not state.was_raised(identity)
    assert state.seen("a1") is None


def test_what_is_remembered_is_bounded_by_time() -> None:
    state, window = AlertState(), 4
    fingerprint = fingerprints([FIRE], WordLlamaEmbedder())[0]
    for day in range(200):
        at = NOW + timedelta(days=day)
        for number in range(3):
            name = f"a{day}-{number}"
            member = StoryMember(id=name, story=story_id(name), dated=at, joined=at, fingerprint=fingerprint)
            state.learn(member)
            state.learn(make_alert(name, story=member.story, raised=at, updated=at))
        state.forget_old()
        assert state.seen(f"a{max(0, day - STORIES.retention.days)}-0") is not None
        assert state.was_raised(f"alert-a{max(0, day - ALERTS.retention.days)}-0")
    assert state.alert("alert-a199-0") is not None
    assert state.alert(f"alert-a{199 - 2 * window}-0") is None
    held = [value for value in vars(state).values() if isinstance(value, dict)]
    assert max(map(len, held)) <= 3 * (ALERTS.retention.days + window)
    assert len(state.stories) <= 3 * 2 * window
    assert state.seen(f"a{199 - STORIES.retention.days - 2 * window - 10}-0") is None
