"""The compose file brought up: what tests ask it and do to it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.compose.engine import Engine
from tests.real_stack.server import free_ports

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
PROJECT = "quotewire-test"
PATIENCE = 900.0
"""Seconds that something is waited for at the most; a machine on its own takes a tenth of it."""
ONE_SHOT = ("setup", "kibana-setup")
PARTS = ("poller", "enricher", "indexer", "alerter", "notifier", "web")
OUTSIDE = ("poller", "notifier", "web")
FEEDS = """<opml version="2.0"><head><title>Feeds</title></head><body>
<outline type="rss" text="The sample newspaper" xmlUrl="http://127.0.0.1:8766/feed.xml"/></body></opml>"""
"""Instead of the public feeds that the project begins with."""


class Stack:
    """The services of docker-compose.yml in one engine, under a project name of the tests."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        every: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
        self.services = {name: service for name, service in every.items() if "profiles" not in service}
        self.web_port, self.kibana_port = free_ports(2)
        self.secrets = {
            name: secrets.token_hex(24)
            for name in (
                "ELASTIC_PASSWORD",
                "QUOTEWIRE_ELASTICSEARCH_PASSWORD",
                "KIBANA_SYSTEM_PASSWORD",
                "KIBANA_ENCRYPTION_KEY",
            )
        }
        chosen = {
            **self.secrets,
            "WEB_PORT": self.web_port,
            "KIBANA_PORT": self.kibana_port,
            "QUOTEWIRE_POLL_SHORTEST": 5,
            "QUOTEWIRE_ALLOWED_NETWORKS": "172.16.0.0/12,192.168.0.0/16",
        }
        self._environment = folder / "environment"
        self._environment.write_text("".join(f"{name}={value}\n" for name, value in chosen.items()))

    # --- compose ----------------------------------------------------------------------------------------------------

    def compose(self, *arguments: str, check: bool = True, timeout: float = 900) -> str:
        """Run compose on the file."""
        files = ["--file", str(FILE), "--file", str(ROOT / "tests" / "compose" / "override.yml")]
        given = ["--project-name", PROJECT, *files, "--env-file", str(self._environment)]
        return self.engine.compose(ROOT, *given, *arguments, check=check, timeout=timeout)

    def up(self, *more: str) -> None:
        """Bring everything up, as ops do."""
        self.compose("up", "--detach", *more)

    def down(self) -> None:
        """Take everything away, data included."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "10", check=False)

    def run(self, service: str, *command: str, check: bool = True) -> str:
        """Run a command in a running container of a service."""
        return self.compose("exec", "-T", service, *command, check=check)

    def quotewire(self, *arguments: str, service: str = "poller") -> Any:
        """What a command of ours prints with --json, run where its data is."""
        return json.loads(self.run(service, "quotewire", *arguments, "--json", check=False))

    def has_stories(self, count: int) -> None:
        """Let the news site have so many stories."""
        self.run("news", "sh", "-c", f"echo {count} > /tmp/count")

    def begin_with(self, feeds: str) -> None:
        """Put a list of feeds into the volume, before anything runs."""
        write = "import pathlib, sys; pathlib.Path('/var/lib/quotewire/feeds.opml').write_text(sys.argv[1])"
        self.compose("run", "--rm", "-T", "--no-deps", "--entrypoint", "python", "poller", "-c", write, feeds)

    # --- containers -------------------------------------------------------------------------------------------------

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """What the engine knows of the containers of a service, or of all."""
        labels = [f"project={PROJECT}", "oneoff=False", *([f"service={service}"] if service else [])]
        filters = [word for label in labels for word in ("--filter", f"label=com.docker.compose.{label}")]
        ids = self.engine.docker("ps", "--all", "--quiet", *filters).split()
        found: list[dict[str, Any]] = json.loads(self.engine.docker("inspect", *ids)) if ids else []
        return found

    def container(self, service: str) -> dict[str, Any]:
        """The first container of a service."""
        return self.containers(service)[0]

    def states(self) -> dict[str, str]:
        """Each container's state: healthy, starting, running, exited 0, …"""
        states = {}
        for found in self.containers():
            state = found["State"]
            health = state.get("Health", {}).get("Status", state["Status"])
            shown = health if state["Running"] else f"{state['Status']} {state['ExitCode']}"
            states[found["Name"].strip("/")] = shown
        return states

    def settle(self, within: float = PATIENCE) -> None:
        """Wait until every service is healthy and every one-shot has ended well."""

        def settled() -> bool:
            states = self.states()
            failed = {name: state for name, state in states.items() if state.startswith("exited") and state[7:] != "0"}
            assert not failed, f"{failed}\n{self.compose('logs', '--no-color', '--tail', '20', *ONE_SHOT)}"
            del states[next(name for name in states if "news" in name)]
            return all(state in ("healthy", "exited 0") for state in states.values())

        until(settled, within, lambda: str(self.states()))

    # --- what is in it ----------------------------------------------------------------------------------------------

    def audited(self, articles: int, within: float = PATIENCE) -> dict[str, Any]:
        """The audit once so many articles were found, none is under way and no stage has anything to do any more."""
        seen: dict[str, Any] = {}

        def done() -> bool:
            if any(self.quotewire("status")["lag"].values()):
                return False
            seen.update(self.quotewire("audit", "--thorough"))
            whole = seen["complete"] and not seen["under_way"] and not seen["alerts_under_way"]
            return bool(whole and seen["found"] >= articles)

        until(done, within, lambda: json.dumps(seen))
        return seen


def until(true: Callable[[], bool], within: float, told: Callable[[], str]) -> None:
    """Wait until something is so, for so many seconds at the most; else fail with what is `told`."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {told()}"
        time.sleep(2)
