"""Rules of a dashboard as a whole."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..portable import SCHEMA
from .reading import Finding, Rule, data_panels, selectors

COLUMNS = 24
HEADLINE = {"stat", "table"}
LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")


def uid(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """It keeps its address, and is found by its siblings."""
    if not re.fullmatch(r"omnimind-[a-z]+", dashboard.get("uid") or ""):
        yield Finding(f"uid is {dashboard.get('uid')!r}")
    if dashboard.get("tags") != ["omnimind"]:
        yield Finding(f"tags are {dashboard.get('tags')}")


def schema(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """It is of the schema that every Grafana from 7.5 on draws or brings up to date."""
    if dashboard.get("schemaVersion") != SCHEMA:
        yield Finding(f"schemaVersion is {dashboard.get('schemaVersion')}; right would be {SCHEMA}")


def no_inputs(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """It asks nothing when it is loaded: nobody is there to answer when it is provisioned from a file."""
    words = [name for name in ("__inputs", "__requires", "${DS_") if name in json.dumps(dashboard)]
    yield from (Finding(f"has {word}") for word in words)


def uneditable(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """It is changed where it is made."""
    if dashboard.get("editable") is not False:
        yield Finding("can be edited")


def refresh(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """It keeps itself up to date, over hours, in the reader's time."""
    wanted = {"refresh": {"30s"}, "timezone": {"browser"}}
    yield from (
        Finding(f"{name} is {dashboard.get(name)!r}")
        for name, right in wanted.items()
        if dashboard.get(name) not in right
    )
    if not re.fullmatch(r"now-[1-6]h", dashboard.get("time", {}).get("from", "")):
        yield Finding(f"begins at {dashboard.get('time')}")


def template_datasource(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """The data source is chosen first."""
    first = (_variables(dashboard) or [{}])[0]
    wanted = {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"}
    if wanted.items() - {name: value for name, value in first.items() if isinstance(value, str)}.items():
        yield Finding(f"the first variable is {first.get('name')!r}; right would be the data source")


def template_job(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Jobs are chosen."""
    yield from _choice("job", dashboard)


def template_instance(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Instances are chosen, out of those of the jobs."""
    yield from _choice("instance", dashboard)
    for variable in _variables(dashboard):
        if variable["name"] == "instance" and 'job=~"$job"' not in variable.get("query", ""):
            yield Finding("instance: the choice does not follow job")


def _choice(name: str, dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    variable = next((one for one in _variables(dashboard) if one["name"] == name), None)
    if variable is None:
        yield Finding(f"{name}: no such variable")
        return
    wanted = {
        "type": "query", "datasource": "${datasource}", "label": name.capitalize(), "multi": True, "includeAll": True,
        "allValue": ".+",
    }  # fmt: skip
    for key, right in wanted.items():
        if variable.get(key) != right:
            yield Finding(f"{name}: {key} is {variable.get(key)!r}; right would be {right!r}")


def template_label_promql(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """A choice is of the values of a label of a selector."""
    for variable in _queried(dashboard):
        found = LABEL_VALUES.fullmatch(variable.get("query", ""))
        try:
            right = found and len(selectors(found[1])) == 1
        except ValueError:
            right = False
        if not right:
            yield Finding(f"{variable['name']}: chosen from {variable.get('query')!r}")


def template_reload(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """A choice is what there is in the time shown."""
    for variable in _queried(dashboard):
        if variable.get("refresh") != 2:
            yield Finding(f"{variable['name']}: refresh is {variable.get('refresh')}; right would be 2")


def links(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Its siblings are one click away, with the same time and choice."""
    wanted = {"type": "dashboards", "tags": ["omnimind"], "keepTime": True, "includeVars": True}
    if not any(all(link.get(name) == right for name, right in wanted.items()) for link in dashboard.get("links", [])):
        yield Finding("no link to the other dashboards that keeps time and variables")


def annotations(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Alerts and deployments are drawn into the graphs."""
    listed = dashboard.get("annotations", {}).get("list", [])
    drawn = [one["expr"] for one in listed if one.get("enable") and one.get("datasource") == "${datasource}"]
    for what, words in {"alerts": ["ALERTS{", 'alertstate="firing"'], "deployments": ["omnimind_backend_info"]}.items():
        if not any(all(word in expression for word in words) for expression in drawn):
            yield Finding(f"no annotation of {what}")


def alert_table(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """The alerts that fire are listed, by a panel that every Grafana has."""
    tables = [panel for panel in data_panels(dashboard) if panel["type"] == "table"]
    if not any("ALERTS{" in target["expr"] for panel in tables for target in panel.get("targets", [])):
        yield Finding("no table of alerts")


def panel_ids(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Each panel, also a heading, has an id of its own: links to it last, and Grafana 7.5 needs one."""
    ids = Counter(panel.get("id") for panel in dashboard["panels"])
    yield from (Finding(f"{count} panels have id {number}") for number, count in ids.items() if count > 1 or not number)


def layout(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Panels lie side by side within 24 columns; before the first heading are figures, and the alerts."""
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        if place["x"] + place["w"] > COLUMNS:
            yield Finding(f"{panel['title']}: ends right of column {COLUMNS}", panel.get("id", 0))
        cells = [
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        for other in sorted({taken[cell] for cell in cells if cell in taken}):
            yield Finding(f"{panel['title']}: lies on {other}", panel.get("id", 0))
        taken |= dict.fromkeys(cells, panel["title"])
    kinds = [panel["type"] for panel in dashboard["panels"]]
    first = kinds[: kinds.index("row")] if "row" in kinds else kinds
    if "stat" not in first or not HEADLINE.issuperset(first):
        yield Finding(f"begins with {first}; right would be figures")


def _variables(dashboard: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return dashboard.get("templating", {}).get("list", [])


def _queried(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (variable for variable in _variables(dashboard) if variable.get("type") == "query")


RULES: Mapping[str, Rule] = {
    "uid": uid,
    "schema": schema,
    "no-inputs": no_inputs,
    "uneditable": uneditable,
    "refresh": refresh,
    "template-datasource": template_datasource,
    "template-job": template_job,
    "template-instance": template_instance,
    "template-label-promql": template_label_promql,
    "template-reload": template_reload,
    "links": links,
    "annotations": annotations,
    "alert-table": alert_table,
    "panel-ids": panel_ids,
    "layout": layout,
}
