"""One alert for each story and tracked name, which grows; nothing is alerted twice, whatever is edited or repeated."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from consumers.alerts import growth
from consumers.alerts.matcher import Matcher
from consumers.alerts.stage import Alerting
from consumers.alerts.state import AlertState
from consumers.stories.embedding import WordLlamaEmbedder
from consumers.stories.fingerprint import fingerprints
from consumers.stories.window import story_id
from quotewire.adapters.memory_stream import MemoryStream
from quotewire.adapters.stream_rules import MachineClock
from quotewire.alert_memory import AlertMemory
from quotewire.ports import Message, Rejected, Stream, TrackedName
from schemas.codec import encode
from schemas.records import Alert, EnrichedArticle, Entity, Mention, Span, StoryMember
from schemas.topics import ALERTS, STORIES, TOPICS, topic_of
from tests.contracts.outbox_suite import make_alert

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WATCHED = [TrackedName("Orla Finch"), TrackedName("Kyiv", ("Kiev",))]

FIRE = (
    "Fire guts paper mill in Ostby",
    (
        "A fire destroyed the paper mill in Ostby on Sunday night, the fire chief, Orla Finch, said.\n\n"
        "“We were lucky that nobody was inside,” Finch said. Forty firemen from Ostby and Hallund fought the flames "
        "until dawn. The mill has 120 workers and was the largest employer in the valley."
    ),
)
FIRE_RETOLD = (
    "Blaze destroys Ostby mill, 120 workers without a job",
    (
        "Nobody was hurt when the paper mill in Ostby burned down in the night to Monday, said Orla Finch, chief of "
        "the fire brigade. Crews from Ostby and Hallund needed until dawn to put the blaze out. It had 120 workers."
    ),
)
ELECTION = (
    "Orla Finch to run for council in Marbeck",
    (
        "Orla Finch will stand for the council in Marbeck in May, she told a meeting of the Harbour Party on Monday. "
        "“The buses are late and the school roof leaks,” she said."
    ),
)


class Clock:
    """A clock that goes on by a minute each time it is asked."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time


class Pipeline:
    """The alerts stage on a stream of its own; `feed` commits what it makes, `lose` does not."""

    clock = MachineClock()

    def __init__(self, watched: Sequence[TrackedName] = WATCHED, stream: Stream | None = None) -> None:
        self.stream = stream or MemoryStream()
        self.stream.create_topics(TOPICS.values())
        self.matcher = Matcher(watched)
        self.restart()

    def restart(self) -> None:
        """Forget all that is not on the stream."""
        memory = AlertMemory(self.stream, self.clock)
        self.stage = Alerting(lambda: self.matcher, memory.recall, WordLlamaEmbedder(), Clock())

    def lose(self, *articles: EnrichedArticle) -> list[Alert | StoryMember]:
        results = self.stage.process(articles)
        assert len(results) == len(articles)
        outputs = [output for result in results if not isinstance(result, Rejected) for output in result]
        return [output for output in outputs if isinstance(output, Alert | StoryMember)]

    def feed(self, *articles: EnrichedArticle) -> list[Alert]:
        outputs = self.lose(*articles)
        self.stream.publish([Message(topic_of(each).name, topic_of(each).key(each), encode(each)) for each in outputs])
        return [output for output in outputs if isinstance(output, Alert)]


@pytest.fixture
def pipeline() -> Iterator[Pipeline]:
    pipeline = Pipeline()
    with contextlib.closing(pipeline.stream):
        yield pipeline


def article(
    title_and_body: tuple[str, str], name: str = "a1", revision: int = 1, hours: float = 0, outlet: str = "Courier"
) -> EnrichedArticle:
    title, body = title_and_body
    return EnrichedArticle(
        id=name,
        revision=revision,
        title=title,
        text=f"{title}\n\n{body}",
        headline=Span(start=0, end=len(title)),
        outlet=outlet,
        published=NOW + timedelta(hours=hours),
    )


def edited(title_and_body: tuple[str, str], more: str) -> tuple[str, str]:
    return title_and_body[0], f"{title_and_body[1]}\n\n{more}"


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


def test_an_edit_alerts_only_of_a_name_that_it_brings_in(pipeline: Pipeline) -> None:
    pipeline.matcher = Matcher([*WATCHED, TrackedName("Hallund")])
    assert {alert.name for alert in pipeline.feed(article(FIRE))} == {"Orla Finch", "Hallund"}
    pipeline.matcher = Matcher([*WATCHED, TrackedName("Hallund"), TrackedName("Ostby")])
    [kyiv] = pipeline.feed(article(edited(FIRE, "Paper came from Kyiv."), revision=2))
    assert (kyiv.name, kyiv.revision) == ("Kyiv", 1), "Ostby is new on the list only"


def test_an_edit_alerts_of_a_name_whose_words_stood_there_apart(pipeline: Pipeline) -> None:
    apart = "Letters came from Orla Lund, and Adam Finch wrote as well."
    without = FIRE[0], FIRE[1].replace("Orla Finch", "Per Lund").replace("Finch", "Lund")
    assert pipeline.feed(article(edited(without, apart))) == []
    [alert] = pipeline.feed(article(edited(without, f"{apart} Orla Finch is missing."), revision=2))
    assert (alert.name, alert.revision) == ("Orla Finch", 1)


