"""One function a kind of panel: everything that is the same in all of them stands here, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from string import ascii_uppercase
from typing import Any, NamedTuple, TypedDict, Unpack

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, table, timeseries
from grafana_foundation_sdk.builders import common as common_options
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
from .limits import Limits

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


class Common(TypedDict, total=False):
    """What every kind of panel takes.

    Keys:
        limits: where its colour changes.
        looks: what is different for the series of one legend.
        alerts: names of the alerts that it explains.
        absent: what is shown where there is no data.
        empty: why it may have none.
        whole: why its expressions do not follow the variables `job` and `instance`; "" when they do.
        width: of 24 columns.
    """

    limits: Limits
    looks: Mapping[str, Look]
    alerts: Sequence[str]
    absent: str
    empty: Empty
    whole: str
    width: int
    height: int


def number(
    title: str,
    queries: str | Sequence[Query],
    means: str,
    then: str,
    *,
    unit: str,
    decimals: int | None = None,
    graph: bool = True,
    **common: Unpack[Common],
) -> Drawing:
    """A stat: the last value, large, over the line of the time shown.

    Args:
        queries: one expression, or several with their names.
        means: a sentence or two: what it shows, and what that is for the platform and its users.
        then: what to do when it is red, or when it is not as usual.
        graph: with the line; without, only now is asked for.
    """
    panel = (
        stat.Panel()
        .color_mode(models.BigValueColorMode.VALUE)
        .graph_mode(models.BigValueGraphMode.AREA if graph else models.BigValueGraphMode.NONE)
        .justify_mode(models.BigValueJustifyMode.AUTO)
        .orientation(models.VizOrientation.AUTO)
        .text_mode(models.BigValueTextMode.AUTO)
        .reduce_options(_last())
        .color_scheme(builders.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    )
    if decimals is not None:
        panel.decimals(decimals)
    asked = [Query(queries, title)] if isinstance(queries, str) else queries
    settings: Common = {"limits": at.NEUTRAL, "width": 4, "height": 4, **common}
    return _drawn(panel, title, asked, means, then, unit, settings, instant=not graph)


def lines(
    title: str,
    queries: Sequence[Query],
    means: str,
    then: str,
    *,
    unit: str,
    stacked: bool = False,
    steps: bool = False,
    full: float | None = None,
    negative: str = "",
    **common: Unpack[Common],
) -> Drawing:
    """A time series: thin lines from 0 on, under them a table of their mean, maximum and last value.

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
        .tooltip(
            common_options.VizTooltipOptions().mode(models.TooltipDisplayMode.MULTI).sort(models.SortOrder.DESCENDING)
        )
        .legend(
            common_options.VizLegendOptions()
            .display_mode(models.LegendDisplayMode.TABLE)
            .placement(models.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["mean", "max", "lastNotNull"])
        )
    )
    if stacked:
        panel.stacking(common_options.StackingConfig().mode(models.StackingMode.NORMAL).group("A"))
    if not negative:
        panel.min(0)
    if full is not None:
        panel.max(full)
    if "limits" in common:
        panel.thresholds_style(common_options.GraphThresholdsStyleConfig().mode(models.GraphThresholdsStyleMode.LINE))
    defaults: Common = {"limits": at.PLAIN, "width": 8, "height": 8}
    drawing = _drawn(panel, title, queries, means, then, unit, {**defaults, **common})
    return replace(drawing, reasons={**drawing.reasons, "panel-y-min": negative})


