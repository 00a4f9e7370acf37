"""One form of a dashboard for every Grafana from 7.5 on.

The SDK writes what the newest Grafana writes. Grafana 7.5 does not draw that: a data source is a name to it, not an
object. So the files name it, and say that they are of schema 32, the last one with names: each later Grafana brings a
dashboard of schema 32 up to date itself when it loads it, and keeps `${datasource}` for what it is, a variable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SCHEMA, NEWEST = 32, 42
# What a heatmap is to Grafana 7.5; later ones read `options`.
OLD_HEATMAP = {
    "dataFormat": "tsbuckets",
    "color": {"mode": "spectrum", "colorScheme": "interpolateBlues", "exponent": 0.5},
    "hideZeroBuckets": True,
    "legend": {"show": True},
    "tooltip": {"show": True, "showHistogram": True},
    "yBucketBound": "auto",
}
# The SDK says of every variable what only one with intervals has, and puts every link into a menu.
STRANGE_TO_VARIABLES = {"auto", "auto_min", "auto_count"}
OF_DATA_LINKS = {"title", "url", "targetBlank"}


def portable(document: dict[str, Any]) -> dict[str, Any]:
    """The form that is kept, of what the SDK makes."""
    named = _everywhere(document, _named)
    return {**named, "schemaVersion": SCHEMA, "panels": [_with_old_heatmap(panel) for panel in named["panels"]]}


def typed(document: dict[str, Any]) -> dict[str, Any]:
    """The form that the SDK's types read, of what is kept."""
    panels = [_without_old_heatmap(panel) for panel in document["panels"]]
    return {**_everywhere({**document, "panels": panels}, _referred), "schemaVersion": NEWEST}


def _everywhere(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """With every mapping in it changed, from the inside out."""
    if isinstance(value, list):
        return [_everywhere(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    return change({name: _everywhere(item, change) for name, item in value.items()})


def _named(mapping: dict[str, Any]) -> dict[str, Any]:
    if isinstance(mapping.get("datasource"), dict):
        mapping = {**mapping, "datasource": mapping["datasource"]["uid"]}
    if mapping.get("type") in {"datasource", "query"}:
        return {name: value for name, value in mapping.items() if name not in STRANGE_TO_VARIABLES}
    if mapping.get("type") == "link":
        return {name: value for name, value in mapping.items() if name in OF_DATA_LINKS}
    if mapping.get("placement") == "inControlsMenu":
        return {name: value for name, value in mapping.items() if name != "placement"}
    return mapping


def _referred(mapping: dict[str, Any]) -> dict[str, Any]:
    if isinstance(mapping.get("datasource"), str):
        return {**mapping, "datasource": {"type": "prometheus", "uid": mapping["datasource"]}}
    return mapping


def _with_old_heatmap(panel: dict[str, Any]) -> dict[str, Any]:
    if panel["type"] != "heatmap":
        return panel
    unit = panel["options"]["yAxis"]["unit"]
    return {**panel, **OLD_HEATMAP, "yAxis": {"format": unit, "show": True, "logBase": 1}}


def _without_old_heatmap(panel: dict[str, Any]) -> dict[str, Any]:
    if panel["type"] != "heatmap":
        return panel
    return {name: value for name, value in panel.items() if name not in {*OLD_HEATMAP, "yAxis"}}
