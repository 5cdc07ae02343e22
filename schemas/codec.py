"""Records to bytes and back: JSON in UTF-8, with the version of the schema inside.

`decode` reads every version ever written: `_UPGRADES` holds, for each record and old version, a function from that
version's fields to the next one's. A version without a path to the current one is refused, not guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from schemas.records import TopicRecord
from schemas.topics import Topic


class Malformed(ValueError):
    """These bytes are not a record of this topic. The message says why, in one line."""


def _alert_of_a_story(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had an alert for each article: the article is a story of its own, which cannot grow any more."""
    own = ("url", "title", "outlet", "published", "mention", "sentence", "rule", "confidence")
    article = {name: fields[name] for name in own if name in fields}
    of_article = {"id": fields.get("article"), "revision": fields.get("revision", 0), "added": fields.get("raised")}
    return {
        **fields,
        "schema_version": 2,
        "revision": 1,
        "story": fields.get("article"),
        "updated": fields.get("raised"),
        "articles": [article | of_article],
    }


_UPGRADES: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {("alerts", 1): _alert_of_a_story}


def encode(record: TopicRecord) -> bytes:
    """The bytes of a record, as `decode` reads them."""
    return record.model_dump_json().encode()


def decode(topic: Topic, value: bytes) -> TopicRecord:
    """The record that these bytes of a topic hold, brought up to the current version of its schema.

    Raises Malformed where they are not JSON, not of this topic's schema, or of a version newer than this program.
    """
    try:
        fields = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"{topic.name}: not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise Malformed(f"{topic.name}: expected a JSON object, got {type(fields).__name__}")
    return _validate(topic, _upgrade(topic, fields))


def _upgrade(topic: Topic, fields: dict[str, Any]) -> dict[str, Any]:
    current = topic.record.model_fields["schema_version"].default
    version = fields.get("schema_version")
    while version != current:
        upgrade = _UPGRADES.get((topic.name, version)) if isinstance(version, int) else None
        if upgrade is None:
            raise Malformed(f"{topic.name}: schema version {version!r} cannot be read, only versions up to {current}")
        fields = upgrade(fields)
        version = fields["schema_version"]
    return fields


def _validate(topic: Topic, fields: dict[str, Any]) -> TopicRecord:
    try:
        return topic.record.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"{topic.name}: {place}: {first['msg']} ({error.error_count()} problems)") from error
