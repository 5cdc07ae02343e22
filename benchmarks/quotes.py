"""`python -m benchmarks.quotes`: who said what in the annotated corpus, and the speed beside the bare pipeline.

Both halves of the corpus are scored, corpus/heldout only as a whole. A quote is found where it shares at least 0.8 of
its words with an annotated one (0.3 for the softer figure); its speaker is right where the mention overlaps the
annotated one or the resolved name has the same last word. Speed is measured on the same texts in the same process:
`nlp.pipe` of the default pipeline with all its components, and the whole of enrichment from text to quotes.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import spacy
from thinc.api import NumpyOps

from benchmarks.corpus import AnnotatedArticle, read_corpus
from consumers.enrich import nlp
from consumers.enrich.names.spelling import plain
from consumers.enrich.running import run
from consumers.enrich.token_vectors import on_one_core
from consumers.enrich.tokens import keep_tokens
from schemas.records import Quote

CORPUS = Path(__file__).parent.parent / "corpus"
HARD, SOFT = 0.8, 0.3
ROUNDS = 7
"""Rounds in which speed is measured; the median counts, because the machine may be doing other things."""


def main() -> None:
    """Print the figures."""
    pipeline = nlp.load()
    articles: list[AnnotatedArticle] = []
    for half in ("tuning", "heldout"):
        found = list(read_corpus(CORPUS / half))
        if found:
            print(score(pipeline, found, half))
        articles += found
    texts = [article.text for article in articles]
    for line in speed(pipeline, texts):
        print(line)
    print(shares(pipeline, texts))


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


def speed(pipeline: Any, texts: Sequence[str]) -> Iterator[str]:
    """Enrichment from text to quotes beside the default pipeline on the same texts, by the processor's time.

    Rounds are interleaved, each over another part of the texts. The bare pipeline has its best batch size. It is also
    measured with numpy as the library that multiplies, as in ours, instead of BLIS.
    """
    bare, by_numpy = spacy.load(nlp.DEFAULT_MODEL), spacy.load(nlp.DEFAULT_MODEL)
    for _, component in by_numpy.pipeline:
        for node in component.model.walk() if hasattr(component, "model") and component.model else ():
            node.ops = NumpyOps(use_blis=False)
    best = min((8, 32, 256), key=lambda size: _seconds(bare.pipe(texts[:40], batch_size=size)))
    rounds: dict[str, list[float]] = {"ours": [], "nlp.pipe": [], "nlp.pipe, multiplying by numpy": []}
    with on_one_core():
        for number in range(ROUNDS):
            part = texts[number::ROUNDS]
            given = [nlp.Text(str(place), text) for place, text in enumerate(part)]
            rounds["ours"].append(_seconds(nlp.annotate(pipeline, given)))
            rounds["nlp.pipe"].append(_seconds(bare.pipe(part, batch_size=best)))
            rounds["nlp.pipe, multiplying by numpy"].append(_seconds(by_numpy.pipe(part, batch_size=best)))
    words = sum(len(text.split()) for text in texts)
    ours = rounds.pop("ours")
    yield f"speed: {words / sum(ours):.0f} words/s a core from text to quotes, {ROUNDS} interleaved rounds"
    for name, others in rounds.items():
        ratios = sorted(theirs / mine for theirs, mine in zip(others, ours, strict=True))
        yield (
            f"{name} (batches of {best}): {words / sum(others):.0f} words/s; "
            f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


def shares(pipeline: Any, texts: Sequence[str]) -> str:
    """Which part of enrichment takes how much of its time, in percent."""
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Iterable[Any]]) -> list[Any]:
        start = time.process_time()
        done = list(work())
        spent[name] = time.process_time() - start
        return done

    with pipeline.memory_zone(), on_one_core(), ExitStack() as stack:
        docs = timed("tokenizer", lambda: map(pipeline.make_doc, texts))
        for name, component in pipeline.pipeline:
            if name == nlp.COMPONENTS[0]:
                timed("reading tokens", partial(map, stack.enter_context, map(keep_tokens, docs)))
            docs = timed(name, partial(run, component, docs))
    whole = sum(spent.values())
    return "shares: " + ", ".join(f"{name} {100 * seconds / whole:.0f} %" for name, seconds in spent.items())


def _seconds(work: Iterable[Any]) -> float:
    start = time.process_time()
    for _ in work:
        pass
    return time.process_time() - start


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
