"""WebSub (https://www.w3.org/TR/websub/): what becomes of a subscription. Pure: a subscription and an event in, the
next one out.

A subscription is asked for, verified by the hub, renewed before its lease ends. It proves itself by the first push
that can be read; from then on the feed is polled rarely. A poll that finds something that no push brought takes that
back, as do a denial and a lease that ended: then the feed is polled as any other.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from producers.answers import Fetched
from producers.documents import ParsedFeed, one_line, unique, web_address
from quotewire.subscription_port import Subscription

LEASE = timedelta(days=10)
"""Asked for; what a hub grants is what counts. (The specification's own suggestion, 5.1.)"""
_LONGEST_LEASE = timedelta(days=60)
_RENEW_AT = 0.75
_RENEW_NOT_BEFORE = timedelta(minutes=5)
"""A lease of seconds is a mistake or an attack: it is not what says how often we ask."""
_ASK_AGAIN = timedelta(minutes=1)
_ASK_AGAIN_CAP = timedelta(days=1)
_OTHER_HUB_AFTER = 3
_JITTER = 0.1

_LINK = re.compile(
    r"<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~-]+\*?(?:\s*=\s*(?:\"[^\"]*\"|[^\s\",;]*))?)*)"  # RFC 8288, 3
)
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*))", re.IGNORECASE)
_HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


def discovered(answer: Fetched, feed: ParsedFeed, address: str) -> tuple[tuple[str, ...], str]:
    """The hubs of a feed, and the topic they know it by: of Link headers, else of the document (4. Discovery).

    address: the feed's, which is its topic where it says no other; where it was answered may change with each request.
    """
    hubs: list[str] = []
    topics: list[str] = []
    for target, parameters in _LINK.findall(answer.headers.get("link", "")):
        found = web_address(target, answer.url)
        relation = _RELATION.search(parameters)
        relations = (relation[1] or relation[2]).lower().split() if relation else []
        if found and "hub" in relations:
            hubs.append(found)
        if found and "self" in relations:
            topics.append(found)
    return unique(hubs) or feed.hubs, next(iter(topics), None) or feed.self_url or address


def noticed(
    known: Subscription | None, feed: str, hubs: Sequence[str], topic: str, now: datetime
) -> Subscription | None:
    """The subscription of a feed whose newest document names these hubs; None where it names none any more."""
    if not hubs:
        return None
    if known and known.topic == topic and known.hub in hubs and (known.failures < _OTHER_HUB_AFTER or len(hubs) == 1):
        return known
    others = [hub for hub in hubs if known is None or hub != known.hub]
    # With an address and a key of its own: what an earlier hub knows opens nothing.
    return Subscription(feed, others[0], topic, secrets.token_urlsafe(24), secrets.token_hex(32), next_step=now)


def asked(subscription: Subscription, now: datetime, random: Callable[[], float]) -> Subscription:
    """The hub is about to be asked; again later where it does not verify."""
    wait = min(_ASK_AGAIN * 2 ** min(subscription.failures, 20), _ASK_AGAIN_CAP)
    return replace(
        subscription,
        state="active" if subscription.state == "active" else "asked",
        next_step=now + wait * (1 + _JITTER * random()),
        failures=subscription.failures + 1,
    )


def failed(subscription: Subscription, reason: str, now: datetime, retry_after: float | None) -> Subscription:
    """The hub could not be asked."""
    wait = min(timedelta(seconds=retry_after or 0), _ASK_AGAIN_CAP)
    return replace(subscription, reason=reason, next_step=max(subscription.next_step, now + wait))


def verified(subscription: Subscription, lease: float | None, now: datetime) -> Subscription:
    """The hub has verified that it was us. lease: seconds, as it says; None where it does not."""
    granted = min(timedelta(seconds=lease), _LONGEST_LEASE) if lease else LEASE
    return replace(
        subscription,
        state="active",
        reason="",
        lease_until=now + granted,
        next_step=now + max(granted * _RENEW_AT, _RENEW_NOT_BEFORE),
        failures=0,
    )


def denied(subscription: Subscription, reason: str, now: datetime) -> Subscription:
    """The hub will not push; asked again in a day."""
    return replace(
        subscription,
        state="denied",
        reason=one_line(reason)[:200] or "without a reason",
        lease_until=None,
        proved=False,
        next_step=now + _ASK_AGAIN_CAP,
    )


def pushed(subscription: Subscription) -> Subscription:
    """A push was taken in."""
    return replace(subscription, proved=True, pushes=subscription.pushes + 1)


def refused(subscription: Subscription) -> Subscription:
    """A push came without a right signature."""
    return replace(subscription, refused=subscription.refused + 1)


def missed(subscription: Subscription) -> Subscription:
    """A poll found something new that no push had brought."""
    return replace(subscription, proved=False)


def trusted_until(subscription: Subscription | None, now: datetime) -> datetime | None:
    """Until when pushes may be relied on; None where they may not."""
    if subscription is None or subscription.state != "active" or not subscription.proved:
        return None
    until = subscription.lease_until
    return until if until and until > now else None


def request(subscription: Subscription, callback: str) -> dict[str, str]:
    """The form that asks a hub (5.1). callback: public address of whatever receives pushes."""
    return {
        "hub.mode": "subscribe",
        "hub.topic": subscription.topic,
        "hub.callback": f"{callback.rstrip('/')}/{subscription.token}",
        "hub.lease_seconds": str(int(LEASE.total_seconds())),
        "hub.secret": subscription.secret,
    }


def signature_holds(subscription: Subscription, header: str, body: bytes) -> bool:
    """Whether a push was signed with our secret (8. Authenticated Content Distribution). header: X-Hub-Signature."""
    method, _, given = header.strip().partition("=")
    make = _HASHES.get(method.lower())
    if make is None:
        return False
    right = hmac.new(subscription.secret.encode(), body, make).hexdigest()
    return hmac.compare_digest(right.encode(), given.strip().lower().encode())
