"""One function a kind of panel: everything that is the same in all of them stands here, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from string import ascii_uppercase
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import bargauge, common, heatmap, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as models
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from . import limits as at
from .limits import Limits, Step

# Of Grafana's own palette. Where a colour is chosen, green, orange and red say good, warning and critical.
P50, P95, P99 = "super-light-blue", "blue", "dark-purple"
IN, OUT, NEUTRAL, MUTED = "blue", "purple", "blue", "#8E8E8E"
RUNBOOKS = "https://github.com/omnimind/platform/blob/main/docs/runbooks/"


class Empty(StrEnum):
    """Why a panel has no data for now. A panel without a reason has data as soon as its targets are up and in use."""

    NEVER = ""
    IDLE = "until somebody uses it"
    FAULTLESS = "while nothing is wrong"
    NO_GPU = "in hosts without a GPU"
    NO_CERTIFICATES = "while no certificate is watched"
    NO_RULES = "until the rules have recorded something"
    NO_HISTORY = "until two days have been recorded"
    CHANCE = "while a disk happens to do nothing"


class Query(NamedTuple):
    """An expression and what its series are called: `legend` may have {{labels}}.

    Args:
        rare: it has no data before something has happened that a sound system does not do, whatever its panel has.
    """

    expression: str
    legend: str = ""
    rare: bool = False


class Place(NamedTuple):
    """Where in a panel's JSON the number of a threshold stands."""

    path: tuple[str | int, ...]
    threshold: str
    complement: bool


class Look(NamedTuple):
    """How the series of one legend differ from the rest of their panel. A `cell` of a table has the color of its value."""

    unit: str = ""
    color: str = ""
    limits: Limits = ()
    dashed: bool = False
    cell: bool = False


@dataclass(frozen=True)
class Drawing:
    """A panel, and what must be known of it beside its JSON.

    Args:
        panel: everything but its id and place.
        width: of 24.
        alerts: names of the alerts that it explains.
        empty: why it may have no data.
        queries: what it asks.
        places: where its thresholds stand.
        reasons: why a rule of the lint does not hold of it, by the rule's name.
    """

    panel: Builder[Panel]
    title: str
    width: int
    height: int
    alerts: Sequence[str] = ()
    empty: Empty = Empty.NEVER
    queries: Sequence[Query] = ()
    places: Sequence[Place] = field(default_factory=list)
    reasons: Mapping[str, str] = field(default_factory=dict)


