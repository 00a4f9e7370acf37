"""A dashboard: rows of panels, under the variables, links and annotations that all of ours have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    GridPos,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from . import limits as at
from .panels import RUNBOOKS, Column, Drawing, Empty, number, rows
from .promql import recorded

SOURCE = DataSourceRef("prometheus", "${datasource}")
COLUMNS = 24
TAG = "omnimind"


@dataclass(frozen=True)
class Row:
    """Panels under a heading that a reader may fold; the first one of a dashboard has none."""

    title: str
    drawings: Sequence[Drawing]


@dataclass(frozen=True)
class Board:
    """One dashboard.

    Args:
        file: its name without .json; its uid is omnimind-<file>.
        job_metrics: pattern of metrics of which the jobs can be chosen.
        alerts: pattern of names of the alerts in its table.
        rows: from the top, the first with the headline figures.
    """

    file: str
    title: str
    description: str
    job_metrics: str
    alerts: str
    rows: Sequence[Row]

    @property
    def uid(self) -> str:
        return f"omnimind-{self.file}"

    def drawings(self) -> Iterator[tuple[int, Drawing]]:
        """Every panel that has queries, by its id: the row's number in hundreds, then its place in the row."""
        for index, row in enumerate(self.rows):
            yield from enumerate(row.drawings, 100 * index + 1)

    def reasons(self) -> dict[tuple[int, str], str]:
        """Why rules of the lint do not hold of panels."""
        return {
            (number, rule): why for number, drawing in self.drawings() for rule, why in drawing.reasons.items() if why
        }

    def document(self) -> dict[str, Any]:
        """Its JSON, as the SDK's types make it."""
        return json.loads(json.dumps(self._built(), cls=JSONEncoder))

    def _built(self) -> Dashboard:
        board = (
            builders.Dashboard(self.title)
            .uid(self.uid)
            .description(self.description)
            .tags([TAG])
            .timezone("browser")
            .readonly()
            .refresh("30s")
            .time("now-3h", "now")
            .timepicker(builders.TimePicker().refresh_intervals(["15s", "30s", "1m", "5m", "15m", "1h"]))
            .tooltip(DashboardCursorSync.CROSSHAIR)
            .version(1)
            .variables(list(self._variables()))
            .link(_siblings())
            .annotations([_alerts(self.alerts), _deployments()])
        )
        top = 0
        for index, row in enumerate(self.rows):
            if row.title:
                place = GridPos(x=0, y=top, w=COLUMNS, h=1)
                board.with_row(builders.Row(row.title).id(100 * index).collapsed(False).grid_pos(place))
                top += 1
            for identity, (place, drawing) in enumerate(_placed(row.drawings, top), 100 * index + 1):
                board.with_panel(drawing.panel.id(identity).datasource(SOURCE).grid_pos(place))
            top = max(place.y + place.h for place, _drawing in _placed(row.drawings, top))
        return board.build()

    def _variables(self) -> Iterator[builders.DatasourceVariable | builders.QueryVariable]:
        yield builders.DatasourceVariable("datasource").label("Data source").type("prometheus").include_all(False)
        jobs = f'{{__name__=~"{self.job_metrics}"}}'
        chosen = f'{{__name__=~"{self.job_metrics}", job=~"$job"}}'
        for name, query in (("job", f"label_values({jobs}, job)"), ("instance", f"label_values({chosen}, instance)")):
            yield (
                builders.QueryVariable(name)
                .label(name.capitalize())
                .datasource(SOURCE)
                .query(query)
                .definition(query)
                .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
                .sort(VariableSort.ALPHABETICAL_ASC)
                .multi(True)
                .include_all(True)
                .all_value(".+")
                .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
            )


def _placed(drawings: Sequence[Drawing], top: int) -> list[tuple[GridPos, Drawing]]:
    """From left to right, in lines as high as their highest."""
    placed, left, height = [], 0, 0
    for drawing in drawings:
        if left + drawing.width > COLUMNS:
            top, left, height = top + height, 0, 0
        placed.append((GridPos(x=left, y=top, w=drawing.width, h=drawing.height), drawing))
        left, height = left + drawing.width, max(height, drawing.height)
    return placed


def _siblings() -> builders.DashboardLink:
    return (
        builders.DashboardLink("OmniMind")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .include_vars(True)
        .keep_time(True)
        .icon("external link")
        .tooltip("The other dashboards, with the same time and the same choice")
    )


def firing(alerts: str) -> str:
    """The alerts of these names that fire."""
    return recorded("ALERTS", 'alertstate="firing"', f'alertname=~"{alerts}"')


def _alerts(alerts: str) -> builders.AnnotationQuery:
    return (
        builders.AnnotationQuery()
        .name("Alerts firing")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("red")
        .expr(firing(alerts))
        .step("60s")
        .title_format("{{alertname}}")
        .text_format("{{severity}} {{host}} {{instance}}")
        .tag_keys("alertname,severity,instance")
    )


def _deployments() -> builders.AnnotationQuery:
    """A version of the backend that is there now and was not five minutes ago, on whatever instance."""
    info = "omnimind_backend_info"
    return (
        builders.AnnotationQuery()
        .name("Deployments")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("blue")
        .expr(f"count by (version) ({info}) unless count by (version) ({info} offset 5m)")
        .step("60s")
        .title_format("Deployed {{version}}")
        .text_format("This version of the backend began to run.")
        .tag_keys("version")
    )


def alert_rows(alerts: str) -> Drawing:
    """The table of a dashboard's alerts that fire."""
    return rows(
        "Alerts firing",
        [firing(alerts)],
        [
            Column("alertname", "Alert", link=f"{RUNBOOKS}${{__value.raw}}.md"),
            Column("severity", "Severity", colors={"critical": at.CRITICAL, "warning": at.WARNING, "info": "blue"}),
            Column("host", "Host"),
            Column("instance", "Instance"),
            Column("job", "Job"),
        ],
        "What is wrong now among the things on this dashboard, as the rules see it. An empty table is a good sign only "
        "while every target is up.",
        "Take the most severe first. Its name leads to its runbook; Alertmanager shows who was told, and takes silences.",
        absent="No alert is firing",
        empty=Empty.FAULTLESS,
        height=5,
    )


def alert_count(alerts: str, width: int = 4) -> Drawing:
    """How many they are."""
    return number(
        "Alerts",
        f"count({firing(alerts)}) or vector(0)",
        "How many alerts about the things on this dashboard fire now, of any severity.",
        "The table below names them, each with its runbook.",
        unit="none",
        limits=at.SOME,
        width=width,
    )
