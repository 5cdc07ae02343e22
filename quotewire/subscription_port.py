"""The port of WebSub: what is remembered of subscriptions, and pushes that wait to be taken in.

Adapters pass one contract suite, and raise the refusals of `quotewire.ports`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

SubscriptionState = Literal["asked", "active", "denied"]
"""asked: the hub is to verify that it was us, or could not be asked yet. active: it pushes, until the lease ends.
denied: it will not."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is remembered of one feed's subscription at a hub. Token and secret stand in no log."""

    feed: str
    """The feed's address, as in FeedRecord."""
    hub: str
    topic: str
    """The address under which the hub knows the feed."""
    token: str = field(repr=False)
    """The last part of the address at which the hub reaches us; known to the hub and nobody else."""
    secret: str = field(repr=False)
    """The key of the hub's signatures."""
    next_step: datetime
    """When the hub is to be asked, or asked again."""
    state: SubscriptionState = "asked"
    reason: str = ""
    lease_until: datetime | None = None
    proved: bool = False
    """Whether a push came, and no poll since found anything that had not been pushed."""
    failures: int = 0
    """How often the hub was asked since it last verified."""
    pushes: int = 0
    """Pushes taken in."""
    refused: int = 0
    """Pushes without a right signature."""


@dataclass(frozen=True, slots=True)
class Push:
    """What a hub sent for a feed; it waits until a poller has published what is new in it."""

    feed: str
    body: bytes
    content_type: str
    received: datetime
    number: int = 0
    """Given by the store, growing."""


class SubscriptionStore(Protocol):
    """Subscriptions and pushes, shared by all pollers and whatever receives pushes; safe against a kill at any moment.

    Every method raises Unavailable. May be used from any thread.
    """

    def subscriptions(self) -> Mapping[str, Subscription]:
        """Every subscription by its feed."""
        ...

    def subscription(self, feed: str) -> Subscription | None:
        """The subscription of a feed."""
        ...

    def by_token(self, token: str) -> Subscription | None:
        """The subscription that an address belongs to."""
        ...

    def due(self, moment: datetime, limit: int) -> Sequence[Subscription]:
        """Up to `limit` subscriptions whose next step is due at `moment`, longest overdue first."""
        ...

    def change(self, feed: str, change: Callable[[Subscription | None], Subscription | None]) -> Subscription | None:
        """Put what `change` makes of a feed's subscription in its place, in one step that nobody else comes between.

        None stands for no subscription. Returns what is remembered now. `change` must do nothing else.
        """
        ...

    def receive(self, push: Push, *, most: int) -> bool:
        """Keep a push, durable when it returns. False where `most` pushes of the feed wait already, and nothing is."""
        ...

    def pushed_feeds(self) -> Collection[str]:
        """The feeds that have pushes waiting."""
        ...

    def pushes(self, feed: str, limit: int) -> Sequence[Push]:
        """Up to `limit` pushes of a feed that wait, in the order in which they came."""
        ...

    def drop(self, pushes: Sequence[Push]) -> None:
        """Forget pushes."""
        ...

    def forget(self, feed: str) -> None:
        """Forget a feed's subscription and its pushes."""
        ...

    def close(self) -> None:
        """Release what it holds. A second call does nothing."""
        ...
