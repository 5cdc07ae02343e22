"""Who is speaking: what the text so far tells of somebody whose words stand without a cue."""

from __future__ import annotations

from dataclasses import dataclass, field

from consumers.enrich.quotes.article import Article, Draft
from consumers.enrich.quotes.grammar import Phrase, is_pronoun, is_verb, noun_phrase, own_subject
from consumers.enrich.quotes.lexicon import nouns


@dataclass(slots=True)
class Discourse:
    """The quotes found so far, in the order of the text."""

    article: Article
    drafts: list[Draft] = field(default_factory=list)

    def last_spoken(self, paragraph: int, first_token: int) -> Draft | None:
        """The last quote with a speaker before a token, in this paragraph or one of the two before it."""
        tokens = self.article.tokens
        for draft in sorted(self.drafts, key=lambda d: -d.start):
            if draft.speaker is None or draft.start >= tokens.starts[first_token]:
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
        while token >= 0 and tokens.paragraph[token] == paragraph and self.article.stretch_of[token] < 0:
            if tokens.words[token] in (".", "?", "!"):
                seen_end += 1
                if seen_end > 1:
                    break
            if is_verb(tokens, token) and (tokens.heads[token] == token or tokens.deps[token] in ("conj", "ccomp")):
                roots.append(token)
            token -= 1
        for root in reversed(roots):
            found = own_subject(tokens, root)
            if found is not None and self.can_speak(found):
                return noun_phrase(tokens, found)
        return None

    def can_speak(self, head: int) -> bool:
        """Whether a noun stands for somebody: a person's name, a pronoun of a person, a role."""
        tokens = self.article.tokens
        if is_pronoun(tokens, head):
            return tokens.lower[head] not in ("it", "i", "we")
        return tokens.entity[head] == "PERSON" or tokens.lower[head] in nouns("people")