def heat(title: str, buckets: str, means: str, then: str, *, unit: str = "s", **common: Unpack[Common]) -> Drawing:
    """A heatmap of a histogram: the darker, the more observations a second in that bucket.

    Args:
        buckets: rates of its buckets by le.
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
    asked = [Query(buckets, "{{le}}")]
    format_ = PromQueryFormat.HEATMAP
    return _drawn(panel, title, asked, means, then, "short", {"width": 12, "height": 8, **common}, format_)


def bars(
    title: str,
    queries: Sequence[Query],
    means: str,
    then: str,
    *,
    unit: str,
    full: float | None = None,
    **common: Unpack[Common],
) -> Drawing:
    """A bar for each series of now.

    Args:
        full: the value of a whole bar.
    """
    panel = (
        bargauge.Panel()
        .display_mode(models.BarGaugeDisplayMode.BASIC)
        .orientation(models.VizOrientation.HORIZONTAL)
        .show_unfilled(True)
        .reduce_options(_last())
        .color_scheme(builders.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .min(0)
    )
    if full is not None:
        panel.max(full)
    settings: Common = {"limits": at.NEUTRAL, "width": 8, "height": 8, **common}
    return _drawn(panel, title, queries, means, then, unit, settings, instant=True)


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
    **common: Unpack[Common],
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
    asked = [Query(expression) for expression in expressions]
    numbers = {
        column.title: Look(column.unit, limits=column.limits, cell=bool(column.limits))
        for column in columns
        if column.unit
    }
    settings: Common = {"limits": at.NEUTRAL, "looks": numbers, "width": 24, "height": 6, **common}
    drawing = _drawn(panel, title, asked, means, then, "short", settings, PromQueryFormat.TABLE, instant=True)
    for column in columns:
        if column.link:
            link = {"title": "Runbook", "url": column.link, "targetBlank": True}
            panel.override_by_name(column.title, [DynamicConfigValue("links", [link])])
        if column.colors:
            panel.override_by_name(column.title, _words(column.colors))
    return drawing


def _drawn(
    panel: Any,
    title: str,
    queries: Sequence[Query],
    means: str,
    then: str,
    unit: str,
    common: Common,
    format_: PromQueryFormat = PromQueryFormat.TIME_SERIES,
    instant: bool = False,
) -> Drawing:
    """What every kind of panel has."""
    limits, alerts, whole = common.get("limits", ()), common.get("alerts", ()), common.get("whole", "")
    when = "red" if any(step.color == at.CRITICAL for step in limits) else "not as usual"
    panel.title(title).unit(unit).no_value(common.get("absent", "No data"))
    panel.description(f"{means}\n\n**When it is {when}:** {then}")
    if limits:
        panel.thresholds(at.config(limits))
    for letter, query in zip(ascii_uppercase, queries):
        target = Dataquery().expr(query.expression).ref_id(letter).legend_format(query.legend).format(format_)
        panel.with_target(target.instant() if instant else target.range())
    # A link of a value in a table would be on every cell.
    lead = panel.links if isinstance(panel, table.Panel) else panel.data_links
    lead([_runbook(name) for name in alerts])
    return Drawing(
        panel, title, common["width"], common["height"], alerts, common.get("empty", Empty.NEVER), queries,
        places=[*_places(STEPS, limits), *_looks(panel, common.get("looks", {}))],
        reasons={"target-job": whole, "target-instance": whole},
    )  # fmt: skip


STEPS = ("fieldConfig", "defaults", "thresholds", "steps")


def _looks(panel: Any, looks: Mapping[str, Look]) -> Iterator[Place]:
    """Give each its own; where thresholds stand then."""
    for index, (legend, look) in enumerate(looks.items()):
        values = _values(look)
        panel.override_by_name(legend, values)
        # They are the last of the values.
        path = ("fieldConfig", "overrides", index, "properties", len(values) - 1, "value", "steps")
        yield from _places(path, look.limits)


def _places(path: tuple[str | int, ...], limits: Limits) -> Iterator[Place]:
    for index, step in enumerate(limits):
        if step.name:
            yield Place((*path, index, "value"), step.name, step.complement)


def _values(look: Look) -> list[DynamicConfigValue]:
    """The properties of an override; thresholds are the last."""
    steps = [{"color": step.color, "value": step.value} for step in look.limits]
    values = {
        "unit": look.unit,
        "color": look.color and {"mode": "fixed", "fixedColor": look.color},
        "custom.lineStyle": look.dashed and {"fill": "dash", "dash": [10, 10]},
        "custom.cellOptions": look.cell and {"type": "color-text"},
        "thresholds": steps and {"mode": "absolute", "steps": steps},
    }
    return [DynamicConfigValue(name, value) for name, value in values.items() if value]


def _words(colors: Mapping[str, str]) -> list[DynamicConfigValue]:
    """The properties of an override that gives words their colours."""
    words = {word: {"color": color, "index": index} for index, (word, color) in enumerate(colors.items())}
    mapping = DynamicConfigValue("mappings", [{"type": "value", "options": words}])
    return [mapping, DynamicConfigValue("custom.cellOptions", {"type": "color-text"})]


def _last() -> common_options.ReduceDataOptions:
    return common_options.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)


def _transformation(name: str, options: dict[str, Any]) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=name, options=options)


def _runbook(alert: str) -> Builder[Any]:
    return builders.DashboardLink(f"Runbook: {alert}").url(f"{RUNBOOKS}{alert}.md").target_blank(True)
