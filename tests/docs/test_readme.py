"""The README's examples are run as they stand: every `$ command` ends well and prints what is shown.

In what is shown, … stands for anything; a line that is only … stands for any lines.
"""

from __future__ import annotations

import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.installation import COMMAND, Installation

README = Path(__file__).parents[2] / "README.md"


@dataclass
class Example:
    """A command of the README and the output shown below it."""

    command: str
    shown: list[str]


def examples() -> list[Example]:
    """The examples of all console blocks, in order."""
    found: list[Example] = []
    for block in re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Example(line[2:], []))
            else:
                found[-1].shown.append(line)
    return found


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A new installation whose only feed is the sample newspaper's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    names = [{"name": "Marianne Osei"}]
    settings = {"QUOTEWIRE_SAMPLES": f"127.0.0.1:{port}", "QUOTEWIRE_ALLOWED_NETWORKS": ""}
    return Installation(tmp_path_factory.mktemp("readme"), [f"http://127.0.0.1:{port}/feed.xml"], names, settings)


def test_there_are_examples() -> None:
    assert len(examples()) > 10


def test_the_examples_do_what_the_readme_shows(installation: Installation) -> None:
    path = f"{COMMAND.parent}:{installation.environment['PATH']}"
    for example in examples():
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", example.command],
            env=installation.environment | {"PATH": path, "LC_ALL": "C.UTF-8"},
            cwd=installation.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{example.command}: {done.stderr}"
        printed = done.stdout + done.stderr
        assert re.fullmatch(_pattern(example.shown), printed, re.DOTALL), f"{example.command} printed:\n{printed}"


def _pattern(shown: list[str]) -> str:
    return r"\s*" + "".join(
        r"(?:.*\n)?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*") + r"[^\n]*\n"
        for line in shown
    )
