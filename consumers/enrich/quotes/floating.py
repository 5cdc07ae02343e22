"""Whose words a stretch holds that no cue claims, by who has been speaking and whom the text is about."""

from __future__ import annotations

from consumers.enrich.quotes.article import Article, Draft
from consumers.enrich.quotes.discourse import Discourse
from consumers.enrich.quotes.grammar import Phrase, is_verb, noun_phrase, own_subject

_ENDS = frozenset(".?!")


class Floating:
    """Chooses the speakers of words without a cue."""

    def __init__(self, article: Article, discourse: Discourse) -> None:
        self.article = article
        self.tokens = article.tokens
        self.discourse = discourse

    def sentence(self, number: int, paragraph: int) -> Draft | None:
        """The quote that a stretch of whole sentences makes, with its speaker; None where it goes on with the quote
        before it.
        """
        stretch = self.article.stretches[number]
        draft = Draft([(stretch.start, stretch.end)], "direct")
        first = self.article.ranges[number][0]
        previous = self.discourse.last_spoken(paragraph, first)
        same = previous is not None and self.tokens.paragraph[self.tokens.at(previous.spans[-1][0])] == paragraph
        if paragraph == 0 and not same and len(self.tokens.paragraphs) > 1:
            draft.rules = ["headline"]
            return draft
        introduced = self.discourse.introduced(first - 1, paragraph)
        goes_on = previous is not None and same and previous.kind == "direct" and self._adjacent(previous, number)
        if goes_on and introduced is not None and previous is not None and previous.speaker is not None:
            goes_on = introduced.head == previous.speaker.head
        after_introduced = (
            same
            and previous is not None
            and introduced is not None
            and introduced.first <= self.tokens.at(previous.spans[-1][1])
        )
        before_colon = self.discourse.before_colon(first)
        if before_colon is not None:
            return _by(draft, before_colon, "before-colon")
        asked = self.discourse.asked_about(first, paragraph)
        if asked is not None:
            return _by(draft, asked, "asked-about")
        if introduced is not None and not goes_on and not after_introduced:
            return _by(draft, introduced, "introduced")
        if goes_on:
            return None
        answering = None if same else self.discourse.answering(paragraph, first)
        if answering is not None:
            return _by(draft, answering.speaker, "answers")
        exchange = None if same else self.discourse.exchange(paragraph, first)
        if exchange is not None:
            return _by(draft, exchange.speaker, "exchange")
        interviewed = None if same else self.discourse.interviewed(paragraph)
        if interviewed is not None:
            return _by(draft, interviewed, "interviewed")
        narrated = None if same or introduced is not None else self.discourse.narrated(previous, paragraph)
        if narrated is not None:
            return _by(draft, narrated, "narrated")
        if previous is not None:
            draft.others = previous.others
            return _by(draft, previous.speaker, "same-paragraph" if same else "last-speaker")
        draft.rules = ["floating", "no-speaker"]
        return draft

    def fragment(self, number: int) -> Draft:
        """The quote that a few words make which read like somebody's own, with its speaker: whom the sentence is
        about, where it speaks of somebody else than who spoke last.
        """
        stretch = self.article.stretches[number]
        first = self.article.ranges[number][0]
        draft = Draft([(stretch.start, stretch.end)], "direct")
        about = self._subject_around(number)
        if about is not None:
            draft.speaker, draft.rules = about, ["fragment", "sentence-about"]
            return draft
        previous = self.discourse.last_spoken(self.tokens.paragraph[first], first)
        draft.speaker = previous.speaker if previous else None
        draft.rules = ["fragment", "last-speaker"]
        return draft

    def _subject_around(self, number: int) -> Phrase | None:
        """The person who is the subject of the nearest verb before a fragment in its sentence."""
        tokens = self.tokens
        first = self.article.ranges[number][0]
        token = first - 1
        sentence, paragraph = tokens.sentence[first], tokens.paragraph[first]
        while token >= sentence and tokens.paragraph[token] == paragraph and self.article.stretch_of[token] < 0:
            if is_verb(tokens, token):
                head = own_subject(tokens, token)
                if head is not None and self.article.stretch_of[head] < 0 and self.discourse.can_speak(head):
                    return noun_phrase(tokens, head)
            token -= 1
        return None

    def _adjacent(self, draft: Draft, number: int) -> bool:
        """Whether no words but the sentence of its cue stand between a quote and a stretch."""
        if not draft.stretches or draft.stretches[-1] != number - 1:
            return False
        tokens = self.tokens
        first, last = self.article.ranges[number - 1][1] + 1, self.article.ranges[number][0] - 1
        said = [token for token in range(first, last + 1) if tokens.words[token][0].isalnum()]
        if not said:
            return True
        if draft.cue is None or not first <= draft.cue.token <= last:
            return False
        end = next((token for token in range(draft.cue.last, last + 1) if tokens.words[token] in _ENDS), last)
        return said[-1] <= end


def _by(draft: Draft, speaker: Phrase | None, rule: str) -> Draft:
    draft.speaker, draft.rules = speaker, ["floating", rule]
    return draft
