"""The stories of the last days, in bounded memory."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from consumers.stories.fingerprint import PERMUTATIONS
from consumers.stories.likeness import Features, minhash_of, same_story, vector_of
from schemas.records import Fingerprint, StoryMember

WINDOW = timedelta(days=4)
"""How far apart two articles may be published and yet be compared."""
MOST_ARTICLES = 60_000
"""Articles that are compared with at the most, the last ones: some 100 MB."""
LEAST_LIKELY = 0.5
"""Probability from which two articles are of one story."""

_NEARLY = 0.2
"""Probability from which it is asked whether an article is like a story's articles together, where like none alone."""
_TOGETHER = 8
"""Articles of a story that are taken together, the likeliest first: a long story is about many things."""

_FEW_STORIES = 6
_CANDIDATES = 24
"""Of the articles most alike by words, and of those most alike by meaning, that are looked at closely."""


@dataclass(frozen=True, slots=True)
class _Article:
    story: str
    dated: datetime
    joined: datetime
    features: Features


@dataclass(frozen=True, slots=True)
class _Compared:
    """An article of the window as it was compared with a new one."""

    likely: float
    features: Features
    cosine: float
    resemblance: float
    hours: float


class Stories:
    """Tells which story an article belongs to: the likeliest of the window, or a new one.

    What `place` answers is remembered by `add`, in the order of the articles; `undo` takes back the last ones added.
    """

    def __init__(self, window: timedelta = WINDOW, most: int = MOST_ARTICLES) -> None:
        self._window = window
        self._most = most
        self._articles: list[_Article] = []
        self._sizes: Counter[str] = Counter()
        self._names: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._minhashes: NDArray[np.uint32] = np.empty((0, PERMUTATIONS), dtype=np.uint32)
        self._vectors: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._articles)

    def __contains__(self, story: str) -> bool:
        """Whether an article of that story is in the window."""
        return story in self._sizes

    def place(self, article: str, fingerprint: Fingerprint, dated: datetime) -> str:
        """The id of the story that an article of this id belongs to."""
        best, found = LEAST_LIKELY, story_id(article)
        features = Features.of(fingerprint)
        stories: defaultdict[str, list[_Compared]] = defaultdict(list)
        for place, cosine, resemblance in self._candidates(fingerprint):
            other = self._articles[place]
            apart = abs(dated - other.dated)
            if apart <= self._window:
                hours = apart.total_seconds() / 3600
                stories[other.story].append(self._compared(features, other.features, cosine, resemblance, hours))
        for story, members in stories.items():
            likely = self._likelihood(features, members)
            if likely > best:
                best, found = likely, story
        return found

    def _compared(
        self, features: Features, other: Features, cosine: float, resemblance: float, hours: float
    ) -> _Compared:
        likely = same_story(features, other, cosine=cosine, resemblance=resemblance, hours=hours, weight=self._weight)
        return _Compared(likely, other, cosine, resemblance, hours)

    def _likelihood(self, features: Features, members: list[_Compared]) -> float:
        """How likely an article is of the story of these: as the likeliest of them is, or as they are together.

        One outlet names the governor and another the town: a retelling may have either from each.
        """
        members.sort(key=lambda member: -member.likely)
        best = members[0]
        if len(members) == 1 or best.likely < _NEARLY:
            return best.likely
        together = Features.together([member.features for member in members[:_TOGETHER]])
        return max(best.likely, self._compared(features, together, best.cosine, best.resemblance, best.hours).likely)

    def add(self, member: StoryMember) -> None:
        """Remember an article and its story."""
        count = len(self._articles)
        minhash, vector = minhash_of(member.fingerprint), vector_of(member.fingerprint)
        if count == len(self._minhashes):
            self._grow(max(256, 2 * count), len(vector))
        self._minhashes[count] = minhash
        self._vectors[count] = vector
        features = Features.of(member.fingerprint)
        self._articles.append(_Article(member.story, member.dated, member.joined, features))
        self._sizes[member.story] += 1
        for name in features.names:
            self._names[name][member.story] += 1

    def undo(self, count: int) -> None:
        """Forget the last `count` articles that were added."""
        for article in self._articles[len(self._articles) - count :]:
            self._leave(article)
        del self._articles[len(self._articles) - count :]

    def forget(self) -> bool:
        """Forget what came longer ago than the window, or is more than is remembered. To be called now and then.

        By when articles came, not by the dates they bear, which may lie anywhere. Whether anything was forgotten.
        """
        if not self._articles:
            return False
        oldest = self._articles[-1].joined - self._window
        gone = max(0, len(self._articles) - self._most)
        while gone < len(self._articles) and self._articles[gone].joined < oldest:
            gone += 1
        # Moving the rest up costs as much as the window is large: so only where a tenth of it goes.
        if gone <= 0.1 * len(self._articles):
            return False
        for article in self._articles[:gone]:
            self._leave(article)
        del self._articles[:gone]
        self._minhashes = self._minhashes[gone:].copy()
        self._vectors = self._vectors[gone:].copy()
        return True

    def _leave(self, article: _Article) -> None:
        _take_one(self._sizes, article.story)
        for name in article.features.names:
            _take_one(self._names[name], article.story)
            if not self._names[name]:
                del self._names[name]

    def _weight(self, name: str) -> float:
        """What a name says: 1 for one that few stories have, less and less for those that many have."""
        known = self._names.get(name)
        return 1 / (1 + math.log1p(len(known) / _FEW_STORIES)) if known else 1.0

    def _grow(self, size: int, width: int) -> None:
        count = len(self._articles)
        minhashes, vectors = self._minhashes, self._vectors
        self._minhashes = np.zeros((size, PERMUTATIONS), dtype=np.uint32)
        self._vectors = np.zeros((size, width), dtype=np.float32)
        if count:
            self._minhashes[:count] = minhashes[:count]
            self._vectors[:count] = vectors[:count]

    def _candidates(self, fingerprint: Fingerprint) -> list[tuple[int, float, float]]:
        count = len(self._articles)
        if not count:
            return []
        cosines = self._vectors[:count] @ vector_of(fingerprint)
        resemblances = (self._minhashes[:count] == minhash_of(fingerprint)).mean(axis=1)
        places = sorted({*_largest(cosines), *_largest(resemblances)})
        return [(place, float(cosines[place]), float(resemblances[place])) for place in places]


def _take_one(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


def story_id(article: str) -> str:
    """The id of the story that an article is the first of."""
    return hashlib.sha256(f"story\n{article}".encode()).hexdigest()[:32]


def _largest(values: NDArray[np.floating]) -> list[int]:
    if len(values) <= _CANDIDATES:
        return list(range(len(values)))
    return [int(place) for place in np.argpartition(values, -_CANDIDATES)[-_CANDIDATES:]]
