"""Files that people edit: read when they change, and a slip in one stops nothing that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotewire.files import Watched, write_whole
from quotewire.ports import ConfigurationError


class Reader:
    """Reads a number, and counts how often it was asked."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, path: Path) -> int:
        self.reads += 1
        try:
            return int(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise ConfigurationError(f"{path}: {error}") from error


def test_a_file_is_read_again_only_where_it_has_changed(tmp_path: Path) -> None:
    path, reader = tmp_path / "number", Reader()
    watched = Watched(reader)
    path.write_text("1")
    assert [watched.current(path) for _ in range(3)] == [1, 1, 1]
    assert reader.reads == 1
    path.write_text("22")
    assert [watched.current(path) for _ in range(3)] == [22, 22, 22]
    assert reader.reads == 2


@pytest.mark.parametrize("slip", ["nonsense", None])
def test_what_was_right_stays_where_a_file_is_spoilt_or_removed(tmp_path: Path, slip: str | None) -> None:
    path, reader = tmp_path / "number", Reader()
    watched = Watched(reader)
    path.write_text("1")
    assert watched.current(path) == 1
    if slip is None:
        path.unlink()
    else:
        path.write_text(slip)
    assert [watched.current(path) for _ in range(3)] == [1, 1, 1]
    assert reader.reads == 2
    path.write_text("333")
    assert watched.current(path) == 333


def test_a_file_that_never_was_right_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="number"):
        Watched(Reader()).current(tmp_path / "number")


def test_a_file_is_written_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [left.name for left in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_whole(tmp_path / "file" / "below", b"x")
