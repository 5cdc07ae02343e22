"""How Kafka is reached: its address, the options of its clients, and what their errors mean."""

from __future__ import annotations

import logging
import re
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kafka import errors
from kafka.net.compat import KafkaNetClient

from quotewire.ports import ConfigurationError, Rebalanced, Rejected, Unavailable

DEFAULT_PREFIX = "quotewire"
_DEFAULT_PORT = 9092
_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:/,@\s]+)(?::(\d{1,5}))?")
_REACH_TIMEOUT = 5.0

_WHICH_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""A request for ApiVersions, version 0 (https://kafka.apache.org/protocol#The_Messages_ApiVersions)."""

BATCH_OVERHEAD = 1024 * 1024
"""Bytes that a batch of one largest message may need besides the message itself; more than enough."""


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    """How the clients behave. Times are in seconds, sizes in bytes.

    `longest_batch` is how long a member may work on what it polled before the group takes it for hung; it must be
    longer than any batch of slow enrichment, for that member would otherwise lose its partitions, and whoever got them
    would be just as slow. A member that dies is noticed after `session` all the same: heartbeats come from a thread of
    their own. `transaction` is after how long the broker gives up a transaction whose member died within it; until
    then readers wait at it. `maximum_bytes` is the largest key and value together.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    tls: bool = False
    ca_file: Path | None = None
    replication: int = -1
    compression: Literal["lz4"] | None = "lz4"
    maximum_bytes: int = 32 * 1024 * 1024
    longest_batch: float = 1800.0
    session: float = 30.0
    transaction: float = 60.0
    answer: float = 30.0
    connect: float = 10.0


class KafkaConnection:
    """Where Kafka is and how to talk to it; makes clients.

    `address` is kafka://HOST[:PORT][,HOST[:PORT]…][/PREFIX]; topics and groups are named PREFIX.NAME there, so that
    they stand together among those of others. Raises ConfigurationError where the address or an option cannot work.
    """

    def __init__(self, address: str, options: KafkaOptions | None = None) -> None:
        self.options = options or KafkaOptions()
        self._hosts, prefix = _parsed(address)
        self._prefix = f"{prefix}."
        self._tls = self._tls_context() if self.options.tls else None

    def name(self, name: str) -> str:
        """What a topic or group is called in Kafka."""
        return self._prefix + name

    @property
    def where(self) -> str:
        """The hosts, for messages."""
        return ",".join(f"{host}:{port}" for host, port in self._hosts)

    def client(self, make: Callable[..., Any], **settings: Any) -> Any:
        """Make a client of kafka-python that is connected. Raises Unavailable and ConfigurationError."""
        self.reach()
        networks: list[Any] = []

        def network(**given: Any) -> Any:
            networks.append(KafkaNetClient(**given))
            return networks[-1]

        for _ in range(2):
            try:
                return make(**self._common(), kafka_client=network, **settings)
            except (errors.KafkaError, OSError, ValueError) as error:
                # A client whose constructor failed keeps its thread and sockets otherwise.
                for each in networks:
                    with suppress(Exception):
                        each.close()
                if not (self.options.user and isinstance(error, errors.KafkaTimeoutError) and self._serves()):
                    raise refusal(error, f"Kafka at {self.where}") from error
        raise ConfigurationError(
            f"Kafka at {self.where} answers, but not to user {self.options.user}: check user, password and mechanism"
            f" ({self.options.mechanism})"
        )

    def reach(self) -> None:
        """Make sure that one of the hosts can be reached. Raises Unavailable; ConfigurationError for a certificate."""
        with self._socket():
            pass

    def _serves(self) -> bool:
        """Whether Kafka itself answers, asked what anyone may ask before logging in.

        A broker hangs up on a wrong password right behind its answer, and kafka-python then drops the answer: to it,
        that looks as if the broker were not up yet.
        """
        with suppress(OSError, Unavailable), self._socket() as connected:
            connected.sendall(_WHICH_VERSIONS)
            return len(connected.recv(4)) == 4
        return False

    @contextmanager
    def _socket(self) -> Iterator[socket.socket]:
        problem: OSError | None = None
        for host, port in self._hosts:
            try:
                connected = socket.create_connection((host, port), timeout=_REACH_TIMEOUT)
                if self._tls is not None:
                    with connected:  # wrapping takes the socket over; where it fails, this closes it
                        connected = self._tls.wrap_socket(connected, server_hostname=host)
            except ssl.SSLError as error:
                raise ConfigurationError(
                    f"Kafka at {host}:{port}: TLS failed ({error.reason or error}): check its port and the CA file"
                ) from error
            except OSError as error:
                problem = error
                continue
            with connected:
                yield connected
            return
        raise Unavailable(f"no Kafka answers at {self.where}: {problem}") from problem

    def _common(self) -> dict[str, Any]:
        options = self.options
        common: dict[str, Any] = {
            "bootstrap_servers": [f"{host}:{port}" for host, port in self._hosts],
            "bootstrap_timeout_ms": milliseconds(options.connect),
            "request_timeout_ms": milliseconds(options.answer),
            "reconnect_backoff_max_ms": 2000,
            "security_protocol": ("SASL_" if options.user else "") + ("SSL" if options.tls else "PLAINTEXT"),
        }
        if self._tls is not None:
            common["ssl_context"] = self._tls
        if options.user:
            common |= {
                "sasl_mechanism": options.mechanism,
                "sasl_plain_username": options.user,
                "sasl_plain_password": options.password or "",
            }
        return common

    def _tls_context(self) -> ssl.SSLContext:
        options = self.options
        try:
            return ssl.create_default_context(cafile=options.ca_file)
        except OSError as error:
            raise ConfigurationError(f"the CA file for Kafka ({options.ca_file}) cannot be used: {error}") from error


def milliseconds(seconds: float) -> int:
    """As kafka-python wants times."""
    return int(seconds * 1000)


def _parsed(address: str) -> tuple[list[tuple[str, int]], str]:
    scheme, _, rest = address.partition("://")
    hosts, _, prefix = rest.partition("/")
    prefix = prefix or DEFAULT_PREFIX
    matches = [_HOST.fullmatch(host) for host in hosts.split(",")]
    if scheme != "kafka" or None in matches or not _NAME.fullmatch(prefix):
        raise ConfigurationError(
            f"{_without_login(address)!r} is no address of Kafka: use kafka://HOST:PORT, several as"
            " kafka://HOST:PORT,HOST:PORT, and /PREFIX after them to name the topics PREFIX.raw and so on; a user and"
            " password are settings of their own"
        )
    return [(match[1].strip("[]"), int(match[2] or _DEFAULT_PORT)) for match in matches if match], prefix


def _without_login(address: str) -> str:
    return re.sub(r"[^/@]*@", "…@", address)


# --- errors ---------------------------------------------------------------------------------------------------------

_TOO_LARGE = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)
_REBALANCED = (
    errors.CommitFailedError,
    errors.IllegalGenerationError,
    errors.UnknownMemberIdError,
    errors.RebalanceInProgressError,
    errors.FencedInstanceIdError,
)
_MISTAKES = (
    errors.AuthorizationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
    errors.KafkaConfigurationError,
    errors.UnsupportedVersionError,
    errors.InvalidReplicationFactorError,
    errors.InvalidPartitionsError,
    errors.InvalidConfigurationError,
    errors.InvalidSessionTimeoutError,
    errors.InvalidTransactionTimeoutError,
    errors.InvalidTopicError,
    errors.PolicyViolationError,
    ValueError,
)


def refusal(error: Exception, doing: str) -> Exception:
    """What an error of kafka-python means to the pipeline; `doing` says what it met."""
    reason = f"{doing}: {_words(error)}"
    if isinstance(error, _TOO_LARGE):
        return Rejected(reason)
    if isinstance(error, _REBALANCED):
        return Rebalanced(reason)
    if isinstance(error, _MISTAKES):
        return ConfigurationError(reason)
    return Unavailable(reason)


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Turn kafka-python's errors into the port's."""
    try:
        yield
    except (errors.KafkaError, OSError) as error:
        raise refusal(error, doing) from error


def _words(error: Exception) -> str:
    name = type(error).__name__.removesuffix("Error")
    return f"{name}: {error}".replace("\n", " ")[:500]


logging.getLogger("kafka").setLevel(logging.CRITICAL)
"""kafka-python logs each failed attempt on its own; whoever needs to know gets a refusal."""
