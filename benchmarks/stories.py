"""`python -m benchmarks.stories`: are the copies of a story found together, and near neighbours told apart?

On corpus/stories: pairs of articles put into one story, of those that belong to one (recall) and of those that were put
(precision). The held-out half is scored as a whole only. `--show` lists the wrong pairs of the others.
"""

from __future__ import annotations

import sys
import time
from itertools import combinations

from benchmarks.labelled import STORY_SETS, story_copies
from consumers.alerts.matcher import Matcher
from consumers.stories.embedding import WordLlamaEmbedder
from quotewire.trial import outputs
from schemas.records import EnrichedArticle, StoryMember


def main() -> None:
    """Print the figures."""
    embedder = WordLlamaEmbedder()
    embedder.embed(["It is loaded when first asked for."])
    for half in STORY_SETS:
        copies = story_copies(half)
        articles = [article for _, article in copies]
        start = time.process_time()
        found = stories_of(articles, embedder)
        seconds = time.process_time() - start
        right = wrong = missed = 0
        for (one, a), (other, b) in combinations(copies, 2):
            together = found[a.id] == found[b.id]
            right += together and one == other
            wrong += together and one != other
            missed += not together and one == other
            if "--show" in sys.argv and half != STORY_SETS[-1] and together != (one == other):
                print("WRONG " if together else "MISSED", a.title, "|", b.title)
        print(
            f"{half}: {len(copies)} articles, {len({name for name, _ in copies})} stories; pairs: precision "
            f"{right / max(1, right + wrong):.3f}, recall {right / max(1, right + missed):.3f}; "
            f"{len(set(found.values()))} stories found; {len(articles) / seconds:.0f} articles/s"
        )


def stories_of(articles: list[EnrichedArticle], embedder: WordLlamaEmbedder) -> dict[str, str]:
    """For each article's id the id of the story it was put into."""
    made = outputs(articles, Matcher([]), embedder)
    return {member.id: member.story for member in made if isinstance(member, StoryMember)}


if __name__ == "__main__":
    main()
