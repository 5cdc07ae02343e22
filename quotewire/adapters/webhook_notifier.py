"""A signed webhook, as Standard Webhooks has it (https://www.standardwebhooks.com): receivers find libraries ready.

`webhook-id` is the key that stays the same when a delivery is repeated; `webhook-signature` is the HMAC-SHA256 of id,
timestamp and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO

import orjson

from quotewire.alert_ports import Delivery, Sink
from quotewire.ports import Clock, ConfigurationError, Rejected, Unavailable

TIMEOUT = 10.0
"""Seconds for each step of a request."""

_PREFIX = "whsec_"
_SHORTEST_KEY = 24
"""Bytes of a key at the least, as Standard Webhooks asks: what is shorter can be guessed."""
_FOR_EVER = frozenset({400, 410, 413, 422})
"""Answers that say something of this very delivery: the same again would be answered the same. Others (a wrong secret,
a moved address, a server in trouble) get well again, or are mended within the day."""


def key_of(secret: str) -> bytes:
    """The key that a secret stands for: base64 after `whsec_`, else its own bytes.

    Raises ConfigurationError, without the secret, where it is none or too short to be one.
    """
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except ValueError as error:
            raise ConfigurationError(f"a secret that begins with {_PREFIX} must go on in base64") from error
    if len(key) < _SHORTEST_KEY:
        raise ConfigurationError(f"the secret of a webhook must be {_SHORTEST_KEY} bytes long or more, not {len(key)}")
    return key


def signature(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """The signature of a delivery, as its header has it."""
    signed = b".".join((identity.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none: what is signed for one receiver is no other's."""


class WebhookNotifier:
    """See `quotewire.alert_ports.Notifier`."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._opener = urllib.request.build_opener(_NoRedirect)

    def tell(self, delivery: Delivery) -> None:
        """See `quotewire.alert_ports.Notifier.tell`."""
        timestamp, body = int(self._clock.now().timestamp()), _body(delivery)
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked where the sink is read
            self._sink.webhook,
            body,
            {
                "Content-Type": "application/json",
                "User-Agent": "Quotewire",
                "webhook-id": delivery.key,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signature(self._sink.secret, delivery.key, timestamp, body),
            },
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT):
                pass
        except urllib.error.HTTPError as error:
            error.close()
            reason = f"answered {error.code}"
            raise (Rejected(reason) if error.code in _FOR_EVER else Unavailable(reason)) from error
        except (OSError, HTTPException) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            reason = (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__
            raise Unavailable(f"no connection: {reason}") from error


def _body(delivery: Delivery) -> bytes:
    """The same bytes at each try: nothing in it depends on when."""
    alerts = [{"key": notice.key, "alert": notice.alert.model_dump(mode="json")} for notice in delivery.notices]
    return orjson.dumps(
        {
            "type": "digest" if delivery.gathered else "alert",
            "key": delivery.key,
            "sink": delivery.sink,
            "gathered": delivery.gathered,
            "alerts": alerts,
        }
    )
