"""Faults of rules that promtool takes: pure functions, in the spirit of pint.

Each check is given a rule (a mapping of a rule file) and its parsed expression, and tells its findings as sentences. What is
left as it is on purpose stands in `EXCEPTIONS` with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import promql_parser as promql

from .expressions import COMPARISONS, kept_labels, selectors, walk

SEVERITIES = ("critical", "warning", "info")
ANNOTATIONS = ("summary", "description", "runbook_url", "dashboard_url")
# A rate is a fit of few points else.
LEAST_RANGE = 120
ON_COUNTERS = ("rate", "irate", "increase", "resets")
ON_RANGES = (*ON_COUNTERS, "changes", "deriv", "delta", "predict_linear", "last_over_time")
COUNTER = re.compile(r".+_(total|count|sum|bucket)")
# Counters that were named before there was a convention.
OLD_COUNTERS = frozenset({"node_vmstat_oom_kill"})
# Part of Prometheus 2.42 and of every 3.x, with the same meaning.
FUNCTIONS = frozenset(
    "abs absent absent_over_time avg_over_time ceil changes clamp clamp_max clamp_min count_over_time delta deriv exp "
    "floor histogram_quantile idelta increase irate label_join label_replace last_over_time ln log10 log2 max_over_time "
    "min_over_time predict_linear present_over_time quantile_over_time rate resets round scalar sgn sort sort_desc sqrt "
    "stddev_over_time stdvar_over_time sum_over_time time timestamp vector".split()
)
_RECORD = re.compile(r"[a-z][a-z0-9_]*(:[a-z0-9_]+)+")
_LABEL = re.compile(r"\$labels\.(\w+)")
_PLAIN = re.compile(r"[\w/: -]*")

# By check and alert: why it is as it is.
EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("comparison", "Watchdog"): "it fires always, that is its purpose",
    ("waiting", "Watchdog"): "it fires always, that is its purpose",
    ("waiting", "HostRebooted"): "the age of a boot does not flap: it grows",
}

Check = Callable[[Mapping[str, Any], Any], Iterator[str]]


def lint(files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Findings in rule files, by their names, as "file: rule: check: sentence"."""
    found = [f"{name}" for name in _double_groups(files)]
    seen: dict[tuple[Any, ...], str] = {}
    for name, content in files.items():
        for group in content["groups"]:
            for rule in group["rules"]:
                title = rule.get("alert") or rule.get("record")
                where = f"{name}: {title}"
                found += [f"{where}: {finding}" for finding in _findings(rule)]
                # One severity may be told for several reasons; the same twice is a mistake.
                key = (title, rule["expr"], *sorted(rule.get("labels", {}).items()))
                if key in seen:
                    found.append(f"{where}: double: it stands in {seen[key]} too")
                seen[key] = name
    return found


def _findings(rule: Mapping[str, Any]) -> Iterator[str]:
    try:
        expression = promql.parse(rule["expr"])
    except ValueError as error:
        yield f"expression: {error}"
        return
    for name, check in {**CHECKS, **(ALERT_CHECKS if "alert" in rule else RECORD_CHECKS)}.items():
        if (name, rule.get("alert", "")) not in EXCEPTIONS:
            yield from (f"{name}: {sentence}" for sentence in check(rule, expression))


