"""`python -m benchmarks.watching`: are tracked names found where they are meant, and nowhere else? How fast?

On corpus/watching: pairs of an article and a tracked name, of those that are to raise an alert (recall) and of those
that did (precision); then the conditions of the right ones, precision by confidence, and the matcher's speed with
100,000 names beside that with 100 and beside the enricher's. The second half is scored as a whole only. `--show` lists
the wrong pairs of the first half.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from benchmarks.labelled import HALVES, WatchedArticle, watched_articles
from consumers.alerts.matcher import Match, Matcher
from consumers.enrich.annotator import SpacyAnnotator
from consumers.enrich.nlp import DEFAULT_MODEL
from consumers.enrich.stage import annotate_all
from quotewire.ports import Rejected, TrackedName
from schemas.records import EnrichedArticle

NAMES = 100_000
_BANDS = (0.5, 0.8, 0.9, 1.01)


def main() -> None:
    """Print the figures."""
    annotator = SpacyAnnotator(DEFAULT_MODEL)
    texts: list[EnrichedArticle] = []
    for half in HALVES:
        tracked, labelled = watched_articles(half)
        start = time.process_time()
        articles = annotated(annotator, [each.article for each in labelled])
        seconds = time.process_time() - start
        texts += articles
        print(score(half, Matcher(tracked), labelled, articles))
    print(speed(texts, len(articles) / seconds))


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
    """Articles a second through the matcher with few and with many names; `enriched` is the enricher's figure."""
    load = [article for article in articles for _ in range(8)]
    few, many = (Matcher(_names(count)) for count in (100, NAMES))
    rates = []
    for matcher in (few, many):
        best = 1e9
        for _ in range(2):
            start = time.process_time()
            for article in load:
                matcher.matches(article)
            best = min(best, time.process_time() - start)
        rates.append(len(load) / best)
    words = sum(len(article.text.split()) for article in load) / len(load)
    return (
        f"speed, articles of {words:.0f} words: {rates[1]:.0f}/s with {NAMES:,} names, {rates[0]:.0f}/s with 100 "
        f"(ratio {rates[1] / rates[0]:.2f}); "
        f"the enricher does {enriched:.0f}/s of them (ratio {rates[1] / enriched:.0f})"
    )


def _names(count: int) -> list[TrackedName]:
    """Names made of syllables, always the same ones: people, bodies and places."""
    chance = random.Random(count)
    syllables = "ba den fol gar hin jo kel lam mor nis oru pet ral sik tor ul ven wis yar zed".split()

    def word() -> str:
        return "".join(chance.choices(syllables, k=chance.randint(2, 3))).capitalize()

    names = {f"{word()} {word()}": None for _ in range(3 * count)}
    kinds = ("person", "organization", "place")
    return [TrackedName(name, type=kinds[number % 3]) for number, name in enumerate(list(names)[:count])]


if __name__ == "__main__":
    main()
