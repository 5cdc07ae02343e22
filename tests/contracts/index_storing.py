"""The contract of the index: what becomes of what is written."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotewire.ports import ArticleQuery, Index, QuoteQuery, Stored
from schemas.records import EnrichedArticle
from tests.contracts.index_contract import IndexContract, marked, properties, shown
from tests.contracts.index_samples import (
    DAY,
    HARBOUR,
    NOON,
    grown,
    make_alert,
    make_article,
    make_entity,
    make_quote,
)

REVISION = int(NOON.timestamp() * 1000)
"""As the poller gives them: the time at which the content was first seen."""


class StoringContract(IndexContract):
    """Articles and alerts, written and read by id."""

    def test_an_empty_index_answers(self, index: Index) -> None:
        assert index.search(ArticleQuery()).total == 0
        assert index.search(ArticleQuery(words="harbour")).hits == ()
        assert index.quotes(QuoteQuery(speaker="Halvorsen")).total == 0
        assert list(index.alerts()) == []
        assert index.article("a1") is None
        assert index.counts() == {"articles": 0, "quotes": 0, "alerts": 0}
        assert list(index.put_articles([])) == []

    def test_setup_again_changes_nothing(self, index: Index) -> None:
        self.put(index, make_article())
        assert {prepared.done for prepared in index.setup()} <= {"unchanged"}
        assert self.found(index, "harbour") == ["a1"]

    def test_an_article_comes_back_whole(self, index: Index) -> None:
        article = make_article(
            text=HARBOUR + "\nЖурналисты 北京 🗞️ \u202eעברית\u202c \x00 end",
            entities=(make_entity("Ingrid Halvorsen"),),
            quotes=(make_quote("We will not be hurried by anyone,", "Ingrid Halvorsen"),),
            tags=("local",),
            published=NOON + timedelta(microseconds=123456),
        )
        assert self.put(index, article) == ["stored"]
        assert index.article("a1") == article
        assert index.counts() == {"articles": 1, "quotes": 1, "alerts": 0}

    def test_only_the_first_that_is_stored_of_an_article_is_called_first(self, index: Index) -> None:
        """Edits, and what is enriched anew, were found before."""
        first, edited = make_article(revision=1), make_article(revision=2)
        anew = edited.model_copy(update={"enriched": datetime.now(UTC)})
        outcomes = [index.put_articles([each])[0] for each in (first, first, edited, anew)]
        assert [outcome.status for outcome in outcomes] == ["stored", "unchanged", "stored", "stored"]
        assert [outcome.first for outcome in outcomes] == [True, False, False, False]

    def test_the_same_revision_again_is_unchanged(self, index: Index) -> None:
        self.put(index, make_article())
        before = index.search(ArticleQuery())
        assert self.put(index, make_article(), make_article()) == ["unchanged", "unchanged"]
        assert index.search(ArticleQuery()) == before

    def test_a_newer_revision_replaces_everything_of_the_older(self, index: Index) -> None:
        old = make_article(
            entities=(make_entity("Ingrid Halvorsen"),),
            quotes=(
                make_quote("hurried", "Ingrid Halvorsen", number=1),
                make_quote("costs the town jobs", "Tomás Oliveira", number=2),
            ),
        )
        new = make_article(
            text="Ferry line reopens\nThe night ferry sails again, Captain Ada Lindqvist announced.",
            revision=2,
            feed="https://other.example/feed.xml",
            published=NOON + DAY,
            quotes=(make_quote("The night ferry sails again", "Ada Lindqvist"),),
        )
        self.put(index, old)
        assert self.put(index, new) == ["stored"]
        assert index.article("a1") == new
        assert self.found(index, "harbour") == []
        assert self.found(index, "ferry") == ["a1"]
        assert self.said(index) == ["The night ferry sails again"]
        assert self.said(index, speaker="Halvorsen") == []
        assert self.said(index, about="jobs") == []
        assert index.counts() == {"articles": 1, "quotes": 1, "alerts": 0}
        facets = index.search(ArticleQuery()).facets
        assert [facet.value for facet in facets["entity"]] == []
        assert [facet.value for facet in facets["speaker"]] == ["Ada Lindqvist"]
        assert [facet.value for facet in facets["feed"]] == ["https://other.example/feed.xml"]
        assert [facet.value for facet in facets["day"]] == ["2026-03-15"]

    def test_an_older_revision_never_replaces_a_newer_one(self, index: Index) -> None:
        new = make_article(revision=7)
        self.put(index, new)
        assert self.put(index, make_article(text="Stale words", revision=6)) == ["older"]
        assert index.article("a1") == new
        assert self.found(index, "stale") == []

    def test_of_one_revision_the_newer_enrichment_replaces_the_older(self, index: Index) -> None:
        """As when a better model reads the same article again."""
        moment = NOON + timedelta(minutes=6)
        first = make_article(
            revision=REVISION,
            enriched=moment,
            quotes=(make_quote("hurried", "A Person", number=1), make_quote("jobs", "Another", number=2)),
        )
        better = first.model_copy(
            update={"enriched": moment + DAY, "quotes": (make_quote("hurried", "Ingrid Halvorsen"),)}
        )
        assert self.put(index, first, better) == ["stored", "stored"]
        assert index.article("a1") == better
        assert self.said(index) == ["hurried"]
        assert self.put(index, first, better) == ["older", "unchanged"]
        assert self.put(index, first.model_copy(update={"enriched": None})) == ["older"]
        assert index.article("a1") == better
        assert index.counts() == {"articles": 1, "quotes": 1, "alerts": 0}

    def test_a_newer_enrichment_of_an_older_revision_replaces_nothing(self, index: Index) -> None:
        newer = make_article(revision=REVISION + 1, enriched=NOON)
        older = make_article(revision=REVISION, enriched=NOON + 30 * DAY, text="Stale words")
        assert self.put(index, newer, older) == ["stored", "older"]
        assert self.put(index, make_article("b", revision=REVISION, enriched=NOON + 30 * DAY)) == ["stored"]
        assert self.put(index, make_article("b", revision=REVISION + 1, enriched=None)) == ["stored"]
        assert index.article("a1") == newer
        assert self.found(index, "stale") == []

    @settings(properties, max_examples=12)
    @given(
        writes=st.permutations(
            [(revision, hours) for revision in (REVISION, REVISION + 1, REVISION + 2) for hours in (None, 0, 30, 900)]
        )
    )
    def test_in_whatever_order_they_come_the_newest_enrichment_of_the_newest_revision_stays(
        self, index: Index, writes: list[tuple[int, int | None]]
    ) -> None:
        name = uuid.uuid4().hex
        for revision, hours in writes:
            enriched = None if hours is None else NOON + timedelta(hours=hours)
            index.put_articles([make_article(name, revision=revision, enriched=enriched)])
        stored = index.article(name)
        assert stored is not None
        assert (stored.revision, stored.enriched) == (REVISION + 2, NOON + timedelta(hours=900))

    def test_what_is_stored_is_told(self, index: Index) -> None:
        quoted = make_article("q", quotes=(make_quote("hurried", "A Person"),))
        self.put(index, make_article(revision=3), quoted)
        index.put_alerts([make_alert("x"), make_alert("y", name="Another")])
        assert index.stored(["a1", "never", "q"]) == {"a1": Stored(3), "q": Stored(1)}
        assert set(index.stored_alerts(["x", "never"])) == {"x"}
        assert index.stored([]) == {}
        assert index.stored_alerts([]) == {}
        self.put(index, *[make_article(f"many{number}") for number in range(1_200)])
        assert len(index.stored([f"many{number}" for number in range(1_300)])) == 1_200

    @pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (1, 3, 2, 3, 1)])
    def test_revisions_of_one_article_in_one_bulk_leave_the_newest(self, index: Index, order: tuple[int, ...]) -> None:
        self.put(index, *[make_article(text=f"Number{revision}", revision=revision) for revision in order])
        assert self.found(index, "number3") == ["a1"]
        assert self.found(index, "number1") == self.found(index, "number2") == []
        assert index.counts()["articles"] == 1

    @pytest.mark.parametrize(
        "wrong",
        [make_article("x" * 513), make_article("é" * 257), make_article(""), make_article("a2", revision=-1)],
        ids=["id too long", "id too long in bytes", "no id", "negative revision"],
    )
    def test_one_article_that_cannot_be_taken_leaves_the_others_alone(
        self, index: Index, wrong: EnrichedArticle
    ) -> None:
        outcomes = index.put_articles([make_article("before"), wrong, make_article("after")])
        self.settle(index)
        assert [outcome.status for outcome in outcomes] == ["stored", "rejected", "stored"]
        assert outcomes[1].reason
        assert self.found(index) == ["after", "before"]

    def test_an_id_of_512_bytes_is_taken(self, index: Index) -> None:
        assert self.put(index, make_article("é" * 256)) == ["stored"]
        assert index.article("é" * 256) is not None

    @pytest.mark.parametrize("id", ["a/b c?d=e&f#g", "“quoted”", "'; DROP TABLE articles; --", "..", "日本"])
    def test_any_id_is_only_an_id(self, index: Index, id: str) -> None:  # noqa: A002
        assert self.put(index, make_article(id), make_article("other")) == ["stored", "stored"]
        stored = index.article(id)
        assert stored is not None
        assert stored.id == id
        assert [alert.article for alert in index.alerts(article=id)] == []

    def test_a_large_article_is_taken_and_found(self, index: Index) -> None:
        text = "Long read\n" + "The committee heard another witness. " * 30_000 + "Finally came the xylophone."
        assert self.put(index, make_article(text=text)) == ["stored"]
        page = index.search(ArticleQuery(words="xylophone"))
        assert marked(page.hits[0]) == ["xylophone"]

    def test_an_article_without_words_is_taken(self, index: Index) -> None:
        assert self.put(index, make_article(text="", title="")) == ["stored"]
        (hit,) = index.search(ArticleQuery()).hits
        assert shown(hit) == ""

    def test_alerts_are_stored_once(self, index: Index) -> None:
        first = make_alert("x")
        again = first.model_copy(update={"confidence": 0.1})
        outcomes = index.put_alerts([first, again, make_alert("x" * 513), make_alert("y")])
        self.settle(index)
        assert [outcome.status for outcome in outcomes] == ["stored", "unchanged", "rejected", "stored"]
        assert [outcome.status for outcome in index.put_alerts([again])] == ["unchanged"]
        self.settle(index)
        assert list(index.alerts()) == [first, make_alert("y")]
        assert index.counts() == {"articles": 0, "quotes": 0, "alerts": 2}

    def test_an_alert_that_grows_takes_the_place_of_what_it_was(self, index: Index) -> None:
        first = make_alert("x", article="a1")
        second = grown(first, "a1", "a2")
        third = grown(second, "a3")
        outcomes = index.put_alerts([first, second])
        self.settle(index)
        assert [outcome.status for outcome in outcomes] == ["stored", "stored"]
        assert list(index.alerts()) == [second]
        assert [outcome.status for outcome in index.put_alerts([third, second, third, first])] == [
            "stored",
            "older",
            "unchanged",
            "older",
        ]
        self.settle(index)
        assert list(index.alerts(article="a3")) == list(index.alerts(article="a1")) == [third]
        assert list(index.alerts(article="a4")) == []
        assert index.alert("x") == third
        assert index.alert("nobody's") is None
        assert index.counts() == {"articles": 0, "quotes": 0, "alerts": 1}

    def test_alerts_come_newest_first_and_by_name_and_article(self, index: Index) -> None:
        alerts = [
            make_alert("1", name="A", article="a1", raised=NOON),
            make_alert("2", name="B", article="a1", raised=NOON + timedelta(milliseconds=1)),
            make_alert("3", name="A", article="a2", raised=NOON + DAY),
            make_alert("0", name="A", article="a3", raised=NOON),
        ]
        index.put_alerts(alerts)
        self.settle(index)

        def order(found: object) -> list[str]:
            return [alert.id for alert in found]  # type: ignore[attr-defined]

        assert order(index.alerts()) == ["3", "2", "0", "1"]
        assert order(index.alerts(name="A")) == ["3", "0", "1"]
        assert order(index.alerts(article="a1")) == ["2", "1"]
        assert order(index.alerts(name="A", article="a2")) == ["3"]
        assert order(index.alerts(name="a")) == []
        assert order(index.alerts(offset=1, limit=2)) == ["2", "0"]
