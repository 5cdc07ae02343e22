"""The contract of the index: filters, facets, and quotes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from quotewire.ports import ArticleQuery, Index, QuoteQuery
from schemas.records import Mention
from tests.contracts.index_contract import IndexContract
from tests.contracts.index_samples import DAY, NOON, make_article, make_entity, make_quote


class FacetsContract(IndexContract):
    """Filters and facets of articles; finding quotes."""

    def some_news(self, index: Index) -> None:
        north, south = "https://north.example/feed", "https://south.example/feed"
        text = "Ingrid Halvorsen met Tomás Oliveira in Vessby."
        halvorsen, oliveira, vessby = (
            make_entity("Ingrid Halvorsen", text),
            make_entity("Tomás Oliveira", text, number=2),
            make_entity("Vessby", text, "GPE", number=3),
        )
        self.put(
            index,
            make_article(
                "n1",
                text=text,
                feed=north,
                outlet="The North",
                entities=(halvorsen, vessby),
                quotes=(
                    make_quote("No hurry", "Ingrid Halvorsen", number=1),
                    make_quote("None at all", "Ingrid Halvorsen", number=2),
                ),
            ),
            make_article(
                "n2",
                text=text,
                feed=north,
                outlet="The New North",
                published=NOON + DAY,
                entities=(halvorsen, oliveira),
                quotes=(make_quote("We agreed", "Ingrid Halvorsen", "Tomás Oliveira"),),
            ),
            make_article(
                "s1",
                text=text,
                feed=south,
                outlet="The South",
                published=NOON + DAY,
                entities=(vessby, vessby.model_copy(update={"id": "e4", "label": "ORG"})),
                quotes=(make_quote("He shrugged", "he", speaker="unknown"),),
            ),
            make_article("none", text=text, feed=None, outlet="", published=None, fetched=None),
        )

    def test_facets_count_articles(self, index: Index) -> None:
        self.some_news(index)
        facets = {
            name: [(facet.value, facet.count) for facet in facet_values]
            for name, facet_values in index.search(ArticleQuery(words="met", limit=0)).facets.items()
        }
        assert facets == {
            "feed": [("https://north.example/feed", 2), ("https://south.example/feed", 1)],
            "entity": [("Ingrid Halvorsen", 2), ("Vessby", 2), ("Tomás Oliveira", 1)],
            "speaker": [("Ingrid Halvorsen", 2), ("Tomás Oliveira", 1)],
            "day": [("2026-03-15", 2), ("2026-03-14", 1)],
        }
        assert index.search(ArticleQuery()).facets == index.search(ArticleQuery(words="met")).facets

    def test_a_feed_is_labelled_with_what_its_newest_article_calls_it(self, index: Index) -> None:
        self.some_news(index)
        assert [facet.label for facet in index.search(ArticleQuery()).facets["feed"]] == ["The New North", "The South"]

    def test_facets_count_only_what_was_found(self, index: Index) -> None:
        self.some_news(index)
        facets = index.search(ArticleQuery(feed="https://south.example/feed")).facets
        assert [(facet.value, facet.count) for facet in facets["entity"]] == [("Vessby", 1)]
        assert facets["speaker"] == ()

    def test_facets_hold_the_twenty_largest_and_the_twenty_newest_days(self, index: Index) -> None:
        names = [f"Person {chr(ord('A') + number)}" for number in range(25)]
        articles = []
        for number in range(25):
            text = ", ".join(names[number:])
            entities = tuple(make_entity(name, text, number=place) for place, name in enumerate(names[number:]))
            articles.append(make_article(f"a{number}", text=text, entities=entities, published=NOON + number * DAY))
        self.put(index, *articles)
        facets = index.search(ArticleQuery(limit=0)).facets
        assert [facet.value for facet in facets["entity"]] == list(reversed(names))[:20]
        assert facets["entity"][0].count == 25
        assert [facet.value for facet in facets["day"]] == [
            str((NOON + number * DAY).date()) for number in reversed(range(5, 25))
        ]

    def test_each_facet_value_finds_the_articles_that_it_counted(self, index: Index) -> None:
        self.some_news(index)
        for name, facets in index.search(ArticleQuery()).facets.items():
            for facet in facets:
                if name == "day":
                    day = date.fromisoformat(facet.value)
                    query = ArticleQuery(first_day=day, last_day=day)
                else:
                    query = replace(ArticleQuery(), **{name: facet.value})  # type: ignore[arg-type]
                assert index.search(query).total == facet.count, (name, facet)

    def test_filters_are_exact_and_all_must_hold(self, index: Index) -> None:
        self.some_news(index)
        assert self.found(index, entity="Vessby") == ["n1", "s1"]
        assert self.found(index, entity="vessby") == []
        assert self.found(index, entity="Vess") == []
        assert self.found(index, entity="Vessby", feed="https://north.example/feed") == ["n1"]
        assert self.found(index, "oliveira", speaker="Tomás Oliveira") == ["n2"]
        assert self.found(index, speaker="he") == []
        assert self.found(index, feed="") == []

    def test_days_are_in_utc_with_both_ends_included(self, index: Index) -> None:
        self.put(
            index,
            make_article("first", published=datetime(2026, 3, 14, 0, 0, tzinfo=UTC)),
            make_article("last", published=datetime(2026, 3, 15, 23, 59, 59, 999999, tzinfo=UTC)),
            make_article("east", published=datetime.fromisoformat("2026-03-16T01:30:00+02:00")),
            make_article("later", published=datetime(2026, 3, 16, 0, 0, tzinfo=UTC)),
            make_article("undated", published=None, fetched=None),
        )
        first, last = date(2026, 3, 14), date(2026, 3, 15)
        assert self.found(index, first_day=first, last_day=last) == ["east", "first", "last"]
        assert self.found(index, first_day=date(2026, 3, 16)) == ["later"]
        assert self.found(index, last_day=first) == ["first"]
        assert self.found(index, first_day=last, last_day=first) == []

    # --- quotes

    def test_quotes_are_found_by_speaker_and_words(self, index: Index) -> None:
        self.put(
            index,
            make_article(
                quotes=(
                    make_quote("The pier can wait", "Ingrid Halvorsen", number=1),
                    make_quote("Jobs cannot wait", "Tomás Oliveira", number=2, kind="mixed"),
                    make_quote("the piers are sound", "Ingrid Bergström", number=3, kind="indirect"),
                    make_quote("Somebody moved the pier", "she", number=4, speaker="unknown"),
                    make_quote("Nobody asked us", number=5),
                    make_quote("Something had to give", "It", number=6, speaker="unnamed"),
                )
            ),
        )
        assert self.said(index, speaker="halvorsen") == ["The pier can wait"]
        assert self.said(index, speaker="OLIVEIRA Tomas") == ["Jobs cannot wait"]
        assert self.said(index, speaker="ingrid") == ["The pier can wait", "the piers are sound"]
        assert self.said(index, speaker="Ingrid Oliveira") == []
        assert self.said(index, speaker="she") == self.said(index, speaker="it") == []
        assert self.said(index, about="pier") == ["The pier can wait", "the piers are sound", "Somebody moved the pier"]
        assert self.said(index, about="“can wait”") == ["The pier can wait"]
        assert self.said(index, about="wait", speaker="ingrid") == ["The pier can wait"]
        assert self.said(index, kind="mixed") == ["Jobs cannot wait"]
        assert self.said(index, speaker="?!") == self.said(index, about="?!") == []
        assert len(self.said(index)) == 6

    def test_a_quote_of_several_is_found_by_each_and_once(self, index: Index) -> None:
        self.put(index, make_article(quotes=(make_quote("We agreed", "Ingrid Halvorsen", "Tomás Halvorsen"),)))
        assert self.said(index, speaker="ingrid") == ["We agreed"]
        assert self.said(index, speaker="tomas") == ["We agreed"]
        assert self.said(index, speaker="Halvorsen") == ["We agreed"]
        assert self.said(index, speaker="Ingrid Tomas") == []

    def test_a_quote_within_a_quote_is_found_by_its_own_speaker(self, index: Index) -> None:
        inner = make_quote("Never again", "Tomás Oliveira").model_copy(update={"id": "q1.1"})
        outer = make_quote("He told me, ‘Never again’", "Ingrid Halvorsen").model_copy(update={"nested": (inner,)})
        last = make_quote("We agreed", "Ingrid Halvorsen", number=2)
        self.put(index, make_article(quotes=(outer, last)))
        assert self.said(index, speaker="Oliveira") == ["Never again"]
        page = index.quotes(QuoteQuery())
        assert [hit.quote.id for hit in page.hits] == ["q1", "q1.1", "q2"]
        assert [hit.quote for hit in page.hits] == [outer, inner, last]
        assert index.search(ArticleQuery()).hits[0].quotes == page.total == 3

    def test_quotes_come_newest_first_and_in_the_order_of_their_article(self, index: Index) -> None:
        two = tuple(make_quote(f"{number} said", "A", number=number) for number in (1, 2))
        self.put(
            index,
            make_article("undated", published=None, fetched=None, quotes=two[:1]),
            make_article("old", published=NOON - DAY, quotes=two),
            make_article("new", published=NOON, quotes=two),
            make_article("also", published=NOON, quotes=two[:1]),
        )
        page = index.quotes(QuoteQuery())
        assert [(hit.article, hit.quote.id) for hit in page.hits] == [
            ("also", "q1"),
            ("new", "q1"),
            ("new", "q2"),
            ("old", "q1"),
            ("old", "q2"),
            ("undated", "q1"),
        ]
        second = index.quotes(QuoteQuery(offset=2, limit=2))
        assert second.total == 6
        assert second.hits == page.hits[2:4]

    def test_a_quote_comes_back_whole_with_its_article(self, index: Index) -> None:
        quote = make_quote("We agreed", "Ingrid Halvorsen", "Tomás Oliveira", kind="mixed").model_copy(
            update={"via": "The Wire", "cue": Mention(start=3, end=7, text="said"), "act": "denial"}
        )
        self.put(index, make_article(published=None, quotes=(quote,)))
        (hit,) = index.quotes(QuoteQuery()).hits
        assert hit.quote == quote
        assert (hit.article, hit.title, hit.url, hit.outlet) == (
            "a1",
            "Harbour board delays vote on new pier",
            "https://news.example/a1",
            "The Example",
        )
        assert hit.published == NOON + timedelta(minutes=5)

    def test_quotes_are_found_by_article_and_day(self, index: Index) -> None:
        self.put(
            index,
            make_article("old", published=NOON - DAY, quotes=(make_quote("older words", "A"),)),
            make_article("new", published=NOON, quotes=(make_quote("newer words", "A"),)),
            make_article("undated", published=None, fetched=None, quotes=(make_quote("timeless words", "A"),)),
        )
        assert self.said(index, article="old") == ["older words"]
        assert self.said(index, first_day=NOON.date()) == ["newer words"]
        assert self.said(index, last_day=(NOON - DAY).date()) == ["older words"]
        assert self.said(index, first_day=NOON.date(), speaker="b") == []
