"""Kibana's saved objects from few words: data views, searches, charts and dashboards.

The forms are those that Kibana 8.9 exports, which it and every later version import
(https://www.elastic.co/docs/explore-analyze/find-and-organize/saved-objects). Charts are Lens visualizations, one layer
each; an id says kind and subject, so that loading again replaces what was loaded before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_CORE = "8.8.0"
_VERSIONS = {"index-pattern": "8.0.0", "search": "8.0.0", "lens": "8.9.0", "dashboard": "8.9.0"}
"""The versions of the forms; Kibana migrates each to its own."""

_LAYER = "layer"
_COLUMNS = 48
"""Width of a dashboard's grid."""

SavedObject = dict[str, Any]


def saved(kind: str, name: str, attributes: Mapping[str, Any], references: Sequence[Mapping[str, str]]) -> SavedObject:
    """One saved object as a line of an export."""
    return {
        "type": kind,
        "id": name,
        "attributes": dict(attributes),
        "references": list(references),
        "coreMigrationVersion": _CORE,
        "typeMigrationVersion": _VERSIONS[kind],
    }


def data_view(name: str, title: str, indices: str, time: str, formats: Mapping[str, Any] | None = None) -> SavedObject:
    """A data view over an alias; `time` is the field that the time picker goes by."""
    attributes = {
        "title": indices,
        "name": title,
        "timeFieldName": time,
        "allowNoIndex": True,
        "fields": "[]",
        "fieldAttrs": "{}",
        "fieldFormatMap": json.dumps(formats or {}),
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
    }
    return saved("index-pattern", name, attributes, [])


# --- searches -------------------------------------------------------------------------------------------------------


def search(
    name: str, title: str, about: str, view: str, columns: Sequence[str], newest_by: str, query: str = ""
) -> SavedObject:
    """A saved search: documents of a data view, newest first, with these fields as columns."""
    reference = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {"query": _kuery(query), "filter": [], "indexRefName": reference}
    attributes = {
        "title": title,
        "description": about,
        "columns": list(columns),
        "sort": [[newest_by, "desc"]],
        "grid": {},
        "hideChart": True,
        "isTextBasedQuery": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }
    return saved("search", name, attributes, [_to("index-pattern", view, reference)])


# --- charts ---------------------------------------------------------------------------------------------------------

Column = dict[str, Any]


def _to(kind: str, name: str, reference: str) -> dict[str, str]:
    return {"type": kind, "id": name, "name": reference}


def _kuery(query: str) -> dict[str, str]:
    return {"query": query, "language": "kuery"}


def _column(label: str, operation: str, field: str, kind: str, *, bucket: bool, **more: Any) -> Column:
    scale = {"date": "interval", "string": "ordinal", "number": "ratio"}[kind]
    return {
        "label": label,
        "customLabel": True,
        "dataType": kind,
        "operationType": operation,
        "sourceField": field,
        "isBucketed": bucket,
        "scale": scale,
        "params": {},
        **more,
    }


def over_time(field: str, label: str = "Time") -> Column:
    """A bucket for each stretch of time; how long one is, Kibana chooses."""
    params = {"interval": "auto", "includeEmptyRows": True, "dropPartials": False}
    return _column(label, "date_histogram", field, "date", bucket=True, params=params)


def top(field: str, label: str, size: int = 20, by: str = "y0") -> Column:
    """A bucket for each of the values that have most of the measure `by` (y0 is a chart's first)."""
    params = {
        "size": size,
        "orderBy": {"type": "column", "columnId": by},
        "orderDirection": "desc",
        "otherBucket": False,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
    }
    return _column(label, "terms", field, "string", bucket=True, params=params)


def count(label: str, only: str = "") -> Column:
    """How many documents; `only` those that a query finds."""
    return _column(label, "count", "___records___", "number", bucket=False, **_filtered(only))


def distinct(field: str, label: str) -> Column:
    """How many different values."""
    return _column(label, "unique_count", field, "number", bucket=False, params={"emptyAsNull": True})


def percentile(field: str, percent: int, label: str) -> Column:
    """A percentile of a number."""
    return _column(label, "percentile", field, "number", bucket=False, params={"percentile": percent})


def greatest(field: str, label: str) -> Column:
    """The greatest value of a number."""
    return _column(label, "max", field, "number", bucket=False, params={"emptyAsNull": True})


def newest(field: str, by: str, label: str, only: str = "") -> Column:
    """The value in the newest document."""
    params = {"sortField": by, "showArrayValues": False}
    filtered = _filtered(only) or {"filter": _kuery(f"{field}: *")}
    return _column(label, "last_value", field, "number", bucket=False, params=params, **filtered)


