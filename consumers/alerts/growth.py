"""How an alert begins, and how it grows with its story. Every function gives a new record or None for no change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from consumers.alerts.matcher import Match
from consumers.alerts.sentences import sentence_around
from schemas.records import Alert, AlertArticle, AlertQuote, Condition, EnrichedArticle

MOST_ARTICLES = 200
"""Articles that an alert lists; further ones are counted, so that no story makes a record too large for a topic."""
MOST_QUOTES = 100

_ORDER: tuple[Condition, ...] = ("mentioned", "headline", "quoted", "quoted-about", "together")


def alert_id(story: str, name: str) -> str:
    """The id of the alert for a tracked name in a story."""
    return hashlib.sha256(f"{story}\n{name}".encode()).hexdigest()[:32]


def raised(match: Match, article: EnrichedArticle, story: str, now: datetime) -> Alert:
    """The alert of the first article of a story that mentions a tracked name."""
    listed = _listed(match, article, now)
    return Alert(
        id=alert_id(story, match.tracked.name),
        name=match.tracked.name,
        story=story,
        raised=now,
        updated=now,
        article=article.id,
        url=article.url,
        title=article.title,
        outlet=article.outlet,
        published=article.published,
        mention=listed.mention,
        sentence=listed.sentence,
        rule=listed.rule,
        confidence=listed.confidence,
        conditions=listed.conditions,
        articles=(listed,),
        quotes=tuple(_new_quotes((), match.quotes))[:MOST_QUOTES],
    )


def grown(alert: Alert, match: Match, article: EnrichedArticle, now: datetime, *, is_new: bool) -> Alert | None:
    """The alert with an article that mentions its name: one more, or an edit of one that it lists or counts.

    is_new: whether the revision before did not mention the name. An edit takes the place of what was listed, and
    of its quotes. None where nothing is different but the time.
    """
    listed = _listed(match, article, now)
    known = alert.in_article(article.id)
    others = tuple(quote for quote in alert.quotes if quote.article != article.id)
    quotes = (*others, *_new_quotes(others, match.quotes))[:MOST_QUOTES]
    if known is not None:
        listed = listed.model_copy(update={"added": known.added})
        if _same(known, listed) and quotes == alert.quotes:
            return None
        articles = tuple(listed if each.id == article.id else each for each in alert.articles)
        return _revised(alert, now, articles=articles, quotes=quotes)
    if len(alert.articles) >= MOST_ARTICLES:
        if not is_new and quotes == alert.quotes:
            return None
        return _revised(alert, now, more_articles=alert.more_articles + is_new, quotes=quotes)
    return _revised(alert, now, articles=(*alert.articles, listed), quotes=quotes)


def corrected(alert: Alert, article: EnrichedArticle, now: datetime) -> Alert | None:
    """The alert where an edit has taken the name out of an article that it lists."""
    known = alert.in_article(article.id)
    if known is None or known.corrected:
        return None
    gone = known.model_copy(update={"revision": article.revision, "corrected": True})
    return _revised(
        alert,
        now,
        articles=tuple(gone if each.id == article.id else each for each in alert.articles),
        quotes=tuple(quote for quote in alert.quotes if quote.article != article.id),
    )


def _revised(alert: Alert, now: datetime, **changes: object) -> Alert:
    revised = alert.model_copy(update={"revision": alert.revision + 1, "updated": now, **changes})
    held = {condition for each in revised.articles if not each.corrected for condition in each.conditions}
    conditions = tuple(condition for condition in _ORDER if condition in held) or alert.conditions
    return revised.model_copy(update={"conditions": conditions})


def _listed(match: Match, article: EnrichedArticle, now: datetime) -> AlertArticle:
    return AlertArticle(
        id=article.id,
        revision=article.revision,
        url=article.url,
        title=article.title,
        outlet=article.outlet,
        language=article.language,
        tags=article.tags,
        published=article.published,
        fetched=article.fetched,
        added=now,
        mention=match.mention,
        sentence=sentence_around(article.text, match.mention),
        rule=match.rule,
        confidence=match.confidence,
        conditions=match.conditions,
    )


def _same(one: AlertArticle, other: AlertArticle) -> bool:
    """Whether they say the same to whoever reads them, wherever in the text it stands."""

    def said(listed: AlertArticle) -> tuple[object, ...]:
        words = (listed.mention.text, listed.sentence.text, listed.title, listed.outlet, listed.url)
        return (*words, listed.conditions, listed.published, listed.corrected)

    return said(one) == said(other)


def _new_quotes(known: Iterable[AlertQuote], quotes: Iterable[AlertQuote]) -> list[AlertQuote]:
    """Those of some quotes whose words are not among the known ones: copies of a story repeat them."""
    seen = {_words(quote) for quote in known}
    new = []
    for quote in quotes:
        if _words(quote) not in seen:
            seen.add(_words(quote))
            new.append(quote)
    return new


def _words(quote: AlertQuote) -> str:
    return "".join(char for char in quote.text.casefold() if char.isalnum())
