"""Memory of enrichment while articles with ever new names and words go through it.

    python -m benchmarks.memory --articles 100000

Every article is short and has a dozen words that were never seen before, so whatever remembers words without an end
shows: the vocabulary and its strings, the tokenizer's cache, the remembered embeddings. Ten lines are printed.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice

import psutil

from consumers.enrich import nlp
from consumers.enrich.annotator import SpacyAnnotator

TEMPLATES = (
    "{a} {b} sues {c}\n\n“The {d} was {e},” said {a} {b}, who runs {c}. {f} {g} denied it on {h}.",
    "{c} opens in {h}\n\n{a} {b} told {f} {g} that the {d} of {c} would be “{e} by spring”. She wrote: @{i}{j}.",
    "{h}: no {d}\n\nAccording to {f} {g}, {c} has paid £{i} for {d} number {j}. {b} called the price “{e}”.",
)
SYLLABLES = [onset + vowel for onset in "b br d f g gr h k l m n p pr r s st t tr v w".split() for vowel in "aeiou"]
LINES = 10
BATCH = 64
"""Articles that are annotated together."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Annotate and print the memory of this process at every tenth of the articles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=5_000)
    wanted = parser.parse_args(arguments).articles
    annotator, process, started = SpacyAnnotator(nlp.DEFAULT_MODEL), psutil.Process(), time.process_time()
    texts = islice(articles(), wanted)
    found = chain.from_iterable(map(annotator.annotate, iter(lambda: list(islice(texts, BATCH)), [])))
    for number, annotation in enumerate(found, 1):
        if annotation.problem:
            raise SystemExit(f"article {number}: {annotation.problem}")
        if number % max(1, wanted // LINES) == 0:
            memory, seconds = process.memory_info().rss / 1e6, time.process_time() - started
            print(f"{number:7} articles: {memory:4.0f} MB after {seconds:.0f} s of processor time", flush=True)


def articles() -> Iterator[nlp.Text]:
    """Articles without an end, the same ones every time."""
    source = random.Random(20261126)
    for number in count():

        def word(capital: bool) -> str:
            new = "".join(source.choices(SYLLABLES, k=4))
            return new.capitalize() if capital else new

        words = {key: word(key in "abcfgh") for key in "abcdefgh"}
        text = source.choice(TEMPLATES).format(**words, i=source.randrange(10**9), j=source.randrange(10**9))
        yield nlp.Text(str(number), text)


if __name__ == "__main__":
    main()
