"""Pages that could not be had when their article was published: asked for again, and the article published anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from producers.awaiting import AwaitLimits, asked_again, earliest
from producers.deliver import Delivery
from producers.pages import PageResult, Pages
from producers.polls import FeedPoll
from producers.walls import Wall
from quotewire.ports import AwaitedPage, FeedUpdate, SeenEntry
from schemas.records import RawArticle

log = structlog.get_logger()


class LatePages:
    """Asks again for the awaited pages of a feed that has just been polled.

    As everywhere in the poller, publishing comes before remembering: a kill in between asks and publishes once more.
    at_poll: pages asked for at one poll, at the most. at_once: articles published in one call.
    """

    def __init__(
        self,
        delivery: Delivery,
        pages: Pages,
        now: Callable[[], datetime],
        limits: AwaitLimits,
        *,
        at_poll: int,
        at_once: int,
    ) -> None:
        self._delivery = delivery
        self._pages = pages
        self._now = now
        self._limits = limits
        self._at_poll = at_poll
        self._at_once = at_once

    async def ask(self, poll: FeedPoll) -> FeedPoll:
        """Ask for what is due, publish the articles whose page has come, and remember; the poll with that in it.

        poll: of a feed of which a page is due (`schedule.page_due`).
        """
        record, now = poll.record, self._now()
        waiting = await self._delivery.awaited(record.url)
        due = [page for page in waiting if page.next_try <= now][: self._at_poll]
        still: list[AwaitedPage] = []
        came: dict[str, int] = {}
        walls: list[Wall] = []
        for start in range(0, len(due), self._at_once):
            some = due[start : start + self._at_once]
            results = await asyncio.gather(*(self._pages.of(page.article.entry) for page in some))
            walls += [result.wall for result in results if result.wall]
            found = list(zip(some, results, strict=True))
            anew = [self._with_page(page.article, result) for page, result in found if result.page]
            await self._delivery.publish_articles(anew)
            came |= {article.id: article.revision for article in anew}
            still += [again for page, result in found if (again := asked_again(page, result, now, self._limits))]
        rest = [*still, *waiting[len(due) :]]
        settled = {page.article.id for page in due} - {page.article.id for page in still}
        seen = await self._seen(record.url, due, came)
        record = replace(record, next_page=earliest(rest))
        await self._delivery.remember(FeedUpdate(record, seen, still, settled))
        if due:
            log.info("pages asked for again", feed=record.url, came=len(came), awaited=len(rest))
        return replace(
            poll,
            record=record,
            pages=poll.pages + len(came),
            late_pages=len(came),
            walls=(*poll.walls, *walls),
            page_problems=poll.page_problems + len(due) - len(came),
        )

    def _with_page(self, article: RawArticle, result: PageResult) -> RawArticle:
        revision = max(int(self._now().timestamp() * 1000), article.revision + 1)
        return article.model_copy(update={"revision": revision, "page": result.page, "page_problem": result.problem})

    async def _seen(self, feed: str, pages: Sequence[AwaitedPage], came: Mapping[str, int]) -> Sequence[SeenEntry]:
        """What is remembered of the articles whose page came, with the revision in which they were published now."""
        identities = {identity for page in pages if page.article.id in came for identity in page.identities}
        known = await self._delivery.seen(feed, identities) if identities else {}
        return [
            replace(entry, revision=came[entry.article])
            for entry in known.values()
            if entry.revision < came.get(entry.article, 0)
        ]
