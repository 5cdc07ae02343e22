"""The seeds: feeds, watchlist and sample articles are whole and hold what they are there for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from lxml import etree

from quotewire import watchlist
from quotewire.sample_articles import SampleArticle, read_samples
from quotewire.samples import OUTLET, SampleSite
from quotewire.seed_files import seed_path

SAMPLES = read_samples()
EVERY_SAMPLE = pytest.mark.parametrize("article", SAMPLES.values(), ids=SAMPLES.keys())


def text_of(article: SampleArticle) -> str:
    return "\n\n".join((article.title, *article.paragraphs))


# --- feeds ----------------------------------------------------------------------------------------------------------


def feeds() -> list[etree._Element]:
    found: list[etree._Element] = etree.parse(seed_path("feeds.opml")).xpath("/opml/body/outline/outline")
    return found


def test_the_sample_feed_comes_first_under_the_address_of_the_sample_site() -> None:
    first = feeds()[0]
    assert first.get("xmlUrl") == SampleSite().feed_url
    assert first.get("text") == OUTLET
    assert first.getparent().get("text") == "samples"


def test_feeds_are_titled_tagged_and_listed_once() -> None:
    listed = feeds()
    assert len(etree.parse(seed_path("feeds.opml")).xpath("//outline[@xmlUrl]")) == len(listed)
    assert len(listed) >= 25
    urls = Counter(feed.get("xmlUrl") for feed in listed)
    assert max(urls.values()) == 1
    assert len({feed.get("text") for feed in listed}) == len(listed)
    for feed in listed:
        assert feed.get("type") == "rss"
        assert urlsplit(feed.get("htmlUrl")).hostname
    for url in list(urls)[1:]:
        parts = urlsplit(url)
        assert (parts.scheme, parts.username, parts.query) == ("https", None, "")
    assert {feed.getparent().get("text") for feed in listed} == {
        "samples",
        "world",
        "us",
        "uk",
        "business",
        "science",
        "technology",
        "sport",
    }


# --- watchlist ------------------------------------------------------------------------------------------------------


def articles_with(words: str) -> set[str]:
    word = re.compile(rf"\b{re.escape(words)}\b")
    return {slug for slug, article in SAMPLES.items() if word.search(text_of(article))}


def test_the_watchlist_can_be_read_and_no_name_stands_for_two() -> None:
    tracked = watchlist.read(seed_path("watchlist.yaml"))
    forms = [form.casefold() for entry in tracked for form in (entry.name, *entry.aliases)]
    assert len(set(forms)) == len(forms)
    assert {entry.type for entry in tracked} == {"person", "organization", "place"}


@pytest.mark.parametrize(
    "name", ["Marianne Osei", "Oksana Hrytsenko", "Jonathan Threlfall", "Brightwater Cells", "Kyiv"]
)
def test_tracked_names_occur_in_several_samples(name: str) -> None:
    entry = next(entry for entry in watchlist.read(seed_path("watchlist.yaml")) if entry.name == name)
    assert len(set.union(*(articles_with(form) for form in (entry.name, *entry.aliases)))) >= 3


def test_some_tracked_names_are_found_by_an_alias_alone() -> None:
    by_name = {entry.name: entry for entry in watchlist.read(seed_path("watchlist.yaml"))}
    assert not articles_with("Jonathan Threlfall")
    assert by_name["Jonathan Threlfall"].aliases == ("Jonty Threlfall",)
    assert articles_with("Oxana Gritsenko") - articles_with("Hrytsenko")
    assert articles_with("Kiev") - articles_with("Kyiv")


def test_real_people_are_tracked_but_never_written_about() -> None:
    tracked = watchlist.read(seed_path("watchlist.yaml"))
    unmentioned = [entry.name for entry in tracked if not any(map(articles_with, (entry.name, *entry.aliases)))]
    assert unmentioned == [
        "António Guterres",
        "Ursula von der Leyen",
        "Volodymyr Zelensky",
        "Christine Lagarde",
        "World Health Organization",
    ]


# --- articles -------------------------------------------------------------------------------------------------------


def test_there_are_samples_of_every_section_spread_over_days() -> None:
    assert len(SAMPLES) == 24
    assert len({article.section for article in SAMPLES.values()}) == 9
    days = {article.published.date() for article in SAMPLES.values()}
    assert len(days) >= 9
    assert len({article.published for article in SAMPLES.values()}) == 24


def test_many_people_speak_in_three_articles_or_more() -> None:
    speaking = Counter(speaker for article in SAMPLES.values() for speaker in article.speakers)
    assert len([speaker for speaker, count in speaking.items() if count >= 3]) >= 8


@EVERY_SAMPLE
def test_a_sample_has_a_news_articles_length_and_ends_its_sentences(article: SampleArticle) -> None:
    assert 200 <= len(text_of(article).split()) <= 450
    for block in article.blocks:
        assert "\n" not in block.text
        if block.kind in ("paragraph", "block quote"):
            assert re.search(r"[.?!:][”’\"]?$", block.text), block.text


@EVERY_SAMPLE
def test_speakers_are_named_in_the_text_and_later_by_surname_alone(article: SampleArticle) -> None:
    text = text_of(article)
    assert len(set(article.speakers)) == len(article.speakers)
    for speaker in article.speakers:
        assert speaker in text, speaker


def test_surnames_stand_alone_after_the_first_mention() -> None:
    for slug, name in (("flood-barrier-vote", "Marianne Osei"), ("ohio-water-bill", "Renata Kowalczyk")):
        text = text_of(SAMPLES[slug])
        surname = name.split()[-1]
        assert text.count(name) == 1
        assert text.count(surname) >= 3


MARKS = {"curly": ("“", "”"), "single": ("‘", "’"), "straight": ('"', '"')}


def left_open(paragraph: str, article: SampleArticle) -> bool:
    """Whether the paragraph's last quotation mark opens."""
    opening, closing = MARKS[article.marks]
    if opening == closing:
        return paragraph.count(opening) % 2 == 1
    closed = [mark.start() for mark in re.finditer(rf"{closing}(?!\w)", paragraph)]
    return paragraph.rfind(opening) > max(closed, default=-1)