def number(
    title: str,
    queries: str | Sequence[Query],
    means: str,
    then: str,
    *,
    unit: str,
    limits: Limits = at.NEUTRAL,
    looks: Mapping[str, Look] | None = None,
    alerts: Sequence[str] = (),
    absent: str = "No data",
    empty: Empty = Empty.NEVER,
    whole: str = "",
    decimals: int | None = None,
    graph: bool = True,
    width: int = 4,
    height: int = 4,
) -> Drawing:
    """A stat: the last value, large, over the line of the time shown.

    Args:
        queries: one expression, or several with their names.
        means: a sentence or two: what the number is, for the platform and its users.
        then: what to do when it is red, or when it is not as it should be.
        limits: where its colour changes.
        looks: what is different for a query, by legend.
        absent: what is shown in place of a number when there is none.
        empty: why it may have no data; see Drawing.
        whole: why its expressions do not follow the variables `job` and `instance`; "" when they do.
    """
    panel = (
        stat.Panel()
        .color_mode(models.BigValueColorMode.VALUE)
        .graph_mode(models.BigValueGraphMode.AREA if graph else models.BigValueGraphMode.NONE)
        .justify_mode(models.BigValueJustifyMode.AUTO)
        .orientation(models.VizOrientation.AUTO)
        .text_mode(models.BigValueTextMode.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    )
    told = [Query(queries, title)] if isinstance(queries, str) else queries
    drawing = _drawn(panel, title, told, means, then, unit, limits, looks, alerts, absent, empty, whole, width, height)
    if decimals is not None:
        panel.decimals(decimals)
    return drawing


def lines(
    title: str,
    queries: Sequence[Query],
    means: str,
    then: str,
    *,
    unit: str,
    limits: Limits = (),
    looks: Mapping[str, Look] | None = None,
    alerts: Sequence[str] = (),
    absent: str = "No data",
    empty: Empty = Empty.NEVER,
    whole: str = "",
    stacked: bool = False,
    steps: bool = False,
    full: float | None = None,
    negative: str = "",
    width: int = 8,
    height: int = 8,
) -> Drawing:
    """A time series: thin lines from 0 on, a table of their mean, maximum and last value under them.

    Args:
        stacked: areas on top of each other, for parts of a whole only.
        steps: each value holds until the next, for what changes at once.
        full: where the axis ends, for shares.
        negative: why values may be below 0; "" when the axis begins there.
    """
    panel = (
        timeseries.Panel()
        .draw_style(models.GraphDrawStyle.LINE)
        .line_width(1)
        .line_interpolation(models.LineInterpolation.STEP_AFTER if steps else models.LineInterpolation.LINEAR)
        .fill_opacity(70 if stacked else 8)
        .gradient_mode(models.GraphGradientMode.NONE)
        .show_points(models.VisibilityMode.NEVER)
        .span_nulls(False)
        .axis_placement(models.AxisPlacement.AUTO)
        .color_scheme(builders.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .tooltip(common.VizTooltipOptions().mode(models.TooltipDisplayMode.MULTI).sort(models.SortOrder.DESCENDING))
        .legend(
            common.VizLegendOptions()
            .display_mode(models.LegendDisplayMode.TABLE)
            .placement(models.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["mean", "max", "lastNotNull"])
        )
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(models.StackingMode.NORMAL).group("A"))
    if not negative:
        panel.min(0)
    if full is not None:
        panel.max(full)
    if limits:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(models.GraphThresholdsStyleMode.LINE))
    shown = limits or (Step(at.GOOD),)
    drawing = _drawn(
        panel, title, queries, means, then, unit, shown, looks, alerts, absent, empty, whole, width, height
    )
    return replace(drawing, reasons={**drawing.reasons, "panel-y-min": negative})


def heat(
    title: str,
    histogram: str,
    means: str,
    then: str,
    *,
    unit: str = "s",
    alerts: Sequence[str] = (),
    absent: str = "No data",
    empty: Empty = Empty.NEVER,
    width: int = 12,
    height: int = 8,
) -> Drawing:
    """A heatmap of a histogram: the darker, the more observations a second in that bucket.

    Args:
        histogram: expression of its buckets' rates by le.
    """
    panel = (
        heatmap.Panel()
        .calculate(False)
        .cell_gap(1)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Blues")
            .exponent(0.5)
            .steps(64)
            .reverse(False)
        )
        .y_axis(heatmap.YAxisConfig().unit(unit).axis_placement(models.AxisPlacement.LEFT))
        .tooltip(heatmap.HeatmapTooltip().mode(models.TooltipDisplayMode.SINGLE).y_histogram(True))
        .show_legend()
    )
    told = [Query(histogram, "{{le}}")]
    return _drawn(panel, title, told, means, then, "short", (), None, alerts, absent, empty, "", width, height)


