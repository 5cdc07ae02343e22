"""Read the annotated corpus: articles with inline marks for quotes, speakers and cues (format: corpus/README.md)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import yaml

_TAG = re.compile(r"<(/?)([a-z]+)((?:\s+[a-z]+=\"[^\"]*\")*)\s*>")
_ATTRIBUTE = re.compile(r"([a-z]+)=\"([^\"]*)\"")
_ALLOWED = {"q": {"id", "kind", "ref", "via", "act"}, "s": {"of", "ref"}, "c": {"of"}, "x": set[str]()}


@dataclass
class AnnotatedArticle:
    """One article of the corpus: its plain text and what people marked in it; offsets count code points."""

    name: str
    style: str
    text: str
    entities: list[dict[str, Any]] = field(default_factory=list)
    quotes: list[dict[str, Any]] = field(default_factory=list)
    not_quotes: list[dict[str, Any]] = field(default_factory=list)


class MarkupError(ValueError):
    """A corpus file that does not follow corpus/README.md; the message names the file and what to mend."""


def read_article(path: Path) -> AnnotatedArticle:
    """Read one corpus file. Raises MarkupError where the marks are not as corpus/README.md says."""
    source = path.read_text(encoding="utf-8")
    parts = source.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise MarkupError(f"{path}: expected YAML between two lines of ---")
    header = yaml.safe_load(parts[1]) or {}
    body = "\n\n".join(" ".join(p.split()) for p in re.split(r"\n\s*\n", parts[2].strip()))
    article = AnnotatedArticle(path.stem, header.get("style", ""), "", header.get("entities") or [])
    _read_marks(path, body, article)
    return article


def read_corpus(folder: Path) -> Iterator[AnnotatedArticle]:
    """Read every article of a folder, in the order of the file names."""
    for path in sorted(folder.glob("*.txt")):
        yield read_article(path)


def _read_marks(path: Path, body: str, article: AnnotatedArticle) -> None:
    pieces: list[str] = []
    length = 0
    open_marks: list[tuple[str, dict[str, str], int]] = []
    quotes: dict[str, dict[str, Any]] = {}
    speakers: list[tuple[list[str], dict[str, Any]]] = []
    cues: list[tuple[list[str], dict[str, Any]]] = []
    position = 0
    for tag in [*_TAG.finditer(body), None]:
        chunk = unescape(body[position : tag.start() if tag else len(body)])
        pieces.append(chunk)
        length += len(chunk)
        if tag is None:
            break
        position = tag.end()
        closing, name, raw_attributes = tag.groups()
        if name not in _ALLOWED:
            raise MarkupError(f"{path}: unknown mark <{name}>")
        if not closing:
            attributes = dict(_ATTRIBUTE.findall(raw_attributes))
            if extra := set(attributes) - _ALLOWED[name]:
                raise MarkupError(f"{path}: <{name}> has unknown attribute {sorted(extra)}")
            open_marks.append((name, attributes, length))
            continue
        if not open_marks or open_marks[-1][0] != name:
            raise MarkupError(f"{path}: </{name}> closes nothing near {''.join(pieces)[-60:]!r}")
        _, attributes, start = open_marks.pop()
        span = {"start": start, "end": length, "text": "".join(pieces)[start:length]}
        if name == "q":
            quote = quotes.setdefault(
                attributes["id"], {"id": attributes["id"], "spans": [], "speaker": None, "cue": None, "ref": None}
            )
            quote["spans"].append([start, length])
            quote.update({k: v for k, v in attributes.items() if k != "id"})
        elif name == "s":
            speakers.append((attributes["of"].split(","), span | {"ref": attributes.get("ref")}))
        elif name == "c":
            cues.append((attributes["of"].split(","), span))
        else:
            article.not_quotes.append(span)
    if open_marks:
        raise MarkupError(f"{path}: <{open_marks[-1][0]}> is never closed")
    article.text = "".join(pieces)
    for ids, speaker in speakers:
        for quote_id in (i.strip() for i in ids):
            if quote_id not in quotes:
                raise MarkupError(f"{path}: <s of={quote_id!r}> names no quote")
            quote = quotes[quote_id]
            if quote["speaker"] is None:
                quote["speaker"], quote["ref"] = speaker, speaker["ref"] or quote["ref"]
            else:
                quote.setdefault("other_speakers", []).append(speaker)
    for ids, cue in cues:
        for quote_id in (i.strip() for i in ids):
            if quote_id not in quotes:
                raise MarkupError(f"{path}: <c of={quote_id!r}> names no quote")
            quotes[quote_id]["cue"] = cue
    for quote in quotes.values():
        if quote.get("kind") not in {"direct", "mixed", "indirect"}:
            raise MarkupError(f"{path}: quote {quote['id']} has no kind")
        quote["spans"].sort()
        quote["start"], quote["end"] = quote["spans"][0][0], quote["spans"][-1][1]
        quote.setdefault("act", "statement")
        quote["speech"] = True
    article.quotes = sorted(quotes.values(), key=lambda quote: quote["start"])


if __name__ == "__main__":
    failed = False
    for name in sys.argv[1:]:
        try:
            found = read_article(Path(name))
            print(f"{name}: {len(found.quotes)} quotes, {len(found.not_quotes)} not quotes")
        except MarkupError as error:
            failed = True
            print(error, file=sys.stderr)
    sys.exit(failed)
