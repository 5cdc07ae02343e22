"""Files named on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from charset_normalizer import from_bytes

from quotewire.cli.output import complain


def read_bytes(path: Path) -> bytes | None:
    """The content of a file, or of standard input for `-`; None, and one line said, where it cannot be read."""
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        complain(f"{path}: {error.strerror or error}")
        return None


def as_text(content: bytes) -> str:
    """The text of a file in whatever encoding: UTF-8 where it is that, else the likeliest one."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = from_bytes(content).best()
        return str(best) if best else content.decode("utf-8", "replace")
