"""What is lost from the index or refused by it: what comes again makes it whole, and no article is half there."""

from __future__ import annotations

from typing import Any

import pytest

from quotewire.ports import ArticleQuery, ConfigurationError
from tests.contracts.index_samples import make_alert
from tests.real_stack.indexing import APRIL, Parts, article


@pytest.mark.parametrize("kinds", [("articles",), ("quotes",), ("articles", "quotes")])
def test_a_lost_month_is_written_again(parts: Parts, kinds: tuple[str, ...]) -> None:
    both = [article("a", quotes=2), article("b", published=APRIL, quotes=1)]
    parts.statuses(*both)
    for kind in kinds:
        parts.client.indices.delete(index=f"{parts.prefix}-{kind}-2026.03")
    assert parts.statuses(*both) == ["stored", "unchanged"]
    assert [period for period, _ in parts.documents("articles")] == ["2026.03", "2026.04"]
    assert sorted(parts.said()) == ["Said 0 in 1", "Said 0 in 1", "Said 1 in 1"]
    assert {each: stored.problem for each, stored in parts.index.stored(["a", "b"]).items()} == {"a": "", "b": ""}
    assert parts.statuses(*both) == ["unchanged", "unchanged"]


def test_all_months_are_lost(parts: Parts) -> None:
    parts.statuses(article("a"), article("b", published=APRIL))
    for kind in ("articles", "quotes"):
        parts.client.indices.delete(index=list(parts.client.indices.get(index=f"{parts.prefix}-{kind}-*")))
    assert parts.statuses(article("a"), article("b", published=APRIL)) == ["stored", "stored"]
    assert len(parts.said()) == 4


def test_what_stands_where_it_should_not_goes_when_its_article_comes_again(parts: Parts) -> None:
    """Left by a writer that died, or by hand: a second document in another month, and one quote too many."""
    parts.statuses(article("a", quotes=2))
    whole, quote = parts.documents("articles")[0][1], parts.documents("quotes")[0][1]
    version: dict[str, Any] = {"version": 1, "version_type": "external"}
    parts.client.index(index=f"{parts.prefix}-articles-2026.04", id="a", document=whole, **version)
    parts.client.index(index=f"{parts.prefix}-quotes-2026.03", id="left-7", document=quote | {"position": 7}, **version)
    parts.client.indices.refresh(index=f"{parts.prefix}-*")
    assert parts.index.stored(["a"])["a"].problem == "2 documents"
    assert parts.statuses(article("a", quotes=2)) == ["stored"]
    assert [period for period, _ in parts.documents("articles")] == ["2026.03"]
    assert parts.said() == ["Said 0 in 1", "Said 1 in 1"]
    assert parts.index.stored(["a"])["a"].problem == ""


def test_a_cluster_that_makes_no_index_by_itself_gets_the_month_that_is_new(parts: Parts) -> None:
    setting = "action.auto_create_index"
    parts.client.cluster.put_settings(persistent={setting: "false"})
    try:
        assert parts.statuses(article("a"), article("b", published=APRIL)) == ["stored", "stored"]
        assert {period for period, _ in parts.documents("articles")} == {"2026.03", "2026.04"}
        assert len(parts.said()) == 4
    finally:
        parts.client.cluster.put_settings(persistent={setting: None})


def test_an_index_that_is_missing_stores_nothing_and_says_what_to_do(parts: Parts) -> None:
    setting = "action.auto_create_index"
    parts.client.cluster.put_settings(persistent={setting: "false"})
    try:
        parts.client.indices.delete_index_template(name=[f"{parts.prefix}-articles", f"{parts.prefix}-alerts"])
        parts.client.indices.delete(index=f"{parts.prefix}-alerts-all")
        with pytest.raises(ConfigurationError, match="quotewire setup index"):
            parts.index.put_articles([article("a")])
        with pytest.raises(ConfigurationError, match="quotewire setup index"):
            parts.index.put_alerts([make_alert("alert")])
        parts.index.setup()
        assert parts.statuses(article("a")) == ["stored"]
        assert [outcome.status for outcome in parts.index.put_alerts([make_alert("alert")])] == ["stored"]
    finally:
        parts.client.cluster.put_settings(persistent={setting: None})


@pytest.mark.parametrize("edited", [False, True])
def test_nothing_of_an_article_stays_of_which_a_quote_is_refused(parts: Parts, edited: bool) -> None:
    april, wrong = f"{parts.prefix}-quotes-2026.04", f"{parts.prefix}-wrong"
    if edited:
        parts.statuses(article("a", quotes=3))
    mapping = {"dynamic": "strict", "properties": {"id": {"type": "keyword"}}}
    parts.client.indices.put_index_template(
        name=wrong, index_patterns=[april], priority=900, template={"mappings": mapping}
    )
    refused, other = article("a", revision=2, published=APRIL), article("b")
    outcomes = parts.index.put_articles([refused, other])
    assert [outcome.status for outcome in outcomes] == ["rejected", "stored"]
    assert [source["id"] for _, source in parts.documents("articles")] == ["b"]
    assert {source["article"] for _, source in parts.documents("quotes")} == {"b"}
    assert parts.index.article("a") is None
    assert parts.index.stored(["a"]) == {}
    assert [hit.id for hit in parts.index.search(ArticleQuery()).hits] == ["b"]
    parts.client.indices.delete_index_template(name=wrong)
    parts.client.indices.delete(index=april)
    assert parts.statuses(refused) == ["stored"], "once the mapping is mended, its dead letter is replayed"
