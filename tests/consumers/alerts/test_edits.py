"""An edit of an article alerts of a name that it brings in, and of nothing else; alerts follow what it changes."""

from __future__ import annotations

import pytest

from consumers.alerts import growth
from consumers.alerts.marks import mark_of
from consumers.alerts.matcher import Matcher
from quotewire.ports import TrackedName
from schemas.records import EnrichedArticle, Entity, Mention, Quote, Span, Speaker
from tests.consumers.alerts.alerting import FIRE, WATCHED, Pipeline, article, edited

WITHOUT = FIRE[0], FIRE[1].replace("Orla Finch", "Per Lund").replace("Finch", "Lund")
"""The fire, with another chief."""


def test_an_edit_alerts_only_of_a_name_that_it_brings_in(pipeline: Pipeline) -> None:
    pipeline.matcher = Matcher([*WATCHED, TrackedName("Hallund")])
    assert {alert.name for alert in pipeline.feed(article(FIRE))} == {"Orla Finch", "Hallund"}
    pipeline.matcher = Matcher([*WATCHED, TrackedName("Hallund"), TrackedName("Ostby")])
    [kyiv] = pipeline.feed(article(edited(FIRE, "Paper came from Kyiv."), revision=2))
    assert (kyiv.name, kyiv.revision) == ("Kyiv", 1), "Ostby is new on the list only"


def test_an_edit_alerts_of_a_name_whose_words_stood_there_apart(pipeline: Pipeline) -> None:
    apart = "Letters came from Orla Lund, and Adam Finch wrote as well."
    assert pipeline.feed(article(edited(WITHOUT, apart))) == []
    [alert] = pipeline.feed(article(edited(WITHOUT, f"{apart} Orla Finch is missing."), revision=2))
    assert (alert.name, alert.revision) == ("Orla Finch", 1)


FOUNDATION = edited(WITHOUT, "The Orla Finch Foundation gave money for the workers.")


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


def test_an_edit_alerts_of_one_who_is_quoted_only_now(pipeline: Pipeline) -> None:
    pipeline.matcher = Matcher([TrackedName("Per Lund", conditions=("quoted",))])
    assert pipeline.feed(article(FOUNDATION)) == []
    more = article(edited(FOUNDATION, "“It is over,” Per Lund said."), revision=2)
    start, by = more.text.index("It is over"), more.text.rindex("Per Lund")
    quote = Quote(
        id="q1",
        kind="direct",
        spans=(Span(start=start, end=start + 10),),
        text="It is over",
        speaker=Speaker(start=by, end=by + 8, text="Per Lund", name="Per Lund", kind="person"),
        confidence=0.9,
    )
    [alert] = pipeline.feed(more.model_copy(update={"quotes": (quote,)}))
    assert (alert.name, alert.conditions) == ("Per Lund", ("mentioned", "quoted"))


def test_an_edit_alerts_of_a_word_that_is_near_only_now(pipeline: Pipeline) -> None:
    pipeline.matcher = Matcher([TrackedName("Per Lund", near=("arson",))])
    assert pipeline.feed(article(FOUNDATION)) == []
    [alert] = pipeline.feed(article(edited(FOUNDATION, "Per Lund spoke of arson."), revision=2))
    assert alert.name == "Per Lund"


TOGETHER = TrackedName("Tom Rask", together_with=("Marbeck",))


@pytest.mark.parametrize(
    ("first", "second", "old", "new"),
    [
        ([TrackedName("Tom Rask", not_near=("arson",))], None, "Tom Rask denied arson.", "Tom Rask denied."),
        ([TOGETHER], [TOGETHER, TrackedName("Marbeck", ("Ostby",))], "Tom Rask came.", "Tom Rask came. More follows."),
        ([TrackedName("Rask")], None, "A rask sang. Rask was there.", "Rask was there."),
        ([TrackedName("Tom Rask", tags=("uk",))], None, "Tom Rask came.", "Tom Rask came. More follows."),
    ],
)
def test_an_edit_does_not_alert_of_what_was_kept_quiet(
    pipeline: Pipeline, first: list[TrackedName], second: list[TrackedName] | None, old: str, new: str
) -> None:
    pipeline.matcher = Matcher(first)
    assert pipeline.feed(article(edited(FIRE, old))) == []
    pipeline.matcher = Matcher(second or first)
    edit = article(edited(FIRE, new), revision=2).model_copy(update={"tags": ("uk",)})
    assert [match.tracked.name for match in pipeline.matcher.matches(edit)], "it would match, and is no news"
    assert [alert for alert in pipeline.feed(edit) if alert.name != "Marbeck"] == []


def test_an_edit_does_not_alert_of_what_was_marked_false(pipeline: Pipeline) -> None:
    [alert] = Pipeline([TrackedName("Per Lund")]).feed(article(FOUNDATION))
    pipeline.matcher = Matcher([TrackedName("Per Lund")], [mark_of(alert, None)])
    assert pipeline.feed(article(FOUNDATION)) == []
    reworded = (
        FOUNDATION[0],
        FOUNDATION[1].replace("A fire destroyed the paper mill in Ostby on Sunday night", "It burned"),
    )
    assert pipeline.feed(article(reworded, revision=2)) == []
    pipeline.matcher = Matcher([TrackedName("Per Lund")])
    assert pipeline.feed(article(edited(reworded, "More follows."), revision=3)) == []


def test_an_edit_does_not_alert_where_only_the_entry_has_changed(pipeline: Pipeline) -> None:
    pipeline.matcher = Matcher([TrackedName("Per Lund", conditions=("headline",))])
    assert pipeline.feed(article(FOUNDATION)) == []
    pipeline.matcher = Matcher([TrackedName("Per Lund")])
    assert pipeline.feed(article(edited(FOUNDATION, "More follows."), revision=2)) == []


def test_an_edit_that_makes_news_of_the_author_alerts(pipeline: Pipeline) -> None:
    without = WITHOUT[0], f"By Orla Finch\n\n{WITHOUT[1]}"
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
    [alert] = pipeline.feed(article(WITHOUT, revision=2))
    assert (alert.revision, alert.articles[0].corrected) == (2, True)
    assert pipeline.feed(article(WITHOUT, revision=3)) == []


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
