"""Reads Kibana's saved objects and checks that they hold together. Uses nothing but Python: a container runs it too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

_SPECIAL = {"___records___", "_id", "_index", "_source"}
_WORDS = re.compile(r'"[^"]*"')
_FIELD = re.compile(r"(?<![\w.])([a-z_][\w.]*)\s*(?::|<=?|>=?)")


def read(content: bytes) -> dict[str, dict[str, Any]]:
    """The objects of an export by type and id. Raises ValueError where a line is none, or one is there twice."""
    found: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(content.decode().splitlines(), 1):
        each = json.loads(line)
        for needed in ("type", "id", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion"):
            if needed not in each:
                raise ValueError(f"line {number} has no {needed}")
        if not each["attributes"].get("title"):
            raise ValueError(f"line {number} has no title")
        if key(each["type"], each["id"]) in found:
            raise ValueError(f"{each['type']} {each['id']} is there twice")
        found[key(each["type"], each["id"])] = each
    return found


def key(kind: str, name: str) -> str:
    """How an object is called among others."""
    return f"{kind}:{name}"


def check(objects: Mapping[str, dict[str, Any]], fields_of: Callable[[str], Set[str]]) -> None:
    """Raise ValueError where a reference leads nowhere, or a field is named that its index does not have.

    `fields_of` gives the fields of the indices that a data view's title matches.
    """
    for name, each in objects.items():
        for reference in each["references"]:
            if key(reference["type"], reference["id"]) not in objects:
                raise ValueError(f"{name} refers to {reference['type']} {reference['id']}, which is not there")
        _check_names(name, each)
        for view, field in fields(each):
            indices = objects[key("index-pattern", view)]["attributes"]["title"]
            if field not in fields_of(indices):
                raise ValueError(f"{name} names the field {field}, which {indices} does not have")


def _check_names(name: str, each: Mapping[str, Any]) -> None:
    """What an object calls its references by is among them, and nothing else is."""
    attributes = each["attributes"]
    wanted: set[str] = set()
    if each["type"] == "search":
        wanted = {json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])["indexRefName"]}
    elif each["type"] == "lens":
        wanted = {f"indexpattern-datasource-layer-{layer}" for layer in _layers(attributes)}
    elif each["type"] == "dashboard":
        panels = json.loads(attributes["panelsJSON"])
        wanted = {f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in panels}
        kinds = {reference["name"]: reference["type"] for reference in each["references"]}
        for panel in panels:
            if kinds.get(f"{panel['panelIndex']}:{panel['panelRefName']}") != panel["type"]:
                raise ValueError(f"{name}: panel {panel['panelIndex']} is no {panel['type']}")
    given = {reference["name"] for reference in each["references"]}
    if wanted != given:
        raise ValueError(f"{name} calls for the references {sorted(wanted)}, and has {sorted(given)}")


def fields(each: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that an object names, each with the id of the data view that has to have it."""
    attributes = each["attributes"]
    if each["type"] == "index-pattern":
        yield each["id"], attributes["timeFieldName"]
        for field in json.loads(attributes["fieldFormatMap"]):
            yield each["id"], field
    elif each["type"] == "search":
        (view,) = (reference["id"] for reference in each["references"])
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        sorted_by = [field for field, _ in attributes["sort"]]
        for field in [*attributes["columns"], *sorted_by, *_in_query(source["query"])]:
            yield view, field
    elif each["type"] == "lens":
        (view,) = (reference["id"] for reference in each["references"])
        for field in _in_query(attributes["state"]["query"]):
            yield view, field
        for layer in _layers(attributes).values():
            if set(layer["columnOrder"]) != set(layer["columns"]):
                raise ValueError(f"{each['id']}: the columns and their order differ")
            for column in layer["columns"].values():
                named = [column["sourceField"], column["params"].get("sortField"), *_in_query(column.get("filter"))]
                for field in named:
                    if field and field not in _SPECIAL:
                        yield view, field


def _layers(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    layers: Mapping[str, Any] = attributes["state"]["datasourceStates"]["formBased"]["layers"]
    return layers


def _in_query(query: Mapping[str, str] | None) -> list[str]:
    """The fields of a query in Kibana's language: what stands before a colon or a comparison."""
    return _FIELD.findall(_WORDS.sub('""', query["query"])) if query else []
