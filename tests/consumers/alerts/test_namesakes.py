"""Namesakes, longer names, dates and headlines in capitals: whether it is the tracked one, told by the text."""

from __future__ import annotations

import pytest

from consumers.alerts.matcher import Match, Matcher
from quotewire.ports import TrackedName
from schemas.records import EnrichedArticle, Entity, EntityLabel, Mention, Quote, Span, Speaker

Named = tuple[str, EntityLabel, tuple[str, ...]]


def place_of(text: str, words: str, after: int = 0) -> Mention:
    start = text.index(words, after)
    return Mention(start=start, end=start + len(words), text=words)


def article(title: str, body: str, *named: Named) -> EnrichedArticle:
    """An article in which a model sees these names, each where its words stand first, one after the other."""
    text = f"{title}\n\n{body}"
    entities = []
    for number, (name, label, written) in enumerate(named, 1):
        mentions: list[Mention] = []
        for words in written:
            mentions.append(place_of(text, words, mentions[-1].end if mentions else 0))
        entities.append(Entity(id=f"e{number}", name=name, label=label, mentions=tuple(mentions)))
    return EnrichedArticle(
        id="a1", title=title, text=text, headline=Span(start=0, end=len(title)), entities=tuple(entities)
    )


def match(tracked: TrackedName, given: EnrichedArticle) -> Match | None:
    return next(iter(Matcher([tracked]).matches(given)), None)


BRENNAN = TrackedName("Brennan", type="person")
LARKIN = TrackedName("Larkin", type="organization")
JORDAN = TrackedName("Jordan", type="place")
PARIS = TrackedName("Paris", type="place")
PARIS_ALONE: Named = ("Paris", "GPE", ("Paris",))
AMAZON = TrackedName("Amazon", type="organization")
IMF = TrackedName("IMF", type="organization")


# --- a surname alone


def test_a_surname_alone_is_found_where_the_article_gives_the_full_name_and_is_less_sure() -> None:
    full: Named = ("Dermot Brennan", "PERSON", ("Dermot Brennan", "Brennan"))
    found = match(BRENNAN, article("Ferry chief leaves", "Dermot Brennan resigned. Brennan gave no reason.", full))
    assert found is not None
    assert found.rule == "surname of “Dermot Brennan”"
    alone = match(BRENNAN, article("Vote", "The board met without Brennan.", ("Brennan", "PERSON", ("Brennan",))))
    assert alone is not None
    assert found.confidence < alone.confidence


def test_a_surname_is_nobodys_given_name() -> None:
    rower: Named = ("Brennan Oakes", "PERSON", ("Brennan Oakes",))
    assert match(BRENNAN, article("Gold", "Brennan Oakes won. Brennan, 24, led from the start.", rower)) is None


# --- somebody of the same name in the article


def test_a_namesake_mutes_only_what_comes_after_the_full_name() -> None:
    joan: Named = ("Joan Larkin", "PERSON", ("Larkin", "Joan Larkin", "Larkin"))
    given = article("Vans", "Larkin called back its vans. Joan Larkin, the minister, was glad. Larkin left.", joan)
    found = match(LARKIN, given)
    assert found is not None
    assert given.text[found.mention.end :].startswith(" called back")
    assert "quoted" not in found.conditions
    only_her: Named = ("Joan Larkin", "PERSON", ("Joan Larkin", "Larkin"))
    assert match(LARKIN, article("Seat won", "Joan Larkin won. Larkin thanked the voters.", only_her)) is None


def test_a_headline_is_about_whom_the_body_names_first() -> None:
    joan: Named = ("Joan Larkin", "PERSON", ("Larkin", "Joan Larkin"))
    assert match(LARKIN, article("Larkin wins seat", "Joan Larkin has won by 300 votes.", joan)) is None


def test_a_place_is_told_from_a_namesake_by_what_stands_beside_it() -> None:
    teacher: Named = ("Jordan Whitby", "PERSON", ("Jordan Whitby",))
    body = "Jordan Whitby, a teacher, was there. It was Jordan’s king who opened the school."
    assert match(JORDAN, article("School", body, teacher)) is not None
    assert match(JORDAN, article("School", "Jordan Whitby, a teacher, was there. Jordan smiled.", teacher)) is None


# --- longer names


