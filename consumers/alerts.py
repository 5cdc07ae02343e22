"""The alerts stage: enriched articles against the watchlist, one alert for each article and tracked name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from quotewire.ports import Clock, Rejected, TrackedName
from schemas.records import Alert, EnrichedArticle, Mention, TopicRecord

BY_NAME_CONFIDENCE = 0.95
BY_ALIAS_CONFIDENCE = 0.9
BY_WORDS_CONFIDENCE = 0.7
"""How sure a match is: a resolved entity of that name, of that alias, or the bare words with no entity around them."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=[\"'“‘«(]*[^\W\d_a-z]|[\"'“‘«])|\n+")


@dataclass(frozen=True, slots=True)
class Match:
    """Where a tracked name stands in an article, and why it is one."""

    tracked: TrackedName
    mention: Mention
    rule: str
    confidence: float


class Matcher:
    """Finds the tracked names in an article; made once for a watchlist."""

    def __init__(self, watchlist: Sequence[TrackedName]) -> None:
        forms: dict[str, list[tuple[TrackedName, str]]] = {}
        for tracked in watchlist:
            for form in (tracked.name, *tracked.aliases):
                forms.setdefault(_folded(form), []).append((tracked, form))
        self._forms = [entries for folded, entries in forms.items() if folded]
        patterns = [folded for folded in forms if folded]
        self._finder = AhoCorasick(patterns) if patterns else None

    def matches(self, article: EnrichedArticle) -> list[Match]:
        """The best match of each tracked name that the article mentions, in the order of the watchlist's finding.

        A name counts where it is an entity's name or the whole of one of its mentions, or where its words stand in the
        text outside any longer name: “Washington” in “Denzel Washington” is nobody's mention but his.
        """
        best: dict[str, Match] = {}
        for match in (*self._by_entity(article), *self._by_words(article)):
            known = best.get(match.tracked.name)
            if known is None or match.confidence > known.confidence:
                best[match.tracked.name] = match
        return list(best.values())

    def _by_entity(self, article: EnrichedArticle) -> Iterator[Match]:
        for entity in article.entities:
            if not entity.mentions:
                continue
            for tracked, form in self._exactly(entity.name):
                rule = "name" if form == tracked.name else "alias"
                if not _written_alike(form, entity.name):
                    continue
                confidence = BY_NAME_CONFIDENCE if rule == "name" else BY_ALIAS_CONFIDENCE
                yield Match(tracked, entity.mentions[0], f"entity by {rule}", confidence)

    def _by_words(self, article: EnrichedArticle) -> Iterator[Match]:
        if self._finder is None:
            return
        text, folded = article.text, _folded(article.text)
        names = sorted((mention.start, mention.end) for entity in article.entities for mention in entity.mentions)
        for number, start, end in self._finder.find_matches_as_indexes(folded, overlapping=True):
            if not _stands_alone(text, start, end) or _inside_longer(names, start, end):
                continue
            for tracked, form in self._forms[number]:
                if _written_alike(form, text[start:end]):
                    mention = Mention(start=start, end=end, text=text[start:end])
                    yield Match(tracked, mention, f"words “{form}”", BY_WORDS_CONFIDENCE)

    def _exactly(self, name: str) -> Iterator[tuple[TrackedName, str]]:
        if self._finder is None:
            return
        folded = _folded(name)
        for number, start, end in self._finder.find_matches_as_indexes(folded, overlapping=True):
            if start == 0 and end == len(folded):
                yield from self._forms[number]


class Alerting:
    """Raises an alert for each tracked name that is new in an article.

    `already_raised` tells which of some alert ids were raised before, by this process or any other: it decides that an
    edit, a repeated record or a restart raises nothing again. `observe` is told what each article raised, for metrics.
    """

    def __init__(
        self,
        matcher: Callable[[], Matcher],
        already_raised: Callable[[Collection[str]], Collection[str]],
        clock: Clock,
        observe: Callable[[EnrichedArticle, Sequence[Alert]], None] = lambda *_: None,
    ) -> None:
        self._observe = observe
        self._matcher = matcher
        self._already_raised = already_raised
        self._clock = clock

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Sequence[TopicRecord] | Rejected]:
        """For each enriched article the alerts it raises."""
        matcher = self._matcher()
        found = [self._alerts(matcher, record) for record in batch]
        raised = set(self._already_raised({alert.id for alerts in found for alert in alerts}))
        results = []
        for record, alerts in zip(batch, found, strict=True):
            assert isinstance(record, EnrichedArticle)
            new = [alert for alert in alerts if alert.id not in raised]
            self._observe(record, new)
            results.append(new)
            raised.update(alert.id for alert in new)
        return results

    def _alerts(self, matcher: Matcher, record: TopicRecord) -> list[Alert]:
        assert isinstance(record, EnrichedArticle)
        return [
            Alert(
                id=alert_id(record.id, match.tracked.name),
                name=match.tracked.name,
                article=record.id,
                revision=record.revision,
                url=record.url,
                title=record.title,
                outlet=record.outlet,
                published=record.published,
                raised=self._clock.now(),
                mention=match.mention,
                sentence=sentence_around(record.text, match.mention),
                rule=match.rule,
                confidence=match.confidence,
            )
            for match in matcher.matches(record)
        ]


def alert_id(article: str, name: str) -> str:
    """The id of the alert for a tracked name in an article."""
    return hashlib.sha256(f"{article}\n{name}".encode()).hexdigest()[:32]


def sentence_around(text: str, mention: Mention) -> Mention:
    """The sentence of the text that a mention stands in."""
    start, end = 0, len(text)
    for boundary in _SENTENCE_END.finditer(text):
        if boundary.end() <= mention.start:
            start = boundary.end()
        elif boundary.start() >= mention.end:
            end = boundary.start() + len(boundary.group().rstrip())
            break
    return Mention(start=start, end=end, text=text[start:end])


def _folded(text: str) -> str:
    """Lower case, character by character, so that offsets stay those of the text."""
    return "".join(lower if len(lower := char.lower()) == 1 else char for char in text.replace("’", "'"))


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_is_word(before) and _is_word(text[start])) and not (_is_word(after) and _is_word(text[end - 1]))


def _is_word(char: str) -> bool:
    return bool(char) and (char.isalnum() or char == "_")


def _inside_longer(names: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(s <= start and end <= e and e - s > end - start for s, e in names)


def _written_alike(form: str, words: str) -> bool:
    """Whether words are written as a name is: “us” is not the “US”, but a headline in capitals is any name."""
    form, words = form.replace("’", "'"), words.replace("’", "'")
    return (
        words == form
        or form.islower()
        or (words.isupper() and (len(form) > 3 or form.isupper()))
        or (words.casefold() == form.casefold() and words[:1].isupper() and not form.isupper())
    )
