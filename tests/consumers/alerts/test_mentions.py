"""What counts as a mention of a tracked name, and how it occurs: by the words alone, without a language model."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from consumers.alerts.growth import raised
from consumers.alerts.marks import FalsePositive, mark_of
from consumers.alerts.matcher import Match, Matcher
from quotewire.ports import TrackedName
from schemas.records import Alert, EnrichedArticle, Entity, EntityLabel, Mention, Quote, Span, Speaker


def mention(text: str, words: str) -> Mention:
    start = text.index(words)
    return Mention(start=start, end=start + len(words), text=words)


def article(title: str, body: str, *entities: tuple[str, EntityLabel], **fields: object) -> EnrichedArticle:
    text = f"{title}\n\n{body}"
    found = tuple(
        Entity(id=f"e{number}", name=name, label=label, mentions=(mention(text, name),))
        for number, (name, label) in enumerate(entities, 1)
    )
    given = {"id": "a1", "title": title, "text": text, "headline": Span(start=0, end=len(title)), "entities": found}
    return EnrichedArticle.model_validate(given | fields)


def matches(tracked: TrackedName, given: EnrichedArticle, marks: tuple[FalsePositive, ...] = ()) -> list[Match]:
    return Matcher([tracked], marks).matches(given)


ORLA = TrackedName("Orla Finch", type="person")
FAR = "word " * 40


@pytest.mark.parametrize(
    ("tracked", "body"),
    [
        (TrackedName("Rustem Umerov", type="person"), "A call with Rustem Umierov was planned."),
        (TrackedName("Mohammed al-Rashidi", type="person"), "They met Muhammad al-Rashidi on Sunday."),
        (TrackedName("Marcus Austin", type="person"), "They met Marcus J. Austin on Sunday."),
        (TrackedName("Kyiv", type="place"), "They met in Kiev on Sunday."),
        (TrackedName("Müller Werke", type="organization"), "Shares of Mueller Werke fell."),
        (TrackedName("António Teixeira", type="person"), "They met Antonio Teixeira there."),
        (TrackedName("World Health Organization"), "The World Health Organisation said so."),
        (TrackedName("US", type="place"), "Troops of the U.S. left."),
        (TrackedName("北京", type="place"), "记者在北京报道。"),
        (TrackedName("ประเทศไทย"), "ข่าวจากประเทศไทยวันนี้"),
        (TrackedName("서울", type="place"), "그는 서울에서 말했다."),
        (TrackedName("Лавров", type="person"), "Встречу с Лавровым подтвердили."),
        (TrackedName("Киев", type="place"), "Поезд из Киева опоздал."),
        (TrackedName("Al Jazeera", type="organization"), "The network Al-Jazeera shut its office."),
        (TrackedName("Coca-Cola", type="organization"), "Prices of Coca Cola rose."),
        (TrackedName("Kim Jong-Un", type="person"), "They met Kim Jong-un there."),
        (TrackedName("river bank", type="phrase"), "A river-bank path."),
        (TrackedName("St. Louis", type="place"), "The mayor of St Louis left."),
        (TrackedName("St Louis", type="place"), "The mayor of St. Louis left."),
        (TrackedName("Рустем Халимов", type="person"), "Встречу с Рустемом Рустамовичем Халимовым подтвердили."),
        (TrackedName("القاهرة", type="place"), "وصل الوفد بالقاهرة أمس"),
    ],
)
def test_a_name_is_found_in_any_script_and_spelling(tracked: TrackedName, body: str) -> None:
    assert len(matches(tracked, article("News", body))) == 1


@pytest.mark.parametrize(
    ("tracked", "title", "body"),
    [
        (ORLA, "Bridge closed", "By Orla Finch\n\nThe bridge is closed."),
        (ORLA, "Bridge closed", "The bridge is closed.\n\nPhoto: Orla Finch/The Courier"),
        (ORLA, "Bridge closed", "The bridge (picture: Orla Finch) is closed."),
        (ORLA, "Bridge closed", "The bridge is closed.\n\nOrla Finch is a reporter at The Courier."),
        (ORLA, "Bridge closed", "The bridge is closed.\n\nAdditional reporting by Orla Finch"),
        (ORLA, "Bridge closed", "The bridge is closed.\n\nRead more:\n\nOrla Finch to quit\n\nWhy Orla Finch stays"),
        (ORLA, "Bridge closed", "The bridge is closed.\n\nSign up for the newsletter of Orla Finch"),
        (ORLA, "Bridge closed", "Orla Finch\n\nThe bridge is closed."),
        (ORLA, "Bridge closed", "Orla Finch, Valley News\n\nThe bridge is closed."),
        (ORLA, "Bridge closed", "Nobody knows why.\n\nOrla Finch in Leeds and Per Lund in York\n\nIt is closed."),
        (ORLA, "Bridge closed", "Orla Finch Transport correspondent @orlaf\n\nThe bridge is closed."),
        (ORLA, "Bridge closed", "Orla Finch March 3, 2026 10:00 am\n\nThe bridge is closed."),
        (ORLA, "Bridge closed", "Valley News | Orla Finch | 3 March 2026\n\nThe bridge is closed."),
        (ORLA, "Bridge closed", "Story by Orla Finch • 2h\n\nThe bridge is closed."),
        (ORLA, "Bridge closed", "The bridge is closed.\n\nImage source, Orla Finch"),
        (ORLA, "Bridge closed", "It is closed.\n\nREAD MORE | Orla Finch to quit\n\nIt stays so."),
        (ORLA, "Bridge closed", "It is closed.\n\nWatch: Orla Finch dances\n\nIt stays so."),
        (ORLA, "Bridge closed", "It is closed. Read more: Orla Finch to quit\n\nIt stays so."),
        (ORLA, "Bridge closed", "It is closed.\n\nMore like this\n\nOrla Finch to quit\n\nWhy Orla Finch stays"),
        (ORLA, "Bridge closed", "It is closed.\n\nAlso in Travel: Orla Finch walks to York"),
        (ORLA, "Bridge closed", "It is closed.\n\nTags: Orla Finch, bridges\n\nTopics\n\nOrla Finch\n\nBridges"),
        (ORLA, "Match report", "Orla Finch-Burton won the race."),
        (TrackedName("WHO", type="organization"), "WHO WILL WIN THE CUP?", "Nobody knows."),
        (TrackedName("Apple", type="organization"), "At the market", "Apple pie again. An apple a day."),
        (TrackedName("Washington", type="place"), "Film night", "Mr Washington smiled."),
        (TrackedName("Washington", type="place"), "Film night", "Denzel Washington smiled. Washington left."),
        (TrackedName("Austin", type="person"), "Weekend", "A festival in Austin, Texas, is over."),
    ],
)
def test_boilerplate_and_namesakes_are_no_mention(tracked: TrackedName, title: str, body: str) -> None:
    entities: tuple[tuple[str, EntityLabel], ...] = (("Denzel Washington", "PERSON"),) if "Denzel" in body else ()
    assert matches(tracked, article(title, body, *entities)) == []


def test_what_is_boilerplate_in_one_place_is_a_mention_in_another() -> None:
    given = article("Bridge closed", "By Orla Finch\n\nThe bridge is closed, said Orla Finch, who built it.")
    [match] = matches(ORLA, given)
    assert given.text[: match.mention.start].endswith("said ")


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Poet wins", "Orla Finch is the author of “Gulls”, the book that won the prize on Monday.\n\nShe smiled."),
        ("Reporter freed", "Orla Finch covers the war for the Post and was held for a year.\n\nShe is well."),
        ("Reporter freed", "Orla Finch writes for the Post and has been freed.\n\nShe is well."),
        ("Orla Finch freed", "Orla Finch is a reporter at the Post.\n\nShe is well."),
        ("Poet wins", "She won.\n\nOrla Finch is the author of “Gulls”.\n\nCritics praised Orla Finch."),
        ("Related talks", "Talks go on.\n\nRelated: Orla Finch, the minister, said on Monday that she would stay"),
        ("Bridge opens", "The bridge is open.\n\nOrla Finch in York, who built it, cut the ribbon."),
    ],
)
def test_reporters_and_authors_may_be_the_news(title: str, body: str) -> None:
    assert matches(ORLA, article(title, body)) != []


def test_a_body_may_have_its_name_in_a_longer_one() -> None:
    given = article("Results", "Apple Music grew. Shares of Apple rose.", ("Apple Music", "ORG"), ("Apple", "ORG"))
    [match] = matches(TrackedName("Apple", type="organization"), given)
    assert given.text[: match.mention.start].endswith("Shares of ")


def test_a_surname_in_a_headline_in_capitals_is_of_whom_the_article_names() -> None:
    [match] = matches(ORLA, article("FINCH RESIGNS", "Orla Finch has resigned, her office said."))
    assert match.conditions == ("mentioned", "headline")
    assert matches(ORLA, article("FINCH RESIGNS", "Peter Finch has resigned.")) == []


# --- what an entry asks for


def said(text: str, words: str, speaker: str) -> Quote:
    by = mention(text, speaker)
    spoken = mention(text, words)
    return Quote(
        id="q1",
        kind="direct",
        spans=(Span(start=spoken.start, end=spoken.end),),
        text=words,
        speaker=Speaker(start=by.start, end=by.end, text=speaker, name=speaker, kind="person"),
        confidence=0.9,
    )


def test_who_speaks_is_quoted_and_whom_it_is_about_is_quoted_about() -> None:
    given = article("Toll", "“Orla Finch never drove there,” said Petra Lang.")
    given = given.model_copy(update={"quotes": (said(given.text, "Orla Finch never drove there", "Petra Lang"),)})
    [about] = matches(ORLA, given)
    [by] = matches(TrackedName("Petra Lang"), given)
    assert (about.conditions, by.conditions) == (("mentioned", "quoted-about"), ("mentioned", "quoted"))
    assert [quote.speaker for quote in (*about.quotes, *by.quotes)] == ["Petra Lang", "Petra Lang"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"near": ("river",)}, True),
        ({"near": ("ocean",)}, False),
        ({"not_near": ("basketball",)}, True),
        ({"not_near": ("rivers",)}, True),
        ({"not_near": ("river",)}, False),
        ({"conditions": ("headline",)}, False),
        ({"conditions": ("headline", "mentioned")}, True),
        ({"together_with": ("Israel",)}, True),
        ({"together_with": ("Egypt",)}, False),
        ({"outlets": ("courier",)}, True),
        ({"outlets": ("Post",)}, False),
        ({"languages": ("en",)}, True),
        ({"languages": ("de",)}, False),
        ({"tags": ("World",)}, True),
        ({"tags": ("sport",)}, False),
        ({"paused": True}, False),
    ],
)
def test_all_that_an_entry_asks_for_must_hold(fields: dict[str, object], expected: bool) -> None:
    given = article(
        "Water talks", "Israel and Jordan met at the river.", outlet="Courier", language="en", tags=("world",)
    )
    tracked = TrackedName("Jordan", type="place", **fields)  # type: ignore[arg-type]
    assert bool(matches(tracked, given)) is expected


def test_words_are_near_within_the_paragraph_or_thirty_words() -> None:
    assert matches(TrackedName("Jordan", near=("river",)), article("Talks", f"Jordan met. {FAR}river")) != []
    assert matches(TrackedName("Jordan", near=("river",)), article("Talks", f"Jordan met.\n\n{FAR}river")) == []
    assert matches(TrackedName("Jordan", near=("river",)), article("River talks", f"{FAR}\n\nJordan met.")) != []


def test_what_is_not_near_one_mention_mutes_that_one_only() -> None:
    jordan = TrackedName("Jordan", type="place", not_near=("basketball",))
    given = article("Border", f"Jordan opened its border.\n\n{FAR}\n\nThe team of Jordan plays basketball tonight.")
    [match] = matches(jordan, given)
    assert given.text[match.mention.end :].startswith(" opened")
    assert matches(jordan, article("Cup", "The team of Jordan plays basketball tonight.")) == []


def test_an_alert_tells_the_sentence_that_meets_what_is_near() -> None:
    given = article("Talks", f"They met in Jordan.\n\n{FAR}\n\nThe river is Jordan’s.", ("Jordan", "GPE"))
    [match] = matches(TrackedName("Jordan", type="place", near=("river",)), given)
    assert given.text[: match.mention.start].endswith("The river is ")


@pytest.mark.parametrize(
    ("companion", "body", "together"),
    [
        ("WHO", "Kyiv has a mayor who said no.", False),
        ("WHO", "Kyiv asked the WHO for help.", True),
        ("US", "Kyiv told us no.", False),
        ("river", "Kyiv lies on a River.", True),
        ("Jordan", "Kyiv was quiet.\n\nRead more:\n\nJordan opens border", False),
        ("Jordan", "Kyiv was quiet. Petra Jordan smiled.", False),
        ("Jordan", "Kyiv called Jordan’s king.", True),
        ("Harbour Line", "Kyiv was quiet.\n\nRead more: Harbour Line to sell ferries", False),
    ],
)
def test_what_stands_together_with_a_name_must_be_meant_as_well(companion: str, body: str, together: bool) -> None:
    listed = [TrackedName("Kyiv", together_with=(companion,)), TrackedName("Jordan", type="place")]
    people: tuple[tuple[str, EntityLabel], ...] = (("Petra Jordan", "PERSON"),) if "Petra" in body else ()
    found = Matcher(listed).matches(article("News", body, *people))
    assert [match.conditions for match in found if match.tracked.name == "Kyiv"] == (
        [("mentioned", "together")] if together else []
    )


def test_a_page_without_breaks_is_not_all_near() -> None:
    far = "word " * 2000
    assert matches(TrackedName("Jordan", near=("river",)), article("Talks", f"Jordan met. {far}river")) == []
    assert matches(TrackedName("Jordan", near=("river",)), article("Talks", f"{far}Jordan met at the river. {far}"))


# --- false positives


def test_what_was_marked_false_stays_quiet_and_nothing_else() -> None:
    sentence = "Jordan sprinted past two defenders and scored from a narrow angle"
    mark = FalsePositive("Jordan", "x", words=frozenset("sprinted past defenders scored narrow angle".split()))
    jordan = TrackedName("Jordan")
    assert matches(jordan, article("Cup", f"{sentence}.")) != []
    assert matches(jordan, article("Cup", f"{sentence}."), (mark,)) == []
    assert (
        matches(
            jordan, article("Cup", "Late on, Jordan sprinted past defenders and scored again at an angle."), (mark,)
        )
        == []
    )
    assert matches(jordan, article("Talks", "Jordan opened its border on Sunday."), (mark,)) != []
    assert matches(TrackedName("Hallund"), article("Cup", f"{sentence} for Hallund."), (mark,)) != []


def test_a_mark_of_another_person_holds_wherever_the_article_names_that_one() -> None:
    mark = FalsePositive("Jordan", "x", entity="Mike Jordan")
    given = article("Film", "Jordan plays himself. It is Mike Jordan’s first film.")
    both = Entity(
        id="e1",
        name="Mike Jordan",
        label="OTHER",
        mentions=(mention(given.text, "Jordan"), mention(given.text, "Mike Jordan")),
    )
    given = given.model_copy(update={"entities": (both,)})
    assert matches(TrackedName("Jordan"), given, (mark,)) == []


def alert_of(tracked: TrackedName, given: EnrichedArticle) -> Alert:
    [match] = matches(tracked, given)
    return raised(match, given, "story", datetime(2026, 3, 1, tzinfo=UTC))


def test_a_mark_does_not_take_the_tracked_one_for_another() -> None:
    fund = TrackedName("International Monetary Fund", aliases=("IMF",), type="organization")
    farmers = article("A club of farmers", "The IMF is a club of farmers and millers in Iowa.", ("IMF", "ORG"))
    mark = mark_of(alert_of(fund, farmers), farmers)
    assert mark.entity == ""
    news = article("Forecast cut", "The IMF cut its forecast for Germany.", ("IMF", "ORG"))
    assert matches(fund, news, (mark,)) != []
    assert matches(fund, farmers, (mark,)) == []
    old = replace(mark, entity="IMF")
    assert matches(fund, news, (old,)) != [], "marks of before are read with that in mind"


def test_a_short_marked_sentence_mutes_only_its_like() -> None:
    apple = TrackedName("Apple", type="organization")
    stall = article("Market", "An Apple stall is popular.", ("Apple", "ORG"))
    mark = mark_of(alert_of(apple, stall), stall)
    assert matches(apple, stall, (mark,)) == []
    assert matches(apple, article("Phones", "Apple rose as its phone proved popular.", ("Apple", "ORG")), (mark,)) != []


def test_a_marked_sentence_does_not_mute_the_others() -> None:
    mark = FalsePositive("Jordan", "x", words=frozenset("sprinted past defenders scored narrow angle".split()))
    sprint = "Jordan sprinted past two defenders and scored from a narrow angle."
    given = article("Cup", f"{sprint} The king of Jordan watched.", ("Jordan", "GPE"))
    [match] = matches(TrackedName("Jordan"), given, (mark,))
    assert given.text[: match.mention.start].endswith("The king of ")
