"""What the next request of a feed is made of, learned from its answers: the address, and what proves it unchanged."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from producers.answers import Fetched
from producers.canonical import address_key
from producers.opml import FeedSource
from producers.urls import has_credentials
from quotewire.ports import FeedRecord

_NOT_TRUE = ""
_TRY_THE_OLD_ADDRESS = 3
"""Failures in a row after which a feed that has moved is asked at its own address again."""


def address_to_ask(source: FeedSource, record: FeedRecord) -> str:
    """Where a feed is asked this time: at its own address, or where it has moved to for good."""
    # Credentials belong to the address they were written for.
    if record.fetch_url and record.failures < _TRY_THE_OLD_ADDRESS and not has_credentials(source.url):
        return record.fetch_url
    return source.url


def moved_address(source: FeedSource, record: FeedRecord, answer: Fetched) -> str | None:
    """Where a feed that gave this answer is asked next time, where that is not its own address.

    record: as it was before the answer.
    """
    if has_credentials(source.url):
        return None
    if answer.permanent_url:
        return answer.permanent_url if answer.permanent_url != record.url else None
    # Answered without a permanent redirect: whichever address was asked is right.
    return None if record.failures >= _TRY_THE_OLD_ADDRESS else record.fetch_url


def move_to_report(fetch_url: str | None, record: FeedRecord) -> str | None:
    """The address that a feed has moved to, where its listed one differs in more than scheme or `www.`."""
    return fetch_url if fetch_url and address_key(fetch_url) != address_key(record.url) else None


def body_hash(answer: Fetched) -> str:
    """By which a document is known again."""
    return hashlib.sha256(answer.body).hexdigest()[:32]


def lied(record: FeedRecord, answer: Fetched, hashed: str) -> bool:
    """Whether a feed gave the validators of its last answer to another document, which has this hash."""
    if record.body_hash is None or hashed == record.body_hash:
        return False
    etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    return bool((etag and etag == record.etag) or (not etag and modified and modified == record.last_modified))


def with_validators(record: FeedRecord, answer: Fetched, *, lied: bool = False) -> FeedRecord:
    """The record with the validators of an answer, unless they lie now or did before."""
    if lied or record.etag == _NOT_TRUE:
        # Remembered as empty: whatever it gives as validators from now on is not believed.
        return replace(record, etag=_NOT_TRUE, last_modified=_NOT_TRUE)
    return replace(record, etag=answer.headers.get("etag") or None, last_modified=answer.headers.get("last-modified"))
