# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Early warning: how far a signal is from what it was at this time of day, by entry of monitoring_anomaly_signals.

An entry is `name`, `expr`, and, if wished, `threshold` (standard deviations), `for`, `floor` (the least deviation that
is taken to be normal, in the signal's unit), `description` and `dashboard` (a uid).

What is normal is taken from the same half hour of each of the last six days: their mean, and the variance within them
and between them. Two days must be there before anything is said. Before a week is there nobody knows what a weekend is
like, and bounds are wider. No function is used that one of Prometheus 2 and 3 lacks.
"""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .entries import duration_check, entry_complaints, expression_check, name_check, text_check

REQUIRED = ("name", "expr")
DAYS = range(1, 7)
LEAST_DAYS = 2
FOR = "5m"
INTERVAL = "1m"
# Prometheus takes a sample to hold for five minutes.
BASELINE_INTERVAL = "4m"
HISTORY = 8 * 86400  # seconds that must be kept
# The same time of day is the middle of the half hour.
_HALF_WINDOW = 15
# Of the expected value. What repeats itself to the digit would else alarm at the first other digit. Six days that have
# a weekend in them bear another; the first weekend is a surprise.
_FLOOR, _FIRST_WEEK_FLOOR = 0.02, 0.1
_BASELINE = frozenset({"anomaly:signal:days", "anomaly:signal:expected", "anomaly:signal:deviation"})


def anomaly_rules(
    signals: Sequence[Mapping[str, Any]], thresholds: Mapping[str, float], runbooks: str, dashboards: str
) -> dict[str, Any]:
    """The content of a rule file, with two groups for each signal: what is normal changes slowly, and costs most.

    Args:
        signals: of monitoring_anomaly_signals, without complaints.
        thresholds: number by name.
        runbooks: where the runbooks are, ending in a slash.
        dashboards: where Grafana is; empty for nowhere.
    """
    groups: list[dict[str, Any]] = []
    for signal in signals:
        name, recorded = f"anomaly_{signal['name']}", _recordings(signal)
        slow = [rule for rule in recorded if rule["record"] in _BASELINE]
        quick = [rule for rule in recorded if rule["record"] not in _BASELINE]
        alert = _alert(signal, thresholds, runbooks, dashboards)
        groups += [
            {"name": f"{name}_baseline", "interval": BASELINE_INTERVAL, "rules": slow},
            {"name": name, "interval": INTERVAL, "rules": [*quick, alert]},
        ]
    return {"groups": groups}


def _recordings(signal: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In the order of who reads whom."""
    name = signal["name"]

    def series(part: str) -> str:
        return f'anomaly:signal:{part}{{signal="{name}"}}'

    means, spreads = _by_day("avg_over_time", series("raw")), _by_day("stdvar_over_time", series("raw"))
    last_week = f"present_over_time({series('raw')}[{2 * _HALF_WINDOW}m] offset {7 * 1440 - _HALF_WINDOW}m)"
    floor = f" + {signal['floor']} ^ 2" if signal.get("floor") else ""
    expressions = {
        # Neither NaN (no request, no quantile) nor infinity becomes part of what is normal.
        "raw": f"(({' '.join(signal['expr'].split())}) > -Inf) < +Inf",
        "value": f"avg_over_time({series('raw')}[5m])",
        "days": f"count without (day) ({means})",
        "expected": f"avg without (day) ({means}) and {series('days')} >= {LEAST_DAYS}",
        "deviation": f"sqrt(avg without (day) ({spreads}) + stdvar without (day) ({means}) "
        f"+ (({_FIRST_WEEK_FLOOR} * {series('expected')}) ^ 2 unless {last_week} "
        f"or ({_FLOOR} * {series('expected')}) ^ 2){floor})",
        "z": f"({series('value')} - {series('expected')}) / ({series('deviation')} > 0)",
    }
    return [
        {"record": f"anomaly:signal:{part}", "expr": expression, "labels": {"signal": name}}
        for part, expression in expressions.items()
    ]


def _by_day(function: str, series: str) -> str:
    """Of the same half hour of each day, with the label `day`."""
    window = f"[{2 * _HALF_WINDOW}m]"
    return " or ".join(
        f'label_replace({function}({series}{window} offset {1440 * day - _HALF_WINDOW}m), "day", "{day}", "", "")'
        for day in DAYS
    )


def _alert(
    signal: Mapping[str, Any], thresholds: Mapping[str, float], runbooks: str, dashboards: str
) -> dict[str, Any]:
    """A ticket: severity info never reaches a pager."""
    name = signal["name"]
    limit = signal.get("threshold", thresholds["anomaly_warning"])
    z = f'anomaly:signal:z{{signal="{name}"}}'
    said = signal.get("description", "").rstrip(".")
    uid = signal.get("dashboard", "omnimind-application")
    return {
        "alert": "AnomalyDetected",
        "expr": f"{z} > {limit} or {z} < -{limit}",
        "for": signal.get("for", FOR),
        # What goes to and fro about the limit is one ticket.
        "keep_firing_for": "10m",
        "labels": {"signal": name, "severity": "info", "channel": "ticket"},
        "annotations": {
            "summary": f"{name} is " + "{{ $value | humanize }} deviations from what it is at this time of day",
            "description": f"{said or name} is " + "{{ $value | humanize }} standard deviations away from its mean at "
            "this time of day on the last six days (negative: below it).",
            "runbook_url": f"{runbooks}AnomalyDetected.md",
            "dashboard_url": f"{dashboards}/d/{uid}" if dashboards else "",
        },
    }


# --- Complaints --------------------------------------------------------------------------------------


def complaints(signals: Any) -> list[str]:
    """What is wrong with monitoring_anomaly_signals, as sentences."""
    return entry_complaints("anomaly_signals", "signals", signals, REQUIRED, _CHECKS)


def _positive_check(number: Any) -> str:
    fits = isinstance(number, (int, float)) and not isinstance(number, bool) and 0 < number < math.inf
    return "" if fits else f"{number!r} is not a number above 0"


_CHECKS = {
    "name": name_check("requests"),
    "expr": expression_check,
    "threshold": _positive_check,
    "for": duration_check,
    "floor": _positive_check,
    "description": text_check,
    "dashboard": text_check,
}
