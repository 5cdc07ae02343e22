"""An installation of Quotewire with a data folder of its own, used through its command line as people use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import yaml

COMMAND = Path(sys.executable).parent / "quotewire"


@dataclass
class Installation:
    """Runs `quotewire` with these feeds, these tracked names and a data folder under `folder`."""

    folder: Path
    feeds: list[str]
    names: list[dict[str, Any]] = field(default_factory=list)
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        outlines = "".join(f"<outline text='feed' xmlUrl={quoteattr(feed)}/>" for feed in self.feeds)
        (self.folder / "feeds.opml").write_text(f"<opml version='2.0'><head/><body>{outlines}</body></opml>")
        (self.folder / "watchlist.yaml").write_text(yaml.safe_dump(self.names, allow_unicode=True))

    @property
    def environment(self) -> dict[str, str]:
        """What its commands run with: nothing of the settings of whoever runs the tests."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QUOTEWIRE_")}
        return kept | {
            "QUOTEWIRE_DATA": str(self.folder / "data"),
            "QUOTEWIRE_FEEDS": str(self.folder / "feeds.opml"),
            "QUOTEWIRE_WATCHLIST": str(self.folder / "watchlist.yaml"),
            "QUOTEWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
            "QUOTEWIRE_SAMPLES": "none",
            "QUOTEWIRE_METRICS_PORT": "0",
            **self.settings,
        }

    def run(self, *arguments: str, stdin: str | bytes = b"", timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        content = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [COMMAND, *arguments],
            env=self.environment,
            input=content,
            capture_output=True,
            timeout=timeout,
            cwd=self.folder,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )

    def ok(self, *arguments: str, **options: Any) -> str:
        """What a command prints; fails the test where its exit status is not 0."""
        done = self.run(*arguments, **options)
        assert done.returncode == 0, f"{arguments} gave {done.returncode}: {done.stderr}"
        return done.stdout

    def json(self, *arguments: str, **options: Any) -> Any:
        """What a command prints with --json."""
        return json.loads(self.ok(*arguments, "--json", **options))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command and leave it running."""
        log = (self.folder / "log.txt").open("ab")
        return subprocess.Popen(
            [COMMAND, *arguments],
            env=self.environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
        )
