"""Hands articles to the stream and writes to the store, waiting where either is away: nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog

from producers.awaiting import AwaitLimits, awaited
from producers.identity import Decision
from producers.pages import PageResult, Pages
from producers.polls import FeedPoll
from producers.together import Together
from producers.waits import Waits
from producers.walls import Wall
from quotewire.ports import AwaitedPage, FeedRecord, FeedStore, FeedUpdate, Rejected, SeenEntry, Unavailable
from schemas.records import FeedReference, RawArticle

log = structlog.get_logger()

_LONGEST_WAIT = 60.0
_PUBLISH_TOGETHER = 16
_REMEMBER_TOGETHER = 500
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was published of one answer."""

    new: int = 0
    edited: int = 0
    pages: int = 0
    page_problems: int = 0
    """Pages that were wanted and did not come."""
    walls: tuple[Wall, ...] = ()
    """What stood before pages, one for each; a paywalled page has come all the same."""
    rejected: int = 0
    """Articles that the stream will never take, each of them logged."""
    awaited: tuple[AwaitedPage, ...] = ()
    """Pages that are to be asked for again."""
    settled: tuple[str, ...] = ()
    """Ids of edited articles whose page is not, whatever was awaited before."""

    def poll(self, record: FeedRecord) -> FeedPoll:
        """The poll of a feed that brought this. record: the feed as it was remembered."""
        return FeedPoll(record, self.new, self.edited, self.pages, self.page_problems, self.walls)


class Delivery:
    """Publishes and remembers. Arguments as of Poller and PollLimits; calls of the ports run on threads.

    pages_at_poll: None where no pages are to be fetched.
    """

    def __init__(
        self,
        *,
        store: FeedStore,
        publish: Callable[[Sequence[RawArticle]], None],
        pages: Pages,
        publish_at_once: int,
        pages_at_poll: int | None,
        awaiting: AwaitLimits,
        retry_wait: float,
        waits: Waits,
    ) -> None:
        self._store = store
        self._publishing = Together[Sequence[RawArticle]](
            lambda some: publish([article for articles in some for article in articles]), at_once=_PUBLISH_TOGETHER
        )
        self._remembering = Together[FeedUpdate](store.save_all, at_once=_REMEMBER_TOGETHER)
        self._pages = pages
        self._publish_at_once = publish_at_once
        self._pages_at_poll = pages_at_poll
        self._awaiting = awaiting
        self._retry_wait = retry_wait
        self._waits = waits

    async def seen(self, feed: str, wanted: Collection[str]) -> Mapping[str, SeenEntry]:
        """What is remembered of a feed's entries."""
        return await self.waited_out("feed store", lambda: asyncio.to_thread(self._store.seen, feed, wanted))

    async def awaited(self, feed: str) -> Sequence[AwaitedPage]:
        """The pages of a feed's articles that are awaited."""
        return await self.waited_out("feed store", lambda: asyncio.to_thread(self._store.awaited, feed))

    async def remember(self, update: FeedUpdate) -> None:
        """Remember a feed and what belongs to it."""
        await self.waited_out("feed store", lambda: self._remembering.write(update))

    async def publish(self, decisions: Sequence[Decision], feed: FeedReference, fetched: datetime) -> Delivered:
        """Fetch the pages of articles and publish them, in order, a few at a time."""
        pages = problems = rejected = 0
        walls: list[Wall] = []
        waiting: dict[str, AwaitedPage] = {}
        for start in range(0, len(decisions), self._publish_at_once):
            some = decisions[start : start + self._publish_at_once]
            found = await asyncio.gather(*(self._page(decision, start + place) for place, decision in enumerate(some)))
            articles = [_article(decision, page, feed, fetched) for decision, page in zip(some, found, strict=True)]
            pages += sum(page.page is not None for page in found)
            problems += sum(page.page is None and page.problem is not None for page in found)
            walls += [page.wall for page in found if page.wall]
            rejected += await self.publish_articles(articles)
            for decision, page, article in zip(some, found, articles, strict=True):
                again = awaited(article, page, decision.candidate.identities(), fetched, self._awaiting)
                waiting |= {article.id: again} if again else {}
        new = sum(decision.kind == "new" for decision in decisions)
        settled = [decision.article for decision in decisions if decision.kind == "edited"]
        return Delivered(
            new=new,
            edited=len(decisions) - new,
            pages=pages,
            page_problems=problems,
            walls=tuple(walls),
            rejected=rejected,
            awaited=tuple(waiting.values()),
            settled=tuple(article for article in settled if article not in waiting),
        )

    async def _page(self, decision: Decision, place: int) -> PageResult:
        if self._pages_at_poll is None:
            return PageResult()
        if place >= self._pages_at_poll:
            reason = f"not fetched: the feed had more than {self._pages_at_poll} new articles at once"
            return self._pages.later(decision.candidate.entry, reason)
        return await self._pages.of(decision.candidate.entry)

    async def publish_articles(self, articles: Sequence[RawArticle]) -> int:
        """Publish articles together; how many of them the stream will never take."""
        if not articles:
            return 0
        try:
            about = [article.id for article in articles]
            await self.waited_out("stream", lambda: self._publishing.write(articles), articles=about)
        except Rejected:
            # One of them can never be published; the others can. Again under the same ids, so twice does no harm.
            return sum([not await self._published(article) for article in articles])
        return 0

    async def _published(self, article: RawArticle) -> bool:
        """Publish one article, without its page where it is not taken with it, else by its title; whether it was."""
        reason = ""
        for version in (article, _without_page(article), _without_text(article)):
            try:
                await self.waited_out("stream", lambda version=version: self._publishing.write([version]))  # type: ignore[misc]
            except Rejected as error:
                reason = str(error)
            else:
                return True
        log.error("article rejected by the stream", article=article.id, feed=article.feed.url, reason=reason)
        return False

    async def waited_out(self, what: str, call: Callable[[], Awaitable[_Result]], **about: object) -> _Result:
        """What a call gives, repeated for as long as `what` is unavailable; `about` is logged then."""
        wait = self._retry_wait
        while True:
            try:
                result = await call()
            except Unavailable as error:
                self._waits.begin(what, str(error))
                log.warning(f"{what} unavailable, waiting", reason=str(error), seconds=wait, **about)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                self._waits.end(what)
                return result


def _without_text(article: RawArticle) -> RawArticle:
    entry = article.entry.model_copy(update={"content": "", "summary": ""})
    problem = "too large for the stream together with its text"
    return article.model_copy(update={"page": None, "page_problem": problem, "entry": entry})


def _without_page(article: RawArticle) -> RawArticle:
    problem = "too large for the stream together with its page" if article.page else article.page_problem
    return article.model_copy(update={"page": None, "page_problem": problem})


def _article(decision: Decision, page: PageResult, feed: FeedReference, fetched: datetime) -> RawArticle:
    return RawArticle(
        id=decision.article,
        revision=decision.revision,
        url=decision.candidate.url,
        feed=feed,
        entry=decision.candidate.entry,
        page=page.page,
        page_problem=page.problem,
        fetched=fetched,
    )