def bars(
    title: str,
    queries: Sequence[Query],
    means: str,
    then: str,
    *,
    unit: str,
    limits: Limits = at.NEUTRAL,
    alerts: Sequence[str] = (),
    absent: str = "No data",
    empty: Empty = Empty.NEVER,
    full: float | None = None,
    whole: str = "",
    width: int = 8,
    height: int = 8,
) -> Drawing:
    """A bar for each series of now."""
    panel = (
        bargauge.Panel()
        .display_mode(models.BarGaugeDisplayMode.BASIC)
        .orientation(models.VizOrientation.HORIZONTAL)
        .show_unfilled(True)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .min(0)
    )
    if full is not None:
        panel.max(full)
    return _drawn(
        panel, title, queries, means, then, unit, limits, None, alerts, absent, empty, whole, width, height,
        instant=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A label, or Value for the number, as a column.

    Args:
        link: where its cells lead; it may have ${__value.raw}.
        colors: of its words.
        limits: where the colour of its numbers changes.
    """

    label: str
    title: str
    unit: str = ""
    link: str = ""
    colors: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = ()


def rows(
    title: str,
    expressions: Sequence[str],
    columns: Sequence[Column],
    means: str,
    then: str,
    *,
    alerts: Sequence[str] = (),
    absent: str = "No data",
    empty: Empty = Empty.NEVER,
    whole: str = "",
    width: int = 24,
    height: int = 6,
) -> Drawing:
    """A table of the series of now, with these labels as columns in this order, and no others.

    Args:
        expressions: one, or several whose series have the same labels and so share rows; their columns are Value #A, ...
    """
    order = {column.label: index for index, column in enumerate(columns)}
    names = {column.label: column.title for column in columns}
    panel = (
        table.Panel()
        .show_header(True)
        .with_transformation(_transformation("merge", {}))
        .with_transformation(_transformation("filterFieldsByName", {"include": {"names": list(order)}}))
        .with_transformation(
            _transformation("organize", {"excludeByName": {}, "indexByName": order, "renameByName": names})
        )
    )
    looks = {
        column.title: Look(column.unit, limits=column.limits, cell=bool(column.limits))
        for column in columns
        if column.unit
    }
    drawing = _drawn(
        panel, title, [Query(expression) for expression in expressions], means, then, "short", at.NEUTRAL, looks, alerts, absent, empty, whole,
        width, height, format_=PromQueryFormat.TABLE, instant=True, links=False,
    )  # fmt: skip
    for column in columns:
        if column.link:
            link = {"title": "Runbook", "url": column.link, "targetBlank": True}
            panel.override_by_name(column.title, [DynamicConfigValue("links", [link])])
        if column.colors:
            words = {
                word: {"color": color, "index": place} for place, (word, color) in enumerate(column.colors.items())
            }
            mapping = DynamicConfigValue("mappings", [{"type": "value", "options": words}])
            colored = DynamicConfigValue("custom.cellOptions", {"type": "color-text"})
            panel.override_by_name(column.title, [mapping, colored])
    return drawing


def _drawn(
    panel: Any,
    title: str,
    queries: Sequence[Query],
    means: str,
    then: str,
    unit: str,
    limits: Limits,
    looks: Mapping[str, Look] | None,
    alerts: Sequence[str],
    absent: str,
    empty: Empty,
    whole: str,
    width: int,
    height: int,
    format_: PromQueryFormat | None = None,
    instant: bool = False,
    links: bool = True,
) -> Drawing:
    """What every kind of panel has."""
    red = any(step.color == at.CRITICAL for step in limits)
    panel.title(title).unit(unit).no_value(absent)
    panel.description(f"{means}\n\n**{'When it is red' if red else 'When it is not as usual'}:** {then}")
    if limits:
        panel.thresholds(at.config(limits))
    if isinstance(panel, (bargauge.Panel, stat.Panel)):
        panel.color_scheme(builders.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    if isinstance(panel, heatmap.Panel):
        format_ = PromQueryFormat.HEATMAP
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        target = Dataquery().expr(query.expression).ref_id(letter).legend_format(query.legend)
        target = target.instant() if instant else target.range()
        panel.with_target(target.format(format_ or PromQueryFormat.TIME_SERIES))
    if links:
        panel.data_links([_runbook(name) for name in alerts])
    places = list(_places(("fieldConfig", "defaults", "thresholds", "steps"), limits))
    for index, (legend, look) in enumerate((looks or {}).items()):
        values, where = _values(look)
        panel.override_by_name(legend, values)
        if look.limits:
            path = ("fieldConfig", "overrides", index, "properties", where, "value", "steps")
            places += _places(path, look.limits)
    reasons = {"target-job": whole, "target-instance": whole}
    return Drawing(panel, title, width, height, alerts, empty, queries, places, reasons)


def _transformation(name: str, options: dict[str, Any]) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=name, options=options)


def _runbook(alert: str) -> Builder[Any]:
    return builders.DashboardLink(f"Runbook: {alert}").url(f"{RUNBOOKS}{alert}.md").target_blank(True)


def _places(path: tuple[str | int, ...], limits: Limits) -> Iterator[Place]:
    for index, step in enumerate(limits):
        if step.name:
            yield Place((*path, index, "value"), step.name, step.complement)


def _values(look: Look) -> tuple[list[DynamicConfigValue], int]:
    """An override's properties, and which of them holds the thresholds."""
    values = []
    if look.unit:
        values.append(DynamicConfigValue("unit", look.unit))
    if look.color:
        values.append(DynamicConfigValue("color", {"mode": "fixed", "fixedColor": look.color}))
    if look.dashed:
        values.append(DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}))
    if look.cell:
        values.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    if look.limits:
        steps = [{"color": step.color, "value": step.value} for step in look.limits]
        values.append(DynamicConfigValue("thresholds", {"mode": "absolute", "steps": steps}))
    return values, len(values) - 1
