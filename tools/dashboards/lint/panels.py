"""Rules of each panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from grafana_foundation_sdk.models import units

from .reading import Finding, Rule, data_panels

KINDS = {"timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "piechart", "text", "row"}
UNITS = {value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("__")}


def _each(dashboard: Mapping[str, Any], wrong: Any) -> Iterator[Finding]:
    """A sentence for each panel that `wrong` has one for."""
    for panel in data_panels(dashboard):
        if what := wrong(panel):
            yield Finding(f"{panel.get('title') or panel.get('id')}: {what}", panel.get("id", 0))


def panel_kind(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """One that Grafana 7.5 and 13 both have."""
    yield from _each(dashboard, lambda panel: panel["type"] not in KINDS and f"{panel['type']} is not known everywhere")


def panel_datasource(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """The data source is the one that is chosen, by a name: Grafana 7.5 leaves a panel empty that has an object."""

    def wrong(panel: Mapping[str, Any]) -> str:
        own = [target["datasource"] for target in panel.get("targets", []) if "datasource" in target]
        sources = [panel.get("datasource"), *own]
        return "" if sources == ["${datasource}"] else f"reads {sources}; right would be ['${{datasource}}']"

    yield from _each(dashboard, wrong)


def panel_no_targets(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """A panel asks for something, each query under a letter of its own."""

    def wrong(panel: Mapping[str, Any]) -> str:
        letters = [target.get("refId") for target in panel.get("targets", [])]
        if panel["type"] != "text" and not letters:
            return "asks for nothing"
        return "" if all(letters) and len(set(letters)) == len(letters) else f"queries are called {letters}"

    yield from _each(dashboard, wrong)


def panel_title_description(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """A title of its own, and what it means and what to do about it."""
    titles = Counter(panel.get("title") for panel in data_panels(dashboard))

    def wrong(panel: Mapping[str, Any]) -> str:
        means, found, then = panel.get("description", "").partition("\n\n**When it is ")
        if not panel.get("title") or titles[panel["title"]] > 1:
            return "has no title of its own"
        sentences = [means.strip(), then.partition(":** ")[2].strip()]
        return (
            ""
            if found and all(text.endswith((".", "?")) and len(text) > 20 for text in sentences)
            else "is not explained"
        )

    yield from _each(dashboard, wrong)


def panel_units(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Numbers have a unit that Grafana knows."""

    def wrong(panel: Mapping[str, Any]) -> str:
        overrides = [
            item["value"]
            for override in panel["fieldConfig"].get("overrides", [])
            for item in override["properties"]
            if item["id"] == "unit"
        ]
        used = [panel["fieldConfig"]["defaults"].get("unit"), *overrides]
        return "" if UNITS.issuperset(used) else f"has units {used}"

    yield from _each(dashboard, wrong)


def panel_no_value(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """What is not there is said in words."""
    yield from _each(dashboard, lambda panel: not panel["fieldConfig"]["defaults"].get("noValue") and "has no noValue")


def panel_y_min(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """An axis begins at 0."""

    def wrong(panel: Mapping[str, Any]) -> str:
        lowest = panel["fieldConfig"]["defaults"].get("min")
        return f"begins at {lowest}" if panel["type"] in {"timeseries", "bargauge", "gauge"} and lowest != 0 else ""

    yield from _each(dashboard, wrong)


def panel_stacking(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """What is stacked is parts of a whole, so it is filled, and no single part of it has a threshold."""

    def wrong(panel: Mapping[str, Any]) -> str:
        custom = panel["fieldConfig"]["defaults"].get("custom") or {}
        stacked = (custom.get("stacking") or {}).get("mode", "none") != "none"
        return "is stacked and has thresholds" if stacked and len(steps(panel)) > 1 else ""

    yield from _each(dashboard, wrong)


def panel_legend(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """The series of a graph can be told apart, and their figures read."""

    def wrong(panel: Mapping[str, Any]) -> str:
        if panel["type"] != "timeseries":
            return ""
        legend = panel["options"].get("legend", {})
        if legend.get("displayMode") != "table" or not legend.get("calcs"):
            return "has no table of its series"
        return "" if all(target.get("legendFormat") for target in panel["targets"]) else "has series without a name"

    yield from _each(dashboard, wrong)


def panel_runbook(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """What can turn red by an alert's number leads to the runbook."""

    def wrong(panel: Mapping[str, Any]) -> str:
        links = panel["fieldConfig"]["defaults"].get("links") or []
        alarming = any(step["color"] == "red" for step in steps(panel)) and len(steps(panel)) > 2
        return "turns red and leads to no runbook" if alarming and not any(runbook(link) for link in links) else ""

    yield from _each(dashboard, wrong)


def runbook(link: Mapping[str, Any]) -> str:
    """The alert that a link is about; "" when it leads elsewhere."""
    before, found, name = link.get("url", "").partition("/runbooks/")
    return name.removesuffix(".md") if found else ""


def steps(panel: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return (panel["fieldConfig"]["defaults"].get("thresholds") or {}).get("steps", [])


RULES: Mapping[str, Rule] = {
    "panel-kind": panel_kind,
    "panel-datasource": panel_datasource,
    "panel-no-targets": panel_no_targets,
    "panel-title-description": panel_title_description,
    "panel-units": panel_units,
    "panel-no-value": panel_no_value,
    "panel-y-min": panel_y_min,
    "panel-stacking": panel_stacking,
    "panel-legend": panel_legend,
    "panel-runbook": panel_runbook,
}
