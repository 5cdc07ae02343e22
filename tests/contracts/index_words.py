"""The contract of the index: finding articles by words, and what is shown of them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotewire.ports import ArticleQuery, Index, QuoteQuery
from tests.contracts.index_contract import IndexContract, ids, marked, properties, shown
from tests.contracts.index_samples import DAY, HARBOUR, NOON, make_article, make_quote

_LETTERS = st.sampled_from("bcdfghjklmnpqrstvwxzéüñçøабвгджзик")
_TEXTS = st.tuples(
    st.lists(st.text(_LETTERS, min_size=4, max_size=9), min_size=1, max_size=12),
    st.sampled_from([" ", "\n", ", ", " – ", "… "]),
)
"""Words, and what stands between them."""


class WordsContract(IndexContract):
    """Words, excerpts, order and pages."""

    @pytest.mark.parametrize(
        "query",
        [
            "harbour pier",
            "PIER harbour",
            "Tomas OLIVEIRA",
            "tomás",
            "missile",
            "warning fishing crew",
            "“second pier”",
            '"Second Pier" mayor',
            "Vessby",
            "Halvorsen’s",
            "harbour, pier!",
        ],
    )
    def test_finds_by_words(self, index: Index, query: str) -> None:
        self.put(index, make_article(), make_article("a2", text="Nothing of the kind here"))
        assert self.found(index, query) == ["a1"]

    @pytest.mark.parametrize(
        "query",
        ["harbour tunnel", "“pier second”", "“harbour vote”", "harb", "pier -- tunnel", "!?", '""', "AND tunnel"],
    )
    def test_does_not_find_what_is_not_there(self, index: Index, query: str) -> None:
        self.put(index, make_article())
        assert self.found(index, query) == []

    def test_finds_what_stands_in_the_title_only(self, index: Index) -> None:
        self.put(index, make_article(text="Body without it.", title="Lighthouse for sale"))
        assert self.found(index, "lighthouse body") == ["a1"]

    def test_blank_words_ask_for_everything(self, index: Index) -> None:
        self.put(index, make_article(), make_article("a2"))
        assert self.found(index, " \t") == ["a1", "a2"]

    @properties
    @given(query=st.text(max_size=80) | st.text('"“”*():^-+~&|!{}[]/\\ ANDORT\x00', max_size=40))
    def test_no_query_is_an_error(self, index: Index, query: str) -> None:
        if index.counts()["articles"] == 0:
            self.put(index, make_article())
        index.search(ArticleQuery(words=query))
        assert index.search(ArticleQuery(entity=query)).total == 0
        index.quotes(QuoteQuery(speaker=query, about=query))
        index.alerts(name=query)

    def test_a_very_long_query_is_no_error(self, index: Index) -> None:
        self.put(index, make_article())
        assert self.found(index, "harbour pier " * 2_000) == ["a1"]

    @settings(properties, max_examples=6)
    @given(texts=st.lists(_TEXTS, min_size=10, max_size=10), data=st.data())
    def test_any_text_is_found_by_each_of_its_words(
        self, index: Index, texts: list[tuple[list[str], str]], data: st.DataObject
    ) -> None:
        """Ten at a time: what is written takes a moment to be seen."""
        named = {sha256(separator.join(words).encode()).hexdigest(): (words, separator) for words, separator in texts}
        self.put(index, *(make_article(name, text=sep.join(words), title="") for name, (words, sep) in named.items()))
        for name, (words, _) in named.items():
            word = data.draw(st.sampled_from(words))
            query = ArticleQuery(words=data.draw(st.sampled_from([word, word.upper(), word.title()])), limit=1000)
            assert name in ids(index.search(query))

    def test_a_hit_tells_what_a_list_shows(self, index: Index) -> None:
        quotes = (make_quote("one", "A", number=1), make_quote("two", "A", number=2))
        self.put(index, make_article(quotes=quotes))
        (hit,) = index.search(ArticleQuery(words="harbour")).hits
        assert (hit.id, hit.title, hit.url) == (
            "a1",
            "Harbour board delays vote on new pier",
            "https://news.example/a1",
        )
        assert (hit.feed, hit.outlet, hit.published, hit.quotes) == (
            "https://news.example/feed.xml",
            "The Example",
            NOON,
            2,
        )
        assert hit.score > 0

    def test_an_excerpt_shows_the_surroundings_with_the_match_marked(self, index: Index) -> None:
        self.put(index, make_article())
        (hit,) = index.search(ArticleQuery(words="herring missile")).hits
        assert "missiles" in marked(hit)
        assert "herring" in marked(hit)
        assert shown(hit).strip("…") in HARBOUR.replace("\n", " ")
        assert 50 <= len(shown(hit)) <= 450

    def test_an_excerpt_marks_a_phrase(self, index: Index) -> None:
        self.put(index, make_article())
        (hit,) = index.search(ArticleQuery(words="“second pier”")).hits
        assert " ".join(marked(hit)) == "second pier"

    def test_without_words_an_excerpt_is_the_beginning_of_the_body(self, index: Index) -> None:
        self.put(index, make_article())
        (hit,) = index.search(ArticleQuery()).hits
        assert shown(hit).startswith("The harbour board of Vessby")
        assert marked(hit) == []

    def test_an_article_of_one_endless_word_has_a_short_excerpt(self, index: Index) -> None:
        self.put(index, make_article(text="x" * 20_000, title=""))
        (hit,) = index.search(ArticleQuery()).hits
        assert 0 < len(shown(hit)) <= 450

    def test_without_words_the_newest_come_first_and_the_undated_last(self, index: Index) -> None:
        self.put(
            index,
            make_article("undated", published=None, fetched=None),
            make_article("old", published=NOON - DAY),
            make_article("fetched", published=None, fetched=NOON + DAY),
            make_article("new", published=NOON + 2 * DAY),
            make_article("b", published=NOON),
            make_article("a", published=NOON),
        )
        page = index.search(ArticleQuery())
        assert ids(page) == ["new", "fetched", "a", "b", "old", "undated"]
        assert page.hits[1].published == NOON + DAY

    def test_with_words_the_most_relevant_come_first(self, index: Index) -> None:
        much = "Pier collapses\nThe pier fell. Nobody was on the pier when the pier gave way."
        little = (
            "Council meets\n" + "The council met to talk of many things at great length. " * 20 + "And of the pier."
        )
        fillers = [make_article(f"f{n}", text="Sunny day\nThe weather stays fine.") for n in range(5)]
        self.put(index, make_article("little", text=little, published=NOON + DAY), make_article("much", text=much))
        self.put(index, *fillers)
        assert ids(index.search(ArticleQuery(words="pier"))) == ["much", "little"]
        assert ids(index.search(ArticleQuery(words="pier", newest_first=True))) == ["little", "much"]

    def test_pages_are_disjoint_and_complete(self, index: Index) -> None:
        self.put(index, *[make_article(f"a{number:02}", published=NOON - number * DAY) for number in range(25)])
        pages = [index.search(ArticleQuery(words="harbour", offset=offset, limit=10)) for offset in (0, 10, 20, 30)]
        assert [page.total for page in pages] == [25] * 4
        assert [len(page.hits) for page in pages] == [10, 10, 5, 0]
        assert len({article_id for page in pages for article_id in ids(page)}) == 25
        assert all(page.facets == pages[0].facets for page in pages)
