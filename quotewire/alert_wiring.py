"""The part of the wiring that is about what becomes of alerts: where they are told, and what is remembered of that."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from quotewire.files import Watched
from quotewire.located import located
from quotewire.ports import Clock
from quotewire.settings import Settings

if TYPE_CHECKING:
    from quotewire.alert_ports import Inbox, Notifier, Outbox, Sink
    from quotewire.delivery import Deliveries
    from quotewire.metrics import PipelineMetrics


class AlertWiring:
    """See `quotewire.wiring.Wiring`, which is one."""

    settings: Settings
    clock: Clock
    _closing: contextlib.ExitStack

    def __init__(self) -> None:
        self._sinks: Watched[Sequence[Sink]] = Watched(_read_sinks)

    @property
    def metrics(self) -> PipelineMetrics:
        """What counts and times."""
        raise NotImplementedError

    @cached_property
    def outbox(self) -> Outbox:
        """What sinks are to be told and were told."""
        outbox: Outbox
        kind, path = located("outbox", self.settings.outbox_address)
        if kind == "memory":
            from quotewire.adapters.memory_outbox import MemoryOutbox

            outbox = MemoryOutbox()
        else:
            from quotewire.adapters.sqlite_outbox import SqliteOutbox

            outbox = SqliteOutbox(path)
        self._closing.callback(outbox.close)
        return outbox

    @cached_property
    def inbox(self) -> Inbox:
        """How analysts have marked alerts."""
        inbox: Inbox
        kind, path = located("inbox", self.settings.inbox_address)
        if kind == "memory":
            from quotewire.adapters.memory_inbox import MemoryInbox

            inbox = MemoryInbox()
        else:
            from quotewire.adapters.sqlite_inbox import SqliteInbox

            inbox = SqliteInbox(path)
        self._closing.callback(inbox.close)
        return inbox

    def sinks(self) -> Sequence[Sink]:
        """Where alerts are told, as it is configured now; nowhere where the settings name no file and there is none.

        Raises ConfigurationError where the file is wrong and never was right.
        """
        file = self.settings.sinks or self.settings.data / "sinks.yaml"
        return self._sinks.current(file) if self.settings.sinks or file.exists() else ()

    def notifier(self, sink: Sink) -> Notifier:
        """What tells a sink."""
        if sink.webhook:
            from quotewire.adapters.webhook_notifier import WebhookNotifier

            return WebhookNotifier(sink, self.clock)
        from quotewire.adapters.apprise_notifier import AppriseNotifier

        return AppriseNotifier(sink, self.settings.web_url)

    def deliveries(self) -> Deliveries:
        """The couriers that take notices from the outbox to the sinks."""
        from quotewire.delivery import Deliveries

        return Deliveries(self.sinks, self.outbox, self.notifier, self.clock, self.metrics.told)


class SinkCheck:
    """See `quotewire.sinks.Check`: by the adapters that tell sinks."""

    def url(self, template: str, filled: str) -> None:
        """See `quotewire.sinks.Check.url`."""
        from quotewire.adapters.apprise_notifier import check_url

        check_url(template, filled)

    def secret(self, secret: str) -> None:
        """See `quotewire.sinks.Check.secret`."""
        from quotewire.adapters.webhook_notifier import key_of

        key_of(secret)


def _read_sinks(file: Path) -> Sequence[Sink]:
    from quotewire import sinks

    return sinks.read(file, os.environ, SinkCheck())