FOUNDATION = edited(
    (FIRE[0], FIRE[1].replace("Orla Finch", "Per Lund").replace("Finch", "Lund")),
    "The Orla Finch Foundation gave money for the workers.",
)


def with_foundation(given: EnrichedArticle) -> EnrichedArticle:
    """The article with the foundation recognised in it."""
    start, name = given.text.index("Orla Finch Foundation"), "Orla Finch Foundation"
    mention = Mention(start=start, end=start + len(name), text=name)
    return given.model_copy(update={"entities": (Entity(id="e1", name=name, label="ORG", mentions=(mention,)),)})


def test_an_edit_alerts_of_a_name_that_stood_there_as_somebody_elses(pipeline: Pipeline) -> None:
    assert pipeline.feed(with_foundation(article(FOUNDATION))) == []
    assert pipeline.feed(with_foundation(article(edited(FOUNDATION, "More follows."), revision=2))) == []
    pipeline.restart()
    more = edited(FOUNDATION, "Orla Finch herself is missing.")
    [alert] = pipeline.feed(with_foundation(article(more, revision=3)))
    assert (alert.name, alert.revision, alert.sentence.text) == ("Orla Finch", 1, "Orla Finch herself is missing.")


def test_an_edit_alerts_of_one_who_is_in_the_headline_only_now(pipeline: Pipeline) -> None:
    pipeline.matcher = Matcher([TrackedName("Per Lund", conditions=("headline",))])
    assert pipeline.feed(article(FOUNDATION)) == []
    [alert] = pipeline.feed(article(("Mill burned for hours, says Per Lund", FOUNDATION[1]), revision=2))
    assert (alert.name, alert.conditions) == ("Per Lund", ("mentioned", "headline"))


def test_an_edit_does_not_alert_where_only_the_entry_has_changed(pipeline: Pipeline) -> None:
    pipeline.matcher = Matcher([TrackedName("Per Lund", conditions=("headline",))])
    assert pipeline.feed(article(FOUNDATION)) == []
    pipeline.matcher = Matcher([TrackedName("Per Lund")])
    assert pipeline.feed(article(edited(FOUNDATION, "More follows."), revision=2)) == []


def test_an_edit_that_makes_news_of_the_author_alerts(pipeline: Pipeline) -> None:
    without = FIRE[0], "By Orla Finch\n\n" + FIRE[1].replace("Orla Finch", "Per Lund").replace("Finch", "Lund")
    assert pipeline.feed(article(without)) == []
    [alert] = pipeline.feed(article(edited(without, "The reporter Orla Finch was hurt."), revision=2))
    assert (alert.name, alert.revision) == ("Orla Finch", 1)


@pytest.mark.parametrize("name", ["paper mill", "Umerov", "习近平", "Nimbus 4"])
def test_an_edit_does_not_alert_of_what_stood_there_all_along(pipeline: Pipeline, name: str) -> None:
    old = edited(FIRE, "Umerov sent a note. 习近平说。 The Nimbus 4 was lost.")
    pipeline.feed(article(old))
    pipeline.matcher = Matcher([*WATCHED, TrackedName(name)])
    assert pipeline.feed(article(edited(old, "More follows."), revision=2)) == []


def test_an_edit_that_changes_nothing_about_the_name_tells_nothing(pipeline: Pipeline) -> None:
    pipeline.feed(article(FIRE))
    assert pipeline.feed(article(edited(FIRE, "More follows."), revision=2)) == []


def test_an_edit_that_changes_the_sentence_makes_the_alert_grow(pipeline: Pipeline) -> None:
    pipeline.feed(article(FIRE))
    changed = FIRE[0], FIRE[1].replace("on Sunday night", "on Saturday night")
    [alert] = pipeline.feed(article(changed, revision=2))
    assert alert.revision == 2
    assert "Saturday" in alert.articles[0].sentence.text
    assert "Sunday" in alert.sentence.text, "what raised it stays"


def test_an_edit_that_takes_the_name_out_is_noted_once(pipeline: Pipeline) -> None:
    pipeline.feed(article(FIRE))
    without = FIRE[0], FIRE[1].replace("Orla Finch", "Per Lund").replace("Finch", "Lund")
    [alert] = pipeline.feed(article(without, revision=2))
    assert (alert.revision, alert.articles[0].corrected) == (2, True)
    assert pipeline.feed(article(without, revision=3)) == []


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


def test_an_edit_of_an_article_that_is_only_counted_counts_no_further_article(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MOST_ARTICLES", 2)
    for number in range(4):
        [alert] = pipeline.feed(article(FIRE, f"a{number}", hours=number / 10))
    assert (len(alert.articles), alert.more_articles, alert.revision) == (2, 2, 4)
    for revision in (2, 3):
        again = article(edited(FIRE, f"More follows at {revision}."), "a3", revision=revision, hours=1)
        assert pipeline.feed(again) == []


def test_an_edit_that_brings_a_name_into_an_article_beyond_the_listed_ones_counts_it_once(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MOST_ARTICLES", 1)
    without = FIRE[0], FIRE[1].replace(", Orla Finch,", "").replace("Finch", "he")
    pipeline.feed(article(FIRE), article(without, "a2"))
    [alert] = pipeline.feed(article(FIRE, "a2", revision=2))
    assert (alert.more_articles, alert.revision) == (1, 2)
    assert pipeline.feed(article(edited(FIRE, "More follows."), "a2", revision=3)) == []


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
