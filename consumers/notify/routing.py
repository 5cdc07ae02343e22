"""Which alerts a sink wants."""

from __future__ import annotations

from quotewire.alert_ports import Sink
from schemas.records import Alert


def wants(sink: Sink, alert: Alert) -> bool:
    """Whether a sink is to be told of an alert as it is now.

    What is asked of an article (outlet, language, tag) must hold together in one article of the alert.
    """
    return (
        (not sink.names or alert.name.casefold() in {name.casefold() for name in sink.names})
        and (not sink.conditions or not set(sink.conditions).isdisjoint(alert.conditions))
        and alert.confidence >= sink.least_confidence
        and (not (sink.outlets or sink.languages or sink.tags) or _some_article(sink, alert))
    )


def _some_article(sink: Sink, alert: Alert) -> bool:
    return any(
        (not sink.outlets or article.outlet in sink.outlets)
        and (not sink.languages or article.language in sink.languages)
        and (not sink.tags or not set(sink.tags).isdisjoint(article.tags))
        for article in alert.articles
        if not article.corrected
    )
