"""Who is speaking: what the text so far tells of somebody whose words stand without a cue."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from consumers.enrich.lexicon import nouns, words
from consumers.enrich.quotes.article import Article, Draft
from consumers.enrich.quotes.grammar import Phrase, is_pronoun, is_verb, noun_phrase, own_subject

_ONE_OF_THEM = words("indefinite") | {"second", "third", "fourth", "other"}
_LEAST_QUESTIONS = 2
"""So many paragraphs that ask without marks make an interview."""


@dataclass(slots=True)
class Discourse:
    """The quotes found so far, in the order of the text."""

    article: Article
    drafts: list[Draft] = field(default_factory=list)
    _questions: list[int] | None = None

    def add(self, draft: Draft) -> None:
        """Take in a quote, at its place in the text."""
        insort(self.drafts, draft, key=lambda d: d.start)

    def remove(self, draft: Draft) -> None:
        """Leave out a quote that turned out to be part of another."""
        place = bisect_left(self.drafts, draft.start, key=lambda d: d.start)
        while place < len(self.drafts) and self.drafts[place].start == draft.start:
            if self.drafts[place] is draft:
                del self.drafts[place]
                return
            place += 1

    def before(self, position: int) -> Iterator[Draft]:
        """The quotes that start before a position of the text, the last one first."""
        for place in range(bisect_left(self.drafts, position, key=lambda d: d.start) - 1, -1, -1):
            yield self.drafts[place]

    def last_spoken(self, paragraph: int, first_token: int) -> Draft | None:
        """The last quote with a speaker before a token, in this paragraph or one of the two before it."""
        tokens = self.article.tokens
        for draft in self.before(tokens.starts[first_token]):
            if draft.speaker is None:
                continue
            if tokens.lower[draft.speaker.head] == "i":
                continue
            token = tokens.at(draft.start)
            return draft if paragraph - tokens.paragraph[token] <= 3 else None
        return None

    def introduced(self, first: int, paragraph: int) -> Phrase | None:
        """The person whom the sentence before a token, in its paragraph, is about."""
        tokens = self.article.tokens
        token = first - 1
        while token >= 0 and tokens.paragraph[token] == paragraph and self.article.stretch_of[token] >= 0:
            return None
        roots = []
        seen_end = 0
        opens = -1
        while token >= 0 and tokens.paragraph[token] == paragraph and self.article.stretch_of[token] < 0:
            if tokens.words[token] in (".", "?", "!"):
                seen_end += 1
                if seen_end > 1:
                    break
            elif tokens.words[token][0].isalnum():
                opens = token
            if is_verb(tokens, token) and (tokens.heads[token] == token or tokens.deps[token] in ("conj", "ccomp")):
                roots.append(token)
            token -= 1
        for root in reversed(roots):
            found = own_subject(tokens, root)
            if found is not None and self.can_speak(found):
                return noun_phrase(tokens, found)
        for token in range(opens, first) if opens >= 0 and not roots else ():
            if tokens.heads[token] == token and tokens.tags[token].startswith("NN") and self.can_speak(token):
                return noun_phrase(tokens, token)
        if not roots and opens >= 0 and self.can_speak(opens) and tokens.lower[opens + 1] in ("'s", "'d", "'ll"):
            return Phrase(opens, opens, opens)
        return None

    def before_colon(self, first: int) -> Phrase | None:
        """Who is named right before a colon that words in marks follow, here or at the end of the paragraph before:
        no surprise to the pollster Daron Shaw: “…”; from our correspondent, Kit Harding, in Leeds: “…”
        """
        tokens = self.article.tokens
        token = first - 1
        while token >= 0 and not tokens.words[token][0].isalnum() and tokens.words[token] != ":":
            token -= 1
        if token < 0 or tokens.words[token] != ":" or tokens.paragraph[first] - tokens.paragraph[token] > 1:
            return None
        paragraph, colon = tokens.paragraph[token], token
        while token > 0 and tokens.paragraph[token - 1] == paragraph and tokens.words[token - 1] not in (".", "?", "!"):
            token -= 1
            if tokens.entity[token] == "PERSON" and self.article.stretch_of[token] < 0:
                last = token
                while tokens.entity[token] == "PERSON" and not tokens.entity_begins[token] and token > 0:
                    token -= 1
                if colon - last > 4:
                    continue
                return self._speaking_for(token) or Phrase(token, last, last)
        for subject in range(token, colon):
            outside = self.article.stretch_of[subject] < 0
            speaks = self.can_speak(subject) or tokens.lower[subject] in _ONE_OF_THEM
            if outside and speaks and tokens.deps[subject] == "nsubj":
                return noun_phrase(tokens, subject)
        return None

    def _speaking_for(self, name: int) -> Phrase | None:
        """Who speaks for the person named at a token: A spokesman for Anna Roth: “…”"""
        tokens = self.article.tokens
        token = name - 1
        while token > 0 and tokens.tags[token].startswith(("NN", "JJ", "DT", "PRP$")):
            token -= 1
        if token < 1 or tokens.lower[token] != "for" or tokens.lower[token - 1] not in nouns("people"):
            return None
        return noun_phrase(tokens, token - 1)

    def can_speak(self, head: int) -> bool:
        """Whether a noun stands for somebody: a person's name, a pronoun of a person, a role."""
        tokens = self.article.tokens
        if is_pronoun(tokens, head):
            return tokens.lower[head] in ("he", "she")
        return tokens.entity[head] == "PERSON" or tokens.lower[head] in nouns("people")

    def answering(self, paragraph: int, first: int) -> Draft | None:
        """Whoever spoke before the question that the words before a token ask of him; None where no question is
        open.
        """
        tokens = self.article.tokens
        before = list(islice(self.before(tokens.starts[first]), 6))
        if not before or before[0].speaker is None or not self._is_question(before[0]):
            return None
        if paragraph - tokens.paragraph[tokens.at(before[0].start)] != 1:
            return None
        asker = self._words(before[0].speaker)
        for draft in before[1:]:
            if draft.speaker is None or paragraph - tokens.paragraph[tokens.at(draft.start)] > 5:
                continue
            if not asker & self._words(draft.speaker):
                return draft
        return None

    def exchange(self, paragraph: int, first: int) -> Draft | None:
        """Within an exchange of words without cues (question, answer, question …), whoever did not speak last."""
        tokens = self.article.tokens
        before = list(islice(self.before(tokens.starts[first]), 6))
        if not before or before[0].speaker is None or not {"answers", "exchange"} & set(before[0].rules):
            return None
        if paragraph - tokens.paragraph[tokens.at(before[0].start)] != 1 or not self._is_alone(paragraph):
            return None
        if not self._is_alone(paragraph - 1):
            return None
        spoke = self._words(before[0].speaker)
        for draft in before[1:]:
            if draft.speaker is not None and not spoke & self._words(draft.speaker):
                return draft
        return None

    def _is_alone(self, paragraph: int) -> bool:
        """Whether a paragraph holds nothing but words between marks."""
        tokens = self.article.tokens
        start, end = tokens.paragraphs[paragraph]
        return all(
            self.article.stretch_of[token] >= 0 or not tokens.words[token][0].isalnum()
            for token in range(tokens.at(start), tokens.at(end - 1))
        )

    def _is_question(self, draft: Draft) -> bool:
        """Whether the last words of a quote ask something."""
        tokens = self.article.tokens
        return draft.kind == "direct" and tokens.text[draft.spans[-1][1] - 1] == "?"

    def _words(self, phrase: Phrase) -> set[str]:
        return set(self.article.tokens.lower[phrase.first : phrase.last + 1])

    def narrated(self, previous: Draft | None, paragraph: int) -> Phrase | None:
        """The person whom the paragraph before is about, where nobody is quoted in it."""
        tokens = self.article.tokens
        if paragraph == 0 or (
            previous is not None and tokens.paragraph[tokens.at(previous.spans[-1][1] - 1)] >= paragraph - 1
        ):
            return None
        start, end = tokens.paragraphs[paragraph - 1]
        first, last = tokens.at(start), tokens.at(end - 1)
        for token in range(first, last + 1):
            if tokens.deps[token] == "nsubj" and self.article.stretch_of[token] < 0 and self.can_speak(token):
                return noun_phrase(tokens, token)
        return None

    def interviewed(self, paragraph: int) -> Phrase | None:
        """Who answers the question that the paragraph before asks without marks, in an article that asks several: the
        person most named before the first of them.
        """
        if self._questions is None:
            self._questions = [number for number in range(len(self.article.tokens.paragraphs)) if self._asks(number)]
        if len(self._questions) < _LEAST_QUESTIONS or paragraph - 1 not in self._questions:
            return None
        tokens = self.article.tokens
        first = tokens.at(tokens.paragraphs[self._questions[0]][0])
        named: dict[str, list[int]] = {}
        for token in range(first):
            if tokens.entity[token] == "PERSON" and self.article.stretch_of[token] < 0:
                named.setdefault(tokens.lower[token], []).append(token)
        if not named:
            return None
        last = max(named.values(), key=len)[0]
        while tokens.entity[last + 1] == "PERSON" and not tokens.entity_begins[last + 1]:
            last += 1
        first = last
        while not tokens.entity_begins[first] and first > 0:
            first -= 1
        return Phrase(first, last, last)

    def _asks(self, paragraph: int) -> bool:
        """Whether a paragraph ends with a question and holds no words in marks."""
        tokens = self.article.tokens
        start, end = tokens.paragraphs[paragraph]
        if not tokens.text[start:end].rstrip().endswith("?"):
            return False
        return all(
            self.article.stretch_of[t] < 0 for t in range(tokens.at(start), min(tokens.at(end - 1) + 1, len(tokens)))
        )

    def asked_about(self, first: int, paragraph: int) -> Phrase | None:
        """The pronoun in a question that the reporter puts right before somebody's words: Does it annoy her?"""
        tokens = self.article.tokens
        token = first - 1
        while token >= 0 and tokens.words[token] != "?" and tokens.starts[first] - tokens.starts[token] < 4:
            token -= 1
        if token < 0 or tokens.words[token] != "?" or tokens.paragraph[token] != paragraph:
            return None
        token -= 1
        while token >= 0 and tokens.paragraph[token] == paragraph and tokens.words[token] not in (".", "?", "!"):
            if tokens.lower[token] in ("he", "she", "him", "her"):
                return Phrase(token, token, token)
            token -= 1
        return None
