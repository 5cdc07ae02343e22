"""A real Kafka: one node, broker and controller in one process."""

from __future__ import annotations

import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Literal

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from kafka import KafkaAdminClient

from tests.real_stack.jars import JAVA, KAFKA, KAFKA_LOGGING, CannotStart, jars, joined
from tests.real_stack.server import Server, free_ports

USER, PASSWORD = "quotewire", "only for tests"
MECHANISMS: tuple[Literal["SCRAM-SHA-256", "SCRAM-SHA-512"], ...] = ("SCRAM-SHA-256", "SCRAM-SHA-512")
_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class KafkaServer(Server):
    """Kafka with an open listener, one with SCRAM, and one with SCRAM over TLS."""

    name = "Kafka"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._jars = jars(KAFKA, KAFKA_LOGGING)
        self.port, self._controller, self.scram_port, self.tls_port = free_ports(4)
        authority = trustme.CA()
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        (folder / "server.pem").write_bytes(_java_readable(authority.issue_cert("127.0.0.1")))
        (folder / "server.properties").write_text(self._properties())
        self._format()

    @property
    def address(self) -> str:
        """Host and port of the open listener."""
        return f"127.0.0.1:{self.port}"

    def _properties(self) -> str:
        listeners = {
            "PLAINTEXT": self.port,
            "SCRAM": self.scram_port,
            "TLS": self.tls_port,
            "CONTROLLER": self._controller,
        }
        advertised = {name: port for name, port in listeners.items() if name != "CONTROLLER"}
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in listeners.items()),
            "advertised.listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in advertised.items()),
            "listener.security.protocol.map": (
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_PLAINTEXT,TLS:SASL_SSL"
            ),
            **{f"listener.name.{name}.sasl.enabled.mechanisms": ",".join(MECHANISMS) for name in ("scram", "tls")},
            **{
                f"listener.name.{name}.{mechanism.lower()}.sasl.jaas.config": _LOGIN
                for name in ("scram", "tls")
                for mechanism in MECHANISMS
            },
            "listener.name.tls.ssl.keystore.type": "PEM",
            "listener.name.tls.ssl.keystore.location": str(self.folder / "server.pem"),
            "log.dirs": str(self.folder / "data"),
            "log.index.size.max.bytes": "1048576",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "3",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "3",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _java(self, main: str, *arguments: str) -> list[str]:
        options = [
            "-Xmx384m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]
        return [JAVA, *options, "-cp", joined(self._jars), main, *arguments]

    def _format(self) -> None:
        users = [f"--add-scram={mechanism}=[name={USER},password={PASSWORD}]" for mechanism in MECHANISMS]
        # An id that begins with a dash would be taken for an option.
        cluster = "q" + urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        result = subprocess.run(
            self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", "server.properties", *users),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise CannotStart(f"Kafka's storage could not be formatted: {(result.stdout + result.stderr)[-500:]}")

    def command(self) -> list[str]:
        """See `Server`."""
        return self._java("kafka.Kafka", "server.properties")

    def is_ready(self) -> bool:
        """See `Server`."""
        try:
            with KafkaAdminClient(bootstrap_servers=self.address, bootstrap_timeout_ms=2000) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except Exception:
            return False


def _java_readable(issued: trustme.LeafCert) -> bytes:
    """Private key and certificates as PEM; Java reads a key in the form PKCS 8 only."""
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain
