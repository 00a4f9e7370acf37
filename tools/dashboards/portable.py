"""One form of a dashboard for every Grafana from 7.5 on.

The SDK writes what the newest Grafana writes. Grafana 7.5 does not draw that: a data source is a name to it, not an
object. So the files name it, and say that they are of schema 32, the last one with names: each later Grafana brings a
dashboard of schema 32 up to date itself when it loads it, and keeps `${datasource}` for what it is, a variable.
"""

from __future__ import annotations

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


def portable(document: dict[str, Any]) -> dict[str, Any]:
    """The form that is kept, of what the SDK makes."""
    return {**_named(document), "schemaVersion": SCHEMA, "panels": [_old_panel(panel) for panel in _named(document["panels"])]}


def typed(document: dict[str, Any]) -> dict[str, Any]:
    """The form that the SDK's types read, of what is kept."""
    panels = [{name: value for name, value in panel.items() if not _only_old(panel, name)} for panel in document["panels"]]
    return {**_referred({**document, "panels": panels}), "schemaVersion": NEWEST}


def _old_panel(panel: dict[str, Any]) -> dict[str, Any]:
    if panel["type"] != "heatmap":
        return panel
    unit = panel["options"]["yAxis"]["unit"]
    return {**panel, **OLD_HEATMAP, "yAxis": {"format": unit, "show": True, "logBase": 1}}


def _only_old(panel: dict[str, Any], name: str) -> bool:
    return panel["type"] == "heatmap" and name in {*OLD_HEATMAP, "yAxis"}


def _named(value: Any) -> Any:
    """Every data source by its name, and links where Grafana always had them: above the panels."""
    if isinstance(value, list):
        return [_named(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _named(item) for name, item in value.items() if (name, item) != ("placement", "inControlsMenu")}
    if isinstance(value.get("datasource"), dict):
        found["datasource"] = value["datasource"]["uid"]
    return found


def _referred(value: Any) -> Any:
    if isinstance(value, list):
        return [_referred(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _referred(item) for name, item in value.items()}
    if isinstance(value.get("datasource"), str):
        found["datasource"] = {"type": "prometheus", "uid": value["datasource"]}
    return found