def _double_groups(files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, content in files.items():
        for group in content["groups"]:
            if group["name"] in seen:
                yield f"{name}: {group['name']}: double: there is a group of that name in {seen[group['name']]}"
            seen[group["name"]] = name


# --- Of every rule -----------------------------------------------------------------------------------


def _functions(_rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    for node, _above in walk(expression):
        if isinstance(node, promql.Call) and node.func.name not in FUNCTIONS:
            yield f"{node.func.name} is not in all versions of Prometheus"


def _counters(_rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    """A rate of a gauge is nonsense, and so is a counter as it stands."""
    for node, above in walk(expression):
        if not isinstance(node, promql.VectorSelector) or not node.name:
            continue
        functions = [outer.func.name for outer in above if isinstance(outer, promql.Call)]
        counter = bool(COUNTER.fullmatch(node.name)) or node.name in OLD_COUNTERS
        if counter and not set(functions) & set(ON_RANGES):
            yield f"{node.name} is a counter, and is compared or added as it stands"
        if not counter and set(functions) & set(ON_COUNTERS):
            yield f"{node.name} is no counter, and has no rate"


def _rates_of_sums(_rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    """A restart of one target looks like a reset of the sum."""
    for node, above in walk(expression):
        functions = [outer.func.name for outer in above if isinstance(outer, promql.Call)]
        if isinstance(node, promql.AggregateExpr) and set(functions) & set(ON_COUNTERS):
            yield "a rate of a sum; sum the rates"


def _ranges(_rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    for node, above in walk(expression):
        if isinstance(node, promql.MatrixSelector) and node.range.total_seconds() < LEAST_RANGE:
            if any(isinstance(outer, promql.Call) and outer.func.name in ON_RANGES for outer in above):
                yield f"a range of {node.range.total_seconds():g} s has too few samples"


def _matchers(_rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    for selector in selectors(expression):
        for matcher in selector.matchers.matchers:
            if matcher.op not in (promql.MatchOp.Re, promql.MatchOp.NotRe):
                continue
            if matcher.value.startswith("^") or matcher.value.endswith("$"):
                yield f"{matcher.name}: a regular expression matches the whole value anyway"
            elif _PLAIN.fullmatch(matcher.value):
                yield f"{matcher.name}: {matcher.value!r} needs no regular expression"


def _up(_rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    for selector in selectors(expression):
        if selector.name == "up" and "job" not in {matcher.name for matcher in selector.matchers.matchers}:
            yield "up without a job is about every target there is"


# --- Of alerts ---------------------------------------------------------------------------------------


def _comparison(_rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    operators = {str(node.op) for node, _above in walk(expression) if isinstance(node, promql.BinaryExpr)}
    if not operators & COMPARISONS:
        yield "it compares with nothing, so it fires whenever there are data"


def _annotations(rule: Mapping[str, Any], _expression: Any) -> Iterator[str]:
    annotations = rule.get("annotations", {})
    yield from (f"there is no {name}" for name in ANNOTATIONS if not annotations.get(name))
    if not annotations.get("runbook_url", "").endswith(f"/{rule['alert']}.md"):
        yield f"its runbook is not {rule['alert']}.md"
    if annotations.get("summary", "").endswith("."):
        yield "its summary is a title and has no full stop"
    if not annotations.get("description", "").endswith((".", "%}")):
        yield "its description is no sentence"


def _severity(rule: Mapping[str, Any], _expression: Any) -> Iterator[str]:
    labels = rule.get("labels", {})
    if labels.get("severity") not in SEVERITIES:
        yield f"{labels.get('severity')!r} is none of {', '.join(SEVERITIES)}"
    if labels.get("channel") == "ticket" and labels.get("severity") != "info":
        yield "a ticket has severity info, or it reaches a pager"


def _waiting(rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    """One bad scrape is no reason to call somebody."""
    names = {node.func.name for node, _above in walk(expression) if isinstance(node, promql.Call)}
    lasting = any(name in ON_RANGES or name.endswith("_over_time") for name in names)
    recorded = any(":" in (selector.name or "") for selector in selectors(expression))
    if "for" not in rule and not lasting and not recorded:
        yield "it neither waits (for) nor looks over a time"


def _labels(rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    """What a text calls for must be there."""
    kept = kept_labels(expression)
    if kept is None:
        return
    for name, text in rule.get("annotations", {}).items():
        for label in _LABEL.findall(text):
            if label not in kept | set(rule.get("labels", {})):
                yield f"{name} calls for the label {label}, which the expression does not keep"


def _hosts(rule: Mapping[str, Any], expression: Any) -> Iterator[str]:
    """An alert that loses its instance by an aggregation hides the second host, unless it counts them."""
    kept = kept_labels(expression)
    for node, _above in walk(expression):
        if isinstance(node, promql.AggregateExpr) and kept is not None and not kept & {"instance", "host"}:
            if "slo" not in rule.get("labels", {}):
                yield "it keeps neither instance nor host, so a second host is not seen"
                return


# --- Of recordings -----------------------------------------------------------------------------------


def _record_name(rule: Mapping[str, Any], _expression: Any) -> Iterator[str]:
    if not _RECORD.fullmatch(rule["record"]):
        yield "its name is not of the form level:metric:operation"


CHECKS: Mapping[str, Check] = {
    "functions": _functions,
    "counters": _counters,
    "sums": _rates_of_sums,
    "ranges": _ranges,
    "matchers": _matchers,
    "up": _up,
}
ALERT_CHECKS: Mapping[str, Check] = {
    "comparison": _comparison,
    "annotations": _annotations,
    "severity": _severity,
    "waiting": _waiting,
    "labels": _labels,
    "hosts": _hosts,
}
RECORD_CHECKS: Mapping[str, Check] = {"record": _record_name}
