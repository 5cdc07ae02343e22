"""The file of alerts that were marked false: a YAML list beside the watchlist, which the matcher minds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from consumers.alerts.marks import FalsePositive, mark_of
from quotewire.files import editing, write_whole
from quotewire.ports import ConfigurationError, Index

_HEADING = "# Alerts marked false: what is like them raises nothing. Written by `quotewire watch false-positive`.\n"


def mark(path: Path, index: Index, alert_id: str) -> FalsePositive:
    """Mark an alert of the index as false, so that what is like it stays quiet; the mark.

    Marking it again changes nothing. Raises ConfigurationError where there is no such alert, and Unavailable.
    """
    alert = index.alert(alert_id)
    if alert is None:
        raise ConfigurationError(f"there is no alert {alert_id}; `quotewire alerts` shows their ids")
    made = mark_of(alert, index.article(alert.article))
    with editing(path):
        marks = [known for known in read(path) if known.alert != alert_id]
        _write(path, [*marks, made])
    return made


def unmark(path: Path, alert_id: str) -> bool:
    """Take a mark back; whether there was one. Raises ConfigurationError where the file is wrong."""
    with editing(path):
        marks = read(path)
        left = [known for known in marks if known.alert != alert_id]
        if len(left) < len(marks):
            _write(path, left)
        return len(left) < len(marks)


def read(path: Path) -> Sequence[FalsePositive]:
    """The marks of a file; none where there is no file. Raises ConfigurationError where it is wrong."""
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the marks {path} cannot be read: {error}") from error
    except YAMLError as error:
        raise ConfigurationError(f"the marks {path} are not YAML: {' '.join(str(error).split())}") from error
    if document is None:
        return []
    if not isinstance(document, list):
        raise ConfigurationError(f"the marks {path} must be a list, each “- name: …”")
    return [_mark(path, number, entry) for number, entry in enumerate(document, 1)]


def _mark(path: Path, number: int, entry: Any) -> FalsePositive:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ConfigurationError(f"the marks {path}, entry {number}: every mark needs the name it is about")
    words = entry.get("words") or []
    if not isinstance(words, list):
        raise ConfigurationError(f"the marks {path}, entry {number}: words must be a list")
    return FalsePositive(
        entry["name"], str(entry.get("alert", "")), str(entry.get("entity") or ""), frozenset(map(str, words))
    )


def _write(path: Path, marks: Sequence[FalsePositive]) -> None:
    entries = [
        {"name": mark.name, "alert": mark.alert, "entity": mark.entity, "words": sorted(mark.words)} for mark in marks
    ]
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 4096
    yaml.dump(entries, text)
    write_whole(path, (_HEADING + text.getvalue()).encode())
