"""What Kibana shows holds together: references resolve, and every field is one of the index, of a type that will do.

No Kibana can be had for tests, so this is by structure only; docs/compose.md says so.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from deploy.kibana import generate
from quotewire.adapters.elasticsearch_setup import mapping
from quotewire.adapters.kibana import with_prefix
from quotewire.seed_files import kibana_objects
from tests.compose import saved_objects

OBJECTS = saved_objects.read(kibana_objects())
_NUMBERS = {"float", "double", "integer", "long", "short"}
_SORTED_OUT = {"keyword", "date", *_NUMBERS}


@cache
def types_of(indices: str) -> Mapping[str, str]:
    """The fields of the indices of a data view with their types, sub-fields among them."""

    def walk(properties: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
        for name, field in properties.items():
            if field.get("index", True) and field.get("enabled", True):
                yield before + name, field["type"]
            yield from walk(field.get("fields", {}), f"{before}{name}.")

    return dict(walk(mapping(indices.removeprefix("quotewire-"))["properties"]))


def fields_of(indices: str) -> set[str]:
    return set(types_of(indices))


def test_the_file_is_what_its_description_makes() -> None:
    assert generate.FILE.read_text(encoding="utf-8") == "".join(generate.lines()), (
        "run: python -m deploy.kibana.generate"
    )


def test_references_resolve_and_fields_exist() -> None:
    saved_objects.check(OBJECTS, fields_of)


def test_there_is_a_dashboard_for_each_kind_of_user() -> None:
    kinds = {kind: sorted(each["id"] for each in OBJECTS.values() if each["type"] == kind) for kind in _kinds()}
    assert kinds["dashboard"] == ["quotewire-alerts", "quotewire-analysts", "quotewire-ops"]
    assert kinds["index-pattern"] == [f"quotewire-{kind}" for kind in ("alerts", "articles", "health", "quotes")]
    assert len(kinds["search"]) == 6


def _kinds() -> set[str]:
    return {each["type"] for each in OBJECTS.values()}


def test_every_chart_and_search_but_two_is_on_a_dashboard() -> None:
    shown = {
        saved_objects.key(reference["type"], reference["id"])
        for each in OBJECTS.values()
        if each["type"] == "dashboard"
        for reference in each["references"]
    }
    rest = {name for name, each in OBJECTS.items() if each["type"] in ("lens", "search")} - shown
    assert rest == {"search:quotewire-search-unnamed", "search:quotewire-search-slow"}


@pytest.mark.parametrize("name", [name for name, each in OBJECTS.items() if each["type"] == "lens"])
def test_a_chart_asks_of_a_field_what_its_type_can_do(name: str) -> None:
    chart = OBJECTS[name]
    (view,) = (reference["id"] for reference in chart["references"])
    types = types_of(OBJECTS[f"index-pattern:{view}"]["attributes"]["title"])
    able = {
        "terms": _SORTED_OUT,
        "date_histogram": {"date"},
        "unique_count": _SORTED_OUT,
        "percentile": _NUMBERS,
        "max": _NUMBERS,
        "last_value": _SORTED_OUT,
    }
    state = chart["attributes"]["state"]
    columns = state["datasourceStates"]["formBased"]["layers"]["layer"]["columns"]
    for column in columns.values():
        if column["operationType"] != "count":
            assert types[column["sourceField"]] in able[column["operationType"]], column
        order = column["params"].get("orderBy", {}).get("columnId")
        assert order is None or not columns[order]["isBucketed"]
    named = json.dumps(state["visualization"])
    assert all(f'"{column}"' in named for column in columns)


def test_panels_fill_the_grid_without_overlapping() -> None:
    for name, each in OBJECTS.items():
        if each["type"] == "dashboard":
            cells: set[tuple[int, int]] = set()
            for panel in json.loads(each["attributes"]["panelsJSON"]):
                at = panel["gridData"]
                own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                assert not own & cells, name
                cells |= own
            assert {x for x, _ in cells} == set(range(48))


def test_another_prefix_of_indices_is_taken_over() -> None:
    objects = saved_objects.read(with_prefix(kibana_objects(), "staging-news"))
    titles = [each["attributes"]["title"] for each in objects.values() if each["type"] == "index-pattern"]
    assert sorted(titles) == [f"staging-news-{kind}" for kind in ("alerts", "articles", "health", "quotes")]
    assert [each["id"] for each in objects.values()] == [each["id"] for each in OBJECTS.values()]


def _lose_a_reference(objects: dict[str, Any]) -> None:
    del objects["search:quotewire-search-quotes"]


def _misspell_a_field(objects: dict[str, Any]) -> None:
    objects["search:quotewire-search-quotes"]["attributes"]["columns"][0] = "speeker"


def _misspell_in_a_query(objects: dict[str, Any]) -> None:
    objects["lens:quotewire-lag-now"]["attributes"]["state"]["query"]["query"] = 'kynd: "stage"'


def _misname_a_panel(objects: dict[str, Any]) -> None:
    objects["dashboard:quotewire-ops"]["references"][0]["name"] = "panel_1"


@pytest.mark.parametrize("spoil", [_lose_a_reference, _misspell_a_field, _misspell_in_a_query, _misname_a_panel])
def test_the_check_sees_what_is_wrong(spoil: Callable[[dict[str, Any]], None]) -> None:
    objects = copy.deepcopy(OBJECTS)
    spoil(objects)
    with pytest.raises(ValueError, match=r"refers to|names the field|calls for|is no "):
        saved_objects.check(objects, fields_of)
