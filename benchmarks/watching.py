"""`python -m benchmarks.watching`: are tracked names found where they are meant, and nowhere else? How fast?

On corpus/watching: pairs of an article and a tracked name, of those that are to raise an alert (recall) and of those
that did (precision); then the conditions of the right ones, precision by confidence, and the matcher's speed with
100,000 names beside that with those of them that occur, that with 100,000 of which few do, that with 100, and the
enricher's. The second half is scored as a whole only. `--show` lists the wrong pairs of the first half.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.corpus import read_corpus
from benchmarks.labelled import CORPUS, HALVES, WatchedArticle, article_of, watched_articles
from consumers.alerts.matcher import Match, Matcher
from consumers.enrich.annotator import SpacyAnnotator
from consumers.enrich.names.lexicon import given_names
from consumers.enrich.nlp import DEFAULT_MODEL
from consumers.enrich.stage import annotate_all
from quotewire.ports import Rejected, TrackedName
from schemas.records import EnrichedArticle

NAMES = 100_000
FEW = 100
OCCURRING = 5
"""Of so many entities of the articles one is on the long watchlist, so that it matches in every article."""
SELDOM = 60
"""The same for a watchlist that matches in one article of a few, as those of a general news desk do."""
_PUBLISHED = datetime(2026, 3, 1, tzinfo=UTC)
_KINDS = {"PERSON": "person", "ORG": "organization", "GPE": "place", "LOC": "place", "PRODUCT": "product"}
_CYRILLIC = str.maketrans("abdefghiklmnoprstuvyzABDEFGHIKLMNOPRSTUVYZ", "абдефгхиклмнопрстувызАБДЕФГХИКЛМНОПРСТУВЫЗ")
_BANDS = (0.5, 0.8, 0.9, 1.01)


def main() -> None:
    """Print the figures."""
    annotator = SpacyAnnotator(DEFAULT_MODEL)
    for half in HALVES:
        tracked, labelled = watched_articles(half)
        articles = annotated(annotator, [each.article for each in labelled])
        print(score(half, Matcher(tracked), labelled, articles))
    # The labelled ones are a few sentences each: speed is measured on articles of full length.
    corpus = [
        article_of(each.name, f"Article {each.name}", each.text, "Valley Post", _PUBLISHED)
        for each in read_corpus(CORPUS / "tuning")
    ]
    start = time.process_time()
    articles = annotated(annotator, corpus)
    print(speed(articles, len(articles) / (time.process_time() - start)))


def annotated(annotator: SpacyAnnotator, articles: Sequence[EnrichedArticle]) -> list[EnrichedArticle]:
    """Articles with entities and quotes."""
    return [article for article in annotate_all(annotator, articles) if not isinstance(article, Rejected)]


def score(half: str, matcher: Matcher, labelled: Sequence[WatchedArticle], articles: Sequence[EnrichedArticle]) -> str:
    """Lines of figures for a half of the set."""
    counts: Counter[str] = Counter()
    bands: Counter[tuple[float, bool]] = Counter()
    for label, article in zip(labelled, articles, strict=True):
        found = {match.tracked.name: match for match in matcher.matches(article)}
        counts["pairs"] += len(label.raises) + len(label.quiet)
        for name in found.keys() | label.raises.keys():
            kind = "right" if name in found and name in label.raises else "wrong" if name in found else "missed"
            counts[kind] += 1
            if kind != "missed":
                bands[next(band for band in _BANDS if found[name].confidence < band), kind == "right"] += 1
            if kind == "right":
                _count_conditions(counts, label.raises[name], found[name])
            if "--show" in sys.argv and half == HALVES[0]:
                _show(kind, name, label, found.get(name))
    right, wrong, missed = counts["right"], counts["wrong"], counts["missed"]
    by_band = ", ".join(
        f"below {band:.2f} {bands[band, True]} of {bands[band, True] + bands[band, False]}"
        for band in _BANDS
        if bands[band, True] + bands[band, False]
    )
    return (
        f"{half}: {len(articles)} articles, {counts['pairs']} labelled pairs; precision "
        f"{right / max(1, right + wrong):.3f}, recall {right / max(1, right + missed):.3f}; "
        f"conditions: precision {counts['condition right'] / max(1, counts['condition found']):.3f}, "
        f"recall {counts['condition right'] / max(1, counts['condition wanted']):.3f}; right by confidence: {by_band}"
    )


def _count_conditions(counts: Counter[str], wanted: Sequence[str], match: Match) -> None:
    held = [condition for condition in match.conditions if condition != "together"]
    counts["condition right"] += len(set(wanted) & set(held))
    counts["condition found"] += len(held)
    counts["condition wanted"] += len(wanted)


def _show(kind: str, name: str, label: WatchedArticle, match: Match | None) -> None:
    if kind != "right":
        print(f"{kind.upper():6} {name} in {label.article.title!r}: {match.rule if match else ''}")
    elif match and set(match.conditions) - {"together"} != set(label.raises[name]):
        print(f"OTHER  {name} in {label.article.title!r}: {match.conditions}, not {label.raises[name]}")


def speed(articles: Sequence[EnrichedArticle], enriched: float) -> str:
    """Articles a second through the matcher with few names, with many and with those of these that occur; `enriched` is
    the enricher's figure.
    """
    names = _names(NAMES, articles, OCCURRING)
    entities = {entity.name for article in articles for entity in article.entities}
    few, there = names[:: NAMES // FEW], [tracked for tracked in names if tracked.name in entities]
    start = time.process_time()
    many = Matcher(names)
    built = time.process_time() - start
    rates = []
    for matcher in (Matcher(few), Matcher(there), Matcher(_names(NAMES, articles, SELDOM)), many):
        best, found = 1e9, 0
        for _ in range(2):
            start = time.process_time()
            found = sum(len(matcher.matches(article)) for article in articles)
            best = min(best, time.process_time() - start)
        rates.append((len(articles) / best, found / len(articles)))
    words = sum(len(article.text.split()) for article in articles) / len(articles)
    (quick, few_found), (judged, there_found), (seldom, seldom_found), (slow, many_found) = rates
    return (
        f"speed, articles of {words:.0f} words: {slow:.0f}/s with {NAMES:,} names, of which {many_found:.1f} an "
        f"article match, {seldom:.0f}/s where {seldom_found:.1f} do; "
        f"{judged:.0f}/s with the {len(there)} of them alone that are the articles' entities, of which "
        f"{there_found:.1f} match (ratio {slow / judged:.2f}); {quick:.0f}/s with {FEW}, of which {few_found:.1f} "
        f"match (ratio {slow / quick:.2f}); the matcher of {NAMES:,} is made in {built:.1f} s of CPU; "
        f"the enricher does {enriched:.0f}/s of them (ratio {slow / enriched:.0f})"
    )


def _names(count: int, articles: Sequence[EnrichedArticle], every: int) -> list[TrackedName]:
    """A watchlist as a newsroom's, always the same one: of so many of the articles' entities one, spread among people,
    bodies and places that are made of the same surnames and of common given names, and so occur in part.

    One in ten has an alias with an initial, one in twenty one in Cyrillic, one in twenty asks for a word near it.
    """
    chance = random.Random(count)
    entities = {entity.name: _KINDS.get(entity.label) for article in articles for entity in article.entities}
    occurring = {name: entities[name] for name in sorted(entities)[::every]}
    given = sorted(name.capitalize() for gender in ("male", "female") for name in given_names(gender))
    last = sorted({name.split()[-1] for name in entities if name.split()[-1].isalpha()} | set(_made_up(chance, 3_000)))
    people = zip(chance.choices(given, k=2 * count), chance.choices(last, k=2 * count), strict=True)
    made = {f"{first} {word}": "person" for first, word in people}
    bodies = ("Group", "Party", "University", "Bank", "Council")
    made |= {f"{word} {body}": "organization" for word in last for body in bodies}
    made |= {f"{word}{end}": "place" for word in last for end in ("ville", " Bay", " County")}
    chosen = chance.sample(sorted(made.keys() - entities.keys()), count - len(occurring))
    names = {name: made[name] for name in chosen} | occurring
    listed = sorted(names)
    chance.shuffle(listed)
    return [_entry(number, name, names[name]) for number, name in enumerate(listed)]


def _entry(number: int, name: str, kind: str | None) -> TrackedName:
    first, _, rest = name.partition(" ")
    aliases = []
    if number % 10 == 0 and rest:
        aliases.append(f"{first[0]}. {rest}")
    if number % 20 == 1:
        aliases.append(name.translate(_CYRILLIC))
    return TrackedName(name, tuple(aliases), kind, near=("minister", "police", "market") if number % 20 == 2 else ())


def _made_up(chance: random.Random, count: int) -> list[str]:
    syllables = "ba den fol gar hin jo kel lam mor nis oru pet ral sik tor ul ven wis yar zed".split()
    return ["".join(chance.choices(syllables, k=chance.randint(2, 3))).capitalize() for _ in range(count)]


if __name__ == "__main__":
    main()
