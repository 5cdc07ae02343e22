"""Sinks that Apprise speaks to: chat, e-mail, telephones, webhooks and so on (https://appriseit.com)."""

from __future__ import annotations

import logging
import re
from urllib.parse import parse_qsl, urlsplit

from apprise import Apprise, AppriseAsset, NotifyBase

from consumers.notify.wording import text, title
from quotewire.alert_ports import Delivery, Sink
from quotewire.ports import ConfigurationError, Unavailable

_SHORTEST_TEXT = 200
_VARIABLE = re.compile(r"\$\{\w+\}")
_TELLING = re.compile(r"[+-]|.*(?:pass|pwd|secret|token|auth|sig|key$)", re.IGNORECASE)
"""Parameters whose value may be a secret; those with + are headers, those with - go with the request."""
_TOKEN = re.compile(
    r"\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{12,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)
"""Letters and digits mixed, twelve or more; a UUID."""

# Its log may show addresses with their secrets; what went wrong is asked of each result instead.
_library_log = logging.getLogger("apprise")
_library_log.propagate = False
_library_log.addHandler(logging.NullHandler())


def check_url(template: str, filled: str) -> None:
    """Raise ConfigurationError where an address is none that Apprise knows, or the template itself holds a secret."""
    service = _service(filled)
    is_known = template == filled and service.url(privacy=True) != service.url()  # type: ignore[no-untyped-call]
    if is_known or _looks_secret(template):
        scheme = filled.partition("://")[0]
        raise ConfigurationError(
            f"the address {scheme}://… holds a secret: put it into an environment variable and write ${{NAME}}"
        )


def _looks_secret(template: str) -> bool:
    """Whether an address has in the clear what a general service, as `jsons://`, does not know for a secret: a header
    or a parameter of the user's own, a password, a part of the path that nobody would say aloud.
    """
    address = urlsplit(_VARIABLE.sub("$", template))
    fields = parse_qsl(address.query.replace("+", "%2B"), keep_blank_values=True)
    return (
        bool(address.password and "$" not in address.password)
        or any("$" not in value and _TELLING.match(key) for key, value in fields)
        or _TOKEN.search(address.path) is not None
    )


class AppriseNotifier:
    """See `quotewire.alert_ports.Notifier`. page: address of the analyst's page, for links; empty for none."""

    def __init__(self, sink: Sink, page: str = "") -> None:
        self._secrets = sink.secrets
        self._services = [_service(url) for url in sink.urls]
        self._page = page
        self._told: tuple[str, set[int]] = ("", set())

    def tell(self, delivery: Delivery) -> None:
        """See `quotewire.alert_ports.Notifier.tell`. A repeat tells those of several addresses that were not told."""
        key, told = self._told
        if key != delivery.key:
            told = set()
            self._told = (delivery.key, told)
        problems = []
        for number, service in enumerate(self._services):
            if number not in told:
                problem = self._tell(service, delivery)
                if problem:
                    problems.append(problem)
                else:
                    told.add(number)
        if problems:
            raise Unavailable("; ".join(problems))

    def _tell(self, service: NotifyBase, delivery: Delivery) -> str:
        """Why it could not be told; empty where it was."""
        heading = title(delivery)
        longest = max(_SHORTEST_TEXT, service.body_maxlen - (0 if service.title_maxlen else len(heading) + 2))
        apprise = Apprise(asset=AppriseAsset(app_id="Quotewire", app_desc="Alerts", app_url="", async_mode=False))
        apprise.add(service)
        result = apprise.notify(body=text(delivery, self._page, longest), title=heading[: service.title_maxlen or None])
        if result:
            return ""
        said = [entry.message for entry in result.logs() if entry.level in ("WARNING", "ERROR", "CRITICAL")]
        return self._without_secrets(f"{service.service_name}: {said[-1] if said else 'did not take it'}")

    def _without_secrets(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return " ".join(words.split())[:500]


def _service(url: str) -> NotifyBase:
    # Apprise says why in its log only, and that may show the address.
    service = Apprise.instantiate(url)
    if not isinstance(service, NotifyBase):
        raise ConfigurationError(
            f"{url.partition('://')[0]}://… is no address that Apprise knows: see https://appriseit.com/services/"
        )
    return service
