"""Names tried before they are switched on, stories told apart, marks of false alerts."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.alerts.matcher import Matcher
from consumers.stories.embedding import WordLlamaEmbedder
from quotewire import false_positives, trial, watchlist
from quotewire.adapters.memory_index import MemoryIndex
from quotewire.ports import ConfigurationError, TrackedName
from tests.contracts.index_samples import NOON, make_article
from tests.end_to_end.installation import Installation

MONDAY = "2026-03-01T1{}:00:00Z"
ARRIVAL = "Orla Finch arrived in Kiev on Monday. “Grain must flow,” Finch said."
RETOLD = "The minister Orla Finch came to Kyiv on Monday for talks on grain, her office said."
LINES = (
    {"id": 2, "outlet": "Post", "title": "Finch in Kyiv for talks", "text": RETOLD, "published": MONDAY.format(1)},
    None,
    {"id": "a", "title": "Finch arrives in Kiev", "text": ARRIVAL, "published": MONDAY.format(0)},
    {"id": 3, "title": "No text"},
    {"outlet": "Courier", "title": "No id"},
    {"id": 4, "text": "A recipe for chicken kiev by Orla Finch-Burton.", "published": "some day"},
)
ARTICLES = "\n".join(json.dumps(line) if line else "not JSON" for line in LINES)
NAMES = '[{"name": "Orla Finch", "type": "person", "conditions": ["quoted"]}, "Kyiv"]'


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    (tmp_path / "articles.jsonl").write_text(ARTICLES, encoding="utf-8")
    (tmp_path / "names.json").write_text(NAMES, encoding="utf-8")
    return Installation(tmp_path, [])


def test_a_dry_run_prints_a_line_an_alert_and_names_the_lines_that_are_wrong(installation: Installation) -> None:
    done = installation.run("watch", "dry-run", "--watchlist", "names.json", "--articles", "articles.jsonl", "--json")
    assert done.returncode == 1
    orla, kyiv = (json.loads(line) for line in done.stdout.splitlines())
    assert (orla["entity"], orla["articles"]) == ("Orla Finch", ["a"]), "she is not quoted in the other"
    assert (kyiv["entity"], kyiv["articles"]) == ("Kyiv", ["a", 2]), "the first one first"
    assert orla["story"] == kyiv["story"]
    assert "Orla Finch arrived" in orla["sentence"]
    assert "quoted" in orla["conditions"]
    assert kyiv["conditions"][:2] == ["mentioned", "headline"]
    assert 0.5 <= kyiv["confidence"] <= 1
    complaints = done.stderr.strip().splitlines()
    assert [complaint.split(": ")[1] for complaint in complaints] == [
        f"articles.jsonl, line {number}" for number in (2, 5, 6)
    ]


def test_every_article_of_a_file_comes_out_once_in_its_order_with_its_story(installation: Installation) -> None:
    done = installation.run("stories", "articles.jsonl", "--json")
    assert done.returncode == 1
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entry["id"] for entry in found] == [2, "a", 3, 4]
    assert found[0]["story"] == found[1]["story"] != found[2]["story"] != found[3]["story"]
    assert installation.run("stories", "nowhere.jsonl").returncode == 2


def test_a_name_can_be_paused_and_go_on(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.yaml"
    path.write_text("# Ours\n- Kyiv\n- name: Orla Finch\n", encoding="utf-8")
    watchlist.set_paused(path, "Kyiv", paused=True)
    watchlist.set_paused(path, "Orla Finch", paused=True)
    watchlist.set_paused(path, "Orla Finch", paused=False)
    assert watchlist.read(path) == [TrackedName("Kyiv", paused=True), TrackedName("Orla Finch")]
    assert "# Ours" in path.read_text(encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not on the watchlist"):
        watchlist.set_paused(path, "Nobody", paused=True)


def test_a_trial_looks_at_the_days_of_the_index_and_at_nothing_older() -> None:
    index = MemoryIndex()
    index.put_articles(
        [
            make_article("new", text="Ferry\nThe ferry to Vessby sailed.", published=NOON),
            make_article("old", text="Ferry\nThe ferry to Vessby sank.", published=NOON - timedelta(days=40)),
            make_article("other", text="Ferry\nThe ferry to Hallund sailed.", published=NOON),
        ]
    )
    tracked = [TrackedName("Vessby", type="place")]
    matcher = Matcher(tracked)
    looked = trial.look_through(index, matcher, tracked, 30, NOON)
    assert ([article.id for article in looked.articles], looked.count, looked.whole_since) == (["new"], 2, None)
    [alert] = trial.alerts(looked.articles, matcher, WordLlamaEmbedder())
    assert (alert.name, alert.sentence.text) == ("Vessby", "The ferry to Vessby sailed.")
    assert index.counts()["alerts"] == 0


_SPELLINGS = {
    "plain": ("Orla Finch", "They met Orla Finch."),
    "initial": ("Orla Finch", "They met Orla J. Finch."),
    "sound": ("Rustem Halimov", "They met Rustem Khalimov."),
    "given": ("Mohamed Salah", "They met Muhammad Salah."),
    "case": ("Игорь Савельев", "Встречу с Игорем Савельевым подтвердили."),
    "patronymic": ("Игорь Савельев", "Встречу с Игорем Петровичем Савельевым подтвердили."),
}


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_a_trial_finds_what_the_pipeline_finds(spelling: str) -> None:
    name, text = _SPELLINGS[spelling]
    index, tracked = MemoryIndex(), [TrackedName(name, type="person")]
    index.put_articles([make_article("a1", text=f"Talks\n{text}", published=NOON)])
    looked = trial.look_through(index, Matcher(tracked), tracked, 30, NOON)
    assert [article.id for article in looked.articles] == ["a1"]


def test_a_trial_says_since_when_it_looked_at_all_articles_and_searches_older_ones_for_the_words() -> None:
    index, tracked = MemoryIndex(), [TrackedName("Orla Finch", type="person")]
    texts = ("They met Orla Fynch.", "They met nobody.", "They met Orla J. Finch.", "They met Orla Fynch.")
    index.put_articles(
        [
            make_article(f"a{number}", text=f"Talks\n{text}", published=NOON - timedelta(days=number))
            for number, text in enumerate(texts)
        ]
    )
    looked = trial.look_through(index, Matcher(tracked), tracked, 30, NOON, most=2)
    assert [article.id for article in looked.articles] == ["a0", "a2"]
    assert (looked.count, looked.whole_since) == (3, NOON.date())
    assert (
        str(looked)
        == f"3 articles looked through: all since {NOON:%Y-%m-%d}, of older ones those with words of the names"
    )
    whole = trial.look_through(index, Matcher(tracked), tracked, 30, NOON)
    assert [article.id for article in whole.articles] == ["a0", "a2", "a3"]


def test_an_alert_that_was_marked_false_keeps_its_like_quiet_until_the_mark_is_taken_back(tmp_path: Path) -> None:
    path, index, tracked = tmp_path / "false-positives.yaml", MemoryIndex(), [TrackedName("Vessby")]
    article = make_article("a1", text="Cup\nThe striker Vessby scored twice from a narrow angle.")
    index.put_articles([article])
    [alert] = trial.alerts([article], Matcher(tracked), WordLlamaEmbedder())
    index.put_alerts([alert])
    for _ in range(2):
        false_positives.mark(path, index, alert.id)
    [mark] = false_positives.read(path)
    assert (mark.name, mark.alert) == ("Vessby", alert.id)
    assert Matcher(tracked, [mark]).matches(article) == []
    assert false_positives.unmark(path, alert.id)
    assert not false_positives.unmark(path, alert.id)
    assert false_positives.read(path) == []
    with pytest.raises(ConfigurationError, match="there is no alert"):
        false_positives.mark(path, index, "nobody's")


@pytest.mark.parametrize("content", ["name: x", "- {words: 5}", "- {name: x, words: 5}", "- ["])
def test_a_file_of_marks_that_is_wrong_is_said_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "false-positives.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        false_positives.read(path)
    assert "\n" not in str(refusal.value)