def _filtered(only: str) -> dict[str, Any]:
    return {"filter": _kuery(only)} if only else {}


@dataclass(frozen=True)
class Chart:
    """What all charts have: an id, a title, a data view, and a query that limits it."""

    name: str
    title: str
    view: str
    query: str = ""

    def metric(self, measure: Column) -> SavedObject:
        """One number."""
        visualization = {"layerId": _LAYER, "layerType": "data", "metricAccessor": "y0"}
        return self._lens("lnsMetric", {"y0": measure}, visualization)

    def bars(self, across: Column, *measures: Column, split: Column | None = None) -> SavedObject:
        """Bars along the time or another bucket, stacked by `split`."""
        return self._xy("bar_stacked" if across["dataType"] == "date" else "bar_horizontal", across, measures, split)

    def lines(self, across: Column, *measures: Column, split: Column | None = None) -> SavedObject:
        """Lines along the time, one for each measure or each value of `split`."""
        return self._xy("line", across, measures, split)

    def table(self, rows: Sequence[Column], *measures: Column) -> SavedObject:
        """A table with a row for each combination of buckets."""
        columns = _named("x", rows) | _named("y", measures)
        shown = [{"columnId": name} for name in columns]
        return self._lens("lnsDatatable", columns, {"layerId": _LAYER, "layerType": "data", "columns": shown})

    def _xy(self, series: str, across: Column, measures: Sequence[Column], split: Column | None) -> SavedObject:
        columns = ({"split": split} if split else {}) | {"x0": across} | _named("y", measures)
        layer = {
            "layerId": _LAYER,
            "layerType": "data",
            "seriesType": series,
            "xAccessor": "x0",
            "accessors": [name for name in columns if name.startswith("y")],
            **({"splitAccessor": "split"} if split else {}),
        }
        visualization = {
            "preferredSeriesType": series,
            "legend": {"isVisible": True, "position": "right"},
            "valueLabels": "hide",
            "layers": [layer],
        }
        return self._lens("lnsXY", columns, visualization)

    def _lens(self, kind: str, columns: Mapping[str, Column], visualization: Mapping[str, Any]) -> SavedObject:
        layer = {"columns": dict(columns), "columnOrder": list(columns), "incompleteColumns": {}}
        state = {
            "datasourceStates": {"formBased": {"layers": {_LAYER: layer}}},
            "visualization": dict(visualization),
            "query": _kuery(self.query),
            "filters": [],
            "internalReferences": [],
            "adHocDataViews": {},
        }
        attributes = {"title": self.title, "description": "", "visualizationType": kind, "state": state}
        reference = f"indexpattern-datasource-layer-{_LAYER}"
        return saved("lens", self.name, attributes, [_to("index-pattern", self.view, reference)])


def _named(letter: str, columns: Sequence[Column]) -> dict[str, Column]:
    return {f"{letter}{number}": column for number, column in enumerate(columns)}


# --- dashboards -----------------------------------------------------------------------------------------------------


def dashboard(
    name: str, title: str, about: str, since: str, *rows: tuple[int, Sequence[SavedObject]], refresh: int = 60
) -> SavedObject:
    """A dashboard of rows, each with its height and what stands side by side in it, of one width.

    `since` is the start of the time that it shows, such as now-7d; it refreshes every `refresh` seconds.
    """
    panels: list[dict[str, Any]] = []
    references = []
    top_edge = 0
    for height, row in rows:
        width = _COLUMNS // len(row)
        for place, shown in enumerate(row):
            number = str(len(panels) + 1)
            panels.append(
                {
                    "type": shown["type"],
                    "panelIndex": number,
                    "panelRefName": f"panel_{number}",
                    "gridData": {"x": place * width, "y": top_edge, "w": width, "h": height, "i": number},
                    "embeddableConfig": {"enhancements": {}},
                }
            )
            references.append(_to(shown["type"], shown["id"], f"{number}:panel_{number}"))
        top_edge += height
    attributes = {
        "title": title,
        "description": about,
        "version": 1,
        "timeRestore": True,
        "timeFrom": since,
        "timeTo": "now",
        "refreshInterval": {"pause": False, "value": refresh * 1000},
        "panelsJSON": json.dumps(panels),
        "optionsJSON": json.dumps({"useMargins": True, "syncColors": True, "syncCursor": True, "syncTooltips": False}),
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps({"query": _kuery(""), "filter": []})},
    }
    return saved("dashboard", name, attributes, references)
