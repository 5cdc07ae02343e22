"""One poll of one feed: fetched, parsed, compared with what was seen, published and remembered, in this order.

Publishing comes before remembering: a kill in between publishes again under the same ids, which changes nothing
downstream, where the other order would lose what was not yet published.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from producers import next_request, schedule, websub
from producers.answers import Fetched, FetchProblem, freshness
from producers.awaiting import earliest
from producers.candidates import candidates, identities
from producers.deliver import Delivered, Delivery
from producers.documents import ParsedFeed
from producers.fetch import Fetching
from producers.holds import FeedHolds
from producers.identity import Decisions, decide
from producers.late_pages import LatePages
from producers.opml import FeedSource
from producers.outage import REASON as OUTAGE
from producers.outage import Outage, unreachable
from producers.pages import Pages
from producers.parse_process import Parsing
from producers.polls import FeedPoll, PollLimits
from producers.rediscover import Found, rediscover, site_of
from producers.robots import Robots
from producers.schedule import Answered, Failed
from producers.sitemap import INDEX as SITEMAP_INDEX
from producers.subscribing import Subscriber
from producers.urls import has_credentials, registered_domain
from producers.waits import Waits
from quotewire.ports import Clock, ConfigurationError, FeedRecord, FeedStore, FeedUpdate
from schemas.records import FeedReference, RawArticle

log = structlog.get_logger()

_CUT_OFF = "the answer was cut off"
_LOOK_AGAIN = (0, 2, 10)
"""A feed that is no more is looked for after so many failures, and after every multiple of the last."""


class FeedPolling:
    """Polls one feed at a time, any number of them concurrently. Arguments as of Poller."""

    def __init__(
        self,
        *,
        store: FeedStore,
        publish: Callable[[Sequence[RawArticle]], None],
        fetcher: Fetching,
        parser: Parsing,
        clock: Clock,
        limits: PollLimits,
        random: Callable[[], float],
        waits: Waits,
        subscriber: Subscriber | None = None,
    ) -> None:
        self._subscriber = subscriber
        # Bound once: most polls have nothing to log, and would take longer to find that out than to be counted.
        self._log = log.bind()
        self._fetcher = fetcher
        self._parser = parser
        self._clock = clock
        self._limits = limits
        self._random = random
        self._outage = Outage()
        self._reading = asyncio.Semaphore(limits.read_at_once)
        self._holds = FeedHolds(clock.now, longest=limits.schedule.ceiling)
        self._pages = pages = Pages(fetcher, Robots(fetcher), clock.now, limits.pages)
        self._delivery = Delivery(
            store=store,
            publish=publish,
            pages=pages,
            publish_at_once=limits.publish_at_once,
            pages_at_poll=limits.pages_at_poll if limits.fetch_pages else None,
            awaiting=limits.awaiting,
            retry_wait=limits.retry_wait,
            waits=waits,
        )
        self._late_pages = LatePages(
            self._delivery,
            pages,
            clock.now,
            limits.awaiting,
            at_poll=limits.pages_at_poll,
            at_once=limits.publish_at_once,
        )

    def waits(self, source: FeedSource, record: FeedRecord | None, started: datetime) -> bool:
        """Whether a feed that is due waits, because its site told another feed to. started: when the poller was."""
        if not self._holds:
            return False
        # What fell due while no poller ran has not waited for its site, nor has what was never polled.
        since = max(record.next_poll, started) if record and record.next_poll else None
        return self._holds.waits(next_request.address_to_ask(source, record or FeedRecord(url=source.url)), since)

    async def poll(self, source: FeedSource, record: FeedRecord, *, pushed: bool = False) -> FeedPoll:
        """Poll a feed and remember what came of it.

        pushed: whether pushes of a hub wait; they are taken in first, and the feed is asked only where it is due or
        they could not be read. Whatever goes wrong with the feed is a state and a reason on its record. Raises
        ConfigurationError only.
        """
        taken: list[FeedPoll] = []
        before = record
        try:
            enough = False
            if pushed and self._subscriber:
                enough = await self._take_pushes(self._subscriber, source, record, taken)
                record = taken[-1].record if taken else record
            if enough and not schedule.due(record, self._clock.now()):
                poll = taken.pop()
            else:
                poll = await self._poll(source, record)
        except ConfigurationError:
            raise
        except Exception as error:
            # A fault of ours must not stop the other feeds, nor go unseen.
            log.exception("poll failed by a fault of this program", feed=record.url)
            reason = f"a fault of this program: {type(error).__name__}; its log says more"
            poll = await self._failed(record, Failed("hard", reason))
        poll = await self._with_late_pages(poll.after(taken) if taken else poll)
        _log(self._log, poll, before)
        return poll

    async def _with_late_pages(self, poll: FeedPoll) -> FeedPoll:
        # Where the feed itself cannot be had, its site's pages hardly can.
        if not self._limits.fetch_pages or poll.record.state in schedule.FAILED_STATES:
            return poll
        if not schedule.page_due(poll.record, self._clock.now()):
            return poll
        try:
            async with self._reading:
                return await self._late_pages.ask(poll)
        except ConfigurationError:
            raise
        except Exception:
            log.exception("pages not asked for again by a fault of this program", feed=poll.record.url)
            return poll

    async def _take_pushes(
        self, subscriber: Subscriber, source: FeedSource, record: FeedRecord, taken: list[FeedPoll]
    ) -> bool:
        """Publish what was pushed as if it had been polled, into `taken`; whether all of it could be read."""
        pushes = await self._delivery.waited_out("feed store", lambda: subscriber.waiting(record.url))
        read = 0
        try:
            for push in pushes:
                where = record.fetch_url or record.url
                async with self._reading:
                    feed = await self._parser.parse(push.body, url=where, content_type=push.content_type or None)
                    if not feed.entries:
                        log.info("push without entries, feed is asked", feed=record.url, reason=feed.problem)
                        continue
                    now = self._clock.now()
                    decisions, delivered = await self._deliver(source, record, feed, now)
                    record = schedule.after_push(record, len(feed.entries), delivered.new, now)
                    record = await self._remember(record, decisions, delivered)
                    taken.append(delivered.poll(record))
                    read += 1
        except ConfigurationError:
            raise
        except Exception:
            # Were it kept, it would be taken up again for ever; the feed itself is asked instead.
            log.exception("push not taken in by a fault of this program", feed=record.url)
        await self._delivery.waited_out("feed store", lambda: subscriber.done(record.url, pushes, read=read > 0))
        return 0 < read == len(pushes)

    async def _poll(self, source: FeedSource, record: FeedRecord) -> FeedPoll:
        now = self._clock.now()
        thorough = record.polls % self._limits.unconditional == 0
        answer = await self._fetch(source, record, conditional=not thorough)
        if isinstance(answer, FetchProblem):
            self._heed(next_request.address_to_ask(source, record), answer)
            # Looking is not bound by what is read at once: up to fifteen requests may take a quarter of an hour.
            if _is_looked_for(source, record, answer) and (found := await self._found_again(source, record)):
                hashed = next_request.body_hash(found.answer)
                async with self._reading:
                    return await self._take(source, record, found.answer, found.feed, None, hashed, now)
            return await self._failed(record, Failed(answer.kind, answer.reason, answer.retry_after), answer)
        self._outage.note(registered_domain(source.url), None, now)
        if answer.status == 304:
            return await self._unchanged(source, record, answer, now)
        body_hash = next_request.body_hash(answer)
        if body_hash == record.body_hash and not thorough:
            return await self._unchanged(source, next_request.with_validators(record, answer), answer, now)
        # A document that was read is many times as large as one that waits to be.
        async with self._reading:
            return await self._read(source, record, answer, body_hash, now)

    async def _read(
        self, source: FeedSource, record: FeedRecord, answer: Fetched, body_hash: str, now: datetime
    ) -> FeedPoll:
        feed = await self._parser.parse(
            answer.body, url=answer.url, content_type=answer.content_type or None, headers=answer.headers
        )
        problem = feed.problem
        if not answer.complete:
            problem = _CUT_OFF + (f"; {problem}" if problem else "")
            if not schedule.problem_of(record).startswith(_CUT_OFF):
                # Its last entry may be half an entry: that waits for the whole answer, unless none ever comes.
                feed = feed.model_copy(update={"entries": feed.entries[:-1]})
        if not feed.is_feed:
            return await self._failed(record, Failed("not a feed", problem or "not a feed"))
        if problem and not feed.entries:
            return await self._failed(record, Failed("soft", problem))
        return await self._take(source, record, answer, feed, problem, body_hash, now)

    async def _fetch(self, source: FeedSource, record: FeedRecord, *, conditional: bool) -> Fetched | FetchProblem:
        conditional = conditional and record.body_hash is not None
        answer = await self._fetcher.fetch(
            next_request.address_to_ask(source, record),
            etag=record.etag if conditional else None,
            last_modified=record.last_modified if conditional else None,
        )
        if (
            isinstance(answer, Fetched)
            and answer.status == 304
            and not (conditional and (record.etag or record.last_modified))
        ):
            return FetchProblem("soft", "HTTP 304, unchanged, although nothing was said of the last answer", status=304)
        return answer

    def _heed(self, url: str, problem: FetchProblem) -> None:
        """Have a site's pages and other feeds wait, where it told the feed at an address to."""
        if self._holds.note(url, problem):
            self._pages.hold(url, problem)
            log.info(
                "site wants fewer requests, its pages and other feeds wait",
                site=registered_domain(url),
                seconds=problem.retry_after,
            )

    async def _found_again(self, source: FeedSource, record: FeedRecord) -> Found | None:
        """The feed at another address of its site."""

        async def known(feed: ParsedFeed) -> bool:
            return bool(await self._delivery.seen(record.url, identities(candidates(record.url, feed.entries))))

        sites = [site for site in (source.site, record.site, site_of(record.url)) if site]
        found = await rediscover(record.url, sites, fetcher=self._fetcher, parser=self._parser, known=known)
        if found is None:
            return None
        log.info("feed found again through its site", feed=record.url, now_at=found.answer.url)
        return replace(found, answer=replace(found.answer, permanent_url=found.answer.url))

    async def _take(
        self,
        source: FeedSource,
        record: FeedRecord,
        answer: Fetched,
        feed: ParsedFeed,
        problem: str | None,
        body_hash: str,
        now: datetime,
    ) -> FeedPoll:
        decisions, delivered = await self._deliver(source, record, feed, now)
        if delivered.rejected:
            problem = f"{delivered.rejected} articles are too large for the stream" + (
                f"; {problem}" if problem else ""
            )
        fetch_url = next_request.moved_address(source, record, answer)
        answered = Answered(
            entries=len(feed.entries),
            new=delivered.new,
            title=feed.title or source.title,
            hints=feed.hints,
            site=feed.site,
            freshness=freshness(answer.headers, now),
            problem=problem,
            moved_to=next_request.move_to_report(fetch_url, record),
            pushed_until=await self._pushed_until(source, record, now, (answer, feed, delivered.new)),
        )
        updated = schedule.after_answer(record, answered, now, self._limits.schedule, self._random)
        # An answer that was cut off is fetched anew, whole, next time; so is an index, which may stay the same while
        # what it leads to does not.
        whole = answer.complete and feed.format != SITEMAP_INDEX
        updated = replace(
            next_request.with_validators(updated, answer, lied=next_request.lied(record, answer, body_hash))
            if whole
            else updated,
            fetch_url=fetch_url,
            body_hash=body_hash if whole else None,
        )
        updated = await self._remember(updated, decisions, delivered)
        return delivered.poll(updated)

    async def _unchanged(self, source: FeedSource, record: FeedRecord, answer: Fetched, now: datetime) -> FeedPoll:
        fetch_url = next_request.moved_address(source, record, answer)
        answered = Answered(
            entries=record.entries,
            freshness=freshness(answer.headers, now),
            # The document is the one of before, with what is wrong with it.
            problem=schedule.problem_of(record) or None,
            moved_to=next_request.move_to_report(fetch_url, record),
            pushed_until=await self._pushed_until(source, record, now),
        )
        updated = schedule.after_answer(record, answered, now, self._limits.schedule, self._random)
        if fetch_url != updated.fetch_url:
            updated = replace(updated, fetch_url=fetch_url)
        await self._delivery.remember(FeedUpdate(updated))
        return FeedPoll(updated, unchanged=True)

    async def _deliver(
        self, source: FeedSource, record: FeedRecord, feed: ParsedFeed, now: datetime
    ) -> tuple[Decisions, Delivered]:
        """Publish what is new or edited of a document, polled or pushed."""
        found = candidates(record.url, feed.entries)
        # A feed and its entries are remembered in one step: of one that was never polled there is nothing to look up.
        seen = await self._delivery.seen(record.url, identities(found)) if record.polls else {}
        decisions = decide(found, seen, now)
        if decisions.storms:
            log.info("edits not followed any more", feed=record.url, entries=decisions.storms)
        reference = FeedReference(url=record.url, title=feed.title or source.title, tags=source.tags)
        return decisions, await self._delivery.publish(decisions.publish, reference, now)

    async def _remember(self, record: FeedRecord, decisions: Decisions, delivered: Delivered) -> FeedRecord:
        """Remember what was delivered; the record with which it was."""
        if delivered.awaited:
            record = replace(record, next_page=earliest(delivered.awaited, record.next_page))
        update = FeedUpdate(record, decisions.remember, delivered.awaited, delivered.settled)
        await self._delivery.remember(update)
        return record

    async def _pushed_until(
        self,
        source: FeedSource,
        record: FeedRecord,
        now: datetime,
        document: tuple[Fetched, ParsedFeed, int] | None = None,
    ) -> datetime | None:
        """Until when a hub may be relied on to push the feed. document: what a poll has just read, and how much is new.

        A feed whose address holds credentials is nobody else's to know.
        """
        subscriber = self._subscriber
        if subscriber is None or has_credentials(source.url):
            return None
        known = await self._delivery.waited_out("feed store", lambda: subscriber.of(record.url))
        until = websub.trusted_until(known, now)
        if document:
            answer, feed, new = document
            await self._delivery.waited_out("feed store", lambda: subscriber.noticed(record.url, answer, feed, known))
            if until and new:
                # Not pushed, or not yet: until the next push shows that it works, the feed is polled as any other.
                await self._delivery.waited_out("feed store", lambda: subscriber.missed(record.url))
                return None
        return until

    async def _failed(self, record: FeedRecord, failure: Failed, problem: FetchProblem | None = None) -> FeedPoll:
        now, limits = self._clock.now(), self._limits.schedule
        if problem:
            self._outage.note(registered_domain(record.url), problem, now)
        if problem and unreachable(problem) and self._outage.likely(now):
            reason = f"{failure.reason}; {OUTAGE}"
            updated = schedule.after_outage(record, reason, now, limits, self._random)
        else:
            updated = schedule.after_failure(record, failure, now, limits, self._random)
        await self._delivery.remember(FeedUpdate(updated))
        return FeedPoll(updated)


def _is_looked_for(source: FeedSource, record: FeedRecord, problem: FetchProblem) -> bool:
    """Whether a feed is looked for at other addresses of its site: where its own is no more, now and then."""
    if problem.status not in (404, 410) or has_credentials(source.url):
        return False
    return record.failures in _LOOK_AGAIN or record.failures % _LOOK_AGAIN[-1] == 0


def _log(log: structlog.typing.FilteringBoundLogger, poll: FeedPoll, before: FeedRecord) -> None:
    record = poll.record
    if record.anomaly and not before.anomaly:
        log.warning("feed differs from its habit", feed=record.url, reason=record.anomaly)
    if record.state in schedule.FAILED_STATES:
        log.info("feed failed", feed=record.url, state=record.state, reason=record.reason, failures=record.failures)
    elif poll.new or poll.edited:
        log.info("feed polled", feed=record.url, new=poll.new, edited=poll.edited, pages=poll.pages)
    else:
        log.debug("feed polled", feed=record.url, unchanged=poll.unchanged)
