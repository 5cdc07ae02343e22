"""The alerts stage: each article to its story, and one alert for each story and tracked name, which then grows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from consumers.alerts.growth import alert_id, corrected, grown, raised
from consumers.alerts.matcher import Match, Matcher
from consumers.alerts.state import AlertState, Seen
from consumers.alerts.wording import Wording
from consumers.stories.fingerprint import Embedder, fingerprints
from quotewire.ports import Clock, Rejected
from schemas.records import Alert, EnrichedArticle, Fingerprint, StoryMember, TopicRecord

_FUTURE = timedelta(days=1)
"""How far ahead of the clock a date of publication may lie: time zones are often wrong, years seldom right then."""


class Alerting:
    """For each enriched article its place in a story and the alerts that it raises or lets grow.

    An article that was looked through in this revision or a newer one has no effect: neither a repeated record nor a
    replay changes or raises anything. An edit keeps its story, lets alerts grow, and raises one only for a name that it
    has brought in.

    `recall` gives the state after everything that is committed by now; it is called before each batch. `observe` is
    told which alerts each article raised, for metrics.
    """

    def __init__(
        self,
        matcher: Callable[[], Matcher],
        recall: Callable[[], AlertState],
        embedder: Embedder,
        clock: Clock,
        observe: Callable[[EnrichedArticle, Sequence[Alert]], None] = lambda *_: None,
    ) -> None:
        self._matcher = matcher
        self._recall = recall
        self._embedder = embedder
        self._clock = clock
        self._observe = observe

    def prepare(self) -> None:
        """Load the watchlist and the embedder, and recall what is remembered: of a month, many seconds' worth."""
        self._matcher()
        self._embedder.embed(["anything"])
        self._recall()

    def process(self, batch: Sequence[TopicRecord]) -> Sequence[Sequence[TopicRecord] | Rejected]:
        """For each enriched article its StoryMember and the Alerts, nothing where it was looked through before."""
        articles = [record for record in batch if isinstance(record, EnrichedArticle)]
        matcher, state, now = self._matcher(), self._recall(), self._clock.now()
        prints = fingerprints([_title_and_body(article) for article in articles], self._embedder)
        try:
            return [
                list(self._outputs(matcher, state, now, article, fingerprint))
                for article, fingerprint in zip(articles, prints, strict=True)
            ]
        finally:
            # Whether it is committed is seen by the next recall.
            state.forget_tried()

    def _outputs(
        self, matcher: Matcher, state: AlertState, now: datetime, article: EnrichedArticle, fingerprint: Fingerprint
    ) -> Iterator[StoryMember | Alert]:
        before = state.seen(article.id)
        if before is not None and before.revision >= article.revision:
            return
        dated = dated_at(article, now)
        story = before.story if before else state.stories.place(article.id, fingerprint, dated)
        look = matcher.look_through(article)
        member = StoryMember(
            id=article.id,
            revision=article.revision,
            story=story,
            title=article.title,
            outlet=article.outlet,
            dated=dated,
            joined=now,
            fingerprint=fingerprint,
            wording=b64encode(Wording.of(article.text, article.headline.end if article.headline else 0).bits),
            passed_over=tuple(matcher.digest_of(tracked) for tracked in look.passed_over),
        )
        alerts = list(_alerts(matcher, look.matches, state, story, article, before, now))
        outputs: list[StoryMember | Alert] = [member, *alerts]
        for output in outputs:
            state.try_out(output)
            yield output
        self._observe(article, [alert for alert in alerts if alert.revision == 1])


def _alerts(
    matcher: Matcher,
    matches: Sequence[Match],
    state: AlertState,
    story: str,
    article: EnrichedArticle,
    before: Seen | None,
    now: datetime,
) -> Iterator[Alert]:
    matched = set()
    for match in matches:
        identity = alert_id(story, match.tracked.name)
        matched.add(identity)
        alert = state.alert(identity)
        is_new = before is None or _brought_in(match, matcher.digest_of(match.tracked), before)
        if alert is not None:
            if (larger := grown(alert, match, article, now, is_new=is_new)) is not None:
                yield larger
        elif is_new and not state.was_raised(identity):
            yield raised(match, article, story, now)
    if before is not None:
        for alert in state.alerts_of(story):
            if alert.id not in matched and (smaller := corrected(alert, article, now)) is not None:
                yield smaller


def _brought_in(match: Match, digest: str, before: Seen) -> bool:
    """Whether an edit has brought a name into an article: it did not stand in the revision before, but in a byline, or
    stood there otherwise than its entry asks for, and the entry is what it was then, by its digest.

    What stood in articles whose story is over is forgotten: whatever an edit does to them is no news.
    """
    text = before.text
    if text is None:
        return False
    return digest in text.passed_over or not text.wording.has(match.mention.text)


def dated_at(article: EnrichedArticle, now: datetime) -> datetime:
    """When an article was published, as far as that is known and can be; else when it was fetched."""
    if article.published is not None and article.published <= now + _FUTURE:
        return article.published
    return article.fetched or now


def _title_and_body(article: EnrichedArticle) -> tuple[str, str]:
    headline = article.headline
    if headline is None:
        return article.title, article.text
    return article.text[headline.start : headline.end], article.text[headline.end :].lstrip()