@EVERY_SAMPLE
def test_quotation_marks_are_of_one_style_and_left_open_only_where_the_next_paragraph_goes_on(
    article: SampleArticle,
) -> None:
    opening, closing = MARKS[article.marks]
    allowed = {opening, closing} | set("’" if article.marks == "curly" else "")
    if article.marks == "straight":
        allowed.add("'")
    if "nested" in article.speech:
        allowed |= set("“”" if article.marks == "single" else "‘’")
    assert set("“”‘’\"'") & set("".join(article.paragraphs)) <= allowed
    assert any(opening in paragraph for paragraph in article.paragraphs)
    for number, paragraph in enumerate(article.paragraphs):
        if left_open(paragraph, article):
            assert article.paragraphs[number + 1].startswith(opening)


def runs_over_paragraphs(article: SampleArticle) -> bool:
    return any(left_open(paragraph, article) for paragraph in article.paragraphs)


def speaks(pattern: str) -> Callable[[SampleArticle], bool]:
    """Whether the body has the pattern, in which < and > stand for the article's opening and closing marks."""

    def found(article: SampleArticle) -> bool:
        opening, closing = MARKS[article.marks]
        written = pattern.replace("<", opening).replace(">", closing)
        return bool(re.search(written, "\n\n".join(article.paragraphs), re.MULTILINE))

    return found


EVIDENCE: dict[str, Callable[[SampleArticle], bool]] = {
    "headline": lambda article: any(mark in article.title for mark in "“‘\"'"),
    "direct": speaks(r"[.,?!]>"),
    "mixed": speaks(r"[a-z,] <[a-z]"),
    "indirect": speaks(
        r"\b(?:said|says|saying|argued|insisted|told \w+)(?: that)? (?:the|it|he|she|his|her|nobody|they|[A-Z]\w+)\b"
    ),
    "interrupted": speaks(
        r"[,.]> (?:\w+ ){0,3}(?:said|asked|says|added|recalled|argued)\b[^<]*[,.] <|, (?:he|she) said, <"
    ),
    "inverted": speaks(r"[,.?!]> (?:said|says|recalled) [A-Z]"),
    "floating": lambda article: any(re.fullmatch(r"“[^”]*”", paragraph) for paragraph in article.paragraphs),
    "multi-paragraph": runs_over_paragraphs,
    "block": lambda article: any(block.kind == "block quote" for block in article.blocks),
    "interview": speaks(r"^Courier: .*\?$"),
    "nested": speaks(r"<[^>]*[“‘][^<>]*[”’]"),
    "chain": speaks(r"\breported\b.*\bciting\b"),
    "denial": speaks(r"\b(?:den(?:y|ied|ies)|disputes|rejects|rejected|inaccurate|“?false|not a figure)\b"),
    "refusal": speaks(r"\b(?:declined|refused|refuses|would not|[Ww]ouldn’t|not going to|no comment|did not rule)\b"),
    "question": speaks(r"\?"),
    "according to": speaks(r"\b[Aa]ccording to\b"),
    "unnamed": speaks(
        r"\b(?:unnamed|asked not to be|anonymity|privately|[Tt]wo people|[Aa] person|(?:whom it )?did not name)\b"
    ),
    "document": speaks(r"\b(?:reads|states|wrote|write|writes|letter says|concludes|ruling says)\b"),
    "social": speaks(r"\bon X: <"),
    "title": lambda article: "“Salt Road”" in text_of(article),
}


@EVERY_SAMPLE
def test_a_sample_holds_the_kinds_of_speech_it_claims(article: SampleArticle) -> None:
    for kind in article.speech:
        assert EVIDENCE[kind](article), kind


def test_every_kind_of_speech_and_style_of_marks_occurs() -> None:
    kinds = Counter(kind for article in SAMPLES.values() for kind in article.speech)
    assert set(kinds) == set(EVIDENCE)
    for kind in ("direct", "mixed", "indirect", "interrupted", "inverted", "question", "denial", "refusal"):
        assert kinds[kind] >= 8, kind
    for kind in ("headline", "multi-paragraph", "chain", "unnamed", "according to", "document"):
        assert kinds[kind] >= 4, kind
    assert min(Counter(article.marks for article in SAMPLES.values()).values()) >= 5
    assert len([article for article in SAMPLES.values() if article.in_feed == "full"]) == 12
