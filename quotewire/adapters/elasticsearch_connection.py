"""How Elasticsearch is reached: its address, the options of its client, and what its errors mean."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elastic_transport import ApiError, TlsError, TransportError
from elasticsearch import Elasticsearch, UnsupportedProductError

from quotewire.ports import ConfigurationError, Unavailable

_HOST = re.compile(r"(?:https?://)?(\[[0-9A-Fa-f:.]+\]|[^\[\]:/,@\s]+)(?::(\d{1,5}))?(/[^,\s@]*)?")
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_DEFAULT_PORT = 9200
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class ElasticsearchOptions:
    """How Elasticsearch is used: an API key, or a user and password; `ca_file` where its certificate is not signed by
    an authority that the machine knows. Indices are named PREFIX-articles-2026.03 and so on. `answer` is how many
    seconds a request may take.
    """

    api_key: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    prefix: str = "quotewire"
    answer: float = 30.0


def connect(address: str, options: ElasticsearchOptions) -> Elasticsearch:
    """A client; it connects at the first request. Raises ConfigurationError where address or options cannot work.

    `address` is https://HOST[:PORT][/PATH], or several of them with a comma between, of one cluster; or http://…
    """
    if not _PREFIX.fullmatch(options.prefix):
        raise ConfigurationError(f"{options.prefix!r} cannot begin the names of indices: use a-z, 0-9, -, _ and .")
    if options.api_key and options.user:
        raise ConfigurationError("both an API key and a user are set for Elasticsearch: take one away")
    settings: dict[str, Any] = {}
    if options.api_key:
        settings["api_key"] = options.api_key
    elif options.user:
        settings["basic_auth"] = (options.user, options.password or "")
    if options.ca_file is not None:
        if not options.ca_file.is_file():
            raise ConfigurationError(f"the CA file for Elasticsearch, {options.ca_file}, is not there")
        settings["ca_certs"] = str(options.ca_file)
    return Elasticsearch(
        _hosts(address), request_timeout=options.answer, max_retries=1, **settings
    )  # fmt: skip


def _hosts(address: str) -> list[str]:
    scheme, _, rest = address.partition("://")
    matches = [_HOST.fullmatch(host) for host in rest.split(",")]
    if scheme not in ("http", "https") or None in matches:
        shown = re.sub(r"[^/@]*@", "…@", address)
        raise ConfigurationError(
            f"{shown!r} is no address of Elasticsearch: use https://HOST:PORT, several with a comma between; a user and"
            " password are settings of their own"
        )
    return [f"{scheme}://{match[1]}:{match[2] or _DEFAULT_PORT}{match[3] or ''}" for match in matches if match]


# --- errors ---------------------------------------------------------------------------------------------------------

_BLOCKED = frozenset(
    {
        "cluster_block_exception",  # the disk is full (flood stage), or the index is read-only for now
        "es_rejected_execution_exception",
        "circuit_breaking_exception",
        "unavailable_shards_exception",
        "no_shard_available_action_exception",
        "process_cluster_event_timeout_exception",
        "index_closed_exception",
        "validation_exception",  # too many shards: room must be made
    }
)
"""Refusals for now, whatever status they come with: a full disk says 429 or 403, depending on the version."""


def is_for_now(status: int, kind: str) -> bool:
    """Whether an error says to try again later, of a request or of one document of a bulk."""
    return kind in _BLOCKED or status in (408, 429) or status >= 500


def described(error: object) -> tuple[str, str]:
    """The type of an error that Elasticsearch sent, and its reason in one line."""
    if not isinstance(error, Mapping):
        return "", str(error)[:_LONGEST_REASON]
    kind, reason = str(error.get("type", "")), str(error.get("reason", ""))
    cause = error.get("caused_by")
    if isinstance(cause, Mapping) and cause.get("reason"):
        reason += f" ({cause['reason']})"
    return kind, " ".join(f"{kind}: {reason}".split())[:_LONGEST_REASON]


@contextmanager
def refusals(address: str) -> Iterator[None]:
    """Turn the client's errors into the port's."""
    try:
        yield
    except UnsupportedProductError as error:
        raise ConfigurationError(f"what answers at {address} is no Elasticsearch") from error
    except ApiError as error:
        raise _refusal(error, address) from error
    except TlsError as error:
        raise ConfigurationError(f"Elasticsearch at {address}: TLS failed ({error}): check its CA file") from error
    except TransportError as error:
        raise Unavailable(f"Elasticsearch at {address}: {_first_line(error)}") from error


def _refusal(error: ApiError, address: str) -> Exception:
    body = error.body
    kind, reason = described(body.get("error") if isinstance(body, Mapping) else body)
    where = f"Elasticsearch at {address}"
    if is_for_now(error.meta.status, kind):
        return Unavailable(f"{where}: {error.meta.status} {reason}")
    if error.meta.status == 401:
        return ConfigurationError(f"{where} refuses this API key, or this user and password: check them")
    if error.meta.status == 403:
        return ConfigurationError(f"{where} does not allow this to our user: {reason}")
    if kind == "index_not_found_exception":
        return ConfigurationError(f"{where}: {reason}: the index was not set up, or was deleted")
    return ConfigurationError(f"{where} refuses a request of this program: {error.meta.status} {reason}")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:_LONGEST_REASON]


logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
"""The client logs each failed attempt on its own; whoever needs to know gets a refusal."""
