"""Subscriptions in memory: for one process, gone with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from quotewire.subscription_port import Push, Subscription


class MemorySubscriptionStore:
    """Remembers subscriptions and pushes for as long as the process lives; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: dict[str, Subscription] = {}
        self._pushes: list[Push] = []
        self._number = 0

    def subscriptions(self) -> Mapping[str, Subscription]:
        """Every subscription by its feed."""
        with self._lock:
            return dict(self._subscriptions)

    def subscription(self, feed: str) -> Subscription | None:
        """The subscription of a feed."""
        return self._subscriptions.get(feed)

    def by_token(self, token: str) -> Subscription | None:
        """The subscription that an address belongs to."""
        with self._lock:
            return next((one for one in self._subscriptions.values() if one.token == token), None)

    def due(self, moment: datetime, limit: int) -> Sequence[Subscription]:
        """Subscriptions whose next step is due."""
        with self._lock:
            due = [one for one in self._subscriptions.values() if one.next_step <= moment]
        return sorted(due, key=lambda one: one.next_step)[:limit]

    def change(self, feed: str, change: Callable[[Subscription | None], Subscription | None]) -> Subscription | None:
        """Put what `change` makes of a subscription in its place."""
        with self._lock:
            changed = change(self._subscriptions.get(feed))
            if changed is None:
                self._subscriptions.pop(feed, None)
            else:
                self._subscriptions[feed] = changed
            return changed

    def receive(self, push: Push, *, most: int) -> bool:
        """Keep a push."""
        with self._lock:
            if sum(waiting.feed == push.feed for waiting in self._pushes) >= most:
                return False
            self._number += 1
            self._pushes.append(replace(push, number=self._number))
            return True

    def pushed_feeds(self) -> Collection[str]:
        """The feeds that have pushes waiting."""
        with self._lock:
            return {push.feed for push in self._pushes}

    def pushes(self, feed: str, limit: int) -> Sequence[Push]:
        """The pushes of a feed that wait."""
        with self._lock:
            return [push for push in self._pushes if push.feed == feed][:limit]

    def drop(self, pushes: Sequence[Push]) -> None:
        """Forget pushes."""
        numbers = {push.number for push in pushes}
        with self._lock:
            self._pushes = [push for push in self._pushes if push.number not in numbers]

    def forget(self, feed: str) -> None:
        """Forget a feed's subscription and its pushes."""
        with self._lock:
            self._subscriptions.pop(feed, None)
            self._pushes = [push for push in self._pushes if push.feed != feed]

    def close(self) -> None:
        """Nothing is held."""
