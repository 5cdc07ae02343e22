"""`python -m benchmarks.quotes`: who said what in the annotated corpus, and the speed beside the bare pipeline.

Both halves of the corpus are scored, corpus/heldout only as a whole. A quote is found where it shares at least 0.8 of
its words with an annotated one (0.3 for the softer figure); its speaker is right where the mention overlaps the
annotated one or the resolved name is the same (a surname alone stands for its bearer). Speed is measured on the
held-out texts in the same process, after each side has read the others: `nlp.pipe` of the default pipeline with all its
components, the whole of enrichment from text to quotes, and textacy's quotations (benchmarks/peer.py; it finds words
between marks only, and is timed over all texts). How far the confidence can be trusted is printed for
corpus/heldout, which it was not learned from.
"""

from __future__ import annotations

import argparse
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
from benchmarks.peer import read_with_textacy
from benchmarks.train_confidence import is_right
from consumers.enrich import nlp
from consumers.enrich.names.spelling import plain
from consumers.enrich.running import run
from consumers.enrich.token_vectors import on_one_core
from consumers.enrich.tokens import keep_tokens
from schemas.records import Quote

CORPUS = Path(__file__).parent.parent / "corpus"
HARD, SOFT = 0.8, 0.3
THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9)
ROUNDS = 5
"""Rounds in which speed is measured; the median counts, because the machine may be doing other things."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--textacy-python", default="", help="an interpreter that has textacy, instead of a new one")
    parser.add_argument("--without-textacy", action="store_true", help="measure this project alone")
    chosen = parser.parse_args(arguments)
    pipeline = nlp.load()
    halves = {half: list(read_corpus(CORPUS / half)) for half in ("tuning", "heldout")}
    articles = [article for half in halves.values() for article in half]
    texts = [article.text for article in articles]
    for half, some in halves.items():
        found = list(nlp.annotate(pipeline, [nlp.Text(article.name, article.text) for article in some]))
        print(score(some, found, half), flush=True)
        if half == "heldout":
            print(reliability(some, found), flush=True)
    peer = None if chosen.without_textacy else read_with_textacy(texts, 2, chosen.textacy_python)
    if peer is not None:
        theirs = iter(peer.quotes)
        for half, some in halves.items():
            found = [nlp.Annotation(article.name, (), next(theirs)) for article in some]
            print("textacy, " + score(some, found, half), flush=True)
    seen, new = ([article.text for article in halves[half]] for half in ("tuning", "heldout"))
    for line in speed(seen, new):
        print(line)
    if peer is not None:
        print(f"textacy: {_count(texts) / peer.seconds:.0f} words/s")
    print(shares(pipeline, texts))


def score(articles: Sequence[AnnotatedArticle], annotations: Sequence[nlp.Annotation], name: str) -> str:
    """One line of figures for some articles: F1 in percent for all quotes and for those with words between marks."""
    total: Counter[str] = Counter()
    for article, found in zip(articles, annotations, strict=True):
        everything = [one for quote in found.quotes for one in (quote, *quote.nested)]
        for track in ("all", "marked"):
            gold = [q for q in article.quotes if track == "all" or q["kind"] != "indirect"]
            mine = [q for q in everything if track == "all" or q.kind != "indirect"]
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
    if any(found.entities for found in annotations):
        cells.append(
            f"entities found by full name {total['entities found']} of {total['entities']}, "
            f"with the right label {total['entities labelled']}"
        )
    return "; ".join(cells)


def reliability(articles: Sequence[AnnotatedArticle], annotations: Sequence[nlp.Annotation]) -> str:
    """How far a quote's confidence can be trusted, and what the least confidence asked for does.

    The expected calibration error is the mean distance between confidence and share of right quotes over ten bins of
    equal size. A quote is right as benchmarks/train_confidence.py has it: half its words, and its speaker.
    """
    judged = sorted(
        (quote.confidence, is_right(quote, article.quotes, article.text))
        for article, found in zip(articles, annotations, strict=True)
        for quote in found.quotes
    )
    bins = [judged[len(judged) * n // 10 : len(judged) * (n + 1) // 10] for n in range(10)]
    gaps = [abs(sum(sure for sure, _ in some) - sum(right for _, right in some)) for some in bins]
    lines = [f"confidence: expected calibration error {sum(gaps) / len(judged):.3f} over {len(judged)} quotes"]
    wanted = sum(len(article.quotes) for article in articles)
    for least in THRESHOLDS:
        kept = [right for sure, right in judged if sure >= least]
        precision, recall = sum(kept) / max(1, len(kept)), sum(kept) / wanted
        lines.append(
            f"  least confidence {least:.2f}: {len(kept):4} quotes, precision {precision:.1%}, recall {recall:.1%}"
        )
    return "\n".join(lines)


def speed(seen: Sequence[str], texts: Sequence[str]) -> Iterator[str]:
    """Enrichment from text to quotes beside the default pipeline on the same texts, by the processor's time.

    All sides are new and have read the texts `seen`, none has read `texts`. Rounds are interleaved, each over another
    part of these. The bare pipeline has its best batch size. It is also measured with numpy as the library that
    multiplies, as in ours, instead of BLIS.
    """
    pipeline, bare, by_numpy = nlp.load(), spacy.load(nlp.DEFAULT_MODEL), spacy.load(nlp.DEFAULT_MODEL)
    for _, component in by_numpy.pipeline:
        for node in component.model.walk() if hasattr(component, "model") and component.model else ():
            node.ops = NumpyOps(use_blis=False)
    best = min((8, 32, 256), key=lambda size: _seconds(bare.pipe(seen, batch_size=size)))
    _seconds(by_numpy.pipe(seen, batch_size=best))
    _seconds(nlp.annotate(pipeline, [nlp.Text(str(place), text) for place, text in enumerate(seen)]))
    rounds: dict[str, list[float]] = {"ours": [], "nlp.pipe": [], "nlp.pipe, multiplying by numpy": []}
    with on_one_core():
        for number in range(ROUNDS):
            part = texts[number::ROUNDS]
            given = [nlp.Text(str(place), text) for place, text in enumerate(part)]
            rounds["ours"].append(_seconds(nlp.annotate(pipeline, given)))
            rounds["nlp.pipe"].append(_seconds(bare.pipe(part, batch_size=best)))
            rounds["nlp.pipe, multiplying by numpy"].append(_seconds(by_numpy.pipe(part, batch_size=best)))
    words = _count(texts)
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


def _count(texts: Sequence[str]) -> int:
    return sum(len(text.split()) for text in texts)


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
    if gold["ref"] and _same_name(speaker.name, str(gold["ref"])):
        return True
    return wanted is not None and speaker.start < wanted["end"] and speaker.end > wanted["start"]


def _same_name(one: str, other: str) -> bool:
    first, second = plain(one).split(), plain(other).split()
    return first == second or (first[-1:] == second[-1:] and 1 in (len(first), len(second)))


def _taken(span: dict[str, Any], quotes: Sequence[Quote]) -> bool:
    return any(
        s.start <= span["start"] and s.end >= span["end"] and q.kind == "direct" for q in quotes for s in q.spans
    )


if __name__ == "__main__":
    main()
