"""A list in a YAML or JSON file: read quickly, and edited entry by entry, so that what people wrote around it stays.

ruamel.yaml keeps comments but takes a millisecond an entry; PyYAML, over libyaml, reads fifteen times faster and keeps
none. So a list is read by the one, and only the lines of an entry that is edited by the other.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError as RoundTripError

from quotewire.uncollected import uncollected

_COMMENT = re.compile(r"\s*\n|#")


class NoList(ValueError):
    """A text that is no list."""


class NotYaml(NoList):
    """A text that is no YAML either; says why in one line."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain values as YAML 1.2 has them, as ruamel.yaml does: `no` is a word, `12:30` too. No key may come twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML asks for it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if len(set(map(str, keys))) < len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a key comes twice", node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})\Z"), list(first))


@dataclass(frozen=True, slots=True)
class ListText:
    """The text of a list and what its entries say. `starts`: where the lines of each entry begin; empty where entries
    have no lines of their own, as in JSON."""

    text: str
    entries: list[Any]
    starts: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> ListText:
        """Read a text; an empty one is an empty list. Raises NoList, NotYaml."""
        if text.lstrip().startswith("["):
            try:
                return cls(text, orjson.loads(text))
            except orjson.JSONDecodeError:
                # All JSON is YAML, but for the tabs that some programs indent it with; a list in brackets may be both.
                text = text.replace("\t", " ")
        loader = _Loader(text)
        try:
            with uncollected():
                node = loader.get_single_node()
                entries = [] if node is None else loader.construct_document(node)
        except yaml.YAMLError as error:
            raise NotYaml(" ".join(str(error).split())) from error
        finally:
            loader.dispose()
        if entries is None:
            return cls(text, [])
        if not isinstance(entries, list):
            raise NoList("not a list")
        return cls(text, entries, _starts(text, node) if node is not None else ())

    def with_entry(self, entry: object) -> str:
        """The text with one more entry at the end."""
        added = _dumped([entry])
        if self.starts or not self.entries:
            text = self.text if not self.text or self.text.endswith("\n") else f"{self.text}\n"
            last = len(self.starts) - 1
            if self._says(text[self.starts[last] :] if self.starts else text, added, [*self.entries[-1:], entry]):
                return text + added
        document = self._document()
        document.append(entry)
        return _dumped(document)

    def with_changed(self, place: int, change: Callable[[Any], Any]) -> str:
        """The text with another entry at a place: what `change` makes of the one there, of which comments are kept."""
        if self.starts:
            before, own, after = self._around(place)
            try:
                changed = change(_loaded(own)[0])
                new = _dumped([changed])
                following = after[: self._length(place + 1)]
                if self._says(new, following, [_plain(changed), *self.entries[place + 1 : place + 2]]):
                    return before + new + after
            except RoundTripError:
                pass  # an anchor that stands elsewhere, say
        document = self._document()
        document[place] = change(document[place])
        return _dumped(document)

    def without(self, place: int) -> str:
        """The text without the entry at a place. Comments after it that are not indented belong to what follows."""
        if self.starts:
            before, own, after = self._around(place)
            lines = own.splitlines(keepends=True)
            while lines and _COMMENT.match(lines[-1]):
                after = lines.pop() + after
            return before + after
        document = self._document()
        del document[place]
        return _dumped(document)

    def _document(self) -> Any:
        document = _loaded(self.text)
        if document is None:
            document = _loaded("[]")
            document.fa.set_block_style()
        return document

    def _around(self, place: int) -> tuple[str, str, str]:
        start, end = self.starts[place], self.starts[place] + self._length(place)
        return self.text[:start], self.text[start:end], self.text[end:]

    def _length(self, place: int) -> int:
        if place >= len(self.starts):
            return 0
        return (*self.starts, len(self.text))[place + 1] - self.starts[place]

    @staticmethod
    def _says(one: str, other: str, entries: list[Any]) -> bool:
        """Whether two pieces of text, one after the other, say just these entries."""
        try:
            return ListText.parse(one + other).entries == entries
        except NoList:
            return False


def _starts(text: str, node: yaml.Node) -> tuple[int, ...]:
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        return ()
    lines = [0, *(match.end() for match in re.finditer("\r\n|[\n\r\x85\u2028\u2029]", text))]
    starts = tuple(lines[entry.start_mark.line] for entry in node.value if entry.start_mark.line < len(lines))
    clear = len(set(starts)) == len(node.value) and all(text.startswith("- ", start) for start in starts)
    return starts if clear else ()


def _loaded(text: str) -> Any:
    return YAML().load(text)


def _plain(entry: object) -> object:
    return ListText.parse(_dumped([entry])).entries[0]


def _dumped(document: object) -> str:
    text = io.StringIO()
    writer = YAML()
    writer.indent(sequence=2, offset=0)
    writer.dump(document, text)
    return text.getvalue()
