"""`python -m benchmarks.quotes`: who said what in the annotated corpus, and the speed beside the bare pipeline.

Both halves of the corpus are scored, corpus/heldout only as a whole. A quote is found where it shares at least 0.8 of
its words with an annotated one (0.3 for the softer figure); its speaker is right where the mention overlaps the
annotated one or the resolved name has the same last word. Speed is measured on the same texts in the same process:
`nlp.pipe` of the default pipeline with all its components, and the whole of enrichment from text to quotes.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy

from benchmarks.corpus import AnnotatedArticle, read_corpus
from consumers.enrich import nlp
from consumers.enrich.names.spelling import plain
from schemas.records import Quote

CORPUS = Path(__file__).parent.parent / "corpus"
HARD, SOFT = 0.8, 0.3
ROUNDS = 2
"""Times each speed is measured; the best counts, because the machine may be doing other things."""


def main() -> None:
    """Print the figures."""
    pipeline = nlp.load()
    articles: list[AnnotatedArticle] = []
    for half in ("tuning", "heldout"):
        found = list(read_corpus(CORPUS / half))
        if found:
            print(score(pipeline, found, half))
        articles += found
    print(speed(pipeline, [article.text for article in articles]))


def score(pipeline: Any, articles: Sequence[AnnotatedArticle], name: str) -> str:
    """One line of figures for some articles: F1 in percent for all quotes and for those with words between marks."""
    total: Counter[str] = Counter()
    texts = [nlp.Text(article.name, article.text) for article in articles]
    for article, found in zip(articles, nlp.annotate(pipeline, texts), strict=True):
        for track in ("all", "marked"):
            gold = [q for q in article.quotes if track == "all" or q["kind"] != "indirect"]
            mine = [q for q in found.quotes if track == "all" or q.kind != "indirect"]
            total[f"{track} gold"] += len(gold)
            total[f"{track} found"] += len(mine)
            for least, label in ((HARD, "hard"), (SOFT, "soft")):
                pairs = _pairs(article.text, gold, mine, least)
                total[f"{track} {label}"] += len(pairs)
                total[f"{track} {label} speaker"] += sum(_speaker_right(g, q) for g, q in pairs)
        for entity in article.entities:
            named = [one for one in found.entities if plain(one.name) == plain(entity["name"])]
            total["entities"] += 1
            total["entities found"] += bool(named)
            total["entities labelled"] += any(one.label == entity["label"] for one in named)
        total["scare"] += len(article.not_quotes)
        total["scare taken"] += sum(_taken(span, found.quotes) for span in article.not_quotes)
    cells = [f"{name}: {len(articles)} articles"]
    for track in ("all", "marked"):
        for label in ("hard", "hard speaker", "soft speaker"):
            f1 = 200 * total[f"{track} {label}"] / max(1, total[f"{track} gold"] + total[f"{track} found"])
            cells.append(f"{track} quotes, {label} F1 {f1:.1f}")
    cells.append(f"scare quotes taken {total['scare taken']} of {total['scare']}")
    cells.append(
        f"entities found by full name {total['entities found']} of {total['entities']}, "
        f"with the right label {total['entities labelled']}"
    )
    return "; ".join(cells)


def speed(pipeline: Any, texts: Sequence[str]) -> str:
    """Words a second of enrichment and of the bare default pipeline on the same texts."""
    bare = spacy.load(nlp.DEFAULT_MODEL)
    words = sum(len(text.split()) for text in texts)
    times: dict[str, float] = {}
    for _ in range(ROUNDS):
        start = time.process_time()
        for _doc in bare.pipe(texts):
            pass
        times["bare"] = min(times.get("bare", 1e9), time.process_time() - start)
        start = time.process_time()
        for _found in nlp.annotate(pipeline, [nlp.Text(str(n), text) for n, text in enumerate(texts)]):
            pass
        times["ours"] = min(times.get("ours", 1e9), time.process_time() - start)
    ours, plain = words / times["ours"], words / times["bare"]
    return f"speed: {ours:.0f} words/s from text to quotes, nlp.pipe {plain:.0f} words/s, ratio {ours / plain:.2f}"


def _pairs(
    text: str, gold: Sequence[dict[str, Any]], mine: Sequence[Quote], least: float
) -> list[tuple[dict[str, Any], Quote]]:
    """Annotated and found quotes paired one to one, the best overlap of words first."""
    theirs = [_words(text, q["spans"]) for q in gold]
    ours = [_words(text, [(s.start, s.end) for s in q.spans]) for q in mine]
    scored = sorted(
        ((-len(a & b) / max(1, len(a | b)), i, j) for i, a in enumerate(theirs) for j, b in enumerate(ours)),
    )
    pairs, taken_gold, taken_mine = [], set(), set()
    for negative, i, j in scored:
        if -negative >= least and i not in taken_gold and j not in taken_mine:
            pairs.append((gold[i], mine[j]))
            taken_gold.add(i)
            taken_mine.add(j)
    return pairs


def _words(text: str, spans: Sequence[Sequence[int]]) -> set[int]:
    return {start + match.start() for start, end in spans for match in re.finditer(r"\w+", text[start:end])}


def _speaker_right(gold: dict[str, Any], quote: Quote) -> bool:
    speaker, wanted = quote.speaker, gold["speaker"]
    if speaker is None:
        return wanted is None and not gold["ref"]
    if gold["ref"] and speaker.name.split()[-1].lower() == str(gold["ref"]).split()[-1].lower():
        return True
    return wanted is not None and speaker.start < wanted["end"] and speaker.end > wanted["start"]


def _taken(span: dict[str, Any], quotes: Sequence[Quote]) -> bool:
    return any(
        s.start <= span["start"] and s.end >= span["end"] and q.kind == "direct" for q in quotes for s in q.spans
    )


if __name__ == "__main__":
    main()
