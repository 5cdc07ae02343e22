"""Bulk requests to Elasticsearch: many operations at once, with an answer for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from elasticsearch import Elasticsearch

from quotewire.adapters.elasticsearch_connection import described, is_for_now
from quotewire.ports import ConfigurationError, Outcome

_MOST_BYTES = 4 * 1024 * 1024
"""Of one bulk request, if it holds more than one document: far below what a small server takes at once."""

_NEWER_IS_THERE = 409
_NOT_THERE = 404
_TOLD = "items.*.status,items.*.error"
"""What is read of an answer; the rest is the larger part of it, and need not be sent."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A document that is to be written or deleted, and the article or alert it belongs to.

    `body` is its line or two of the request, encoded.
    """

    owner: str
    index: str
    document: str
    body: bytes
    deletes: bool = False

    @classmethod
    def write(cls, owner: str, index: str, document: str, version: dict[str, Any], fields: dict[str, Any]) -> Operation:
        """Raises TypeError (of orjson) for fields that have no form in JSON."""
        action = orjson.dumps({"index": {"_index": index, "_id": document, **version}})
        return cls(owner, index, document, b"%b\n%b\n" % (action, orjson.dumps(fields)))

    @classmethod
    def delete(cls, owner: str, index: str, document: str, version: dict[str, Any]) -> Operation:
        """Where a newer version is there, it stays."""
        action = orjson.dumps({"delete": {"_index": index, "_id": document, **version}})
        return cls(owner, index, document, action + b"\n", deletes=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an operation."""

    owner: str
    status: int
    kind: str = ""
    reason: str = ""

    @property
    def newer_is_there(self) -> bool:
        """Whether the server has a version of the document that is newer, and keeps it."""
        return self.status == _NEWER_IS_THERE

    def outcome(self) -> Outcome | None:
        """What it means for the article or alert; None where the operation was done, or something newer is there."""
        if is_for_now(self.status, self.kind):
            return Outcome(self.owner, "unavailable", self.reason)
        if self.status >= 400 and not self.newer_is_there:
            return Outcome(self.owner, "rejected", self.reason)
        return None


def bulk(client: Elasticsearch, operations: Sequence[Operation]) -> list[Answer]:
    """Send operations, several at a time; an answer for each, in order.

    Raises the client's errors, and ConfigurationError where an index is missing that the cluster does not make.
    """
    answers = []
    for part in _parts(operations):
        # The client's types know only mappings; what is encoded already it sends as it is.
        body = cast(Any, b"".join(operation.body for operation in part))
        sent = client.bulk(operations=body, filter_path=_TOLD)
        answers += [_answer(operation, item) for operation, item in zip(part, sent["items"], strict=True)]
    return answers


def _answer(operation: Operation, item: dict[str, Any]) -> Answer:
    (result,) = item.values()
    status: int = result["status"]
    if status == _NOT_THERE and operation.deletes:
        return Answer(operation.owner, 200)
    kind, reason = described(result["error"]) if "error" in result else ("", "")
    if status == _NOT_THERE:
        raise ConfigurationError(
            f"Elasticsearch does not make the index {operation.index} ({reason}): `quotewire setup index` puts the"
            " template that lets it"
        )
    return Answer(operation.owner, status, kind, reason)


def _parts(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    part: list[Operation] = []
    size = 0
    for operation in operations:
        if part and size + len(operation.body) > _MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(operation)
        size += len(operation.body)
    if part:
        yield part