@pytest.mark.parametrize(
    ("tracked", "title", "body", "named"),
    [
        (PARIS, "Suit", "Paris Delacroix sued.", [PARIS_ALONE, ("Delacroix", "PERSON", ("Delacroix",))]),
        (PARIS, "Paris Delacroix sues", "Paris Delacroix won.", [("Paris Delacroix", "ORG", ("Paris Delacroix",))]),
        (PARIS, "Win", "Paris Saint-Martin won.", [PARIS_ALONE]),
        (PARIS, "PARIS DELACROIX SUES", "Paris Delacroix sued.", [("Paris Delacroix", "FAC", ("Paris Delacroix",))]),
        (AMAZON, "Smoke", "The Amazon rainforest burns.", []),
        (AMAZON, "Smoke", "Loggers left the Amazon.", [("Amazon", "ORG", ("Amazon",))]),
        (TrackedName("Apple", type="organization"), "Kent", "Fewer Apple growers.", [("Apple", "ORG", ("Apple",))]),
    ],
)  # fmt: skip
def test_a_piece_of_a_longer_name_is_no_mention(
    tracked: TrackedName, title: str, body: str, named: list[Named]
) -> None:
    assert match(tracked, article(title, body, *named)) is None


def test_who_follows_a_place_does_not_make_a_name_of_it() -> None:
    two: list[Named] = [PARIS_ALONE, ("Macron", "PERSON", ("Macron",))]
    assert match(PARIS, article("Back", "On his return to Paris Macron met the unions.", *two)) is not None


# --- headlines in capitals


@pytest.mark.parametrize("headline", ["IMF WARNS ON DEBT", "SHARES FALL AFTER IMF WARNING", "GERMANY REBUKES IMF"])
def test_a_model_that_takes_verbs_for_names_is_not_believed_in_capitals(headline: str) -> None:
    words = "IMF WARNS" if "WARNS" in headline else "IMF WARNING" if "WARNING" in headline else headline
    given = article(headline, "Growth will be slower, it was said.", (words, "ORG", (words,)))
    found = match(IMF, given)
    assert found is not None
    assert found.conditions == ("mentioned", "headline")


# --- dates


@pytest.mark.parametrize("body", ["Frost in May hurt.", "On 5 May, snow fell.", "May 3 was cold.", "May was cold."])
def test_a_month_is_nobody(body: str) -> None:
    assert match(TrackedName("May", type="person"), article("Weather", body)) is None
    assert match(TrackedName("May"), article("Weather", body)) is None


def test_somebody_called_like_a_month_is_found() -> None:
    full: Named = ("Ada May", "PERSON", ("Ada May", "May"))
    given = article("Vote", "Ada May lost in May. May will resign.", full)
    found = match(TrackedName("Ada May", type="person"), given)
    assert found is not None
    assert match(TrackedName("May", type="person"), given) is not None


# --- who speaks


def said(title: str, body: str, speaker: str, named: Named) -> EnrichedArticle:
    given = article(title, body, named)
    by, words = place_of(given.text, speaker), place_of(given.text, "It is over")
    quote = Quote(
        id="q1",
        kind="direct",
        spans=(Span(start=words.start, end=words.end),),
        text=words.text,
        speaker=Speaker(start=by.start, end=by.end, text=speaker, name=speaker, kind="unnamed"),
        confidence=0.9,
    )
    return given.model_copy(update={"quotes": (quote,)})


@pytest.mark.parametrize(
    ("name", "kind", "speaker", "speaks"),
    [
        ("Ilse Brandt", "person", "a lawyer for Ilse Brandt", False),
        ("Ilse Brandt", "person", "Ilse Brandt’s lawyer", False),
        ("Ilse Brandt", "person", "a spokesman for Ilse Brandt", False),
        ("Ilse Brandt", "person", "the pianist Ilse Brandt", True),
        ("Ilse Brandt", "person", "the mayor of Hallund, Ilse Brandt", True),
        ("Ilse Brandt", "person", "Ilse Brandt of the Hallund Opera", True),
        ("Nordova", "organization", "a welder at Nordova", False),
        ("Nordova", "organization", "one rival of Nordova", False),
        ("Nordova", "organization", "Nordova engineers", False),
        ("Nordova", "organization", "a spokeswoman for Nordova", True),
        ("Nordova", "organization", "a Nordova spokesman", True),
        ("Nordova", "organization", "Nordova’s spokesman", True),
        ("Nordova", "organization", "Nordova", True),
        ("Kyiv", "place", "officials in Kyiv", False),
        ("Kyiv", "place", "Kyiv", True),
    ],
)
def test_only_the_speaker_is_quoted_not_who_is_named_with_it(name: str, kind: str, speaker: str, speaks: bool) -> None:
    label: EntityLabel = "PERSON" if kind == "person" else "ORG" if kind == "organization" else "GPE"
    given = said("News", f"“It is over,” said {speaker}", speaker, (name, label, (name,)))
    found = match(TrackedName(name, type=kind), given)
    assert found is not None
    assert ("quoted" in found.conditions) is speaks
