"""Garbage is looked for less often only where that was asked for."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quotewire.uncollected import uncollected


def test_garbage_is_looked_for_again_even_after_an_error() -> None:
    with pytest.raises(ValueError, match="broken"), uncollected():
        _broken()
    assert gc.isenabled()


def _broken() -> None:
    assert not gc.isenabled()
    raise ValueError("broken")


@pytest.mark.parametrize(("part", "seldom"), [("poll", True), ("notify", False)])
def test_the_process_that_polls_looks_seldom(part: str, seldom: bool, tmp_path: Path) -> None:
    program = f"import gc; from quotewire.running import main; main([{part!r}, '--once']); print(gc.get_threshold()[0])"
    feeds = tmp_path / "feeds.opml"
    feeds.write_text("<opml version='2.0'><body/></opml>")
    environment = {
        **os.environ,
        "QUOTEWIRE_DATA": str(tmp_path),
        "QUOTEWIRE_FEEDS": str(feeds),
        "QUOTEWIRE_SAMPLES": "none",
    }
    # At the end of its input a part stops.
    done = subprocess.run(
        [sys.executable, "-c", program], input=b"", capture_output=True, env=environment, check=True, timeout=60
    )
    assert (int(done.stdout.split()[-1]) > 10_000) == seldom
